"""The pipeline, with a small engine whose stages fail on demand."""

from __future__ import annotations

import dataclasses
import errno
from pathlib import Path

import cv2
import numpy as np
import pytest
import trimesh
from pipeline_case import HEIGHT, LEFT_BOX, NO_MODELS, TWO, WIDTH, files, only, photo, record, request, run  # noqa: F401  (photo is a fixture)
from small_engine import BLOCK, SmallEngine

from img23d_backend.engines import Engines
from img23d_backend.jobs.job import Caller
from img23d_backend.jobs.pipeline import run_job
from img23d_backend.stages import View
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import (
    Arranged,
    Box,
    Cancelled,
    CutoutReady,
    Failed,
    Finished,
    FormsReady,
    Locate,
    Located,
    Progress,
    ResultReady,
    Settings,
    ShapeKind,
    Stroke,
    TargetCancelled,
    TargetFailed,
    Wanted,
)


def test_stage_by_stage_for_all_targets(photo: Path) -> None:
    told = run(request(photo, *TWO, settings=Settings.of(faces=500)))
    steps = [(type(m).__name__, getattr(m, "target", None), getattr(m, "textured", None)) for m in told]
    assert [step for step in steps if step[0] not in ("Progress", "Arranged")] == [
        ("Located", None, None),
        ("CutoutReady", 0, None),
        ("CutoutReady", 1, None),
        ("ResultReady", 0, False),
        ("PreviewReady", 0, None),
        ("ResultReady", 1, False),
        ("PreviewReady", 1, None),
        ("ResultReady", 0, True),
        ("PreviewReady", 0, None),
        ("ResultReady", 1, True),
        ("PreviewReady", 1, None),
        ("Finished", None, None),
    ]
    assert (told[-1].made, told[-1].failed) == (2, 0)
    names = sorted(path.name for path in (photo.parent / "run").iterdir())
    assert names == [
        "00_cup.glb",
        "00_cup_cutout.png",
        "00_cup_preview.png",
        "00_cup_preview_shape.png",
        "00_cup_shape.glb",
        "01_cup.glb",
        "01_cup_cutout.png",
        "01_cup_preview.png",
        "01_cup_preview_shape.png",
        "01_cup_shape.glb",
        "run.json",
    ]


def test_one_scale_for_all_and_the_view_leads_back_to_the_photo(photo: Path) -> None:
    told = run(request(photo, *TWO))
    sizes = []
    for index, (center, corner) in enumerate((((60, 70), (20, 111)), ((180, 80), (160, 130)))):
        path = files(told, ResultReady)[2 + index]
        mesh = trimesh.load(path, force="mesh", process=False)
        low, high = mesh.bounds
        sizes.append(high - low)
        assert low[1] == pytest.approx(0, abs=1e-6) and (low + high)[[0, 2]] == pytest.approx(0, abs=1e-6)
        view = View(matrix=np.array(record(photo)["targets"][index]["view"]))
        corners = view.project(np.array([low, high]))
        assert corners[:, :2].mean(axis=0) == pytest.approx(center, abs=1)
        assert corners[0, :2] == pytest.approx(corner, abs=1)
    assert sizes[1][1] == pytest.approx(1.0)  # the plate is the largest: 100 pixels
    assert sizes[0][1] == pytest.approx(0.81)


def test_where_things_stand_is_told_before_the_first_mesh_and_for_all_at_the_end(photo: Path) -> None:
    told = run(request(photo, Wanted(name="fork"), *TWO, settings=Settings.of(texture=False, faces=500)))
    kinds = [type(m) for m in told if type(m) in (Arranged, ResultReady)]
    assert kinds[:2] == [Arranged, ResultReady]
    last = only(told, Arranged)[-1]
    assert [pose is None for pose in last.poses] == [True, False, False]
    cup, plate = last.poses[1:]
    assert cup.x < 0 < plate.x  # left and right of the photo's middle
    written = record(photo)
    assert written["camera"] == dataclasses.asdict(last.camera)
    assert [one["pose"] for one in written["targets"]] == [None, dataclasses.asdict(cup), dataclasses.asdict(plate)]


def test_the_record_says_what_made_it(photo: Path) -> None:
    run(request(photo, *TWO, seed=7))
    data = record(photo)
    assert (data["state"], data["seed"], data["engine"], data["kind"]) == ("finished", 7, "small", "generate")
    assert len(data["photo"]["sha256"]) == 64 and data["photo"]["width"] == WIDTH
    assert set(data["seconds"]) == {"load", "locate", "matte", "shape", "paint"}
    assert data["peak_memory_bytes"] > 10e6
    target = data["targets"][1]
    assert target["state"] == "painted" and set(target["seconds"]) == {"matte", "shape", "paint"}
    assert target["box"]["left"] == pytest.approx(0.5) and target["faces"] == len(BLOCK)


def test_no_texture(photo: Path) -> None:
    told = run(request(photo, *TWO, settings=Settings.of(texture=False)))
    assert [m.textured for m in only(told, ResultReady)] == [False, False]
    assert (told[-1].made, told[-1].failed) == (2, 0)


@pytest.mark.parametrize("stage", ["matte", "shape", "paint"])
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RuntimeError("boom"), ErrorCode.INTERNAL),
        (MemoryError(), ErrorCode.OUT_OF_MEMORY),
        (Img23DError(ErrorCode.EMPTY_CUTOUT, "Nothing is left."), ErrorCode.EMPTY_CUTOUT),
    ],
)
def test_one_failure_takes_no_other_along(photo: Path, stage: str, error: Exception, code: ErrorCode) -> None:
    def trap(entered: str, count: int) -> None:
        if entered == stage and count == 0:
            raise error

    told = run(request(photo, *TWO), SmallEngine(trap))
    (failure,) = only(told, TargetFailed)
    assert (failure.target, failure.code) == (0, code)
    assert ("boom" in failure.detail) == (code == ErrorCode.INTERNAL)
    assert (told[-1].made, told[-1].failed) == (1, 1)
    assert [m.target for m in only(told, ResultReady) if m.textured] == [1]
    data = record(photo)
    assert data["state"] == "finished" and data["targets"][0]["error"]["code"] == code


def test_a_name_that_is_not_found_fails_by_itself(photo: Path) -> None:
    told = run(request(photo, Wanted(name="fork"), TWO[1]))
    assert only(told, Located)[0].targets[0].box is None
    (failure,) = only(told, TargetFailed)
    assert (failure.target, failure.code, failure.sentence) == (0, ErrorCode.NO_REGION, "Draw a box for fork.")
    assert [m.target for m in only(told, CutoutReady)] == [1]
    assert (told[-1].made, told[-1].failed) == (1, 1)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_ends_the_job(photo: Path, number: int) -> None:
    def trap(entered: str, count: int) -> None:
        if entered == "shape" and count == 1:
            raise OSError(number, "full")

    told = run(request(photo, *TWO), SmallEngine(trap))
    assert type(told[-1]) is Failed and told[-1].code == ErrorCode.DISK_FULL
    assert [m.target for m in only(told, ResultReady)] == [0]  # what was finished stays
    assert record(photo)["state"] == "failed"


@pytest.mark.parametrize("stage", ["matte", "shape", "paint"])
@pytest.mark.parametrize("target", [0, 1])
def test_one_target_is_stopped_and_the_other_goes_on(photo: Path, stage: str, target: int) -> None:
    entered: list[str] = []
    engine = SmallEngine(lambda name, count: entered.append(name))
    told = run(request(photo, *TWO), engine, is_target_cancelled=lambda index: index == target and stage in entered)
    (stopped,) = only(told, TargetCancelled)
    assert stopped.target == target and not only(told, TargetFailed)
    assert (told[-1].made, told[-1].failed) == (1, 0)
    assert [m.target for m in only(told, ResultReady) if m.textured] == [1 - target]
    written = record(photo)
    assert written["state"] == "finished"
    assert [one["state"] for one in written["targets"]] == (["cancelled", "painted"] if target == 0 else ["painted", "cancelled"])


def test_strokes_and_heights_and_the_scale_travel(photo: Path) -> None:
    stroke = Stroke(xs=(0.05,), ys=(0.05,), radius=0.05)  # the photo's corner, which is no part of the cup
    wanted = (Wanted(name="cup", box=LEFT_BOX, strokes=(stroke,), height=0.2), TWO[1])
    told = run(request(photo, *wanted, pixels_per_metre=500.0, job="the id"))
    written = record(photo)
    assert (written["job"], written["pixels_per_metre"]) == ("the id", 500.0)
    assert [one["height"] for one in written["targets"]] == [0.2, 0.0]
    assert written["targets"][0]["strokes"] == [{"xs": [0.05], "ys": [0.05], "radius": 0.05, "adds": True}]
    cutout = cv2.imread(files(told, CutoutReady)[0], cv2.IMREAD_UNCHANGED)
    left, top = written["targets"][0]["cutout_left"], written["targets"][0]["cutout_top"]
    assert cutout[round(0.05 * HEIGHT) - top, round(0.05 * WIDTH) - left, 3] == 255


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(name="cup", height=-1.0),
        Wanted(name="cup", strokes=(Stroke(xs=(0.1, 0.2), ys=(0.1,), radius=0.1),)),
        Wanted(name="cup", strokes=(Stroke(xs=(0.1,), ys=(float("nan"),), radius=0.1),)),
    ],
)
def test_what_the_artist_said_must_make_sense(photo: Path, wanted: Wanted) -> None:
    (failed,) = run(request(photo, wanted))
    assert type(failed) is Failed and failed.code == ErrorCode.BAD_REQUEST
    assert not (photo.parent / "run").exists()


@pytest.mark.parametrize("stage", ["locate", "matte", "shape", "paint"])
def test_cancel_is_seen_in_every_stage(photo: Path, stage: str) -> None:
    entered: list[str] = []
    engine = SmallEngine(lambda name, count: entered.append(name))
    told = run(request(photo, *TWO), engine, is_cancelled=lambda: stage in entered)
    assert type(told[-1]) is Cancelled and entered[-1] == stage and entered.count(stage) == 1
    assert record(photo)["state"] == "cancelled"
    assert not only(told, Failed) and not only(told, TargetFailed)


def test_progress_is_throttled_and_clean(photo: Path) -> None:
    class Chatty(SmallEngine):
        def shape(self, cutout, settings, context):
            for step in range(5000):
                context.report(step / 4000, "")
            context.report(float("nan"), "")
            return super().shape(cutout, settings, context)

    progress = only(run(request(photo, *TWO), Chatty()), Progress)
    assert len(progress) < 60
    assert all(0 <= message.fraction <= 1 for message in progress)
    assert {message.stage for message in progress} == {"locate", "matte", "shape", "paint"}


def test_bad_requests_touch_nothing(photo: Path) -> None:
    bad_box = Wanted(name="cup", box=Box(left=0.6, top=0, right=0.5, bottom=1))
    for job, code in (
        (request(photo, bad_box), ErrorCode.BAD_REQUEST),
        (request(photo, Wanted(name="cup", box=Box(left=1.2, top=0, right=2, bottom=1))), ErrorCode.BAD_REQUEST),
        (request(photo, Wanted(name="cup", box=Box(left=float("nan"), top=0, right=1, bottom=1))), ErrorCode.BAD_REQUEST),
        (request(photo, Wanted(name=" ")), ErrorCode.BAD_REQUEST),
        (request(photo, seed=-1), ErrorCode.BAD_REQUEST),
        (request(photo, settings=Settings.of(texture_size=1000)), ErrorCode.BAD_REQUEST),
        (request(photo, settings=Settings.of(faces=3)), ErrorCode.BAD_REQUEST),
        (request(photo, settings=Settings.of(thickness=float("nan"))), ErrorCode.BAD_REQUEST),
        (request(photo.with_name("gone.png")), ErrorCode.PHOTO_NOT_FOUND),
        (request(photo, engine="preview", run_folder=" "), ErrorCode.BAD_REQUEST),
    ):
        told = run(job)
        assert type(told[-1]) is Failed and told[-1].code == code, told
        assert not only(told, Located)
    assert not (photo.parent / "run").exists()


def test_an_unknown_engine_and_a_folder_that_cannot_be_written(photo: Path) -> None:
    told: list[object] = []
    run_job(request(photo, engine="magic"), Caller(emit=told.append, load_engine=Engines(NO_MODELS).load))
    assert told[-1].code == ErrorCode.ENGINE_UNKNOWN
    told = run(request(photo, run_folder=str(photo / "below a file")))
    assert told[-1].code == ErrorCode.FOLDER_UNWRITABLE


def test_locate_alone_writes_nothing(photo: Path) -> None:
    told = run(Locate(job="j", photo=str(photo), wanted=(TWO[0], Wanted(name="fork")), engine="small"))
    assert [target.name for target in only(told, Located)[0].targets] == ["cup", "fork"]
    assert type(told[-1]) is Finished and told[-1].failed == 1
    assert list(photo.parent.iterdir()) == [photo]


def test_locate_with_a_folder_cuts_out(photo: Path) -> None:
    wanted = (Wanted(name="fork"), *TWO)
    told = run(Locate(job="j", photo=str(photo), run_folder=str(photo.parent / "search"), wanted=wanted, engine="small"))
    kinds = [type(m) for m in told if type(m) is not Progress]
    assert kinds == [Located, TargetFailed, CutoutReady, CutoutReady, Finished]
    assert [Path(path).is_file() for path in files(told, CutoutReady)] == [True, True]
    assert (told[-1].made, told[-1].failed) == (0, 1)


def test_two_hundred_names(photo: Path) -> None:
    names = tuple(Wanted(name=f"{'🥄' * (i % 3)}cup/{i}\n", box=LEFT_BOX) for i in range(200))
    told = run(request(photo, *names, settings=Settings.of(texture=False)))
    assert told[-1].made == 200
    assert len(set(files(told, ResultReady))) == 200
    assert (photo.parent / "run" / "199_🥄cup_199_shape.glb").is_file() == (199 % 3 == 1)


@pytest.mark.usefixtures("each_pass_once")
def test_a_search_draws_what_each_kind_would_make(photo: Path) -> None:
    told = run(Locate(job="j", photo=str(photo), run_folder=str(photo.parent / "run"), wanted=TWO, engine="preview"))
    cutouts = only(told, CutoutReady)
    assert [m.target for m in only(told, FormsReady)] == [0, 1]
    assert told.index(only(told, FormsReady)[0]) > told.index(cutouts[-1]), "the list stands first"
    for cutout in files(told, CutoutReady):
        for kind in ("auto", "inflate", "revolve", "flat"):
            picture = cv2.imread(cutout.replace("_cutout.png", f"_form_{kind}.png"), cv2.IMREAD_UNCHANGED)
            assert picture.shape[2] == 4 and picture[..., 3].any()


def test_an_engine_with_shapes_of_its_own_refuses_a_kind(photo: Path) -> None:
    wanted = (Wanted(name="cup"), Wanted(name="spoon", shape=ShapeKind.FLAT))
    told = run(request(photo, *wanted))
    assert isinstance(told[-1], Failed) and "“spoon”" in told[-1].sentence and not (photo.parent / "run").exists()
