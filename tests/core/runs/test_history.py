"""Runs read back from their folders: whole, half written, foreign and many."""

from __future__ import annotations

import json
import os
import shutil
import time
from datetime import datetime
from pathlib import Path

import pytest

from blender_img23d.core.jobs import Result
from blender_img23d.core.runs.history import INTERRUPTED, list_runs, read_run
from blender_img23d.core.states import JobState
from blender_img23d.shared.img23d_protocol.messages import Box, Generate, Paint, PartInfo, Piece, ResultKind, Settings, Stage, Stroke
from img23d_backend.jobs.runs import PhotoRecord, Run, RunState, TargetRecord, TargetState, open_run
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol import messages as m

BOX = {"left": 0.1, "top": 0.2, "right": 0.5, "bottom": 0.9}


def made_run(folder: Path, names: tuple[str, ...] = ("red mug", "book"), **more: object) -> Run:
    """A folder as the backend leaves it: all but the last target painted, the last one only shaped."""
    wanted = tuple(m.Wanted(name=name, box=m.Box(**BOX), height=0.12) for name in names)
    settings = m.Settings.of(texture_size=2048, steps=7)
    request = m.Generate(job="abc", photo="/photos/desk.jpg", run_folder=str(folder), wanted=wanted, seed=11, settings=settings)
    run = open_run(request)
    run.record.photo = PhotoRecord(path="/photos/desk.jpg", sha256="0", width=640, height=480, notes=("Scaled down.",))
    run.record.pixels_per_metre = 321.0
    run.record.targets = [TargetRecord(name=name, box=m.Box(**BOX), faces=900) for name in names]
    run.record.seconds |= {"locate": 1.5, "shape": 2.0}
    for index, target in enumerate(run.record.targets):
        is_last = index == len(names) - 1
        files = {"cutout": "_cutout.png", "shape": "_shape.glb", "preview": "_preview.png"} | ({} if is_last else {"mesh": ".glb"})
        paths = {kind: run.path_for(index, suffix) for kind, suffix in files.items()}
        for path in paths.values():
            path.write_bytes(b"x")
        target.add_file(TargetState.SHAPED if is_last else TargetState.PAINTED, "rounded", **paths)
        stage, name = (m.Stage.SHAPE, paths["shape"].name) if is_last else (m.Stage.PAINT, paths["mesh"].name)
        target.add_result(m.ResultReady(job="abc", target=index, files=(name,), stage=stage, textured=not is_last, count=900))
        target.seconds["shape"] = 1.0
    for name, value in more.items():
        setattr(run.record, name, value)
    run.end(RunState.FINISHED)
    return run


def change(folder: Path, **fields: object) -> None:
    path = folder / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | fields), encoding="utf-8")


def test_a_run_of_the_backend_is_read_back_as_a_job(tmp_path: Path) -> None:
    folder = made_run(tmp_path / "runs" / "20260102-030405-desk-abcd").folder
    job = read_run(folder)
    assert (job.id, job.state, job.is_past, job.was_interrupted) == ("abc", JobState.DONE, True, False)
    request = job.request
    assert isinstance(request, Generate) and request.photo == "/photos/desk.jpg" and request.run_folder == str(folder)
    assert (request.seed, request.engine, request.pixels_per_metre) == (11, "preview", 321.0)
    assert request.settings == Settings.of(texture_size=2048, steps=7)
    assert [(one.name, one.box, one.height) for one in request.wanted] == [(n, Box(**BOX), 0.12) for n in ("red mug", "book")]
    mug, book = job.targets
    assert (mug.name, mug.box, mug.stage, mug.textured, mug.faces) == ("red mug", Box(**BOX), Stage.PAINT, True, 900)
    assert mug.main.path == str(folder / "00_red_mug.glb") and mug.cutout == str(folder / "00_red_mug_cutout.png")
    assert mug.preview.endswith("00_red_mug_preview.png") and mug.notes == ("rounded",)
    assert book.main.path == str(folder / "01_book_shape.glb") and not book.textured and book.stage is Stage.SHAPE
    assert job.notes == ("Scaled down.",) and job.photo_size == (640, 480)
    assert job.seconds == 3.5 and job.stage_seconds == {"locate": 1.5, "shape": 2.0} and mug.stage_seconds == {"shape": 1.0}
    assert abs(job.started - time.time()) < 60 and job.progress == 1.0


def test_strokes_camera_and_places_come_back(tmp_path: Path) -> None:
    folder = made_run(tmp_path / "run").folder
    stroke = {"xs": [0.1, 0.2], "ys": [0.3, 0.4], "radius": 0.01, "adds": False}
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    record["wanted"][1]["strokes"] = [stroke]
    record["targets"][0]["pose"] = {"x": 0.5, "y": 3.0, "yaw": 0.1, "scale": 0.3}
    record |= {"camera": {"focal": 1.2, "pitch": 0.3, "height": 1.4}, "row_scale": 0.3, "note": "From the boxes."}
    change(folder, **record)
    job = read_run(folder)
    assert job.request.wanted[1].strokes == (Stroke(xs=(0.1, 0.2), ys=(0.3, 0.4), radius=0.01, adds=False),)
    assert job.arranged.camera.focal == 1.2 and job.arranged.row_scale == 0.3 and job.arranged.note == "From the boxes."
    assert job.arranged.poses[0].scale == 0.3 and job.arranged.poses[1] is None


def test_a_painted_mesh_is_read_back_with_its_texture(tmp_path: Path) -> None:
    request = m.Paint(job="p", mesh="/m.npz", picture="/photos/wood.jpg", run_folder=str(tmp_path / "run"), name="Table")
    run = open_run(request)
    texture = run.folder / "00_Table_texture.png"
    texture.write_bytes(b"x")
    run.record.photo = PhotoRecord(path="/photos/wood.jpg", sha256="0")
    run.record.targets = [TargetRecord(name="Table")]
    run.record.targets[0].add_file(TargetState.PAINTED, texture=texture)
    run.end(RunState.FINISHED)
    job = read_run(run.folder)
    assert isinstance(job.request, Paint) and job.is_retexture and job.picture == "/photos/wood.jpg"
    assert job.texture == str(texture) and job.targets[0].textured and job.targets[0].main is None


def test_a_record_of_a_version_that_made_one_mesh_a_target(tmp_path: Path) -> None:
    """Before results had kinds, the mesh stood among the target's files alone."""
    folder = made_run(tmp_path / "run").folder
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    for target in record["targets"]:
        del target["results"]
    change(folder, **record)
    mug, book = read_run(folder).targets
    assert mug.main == Result(path=str(folder / "00_red_mug.glb"), textured=True, count=900)
    assert book.main == Result(path=str(folder / "01_book_shape.glb"), count=900)


def test_results_of_other_kinds_and_parts_are_read_back(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run")
    for name in ("00_red_mug.ply", "00_red_mug.spz", "00_red_mug_part1.glb"):
        (run.folder / name).write_bytes(b"x")
    splats, handle = m.Piece(kind=m.ResultKind.SPLATS), m.Piece(part=1)
    told = {"job": "abc", "target": 0, "textured": True}
    target = run.record.targets[0]
    target.add_result(m.ResultReady(files=("00_red_mug.ply", "00_red_mug.spz"), piece=splats, stage=m.Stage.SHAPE, count=5, **told))
    target.add_result(m.ResultReady(files=("00_red_mug_part1.glb",), piece=handle, stage=m.Stage.SPLIT, count=6, name="handle", **told))
    target.add_result(m.ResultReady(files=("gone.glb",), piece=m.Piece(part=2), stage=m.Stage.SPLIT, count=7, **told))
    run.end(RunState.FINISHED)
    mug, _ = read_run(run.folder).targets
    assert [(one.piece.kind, one.piece.part, one.name, one.count) for one in mug.results.values()] == [
        ("mesh", None, "", 900), ("splats", None, "", 5), ("mesh", 1, "handle", 6),
    ]  # fmt: skip
    assert mug.main.path.endswith("00_red_mug.glb") and mug.results[Piece(kind=ResultKind.SPLATS)].others == (str(run.folder / "00_red_mug.spz"),)


def test_how_a_run_ended(tmp_path: Path) -> None:
    folder = made_run(tmp_path / "run").folder
    change(folder, state="running")
    job = read_run(folder)
    assert job.state is JobState.CANCELLED and job.was_interrupted and INTERRUPTED in job.notes and job.targets[0].main
    change(folder, state="cancelled")
    assert read_run(folder).state is JobState.CANCELLED and not read_run(folder).was_interrupted


def test_what_failed_says_why(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run")
    run.record.targets[1].state, run.record.targets[1].files = TargetState.FAILED, {}
    run.record.targets[1].error = run.record.error = None
    run.end(RunState.FAILED, Img23DError(ErrorCode.DISK_FULL, "The disk is full: make room.", "detail"))
    record = json.loads((run.folder / "run.json").read_text(encoding="utf-8"))
    record["targets"][1]["error"] = {"code": "no_region", "sentence": "Nothing is left for “book”.", "detail": ""}
    change(run.folder, **record)
    job = read_run(run.folder)
    assert job.state is JobState.FAILED and (job.code, job.error) == ("disk_full", "The disk is full: make room.")
    assert job.targets[1].error == "Nothing is left for “book”." and not job.targets[0].error


def test_a_record_without_an_id_keeps_the_same_one(tmp_path: Path) -> None:
    folder = made_run(tmp_path / "20250102-030405-desk-abcd").folder
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    for later in ("job", "camera", "row_scale"):
        record.pop(later, None)
    for target in record["targets"]:
        for later in ("strokes", "height", "pose"):
            target.pop(later, None)
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    assert read_run(folder).id == read_run(folder).request.job == folder.name


def test_unknown_settings_are_left_out_and_missing_ones_are_the_defaults(tmp_path: Path) -> None:
    folder = made_run(tmp_path / "run").folder
    settings = {"texture_size": 4096, "faces": "many", "sparkle": True, "learned": {"steps": 3, "speed": 5}}
    change(folder, settings=settings)
    assert read_run(folder).request.settings == Settings.of(texture_size=4096, steps=3)
    change(folder, settings=None)
    assert read_run(folder).request.settings == Settings()


def test_a_file_that_is_gone_is_not_offered(tmp_path: Path) -> None:
    folder = made_run(tmp_path / "run").folder
    (folder / "00_red_mug.glb").unlink()
    (folder / "01_book_cutout.png").unlink()
    mug, book = read_run(folder).targets
    assert mug.main.path.endswith("00_red_mug_shape.glb") and not mug.textured, "the plain one is still there"
    assert book.cutout == "" and book.main.path


def test_a_record_points_at_nothing_outside_its_folder(tmp_path: Path) -> None:
    folder = made_run(tmp_path / "run").folder
    (tmp_path / "other.glb").write_bytes(b"x")
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    record["targets"][0]["files"] = {"mesh": "../other.glb", "cutout": str(tmp_path / "other.glb"), "preview": ".."}
    record["targets"][0]["results"][0]["files"] = ["../other.glb"]
    change(folder, **record)
    target = read_run(folder).targets[0]
    assert (target.main, target.cutout, target.preview) == (None, "", "")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe\x00", b"[]", b"null", b'{"kind": "generate"}', b'{"kind": "locate", "targets": []}', b"[" * 100_000],
    ids=["empty", "cut off", "not text", "a list", "null", "no targets", "a search", "nested"],
)
def test_what_is_no_run_is_passed_over(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run.json").write_bytes(content)
    assert read_run(tmp_path) is None


@pytest.mark.parametrize("wrong", [None, 5, "x", [], {}, [None, 7, "x", [], {}], float("inf"), 1e308, -1, {"a": None}])
def test_a_damaged_field_takes_nothing_else_along(tmp_path: Path, wrong: object) -> None:
    folder = made_run(tmp_path / "run").folder
    whole = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    for key in (set(whole) | {"camera", "note"}) - {"kind", "targets"}:
        (folder / "run.json").write_text(json.dumps(whole | {key: wrong}), encoding="utf-8")
        assert [target.name for target in read_run(folder).targets] == ["red mug", "book"], key
    for key in set(whole["targets"][0]) - {"name"}:
        first = whole["targets"][0] | {key: wrong}
        (folder / "run.json").write_text(json.dumps(whole | {"targets": [first, whole["targets"][1]]}), encoding="utf-8")
        assert [target.name for target in read_run(folder).targets] == ["red mug", "book"], key


def test_a_huge_record_and_a_missing_folder_are_passed_over(tmp_path: Path) -> None:
    folder = made_run(tmp_path / "run").folder
    with (folder / "run.json").open("ab") as file:
        file.write(b" " * 5_000_000)
    assert read_run(folder) is None
    assert read_run(tmp_path / "nowhere") is None
    (tmp_path / "folder" / "run.json").mkdir(parents=True)
    assert read_run(tmp_path / "folder") is None


def test_fifty_runs_are_listed_newest_first(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    first = made_run(runs / f"{datetime(2026, 1, 1):%Y%m%d-%H%M%S}-desk-aaaa", ("a", "b")).folder
    for day in range(2, 52):
        shutil.copytree(first, runs / f"{datetime(2026, 1 + day // 28, 1 + day % 28):%Y%m%d-%H%M%S}-desk-aaaa")
    foreign = runs / "my own things"
    foreign.mkdir()
    os.utime(foreign, (time.time(), datetime(2025, 6, 1).timestamp()))
    (runs / "a file.txt").write_text("x", encoding="utf-8")
    listed = list_runs(tmp_path)
    assert len(listed) == 52 and listed[-1] == foreign and listed[-2] == first
    assert [folder.name for folder in listed[:-1]] == sorted((folder.name for folder in listed[:-1]), reverse=True)
    assert sum(read_run(folder) is not None for folder in listed) == 51


def test_a_link_is_not_followed_and_a_base_without_runs_is_empty(tmp_path: Path) -> None:
    made_run(tmp_path / "elsewhere")
    (tmp_path / "runs").mkdir()
    try:
        (tmp_path / "runs" / "20260101-000000-link-aaaa").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    except OSError:
        pytest.skip("links need a right here")
    assert list_runs(tmp_path) == [] and list_runs(tmp_path / "nowhere") == []


@pytest.mark.parametrize(("variants", "known"), [(2, 2), (3, 1), (0, 1), (-2, 1), (99, 1), ("2", 1), (None, 1)])
def test_variants_of_a_damaged_record_are_things_of_their_own(tmp_path: Path, variants: object, known: int) -> None:
    targets = [{"name": "cup", "state": "cut"}] * 4
    record = {"kind": "generate", "state": "finished", "targets": targets, "variants": variants, "varies": True}
    (tmp_path / "run.json").write_text(json.dumps(record))
    job = read_run(tmp_path)
    assert job is not None and (job.request.variants, job.request.varies) == (known, True)


PARTS = (PartInfo(name="body", color="#ff0000", faces=9, area=1.5), PartInfo(name="beak", color="#00ff00", faces=3, area=0.5))


def split_run(folder: Path, state: RunState = RunState.FINISHED, parts: tuple[PartInfo, ...] = PARTS) -> Path:
    """As the backend leaves it: labels, and one part that a model has finished."""
    request = m.Split(job="abc", run_folder=str(folder), name="Duck", mesh=str(folder / "mesh.npz"), mask="/m.png", seed=4, settings=Settings.of(parts_count=2))
    run = open_run(request)
    run.record.photo = PhotoRecord(path="/photos/duck.jpg", sha256="0", width=64, height=48)
    target = TargetRecord(name="Duck")
    run.record.targets, run.record.parts = [target], parts
    labels, part = run.path_for(0, "_labels.npy"), run.path_for(0, "_part_01.glb")
    for path in (labels, part):
        path.write_bytes(b"x")
    target.add_file(TargetState.SPLIT, "Split.", labels=labels)
    ready = m.ResultReady(job="abc", target=0, files=(part.name,), piece=Piece(part=0), stage=m.Stage.SPLIT, textured=False, count=9, name="body")
    target.add_result(ready)
    run.end(state)
    return run.folder


def test_a_run_that_split_something_is_read_back(tmp_path: Path) -> None:
    folder = split_run(tmp_path / "run")
    job = read_run(folder)
    request = job.splitting
    assert (request.name, request.mesh, request.picture, request.mask) == ("Duck", str(folder / "mesh.npz"), "/photos/duck.jpg", "/m.png")
    assert (request.seed, request.settings, request.run_folder, job.picture) == (4, Settings.of(parts_count=2), str(folder), "/photos/duck.jpg")
    assert job.division.parts == PARTS and job.division.labels == str(folder / "00_Duck_labels.npy")
    (target,) = job.targets
    assert (target.name, target.stage, target.notes) == ("Duck", Stage.SPLIT, ("Split.",))
    assert [(one.piece.part, one.name, one.path) for one in target.results.values()] == [(0, "body", str(folder / "00_Duck_part_01.glb"))]


def test_finished_parts_of_a_run_that_was_cancelled(tmp_path: Path) -> None:
    folder = split_run(tmp_path / "run", RunState.CANCELLED, parts=())
    (folder / "00_Duck_labels.npy").unlink()
    job = read_run(folder)
    assert job.state is JobState.CANCELLED and job.division is None and len(job.targets[0].results) == 1


@pytest.mark.parametrize("parts", [[{"name": "a"}], [7], "no list", [{"name": 1, "color": "#ffffff", "faces": 1, "area": 1.0}]])
def test_parts_that_cannot_be_read(tmp_path: Path, parts: object) -> None:
    folder = split_run(tmp_path / "run")
    change(folder, parts=parts)
    assert read_run(folder).division is None


@pytest.mark.parametrize("kind", [[], {}, None, 3, "splits"])
def test_records_of_other_kinds(tmp_path: Path, kind: object) -> None:
    folder = split_run(tmp_path / "run")
    change(folder, kind=kind)
    assert read_run(folder) is None
