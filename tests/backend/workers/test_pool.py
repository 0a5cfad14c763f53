"""Pools of backends: every job ends once, whatever happens to the process that does it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from worker_desk import Ear, SmallRecipe, job, made_pool, until

from img23d_backend.workers.pool import JOB_KINDS, WorkerPool, WorkerState
from img23d_backend.workers.recipe import Place, Recipe, places
from img23d_protocol import ErrorCode
from img23d_protocol.messages import Cancelled, Failed, Finished, Notice, ResultReady, TargetCancelled

KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[WorkerPool]:
    pool = made_pool(tmp_path)
    pool.start()
    yield pool
    pool.close()


def begun(pool: WorkerPool, folder: Path, name: str = "a") -> int:
    """The process that has come to the shape stage of its first job."""
    until(lambda: any(view.job == name and (folder / f"shaping-{view.pid}").exists() for view in pool.views()))
    return next(view.pid for view in pool.views() if view.job == name)


def test_what_is_a_job() -> None:
    assert {kind.__name__ for kind in JOB_KINDS} >= {"Generate", "Locate", "Pick", "Unwrap", "Paint"}
    assert not {"Diagnose", "InstallWeights", "InstallEnvironment", "Cancel", "Shutdown"} & {kind.__name__ for kind in JOB_KINDS}


def test_jobs_are_done_in_their_order(pool: WorkerPool, tmp_path: Path) -> None:
    ear = Ear()
    for name in ("a", "b", "c"):
        pool.submit(job(tmp_path, name), ear)
    lasts = [ear.until_last()[-1] for _ in range(3)]
    assert [(type(last), last.job, last.made) for last in lasts] == [(Finished, "a", 2), (Finished, "b", 2), (Finished, "c", 2)]
    view = pool.views()[0]
    assert view.hello is not None and view.hello.pid == view.pid and pool.is_ready


def test_two_workers_do_two_jobs_at_once(tmp_path: Path) -> None:
    (tmp_path / "wait").touch()
    pool, ears = made_pool(tmp_path, 2), (Ear(), Ear())
    pool.start()
    for name, ear in zip("ab", ears, strict=True):
        pool.submit(job(tmp_path, name), ear)
    assert begun(pool, tmp_path, "a") != begun(pool, tmp_path, "b")
    (tmp_path / "wait").unlink()
    assert [ear.until_last()[-1].made for ear in ears] == [2, 2]
    pids = [view.pid for view in pool.views()]
    pool.close()
    assert not [pid for pid in pids if Path(f"/proc/{pid}/stat").exists()]


def test_what_waits_and_what_runs_can_be_cancelled(pool: WorkerPool, tmp_path: Path) -> None:
    (tmp_path / "wait").touch()
    ears = {name: Ear() for name in "abc"}
    for name, ear in ears.items():
        pool.submit(job(tmp_path, name), ear)
    begun(pool, tmp_path)
    assert pool.waiting == 2 and (pool.position("c"), pool.position("a")) == (1, -1)
    with pytest.raises(ValueError, match="already"):
        pool.submit(job(tmp_path, "b"), ears["b"])
    assert pool.cancel("b") and [type(one) for one in ears["b"].until_last()] == [Cancelled]
    assert pool.cancel("a") and pool.cancel("a")  # again does no harm
    (tmp_path / "wait").unlink()
    assert type(ears["a"].until_last()[-1]) is Cancelled
    assert ears["c"].until_last()[-1].made == 2
    assert not pool.cancel("a") and not pool.cancel("nobody")


def test_one_target_is_cancelled_and_the_other_made(pool: WorkerPool, tmp_path: Path) -> None:
    (tmp_path / "wait").touch()
    ear = Ear()
    pool.submit(job(tmp_path), ear)
    begun(pool, tmp_path)
    assert pool.cancel("a", 1)
    (tmp_path / "wait").unlink()
    heard = ear.until_last()
    assert [one.target for one in heard if type(one) is TargetCancelled] == [1]
    assert {one.target for one in heard if type(one) is ResultReady} == {0} and heard[-1].made == 1


def test_a_backend_that_does_not_heed_a_cancel_is_ended(pool: WorkerPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("img23d_backend.workers.pool.CANCEL_SECONDS", 0.2)
    (tmp_path / "wait").touch()
    ear = Ear()
    pool.submit(job(tmp_path), ear)
    pid = begun(pool, tmp_path)
    pool.cancel("a")
    assert type(ear.until_last()[-1]) is Cancelled
    (tmp_path / "wait").unlink()
    pool.submit(job(tmp_path, "b"), ear)
    assert ear.until_last()[-1].made == 2 and pool.views()[0].pid != pid


def test_a_killed_backends_job_is_done_again_and_ends_once(pool: WorkerPool, tmp_path: Path) -> None:
    (tmp_path / "wait").touch()
    ear = Ear()
    pool.submit(job(tmp_path), ear)
    os.kill(begun(pool, tmp_path), KILL)
    until(lambda: pool.views()[0].state is not WorkerState.BUSY)
    (tmp_path / "wait").unlink()
    heard = ear.until_last()
    assert [type(one) for one in heard if type(one) in (Notice, Finished)] == [Notice, Finished]
    assert heard[-1].made == 2 and ear.heard.empty()


def test_a_job_that_ends_its_backend_is_given_up(pool: WorkerPool, tmp_path: Path) -> None:
    (tmp_path / "die").touch()
    ear = Ear()
    pool.submit(job(tmp_path), ear)
    last = ear.until_last()[-1]
    assert (type(last), last.code) == (Failed, ErrorCode.BACKEND_DIED)
    (tmp_path / "die").unlink()
    pool.submit(job(tmp_path, "b"), ear)
    assert ear.until_last()[-1].made == 2


def test_a_listener_that_fails_ends_no_worker(pool: WorkerPool, tmp_path: Path) -> None:
    def fail(message: object) -> None:
        raise RuntimeError("no ear")

    pool.submit(job(tmp_path), fail)
    ear = Ear()
    pool.submit(job(tmp_path, "b"), ear)
    assert ear.until_last()[-1].made == 2


def test_a_backend_that_died_while_idle_is_started_again(pool: WorkerPool, tmp_path: Path) -> None:
    until(lambda: pool.is_ready)
    pid = pool.views()[0].pid
    os.kill(pid, KILL)
    ear = Ear()
    pool.submit(job(tmp_path), ear)
    assert ear.until_last()[-1].made == 2 and pool.views()[0].pid != pid


def test_a_python_that_is_not_there_fails_the_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("img23d_backend.workers.pool._PAUSES", (0.0, 0.05))
    pool, ear = WorkerPool(Recipe(python=tmp_path / "python", models=tmp_path), [Place(label="cpu")], tmp_path / "logs"), Ear()
    pool.start()
    pool.submit(job(tmp_path), ear)
    last = ear.until_last()[-1]
    assert (type(last), last.code) == (Failed, ErrorCode.BACKEND_START) and not pool.is_ready
    pool.close()


def test_what_a_closed_pool_has_not_done_ends_in_nothing(tmp_path: Path) -> None:
    (tmp_path / "wait").touch()
    pool, ear = made_pool(tmp_path), Ear()
    pool.start()
    for name in ("a", "b"):
        pool.submit(job(tmp_path, name), ear)
    pid = begun(pool, tmp_path)
    pool.close()
    heard = []
    while not ear.heard.empty():
        heard.append(type(ear.heard.get()))
    assert not {Finished, Cancelled, Failed} & set(heard)
    assert not Path(f"/proc/{pid}/stat").exists()


@pytest.mark.parametrize(
    ("cards", "workers", "variables", "expected"),
    [
        ("cpu", 0, {}, [{"CUDA_VISIBLE_DEVICES": "-1", "HIP_VISIBLE_DEVICES": "-1"}]),
        ("0,3", 0, {}, [{"CUDA_VISIBLE_DEVICES": "0"}, {"CUDA_VISIBLE_DEVICES": "3"}]),
        ("0,1", 3, {}, [{"CUDA_VISIBLE_DEVICES": "0"}, {"CUDA_VISIBLE_DEVICES": "1"}, {"CUDA_VISIBLE_DEVICES": "0"}]),
        ("auto", 0, {"CUDA_VISIBLE_DEVICES": "2,GPU-7"}, [{"CUDA_VISIBLE_DEVICES": "2"}, {"CUDA_VISIBLE_DEVICES": "GPU-7"}]),
        ("auto", 2, {"HIP_VISIBLE_DEVICES": "1"}, [{"HIP_VISIBLE_DEVICES": "1"}] * 2),
        ("auto", 1, {}, [{}]),
        ("auto", 2, {"OMP_NUM_THREADS": "3"}, [{}, {}]),
    ],
)
def test_a_worker_sees_its_card_alone(cards, workers, variables, expected, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "ZE_AFFINITY_MASK", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("img23d_backend.machine.nvidia.cards", list)
    assert [dict(place.variables) for place in places(cards, workers)] == expected


def test_workers_on_one_processor_share_its_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "ZE_AFFINITY_MASK", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("img23d_backend.machine.nvidia.cards", list)
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    assert [place.variables["OMP_NUM_THREADS"] for place in places("auto", 4)] == ["2"] * 4


CARD_LOST = """
import os, sys
from img23d_protocol import PROTOCOL_VERSION, decode, encode
from img23d_protocol.messages import Failed, Hello
print(encode(Hello(protocol=PROTOCOL_VERSION, backend="0", python="3", pid=os.getpid())), flush=True)
for line in sys.stdin:
    job = getattr(decode(line), "job", "")
    if job:
        print(encode(Failed(job=job, code="device_lost", sentence="The card does not answer.", detail=str(os.getpid()))), flush=True)
"""


class CardLost(SmallRecipe):
    """A backend whose card is lost in every job."""

    def command(self, log: Path) -> list[str]:
        return [sys.executable, "-s", "-c", CARD_LOST]


def test_a_process_that_lost_its_card_is_replaced(tmp_path: Path) -> None:
    pool, ear = WorkerPool(CardLost(folder=tmp_path), [Place(label="gpu 0")], tmp_path / "logs"), Ear()
    pool.start()
    for name in ("a", "b"):
        pool.submit(job(tmp_path, name), ear)
    first, second = (ear.until_last()[-1] for _ in range(2))
    assert first.code == second.code == ErrorCode.DEVICE_LOST and first.detail != second.detail
    pool.close()
