"""Messages on the wire: what goes in comes out, and nothing else comes in."""

from __future__ import annotations

import dataclasses
import json
import random
import typing

import pytest

from img23d_protocol import PROTOCOL_VERSION, ErrorCode, ProtocolError, decode, encode
from img23d_protocol.messages import (
    Accepted,
    Action,
    Arranged,
    Box,
    Cancel,
    Cancelled,
    Close,
    CutoutReady,
    DeleteWeights,
    DeviceInfo,
    Diagnose,
    Diagnosed,
    DivisionReady,
    Edit,
    EngineInfo,
    Failed,
    Finding,
    Finished,
    FormsReady,
    Generate,
    Hello,
    Inspect,
    InstallEnvironment,
    InstallWeights,
    Level,
    LidsReady,
    Locate,
    Located,
    LocatedTarget,
    Log,
    Message,
    Notice,
    Paint,
    PaintReady,
    PartInfo,
    PhotoCamera,
    PhotoRegion,
    Pick,
    PictureReady,
    Piece,
    Ping,
    Point,
    Pong,
    Pose,
    PreviewReady,
    Progress,
    Regions,
    ResultKind,
    ResultReady,
    Settings,
    SetupProgress,
    SetupStep,
    ShapeKind,
    Shutdown,
    Split,
    Stage,
    Status,
    Stroke,
    TargetCancelled,
    TargetFailed,
    Unload,
    Unloaded,
    Unwrap,
    UvReady,
    UvSource,
    VerifyWeights,
    Wanted,
    WeightsInfo,
    WeightsState,
)

BOX = Box(left=0.1, top=0.25, right=1 / 3, bottom=1.0)
STROKE = Stroke(xs=(0.1, 0.2), ys=(0.5, 1.0), radius=0.01, adds=False)
WANTED = (Wanted(name="red mug", box=BOX, strokes=(STROKE,), height=0.095), Wanted(name='кружка "杯"\n', point=Point(x=0.5, y=1)), Wanted(name=""))
LEARNED = Settings.of(speed="fast", steps=30, guidance=4.5, small_memory=True, shape_device="gpu:1")
SETTINGS = LEARNED.changed(texture=False, texture_size=2048, faces=500, shape=ShapeKind.REVOLVE, thickness=0.5)

MESSAGES: list[Message] = [
    Locate(job="a", photo="/p.png", run_folder="/r", wanted=WANTED, engine="preview", seed=7),
    Generate(job="a", photo="C:\\Bilder\\Ü.png", run_folder="/r", wanted=WANTED, seed=2**31 - 1, settings=SETTINGS),
    Generate(job="a", photo="/p.png", run_folder="/r"),
    Pick(job="a", photo="/p.png", run_folder="/r"),
    Pick(job="a", photo="/p.png", run_folder="/r", point=Point(x=0.25, y=2 / 3), seed=7, settings=SETTINGS),
    Regions(job="a", labels="regions.npy", regions=(), photo_width=3, photo_height=4),
    Regions(
        job="a",
        labels="regions.npy",
        regions=(PhotoRegion(box=BOX, cutout="00_cutout.png"),),
        photo_width=3,
        photo_height=4,
        picked=0,
        notes=("n",),
    ),
    Unwrap(job="a", mesh="/m.npz", run_folder="/r", uv=UvSource.OWN, texture_size=2048),
    Paint(job="a", mesh="/m.npz", picture="/p.png", run_folder="/r", name="cup", uv=UvSource.GIVEN, settings=SETTINGS),
    Split(job="a", run_folder="/r", name="duck", mesh="/m.npz", picture="/p.png", mask="/mask.png", engine="light", seed=3, settings=SETTINGS),
    Split(job="a", run_folder="/r"),
    Close(job="a", run_folder="/r", mesh="/m.npz", labels="/l.npy"),
    Edit(job="a", photo="/p.png", run_folder="/r", seed=7, settings=SETTINGS),
    Locate(job="a", photo="/e.png", original="/p.png"),
    Generate(job="a", photo="/e.png", original="/p.png", run_folder="/r"),
    InstallEnvironment(job="a", folder="/e", uv="/uv", python="/python", torch_build="rocm", licences=("t",), online=True),
    InstallWeights(job="a", sets=("birefnet-lite", "qwen3-vl-2b"), licences=("t",), online=True),
    VerifyWeights(job="a", sets=("birefnet-lite",)),
    DeleteWeights(job="a", sets=()),
    Inspect(),
    Cancel(job="a"),
    Unload(),
    Ping(),
    Pong(),
    Diagnose(job="a", run_folder="/r", try_stages=True),
    Shutdown(),
    Hello(
        protocol=PROTOCOL_VERSION,
        backend="1.0",
        python="3.11.9",
        pid=42,
        devices=("cpu", "cuda:0"),
        engines=(EngineInfo(id="preview", label="Preview", ready=True, note="n"),),
        splitters=(EngineInfo(id="preview", label="Built In", ready=True),),
    ),
    Accepted(job="a"),
    Progress(job="a", stage=Stage.PAINT, target=3, fraction=0.5, note="n"),
    Located(job="a", targets=(LocatedTarget(name="cup", box=BOX), LocatedTarget(name="b")), photo_width=3, photo_height=4),
    CutoutReady(job="a", target=0, file="c.png"),
    FormsReady(job="a", target=0, automatic=ShapeKind.FLAT),
    PictureReady(job="a", file="edited.png", width=4, height=3, note="Cleaned."),
    ResultReady(job="a", target=0, files=("m.glb",), stage=Stage.PAINT, textured=True, count=12),
    ResultReady(
        job="a", target=0, files=("p.ply", "p.spz"), piece=Piece(kind=ResultKind.SPLATS, part=2), stage=Stage.SPLIT, textured=True, count=9, name="leg"
    ),
    PreviewReady(job="a", target=0, stage=Stage.SHAPE, file="p.png"),
    Arranged(
        job="a",
        camera=PhotoCamera(focal=0.8, pitch=0.3, height=1.5),
        poses=(Pose(x=0.0, y=2.0, yaw=-0.1, scale=1.0), None),
        row_scale=0.5,
        note="n",
    ),
    PaintReady(job="a", texture="t.png", uv="uv.npy"),
    UvReady(job="a", uv="uv.npy", note="New."),
    DivisionReady(job="a", labels="duck_labels.npy", parts=(PartInfo(name="body", color="#f05a5a", faces=12, area=0.5),), note="n"),
    DivisionReady(job="a", parts=()),
    LidsReady(job="a", lids="lids.npz", open_parts=(2, 5), note="n"),
    TargetFailed(job="a", target=1, code=ErrorCode.NO_REGION, sentence="s", detail="d\nd"),
    TargetCancelled(job="a", target=1),
    Finished(job="a", made=1, failed=0, seconds=1.25),
    Cancelled(job="a"),
    Failed(job="a", code=ErrorCode.INTERNAL, sentence="s"),
    Diagnosed(
        job="a",
        report="one\ntwo",
        findings=(Finding(what="Disk", level=Level.WARNING, sentence="s", action=Action.CHOOSE_FOLDER, detail="d"),),
    ),
    Unloaded(freed=10**12),
    SetupProgress(job="a", step=SetupStep.DOWNLOAD, fraction=0.5, done_bytes=2**40, total_bytes=2**41, bytes_per_second=1e7),
    Status(
        devices=(DeviceInfo(id="gpu", label="NVIDIA", total_bytes=6 * 2**30, free_bytes=5 * 2**30, note="n"),),
        engines=(EngineInfo(id="hunyuan3d", label="Hunyuan3D", ready=False, note="n"),),
        weights=(WeightsInfo(id="w", label="W", stage="shape", size_bytes=1, state=WeightsState.PARTIAL, is_borrowed=True),),
    ),
    Notice(job="a", sentence="s"),
    Log(level="info", text="\udc80 lone surrogate"),
]


DAMAGE = [b"", b"[", b"}", b'"', b"9", b"null", b"\xff", b"-1e999", b","]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_what_goes_in_comes_out(message: Message) -> None:
    line = encode(message)
    assert "\n" not in line
    assert line.isascii()
    assert decode(line) == message
    assert decode(line.encode("ascii")) == message
    assert hash(decode(line)) == hash(message)


def test_every_kind_is_tried_here() -> None:
    assert {type(message) for message in MESSAGES} == set(typing.get_args(Message))


@pytest.mark.parametrize("kind", typing.get_args(Message), ids=lambda kind: kind.__name__)
def test_every_kind_is_frozen_and_keyword_only(kind: type) -> None:
    assert kind.__dataclass_params__.frozen
    assert all(field.kw_only for field in dataclasses.fields(kind))


def test_fields_of_a_newer_version_are_ignored() -> None:
    data = json.loads(encode(MESSAGES[1]))
    data["invented"] = [1, {"a": None}]
    data["settings"]["invented"] = True
    data["wanted"][0]["invented"] = "x"
    assert decode(json.dumps(data)) == MESSAGES[1]


def test_fields_that_an_older_version_did_not_know_have_their_usual_value() -> None:
    assert decode('{"kind": "Generate", "job": "a", "photo": "/p.png", "run_folder": "/r"}') == MESSAGES[2]


@pytest.mark.parametrize(
    "line",
    [
        "", "null", "[]", "7", '"Cancel"', "{}", '{"kind": 1}', '{"kind": "Nonsense"}', '{"kind": "Box"}',
        '{"kind": "Cancel"', "[" * 100_000,
        '{"kind": "Cancel"}', '{"kind": "Cancel", "job": 1}', '{"kind": "Cancel", "job": null}', b"\xff\xfe",
        '{"kind": "Finished", "job": "a", "made": true, "failed": 0, "seconds": 1.0}',
        '{"kind": "Finished", "job": "a", "made": 1.0, "failed": 0, "seconds": 1.0}',
        '{"kind": "Finished", "job": "a", "made": 1, "failed": 0, "seconds": "1"}',
        '{"kind": "Finished", "job": "a", "made": 1, "failed": 0, "seconds": 1' + "0" * 400 + "}",
        '{"kind": "Finished", "job": "a", "made": 1, "failed": 0, "seconds": NaN}',
        '{"kind": "Progress", "job": "a", "stage": "cook"}', '{"kind": "Progress", "job": "a", "stage": []}',
        '{"kind": "Progress", "job": "a", "stage": "paint", "fraction": Infinity}',
        '{"kind": "Progress", "job": "a", "stage": "paint", "fraction": 1e999}',
        '{"kind": "Locate", "job": "a", "photo": "p", "wanted": {}}',
        '{"kind": "Locate", "job": "a", "photo": "p", "wanted": [{"name": "cup", "point": [0.5, 0.5]}]}',
        '{"kind": "Pick", "job": "a", "photo": "p", "run_folder": "r", "point": {"x": NaN, "y": 0.5}}',
        '{"kind": "Pick", "job": "a", "photo": "p", "run_folder": "r", "point": {"x": 0.5}}',
        '{"kind": "Pick", "job": "a", "photo": "p"}',
        '{"kind": "Regions", "job": "a", "labels": "l", "regions": [{}], "photo_width": 1, "photo_height": 1}',
        '{"kind": "Locate", "job": "a", "photo": "p", "wanted": ["cup"]}',
        '{"kind": "Locate", "job": "a", "photo": "p", "wanted": [{"name": "cup", "box": [0, 0, 1, 1]}]}',
        '{"kind": "Generate", "job": "a", "photo": "p", "run_folder": "r", "settings": null}',
    ],
)  # fmt: skip
def test_everything_else_is_refused(line: str | bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(line)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**400])
def test_whole_numbers_that_nothing_counts_are_refused(number: int) -> None:
    """Above 64 bits there are no bytes, faces or seeds; above 1e308 Python cannot even divide by a float."""
    line = json.dumps({"kind": "SetupProgress", "job": "a", "step": "download", "done_bytes": number})
    with pytest.raises(ProtocolError):
        decode(line)


def test_whole_numbers_are_numbers() -> None:
    message = decode('{"kind": "Finished", "job": "a", "made": 1, "failed": 0, "seconds": 2}')
    assert isinstance(message.seconds, float)


@pytest.mark.parametrize("message", [Progress(job="a", stage=Stage.PAINT, fraction=float("nan")), BOX, "Cancel"])
def test_what_is_no_message_is_not_sent(message: object) -> None:
    with pytest.raises(ProtocolError):
        encode(message)


def test_damaged_lines_raise_nothing_else() -> None:
    """Random bytes of good lines changed, dropped and doubled."""
    dice = random.Random(7)
    lines = [encode(message).encode() for message in MESSAGES]
    for _ in range(5000):
        line = bytearray(dice.choice(lines))
        for _ in range(dice.randint(1, 4)):
            spot = dice.randrange(len(line))
            line[spot : spot + dice.randint(0, 2)] = dice.choice(DAMAGE)
        try:
            decode(bytes(line))
        except ProtocolError:
            pass
