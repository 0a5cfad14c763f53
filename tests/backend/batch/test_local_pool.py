"""A batch's workers on this machine: real backends, and what each gets of the machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from batch_case import write_photo

from img23d_backend.batch.local_pool import LocalPool, local_pool, places_for, room_for, with_opencv_threads
from img23d_backend.batch.pool import Told
from img23d_backend.workers.recipe import Place
from img23d_protocol.messages import Cancelled, Finished, Generate, Settings
from img23d_protocol.options.preview import LIGHT_CUTTER
from img23d_protocol.options.settings import BUILT_IN


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[LocalPool]:
    made = local_pool(3, 2, engine=BUILT_IN.id, settings=Settings(), models=str(tmp_path), logs=tmp_path / "logs")
    yield made
    made.close()


def job(name: str, folder: Path) -> Generate:
    photo = write_photo(folder / f"{name}.png")
    return Generate(job=name, photo=str(photo), run_folder=str(folder / name), settings=Settings.of(faces=500, cutter=LIGHT_CUTTER))


def until_last(pool: LocalPool, jobs: int) -> list[Told]:
    told: list[Told] = []
    while sum(one.is_last for one in told) < jobs:
        one = pool.take(60.0)
        assert one is not None
        told.append(one)
    return told


def test_what_is_said_of_every_job_is_taken_in_one_place(pool: LocalPool, tmp_path: Path) -> None:
    assert pool.capacity == 2  # no more than there are photos
    for name in ("a", "b"):
        pool.submit(job(name, tmp_path))
    pool.cancel("a")
    pool.cancel("never begun")
    ends = {one.job: type(one.message) for one in until_last(pool, 2) if one.is_last}
    assert ends == {"a": Cancelled, "b": Finished} and pool.take(0.0) is None


def test_how_many_there_is_room_for() -> None:
    assert room_for(16, 64 * 10**9) == 16 and room_for(16, 8 * 10**9) == 5 and room_for(16, 0) == 1


def test_a_model_that_cleans_the_pictures_is_not_read_once_a_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    monkeypatch.setattr("img23d_backend.batch.local_pool.memory.total_bytes", lambda: 64 * 10**9)
    monkeypatch.setattr("img23d_backend.machine.nvidia.cards", lambda: ())
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert len(places_for(0, 100, engine=BUILT_IN.id, settings=Settings())) == 8
    assert len(places_for(0, 100, engine=BUILT_IN.id, settings=Settings.of(edit=True))) == 1


def test_opencv_takes_as_many_threads_as_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENCV_FOR_THREADS_NUM", raising=False)
    assert with_opencv_threads(Place(label="cpu")) == Place(label="cpu")
    assert with_opencv_threads(Place(label="cpu", variables={"OMP_NUM_THREADS": "3"})).variables["OPENCV_FOR_THREADS_NUM"] == "3"
    monkeypatch.setitem(os.environ, "OPENCV_FOR_THREADS_NUM", "5")
    assert with_opencv_threads(Place(label="cpu")).variables == {"OPENCV_FOR_THREADS_NUM": "5"}
