"""Records and tags that were damaged, or made to do harm: what cannot be used reads as unknown, and nothing is raised or waited for."""

from __future__ import annotations

import json
import math
import os
import random
import threading
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from test_history import made_run

from blender_img23d.core.jobs import Job
from blender_img23d.core.requests import build_generate, build_settings
from blender_img23d.core.runs.history import list_runs, read_run
from blender_img23d.core.runs.recipe import build_again, recipe_of_job, recipe_of_tags, settings_in_words
from blender_img23d.shared.img23d_protocol import Img23DError
from blender_img23d.shared.img23d_protocol.environment import read_record
from blender_img23d.shared.img23d_protocol.messages import Arranged, Box, PhotoCamera, Pose, Settings, Wanted


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return made_run(tmp_path / "runs" / "20260102-030405-desk-abcd").folder


def rewrite(folder: Path, change) -> None:
    path = folder / "run.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    change(record)
    path.write_text(json.dumps(record), encoding="utf-8")


def within(seconds: float, work):
    """What it returns; fails where it takes longer, as a window would that stands still."""
    found: list = []
    thread = threading.Thread(target=lambda: found.append(work()), daemon=True)
    thread.start()
    thread.join(seconds)
    assert found, "it still waits"
    return found[0]


def check_shown(job: Job) -> None:
    """Everything that the panels and Blender's own properties take in hand."""
    for text in (job.id, job.error, job.detail, *job.notes, job.request.engine, job.picture, *(one.name for one in job.targets)):
        assert "\0" not in text and len(text) <= 10_000
        text.encode("utf-8", "surrogateescape")
    for number in (job.request.seed, *job.photo_size, *(one.faces for one in job.targets)):
        assert -(2**31) <= number < 2**31
    for moment in (job.started, job.ended):
        assert date.fromtimestamp(moment).isoformat() and time.localtime(moment)
    for one in job.targets:
        assert one.box is None or (0 <= one.box.left < one.box.right <= 1 and 0 <= one.box.top < one.box.bottom <= 1)
    if job.is_generation:
        assert math.isfinite(job.request.pixels_per_metre) and job.request.pixels_per_metre >= 0
        for index in range(len(job.targets)):
            recipe = recipe_of_job(job, index)
            assert all(isinstance(word, str) for pair in settings_in_words(recipe.engine, recipe.settings) for word in pair)
    for pose in job.arranged.poses if job.arranged is not None else ():
        assert pose is None or (abs(pose.x) < 1e7 and abs(pose.y) < 1e7 and 0 < pose.scale < 1e7)


@pytest.mark.parametrize("value", [2**31, 2**63, -(2**31) - 1, 10**300])
@pytest.mark.parametrize("field", ["seed", "faces", "width", "settings"])
def test_integers_that_blender_cannot_hold(folder: Path, field: str, value: int) -> None:
    def change(record: dict) -> None:
        match field:
            case "seed":
                record["seed"] = value
            case "faces":
                record["targets"][0]["faces"] = record["targets"][0]["results"][0]["count"] = value
            case "width":
                record["photo"]["width"] = value
            case "settings":
                record["settings"]["faces"] = value

    rewrite(folder, change)
    check_shown(read_run(folder))


@pytest.mark.parametrize(("written", "read"), [(-1, -1), (-2, 0), (-11, 0), (7, 7)])  # -1 draws one
def test_seeds_that_no_run_has(folder: Path, written: int, read: int) -> None:
    rewrite(folder, lambda record: record.update(seed=written))
    assert read_run(folder).request.seed == read
    assert recipe_of_tags({"img23d_name": "cup", "img23d_seed": written}).seed == read


@pytest.mark.parametrize(("written", "read"), [(-1, 0), (-900, 0), (2**31, 0), (12, 12)])
def test_a_count_of_faces_that_no_mesh_has(folder: Path, written: int, read: int) -> None:
    rewrite(folder, lambda record: record["targets"][0]["results"][0].update(count=written))
    assert read_run(folder).targets[0].main.count == read


@pytest.mark.parametrize("name", ["cup \ud800", "cup \0 x", "x" * 400_000])
def test_names_that_blender_cannot_show(folder: Path, name: str) -> None:
    def change(record: dict) -> None:
        record["targets"][0]["name"] = record["wanted"][0]["name"] = name
        record["error"] = {"code": name, "sentence": name, "detail": name}
        record["photo"]["notes"] = [name] * 3
        record["engine"] = name

    rewrite(folder, change)
    check_shown(read_run(folder))


BOXES = [
    {"left": -1e300, "top": 0.0, "right": 1e300, "bottom": 1.0},
    {"left": 0.9, "top": 0.0, "right": 0.1, "bottom": 1.0},
    {"left": 0.5, "top": 0.5, "right": 0.5, "bottom": 0.5},
]


@pytest.mark.parametrize("box", BOXES)
def test_boxes_outside_of_the_photo(folder: Path, box: dict) -> None:
    rewrite(folder, lambda record: record["targets"][0].update(box=box))
    job = read_run(folder)
    check_shown(job)
    assert job.targets[0].box is None


POSES = [{"x": 1e300}, {"y": -1e30}, {"scale": 0.0}, {"scale": -1.0}, {"scale": 1e300}, {"yaw": 1e300}]


@pytest.mark.parametrize("wrong", POSES)
def test_places_that_no_photo_shows(folder: Path, wrong: dict) -> None:
    def change(record: dict) -> None:
        record["camera"] = {"focal": 1.2, "pitch": 0.3, "height": 1.4}
        record["targets"][0]["pose"] = {"x": 0.5, "y": 3.0, "yaw": 0.1, "scale": 0.3} | wrong

    rewrite(folder, change)
    job = read_run(folder)
    check_shown(job)
    assert job.arranged is None or job.arranged.poses[0] is None


CAMERAS = [{"focal": 0.0}, {"focal": 1e300}, {"height": -1e300}, {"pitch": 1e300}, {"roll": 1e300}]


@pytest.mark.parametrize("wrong", CAMERAS)
def test_cameras_that_took_no_photo(folder: Path, wrong: dict) -> None:
    rewrite(folder, lambda record: record.update(camera={"focal": 1.2, "pitch": 0.3, "height": 1.4} | wrong))
    assert read_run(folder).arranged is None


def test_an_arrangement_of_the_backend_is_looked_at_as_well(folder: Path) -> None:
    job, camera = read_run(folder), PhotoCamera(focal=1.0, pitch=0.2, height=1.5)
    poses = (Pose(x=0.0, y=2.0, yaw=0.0, scale=1e300), None)
    assert not job.take(Arranged(job=job.id, camera=camera, poses=poses)) and job.arranged is None
    sound = Arranged(job=job.id, camera=camera, poses=(replace(poses[0], scale=1.0), None))
    assert job.take(sound) and job.arranged == sound
    assert not job.take(replace(sound, row_scale=float("1e300"))) and job.arranged == sound


def test_a_record_of_more_things_than_any_photo_has(folder: Path) -> None:
    rewrite(folder, lambda record: record.update(targets=[{}] * 500_000))
    assert within(5.0, lambda: read_run(folder) is None)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes in a folder")
def test_a_record_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "run.json")
    assert within(5.0, lambda: read_run(tmp_path) is None)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "latin-1"])
def test_a_record_in_another_encoding(folder: Path, encoding: str) -> None:
    path = folder / "run.json"
    path.write_bytes(path.read_text(encoding="utf-8").replace("red mug", "café").encode(encoding, "replace"))
    job = read_run(folder)
    assert job is None or check_shown(job) is None


def test_a_time_that_no_clock_shows(folder: Path) -> None:
    for seconds in (1e18, 1e299, -1e299):
        rewrite(folder, lambda record, seconds=seconds: record.update(seconds={"locate": seconds}))
        check_shown(read_run(folder))


@pytest.mark.parametrize("started", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1066-10-14", 7, None])
def test_a_beginning_before_or_after_all_runs(folder: Path, started: object) -> None:
    rewrite(folder, lambda record: record.update(started=started))
    os.utime(folder / "run.json", (2**33, 2**33 + 5))
    check_shown(read_run(folder))


def test_a_folder_of_another_age_than_any_calendar(tmp_path: Path) -> None:
    good, odd = tmp_path / "runs" / "20260102-030405-desk-abcd", tmp_path / "runs" / "my own"
    good.mkdir(parents=True)
    odd.mkdir()
    try:
        os.utime(odd, (2**40, 2**40))
    except OSError:
        pytest.skip("this file system has no such times")
    assert good in list_runs(tmp_path)


def test_random_damage_is_never_raised(folder: Path) -> None:
    """Bytes of a record changed at random, and values replaced by others of every kind."""
    dice, path = random.Random(5), folder / "run.json"
    whole, read = path.read_bytes(), 0
    values = [None, True, -1, 0, 2**31, 10**300, 1e308, -1e308, "", "\ud800", "\0", "x" * 99, [], [[]], {}, {"a": []}, [1, "x", None]]
    for number in range(600):
        if number % 2:
            data = bytearray(whole)
            for _ in range(dice.randint(1, 6)):
                data[dice.randrange(len(data))] = dice.randrange(256)
            path.write_bytes(bytes(data))
        else:
            record = json.loads(whole)
            _replace_some(record, values, dice)
            path.write_text(json.dumps(record), encoding="utf-8")
        job = read_run(folder)
        if job is not None:
            read += 1
            check_shown(job)
    assert read > 200


def _replace_some(node: object, values: list, dice: random.Random) -> None:
    keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    for key in keys:
        if dice.random() < 0.06:
            node[key] = dice.choice(values)
        else:
            _replace_some(node[key], values, dice)


TAGS = {
    "img23d_name": ["cup \ud800", 5, None, "x\0y"],
    "img23d_box": [[float("nan")] * 4, [1e300, 0, 0, 1], [0.9, 0.0, 0.1, 1.0], "abcd", 7, [0.1, 0.2, 0.3]],
    "img23d_seed": [2**40, -5, 1.5, "7"],
    "img23d_settings": ["[" * 100_000, "{}", 7, "\ud800", '{"faces": 1e999}', json.dumps({"faces": 10**300})],
    "img23d_time": ["2026", 7, "9999999-01-01", "0001-01-01 00:00:00"],
    "img23d_engine": [5, "\ud800", ""],
}


@pytest.mark.parametrize(("tag", "value"), [(tag, value) for tag, values in TAGS.items() for value in values])
def test_tags_of_a_file_that_somebody_has_changed(tmp_path: Path, tag: str, value: object) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(b"x")
    recipe = recipe_of_tags({"img23d_name": "cup", "img23d_photo": str(photo), "img23d_seed": 3, tag: value})
    assert all(isinstance(word, str) for pair in settings_in_words(recipe.engine, recipe.settings) for word in pair)
    recipe.name.encode(), recipe.engine.encode()
    assert "\0" not in recipe.name
    try:
        request = build_again(recipe, base_folder=tmp_path, seed=recipe.seed)
    except Img23DError as error:
        assert error.sentence
        return
    for box in [one.box for one in request.wanted if one.box is not None]:
        assert 0 <= box.left < box.right <= 1 and 0 <= box.top < box.bottom <= 1


@pytest.mark.parametrize("height", [float("nan"), float("inf"), -float("inf"), -1.0, 1e30])
def test_a_height_that_nothing_has_is_a_sentence_with_its_name(tmp_path: Path, height: float) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(b"x")
    wanted = (Wanted(name="cup", box=Box(left=0.1, top=0.1, right=0.5, bottom=0.5), height=height),)
    with pytest.raises(Img23DError, match="cup"):
        build_generate(photo=str(photo), wanted=wanted, engine="preview", seed=1, settings=Settings(), base_folder=tmp_path)
    recipe = replace(recipe_of_tags({"img23d_name": "cup", "img23d_photo": str(photo)}), wanted=wanted)
    with pytest.raises(Img23DError, match="cup"):
        build_again(recipe, base_folder=tmp_path, seed=1)


@pytest.mark.parametrize("size", ["", "many", "1e3", "²"])
def test_a_texture_size_that_is_no_number_is_a_sentence(size: str) -> None:
    with pytest.raises(Img23DError):
        build_settings(texture_size=size, faces=2000, shape="auto", thickness=1.0)


ENVIRONMENTS = [b"[" * 100_000, b"\xff\xfe", b"[]", b"5", b'{"python": 3}']


@pytest.mark.parametrize("content", [*ENVIRONMENTS, None])
def test_a_damaged_record_of_the_environment_is_none(tmp_path: Path, content: bytes | None) -> None:
    whole = {"python": "3.11", "base": "/usr/bin/python3", "torch": "2", "torch_build": "cpu", "locks": {"packages": "a"}}
    if content is not None:
        (tmp_path / "img23d.json").write_bytes(content)
        assert read_record(tmp_path) is None
        return
    for key in whole:
        for wrong in (None, 5, [1], {"a": 1}, "x\0y"):
            (tmp_path / "img23d.json").write_text(json.dumps(whole | {key: wrong}), encoding="utf-8")
            found = read_record(tmp_path)
            assert found is None or (all(isinstance(v, str) for v in found.locks.values()) and "\0" not in found.base)
