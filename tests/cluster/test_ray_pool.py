"""Jobs on a cluster of raylets: whole photos and single stages, on a disk that is shared and on one that is not, with machines that are lost."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from raylets import add_machine, kill_machine, until_all_are_done
from waiting_engine import TellingEngines, WaitingEngines

from img23d_backend.cluster import ray_pool
from img23d_backend.cluster.plan import Kind, Share
from img23d_backend.cluster.ray_pool import RayPool
from img23d_protocol import ErrorCode
from img23d_protocol.messages import Box, Cancelled, Failed, Finished, Generate, PictureReady, ResultReady, Settings, Wanted

pytest.importorskip("ray", reason="Ray is in an environment of its own: build_addon.py test --cluster")

PHOTOS = (Share(kind=Kind.PHOTO, count=2, cpus=1.0, gpus=0.0),)
STAGES = tuple(Share(kind=kind, count=count, cpus=1.0, gpus=0.0) for kind, count in ((Kind.FIND, 1), (Kind.SHAPE, 2), (Kind.PAINT, 1)))
STAGES_ALONE = (Kind.FIND, Kind.SHAPE, Kind.PAINT)
WANTED = (
    Wanted(name="ball", box=Box(left=0.1, top=0.2, right=0.55, bottom=0.8)),
    Wanted(name="box", box=Box(left=0.56, top=0.1, right=0.95, bottom=0.9)),
)


def job(name: str, photo: Path, folder: Path) -> Generate:
    return Generate(job=name, photo=str(photo), run_folder=str(folder / name), wanted=WANTED, engine="small", settings=Settings.of(faces=500))


@pytest.fixture(params=["whole photos", "stages"])
def pool(request, cluster, tmp_path: Path):
    shares = PHOTOS if request.param == "whole photos" else STAGES
    made = RayPool(shares, WaitingEngines(seconds={}), tmp_path)
    yield made
    made.close()


def test_jobs_come_back_with_their_files(pool: RayPool, photo: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        pool.submit(job(name, photo, tmp_path))
    told = until_all_are_done(pool, 2)
    for name in ("a", "b"):
        heard = [one.message for one in told if one.job == name]
        assert type(heard[-1]) is Finished and (heard[-1].made, heard[-1].failed) == (2, 0), heard[-1]
        files = [file for one in heard if type(one) is ResultReady for file in one.files]
        assert len(files) == 4 and all((tmp_path / name / file).stat().st_size > 500 for file in files)
        assert json.loads((tmp_path / name / "run.json").read_bytes())["photo"]["path"] == str(photo)


def test_a_picture_is_cleaned_where_things_are_found(pool: RayPool, photo: Path, tmp_path: Path) -> None:
    cleaning = Settings.of(edit=True, faces=500)
    pool.submit(replace(job("a", photo, tmp_path), settings=cleaning))
    pool.submit(replace(job("b", photo, tmp_path), settings=cleaning.changed(edit_of="things")))
    told = until_all_are_done(pool, 2)
    pictures = {(one.job, one.message.target): one.message for one in told if type(one.message) is PictureReady}
    assert set(pictures) == {("a", -1), ("b", 0), ("b", 1)}
    whole = cv2.imdecode(np.fromfile(tmp_path / "a" / pictures["a", -1].file, np.uint8), cv2.IMREAD_COLOR)
    assert whole.shape == (60, 80, 3) and (whole[0] == 255).all()  # half as large, and its grey ground white
    assert json.loads((tmp_path / "a" / "run.json").read_bytes())["edited"] == pictures["a", -1].file
    assert all((tmp_path / "b" / pictures["b", target].file).stat().st_size > 100 for target in (0, 1))


def test_things_of_one_photo_are_shaped_at_the_same_time(cluster, photo: Path, tmp_path: Path) -> None:
    pool = RayPool(STAGES, WaitingEngines(seconds={"shape": 3.0}), tmp_path)
    try:
        while pool.capacity < 5:  # all four actors have answered
            pool.take(0.1)
        pool.submit(job("a", photo, tmp_path))
        while not (told := pool.take(30)).is_last:
            pass
        shaped = json.loads((tmp_path / "a" / "run.json").read_bytes())["seconds"]["shape"]
        assert type(told.message) is Finished and told.message.made == 2
        assert 3.0 < shaped < 5.5  # one after the other they take six
    finally:
        pool.close()


def test_each_stage_has_a_card_of_its_own(cluster, photo: Path, tmp_path: Path) -> None:
    """Cards that are only told to Ray: which of them an actor is let see is what counts."""
    machine = add_machine(cluster, num_cpus=3, num_gpus=3)
    folder = tmp_path / "cards"
    folder.mkdir()
    pool = RayPool([Share(kind=kind, count=1, cpus=1.0, gpus=1.0) for kind in STAGES_ALONE], TellingEngines(folder=str(folder)), tmp_path)
    try:
        pool.submit(job("a", photo, tmp_path))
        assert type(until_all_are_done(pool, 1)[-1].message) is Finished
        assert sorted(path.read_text(encoding="utf-8") for path in folder.iterdir()) == ["0", "1", "2"]
    finally:
        pool.close()
        cluster.remove_node(machine)


def test_a_disk_that_is_not_shared(cluster, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The actors do not find the mark: they work elsewhere, and the files are written here."""

    class Lost(ray_pool.Mark):
        def __init__(self, folder: Path) -> None:
            super().__init__(folder)
            self.remove()

    monkeypatch.setattr(ray_pool, "Mark", Lost)
    pool = RayPool(PHOTOS[:1], WaitingEngines(seconds={}), tmp_path)
    try:
        pool.submit(job("a", photo, tmp_path))
        folder = tmp_path / "a"
        while not (told := pool.take(30)).is_last:
            if type(told.message) is ResultReady:  # not only at the end
                assert all((folder / file).stat().st_size > 500 for file in told.message.files)
        assert type(told.message) is Finished
        record = json.loads((folder / "run.json").read_bytes())
        assert record["state"] == "finished" and {"00_ball.glb", "01_box.glb"} <= {path.name for path in folder.iterdir()}
        assert not [path for path in folder.iterdir() if path.name.endswith(".part")]
    finally:
        pool.close()


def test_a_cancel_reaches_the_stage_that_computes(pool: RayPool, photo: Path, tmp_path: Path) -> None:
    pool.submit(job("a", photo, tmp_path))
    pool.cancel("a")
    assert type(until_all_are_done(pool, 1)[-1].message) is Cancelled
    pool.submit(job("b", photo, tmp_path))  # the actors are free again
    assert type(until_all_are_done(pool, 1)[-1].message) is Finished


def test_a_thing_that_fails_takes_no_other_with_it(pool: RayPool, photo: Path, tmp_path: Path) -> None:
    wanted = (WANTED[0], Wanted(name="ghost"))
    request = Generate(job="a", photo=str(photo), run_folder=str(tmp_path / "a"), wanted=wanted, engine="small", settings=Settings.of(faces=500))
    pool.submit(request)
    last = until_all_are_done(pool, 1)[-1].message
    assert (last.made, last.failed) == (1, 1)
    assert "Draw a box for ghost." in (tmp_path / "a" / "run.json").read_text(encoding="utf-8")


def test_a_photo_that_is_none_fails_with_its_sentence(pool: RayPool, tmp_path: Path) -> None:
    pool.submit(job("a", tmp_path / "no such photo.png", tmp_path))
    last = until_all_are_done(pool, 1)[-1].message
    assert type(last) is Failed and last.code == ErrorCode.PHOTO_NOT_FOUND


def test_a_stage_whose_machine_is_lost_is_computed_again(cluster, photo: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pool = RayPool(STAGES, WaitingEngines(seconds={"shape": 3.0}), tmp_path)
    try:
        while pool.capacity < 5:  # all four actors have answered
            pool.take(0.1)
        pool.submit(job("a", photo, tmp_path))
        shaping = pool._groups[Kind.SHAPE]
        deadline = time.monotonic() + 90
        while shaping._idle.qsize():  # until both shape
            pool.take(0.1)
            assert time.monotonic() < deadline
        kill_machine(cluster, next(iter(shaping._welcomes.values())).node)
        add_machine(cluster)
        last = until_all_are_done(pool, 1)[-1].message
        assert type(last) is Finished and (last.made, last.failed) == (2, 0)
        assert "shape is computed again" in caplog.text
    finally:
        pool.close()


def test_a_photo_whose_machine_is_lost_is_told_and_can_be_made_again(cluster, photo: Path, tmp_path: Path) -> None:
    pool = RayPool(PHOTOS, WaitingEngines(seconds={"shape": 3.0}), tmp_path)
    try:
        pool.submit(job("a", photo, tmp_path))
        (group,) = pool._groups.values()
        while not any(type(one.message).__name__ == "CutoutReady" for one in [pool.take(20)]):
            pass
        running = pool._jobs["a"]._actor
        kill_machine(cluster, group.welcome_of(running).node)
        last = until_all_are_done(pool, 1)[-1].message
        assert type(last) is Failed and last.code == ErrorCode.BACKEND_DIED
        add_machine(cluster)
        pool.submit(job("a", photo, tmp_path))
        assert type(until_all_are_done(pool, 1)[-1].message) is Finished
    finally:
        pool.close()
