"""A job through the relay: the messages of a local backend, and the files in the folder on this machine."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
from relay_desk import TOKEN, Relay
from service_desk import Server, picture, until

from img23d_protocol import PROTOCOL_VERSION
from img23d_protocol.messages import (
    Accepted,
    Close,
    CutoutReady,
    Diagnose,
    DivisionReady,
    Edit,
    Failed,
    Finished,
    Generate,
    InstallWeights,
    Level,
    LidsReady,
    Locate,
    Located,
    Paint,
    PaintReady,
    Pick,
    PictureReady,
    Ping,
    Point,
    Pong,
    Progress,
    Regions,
    ResultReady,
    Settings,
    Side,
    SidePhoto,
    Split,
    Status,
    TargetCancelled,
    Unload,
    Unloaded,
    Unwrap,
    UvReady,
    Wanted,
)


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def jobs_of(server: Server) -> list[dict]:
    return server.get("/v1/jobs").json["jobs"]


def test_the_machine_appears_as_if_it_were_this_one(server: Server, relay: Relay) -> None:
    hello = relay.hello()
    assert hello.protocol == PROTOCOL_VERSION and hello.pid == relay.process.pid
    status = relay.until_kind(Status)
    theirs = server.get("/v1/status").json
    assert [(one.id, one.ready) for one in status.engines] == [(one["id"], one["ready"]) for one in theirs["status"]["engines"]]
    assert [one.id for one in status.splitters] == [one["id"] for one in theirs["status"]["splitters"]]
    assert [one.label for one in status.devices] == [one["label"] for one in theirs["workers"][0]["devices"]]
    assert len(status.weights) == len(theirs["status"]["weights"]) > 5


def test_a_generation_ends_in_the_folder_here(server: Server, relay: Relay) -> None:
    request = relay.job()
    relay.send(request)
    last = relay.last(request.job)
    assert isinstance(last, Finished) and last.made == 2
    said = relay.about(request.job)
    assert isinstance([one for one in said if not isinstance(one, Progress)][0], Accepted)
    kinds = Counter(type(message) for message in said)
    assert kinds[Located] == 1 and kinds[CutoutReady] == 2 and kinds[ResultReady] == 4
    found = files_in(Path(request.run_folder))
    painted = {one.target: one.files[0] for one in said if isinstance(one, ResultReady)}
    assert all(found[name][:4] == b"glTF" for name in painted.values())
    assert all(found[one.file][:8] == b"\x89PNG\r\n\x1a\n" for one in said if isinstance(one, CutoutReady))
    assert not [name for name in found if name.startswith(".")]
    record = json.loads(found["run.json"])
    assert record["state"] == "finished" and record["job"] == request.job and record["photo"]["path"] == request.photo
    assert str(server.folder) not in found["run.json"].decode()
    until(lambda: not jobs_of(server))  # nothing of it stays there


def test_files_are_here_before_they_are_announced(relay: Relay) -> None:
    request = relay.job(things=1)
    relay.send(request)
    folder = Path(request.run_folder)
    relay.until_kind(CutoutReady)
    assert (folder / relay.heard[-1].file).stat().st_size > 100
    relay.until_kind(ResultReady)
    assert (folder / relay.heard[-1].files[0]).read_bytes()[:4] == b"glTF"
    relay.last(request.job)


def test_a_search_with_its_further_photos(relay: Relay) -> None:
    whole = relay.job("search")
    back = Path(whole.photo).with_name("other") / "der Ball.png"  # of the same name
    back.parent.mkdir()
    back.write_bytes(picture(96))
    wanted = (Wanted(name="ball", box=whole.wanted[0].box, sides=(SidePhoto(side=Side.BACK, photo=str(back)),)),)
    relay.send(Locate(job=whole.job, photo=whole.photo, run_folder=whole.run_folder, wanted=wanted))
    assert isinstance(relay.last("search"), Finished)
    cut = [one for one in relay.heard if isinstance(one, CutoutReady)]
    assert len(cut) == 1 and (Path(whole.run_folder) / cut[0].file).is_file()


def test_a_photo_is_edited_and_the_picture_is_here_before_it_is_announced(relay: Relay) -> None:
    """By itself, and at the beginning of a run, whose boxes refer to it."""
    alone = relay.job("alone")
    relay.send(Edit(job="alone", photo=alone.photo, run_folder=alone.run_folder, settings=Settings.of(edit=True)))
    ready = relay.until_kind(PictureReady)
    assert cv2.imread(str(Path(alone.run_folder) / ready.file)).shape == (ready.height, ready.width, 3) == (80, 80, 3)
    assert isinstance(relay.last("alone"), Finished)
    whole = relay.job("whole", settings=Settings.of(edit=True))
    relay.send(whole)
    assert isinstance(relay.last("whole"), Finished)
    said = [one for one in relay.about("whole") if isinstance(one, PictureReady | Located)]
    assert [type(one) for one in said] == [PictureReady, Located] and said[1].photo_width == 80
    record = json.loads((Path(whole.run_folder) / "run.json").read_text(encoding="utf-8"))
    assert (Path(whole.run_folder) / record["edited"]).is_file() and record["photo"]["path"] == whole.photo


def test_what_can_be_picked_is_shown(relay: Relay) -> None:
    """The disc in the middle, and not the ground around it."""
    whole = relay.job("pick")
    relay.send(Pick(job="pick", photo=whole.photo, run_folder=whole.run_folder, point=Point(x=0.5, y=0.5), settings=Settings.of(cutter="light")))
    assert isinstance(relay.last("pick"), Finished)
    found = next(one for one in relay.heard if isinstance(one, Regions))
    labels = np.load(Path(whole.run_folder) / found.labels)
    middle = labels[:, labels.shape[1] // 2, labels.shape[2] // 2]
    assert 1 + found.picked in middle and 1 + found.picked not in labels[:, 0, 0]


def test_one_of_several_and_the_whole_are_cancelled(server: Server, relay: Relay, held: Path) -> None:
    first, second = relay.job("first"), relay.job("second")
    relay.send(first)
    relay.until_kind(CutoutReady)
    relay.cancel("first", 1)
    held.unlink()
    last = relay.last("first")
    assert isinstance(last, Finished) and last.made == 1
    assert [one.target for one in relay.heard if isinstance(one, TargetCancelled)] == [1]
    assert not [one for one in relay.heard if isinstance(one, ResultReady) and one.target == 1]
    held.touch()
    relay.send(second)
    relay.until(lambda one: isinstance(one, CutoutReady) and one.job == "second")
    relay.cancel("second")
    assert type(relay.last("second", 2)).__name__ == "Cancelled"
    third = relay.job("third")
    relay.send(third)  # at once, as the session does
    held.unlink()
    assert isinstance(relay.last("third"), Finished)
    until(lambda: not jobs_of(server))


def test_blender_closed_at_the_last_word_leaves_nothing_there(server: Server, tmp_path: Path) -> None:
    for number in range(3):
        with Relay(tmp_path / str(number), f"http://127.0.0.1:{server.port}", token=TOKEN) as relay:
            relay.send(relay.job(f"hurried {number}", things=1))
            assert isinstance(relay.last(f"hurried {number}"), Finished)
        assert not jobs_of(server)


def test_what_has_no_meaning_from_afar_says_so(relay: Relay) -> None:
    relay.hello()
    relay.send(InstallWeights(job="w", sets=("birefnet-lite",), online=True))
    refused = relay.last("w")
    assert isinstance(refused, Failed) and "there" in refused.sentence
    relay.send(Unload())
    assert relay.until_kind(Unloaded).freed == 0
    relay.send(Ping())
    relay.until_kind(Pong)


def test_the_diagnosis_is_of_the_connection(relay: Relay) -> None:
    relay.hello()
    relay.until(lambda one: isinstance(one, Status) and one.devices)
    relay.send(Diagnose(job="d"))
    found = relay.last("d").findings
    assert [one.level for one in found] == [Level.GOOD] and "Preview" in found[0].sentence


def test_a_photo_that_is_gone_or_too_large_is_said(server: Server, relay: Relay, tmp_path: Path) -> None:
    gone = relay.job("gone")
    relay.send(Generate(job="gone", photo=str(tmp_path / "no.png"), run_folder=gone.run_folder))
    assert relay.last("gone").code == "photo_not_found"
    large = relay.job("large")
    Path(large.photo).write_bytes(b"x" * (65 * 2**20))
    relay.send(large)
    refused = relay.last("large")
    assert isinstance(refused, Failed) and "64 MB" in refused.sentence
    none = relay.job("none")
    Path(none.photo).write_bytes(b"no picture")
    relay.send(none)
    assert relay.last("none").code.startswith("photo_")
    assert not jobs_of(server)


def test_a_full_queue_is_waited_for(server: Server, relay: Relay, held: Path) -> None:
    others = []
    while (answer := server.post("/v1/jobs", {"seed": "1"}, {"photo": ("ball.png", picture())})).status == 201:
        others.append(answer.json["id"])
    request = relay.job(things=1)
    relay.send(request)
    assert "as many jobs" in relay.until(lambda one: isinstance(one, Progress) and one.note).note
    for job in others:
        server.request("DELETE", f"/v1/jobs/{job}")
    held.unlink()
    assert isinstance(relay.last(request.job), Finished)


def test_the_token_is_nowhere(server: Server, relay: Relay) -> None:
    request = relay.job(things=1)
    relay.send(request)
    relay.last(request.job)
    assert TOKEN not in " ".join(relay.command) and TOKEN not in relay.log.read_text(encoding="utf-8")
    assert TOKEN not in Path(f"/proc/{relay.process.pid}/environ").read_text() if Path("/proc").is_dir() else True
    assert all(TOKEN.encode() not in data for data in files_in(Path(request.run_folder)).values())
    assert TOKEN not in repr(relay.heard)


def test_meshes_travel_as_photos_do(relay: Relay) -> None:
    """Two boxes apart in one mesh: laid out, split, closed with the labels that came back, and painted."""
    folder = Path(relay.job("mesh").run_folder)
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], np.float32)
    sides = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])
    box = np.concatenate([sides[:, [0, 1, 2]], sides[:, [0, 2, 3]]])
    triangles = np.concatenate([box, box + 8]).astype(np.int32)
    mesh = {"vertices": np.concatenate([corners, corners + 3]).astype(np.float32), "triangles": triangles, "view": np.eye(4)}
    mesh |= {"corners": np.arange(72, dtype=np.int32).reshape(-1, 3), "corner_count": np.int32(72)}
    np.savez(folder / "mesh.npz", **mesh)
    relay.send(Unwrap(job="u", mesh=str(folder / "mesh.npz"), run_folder=str(folder), name="boxes"))
    assert isinstance(relay.last("u"), Finished)
    laid_out = next(one for one in relay.heard if isinstance(one, UvReady))
    assert np.load(folder / laid_out.uv).shape == (72, 2)
    relay.send(Split(job="s", mesh=str(folder / "mesh.npz"), run_folder=str(folder), name="boxes"))
    assert isinstance(relay.last("s"), Finished)
    divided = next(one for one in relay.heard if isinstance(one, DivisionReady))
    labels = np.load(folder / divided.labels)
    assert len(divided.parts) == 2 and labels.shape == (24,) and len(set(labels[:12])) == 1
    (folder / "mine.npy").write_bytes((folder / divided.labels).read_bytes())
    relay.send(Close(job="c", mesh=str(folder / "mesh.npz"), labels=str(folder / "mine.npy"), run_folder=str(folder)))
    assert isinstance(relay.last("c"), Finished)
    closed = next(one for one in relay.heard if isinstance(one, LidsReady))
    assert np.load(folder / closed.lids)["dropped"].shape == (24,)
    (folder / "seen.png").write_bytes(picture())
    relay.send(Paint(job="p", mesh=str(folder / "mesh.npz"), picture=str(folder / "seen.png"), run_folder=str(folder), name="boxes"))
    assert isinstance(relay.last("p"), Finished)
    painted = next(one for one in relay.heard if isinstance(one, PaintReady))
    assert np.load(folder / painted.uv).shape == (72, 2) and min(cv2.imread(str(folder / painted.texture)).shape[:2]) >= 64
