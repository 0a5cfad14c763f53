"""Backend processes that share jobs: real ones, which are killed and stopped for real."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from img23d_backend.workers.backend_process import BackendProcess, child_variables
from img23d_backend.workers.pool import Told
from img23d_backend.workers.process_pool import ProcessPool
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Accepted, Cancelled, Failed, Finished, Generate, ResultReady, Settings
from img23d_protocol.options.preview import LIGHT_CUTTER

needs_signals = pytest.mark.skipif(os.name == "nt", reason="Windows has no signals that stop a process")


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[ProcessPool]:
    made = pool_of(2, tmp_path)
    yield made
    made.close()


def pool_of(size: int, folder: Path, **more) -> ProcessPool:
    def start(number: int, take) -> BackendProcess:
        return BackendProcess(take, log_path=folder / f"worker-{number}.log", models=folder / "no models")

    return ProcessPool(size, start, **more)


def job(name: str, folder: Path, side: int = 160) -> Generate:
    picture = np.full((side, side, 3), 230, np.uint8)
    cv2.circle(picture, (side // 2, side // 2), side // 3, (20, 30, 200), -1)
    path = folder / f"{name}.png"
    cv2.imencode(".png", picture)[1].tofile(path)
    settings = Settings.of(faces=500, cutter=LIGHT_CUTTER)
    return Generate(job=name, photo=str(path), run_folder=str(folder / f"run {name}"), settings=settings)


def until_last(pool: ProcessPool, jobs: int = 1, seconds: float = 60.0) -> list[Told]:
    told, deadline = [], time.monotonic() + seconds
    while sum(one.is_last for one in told) < jobs:
        one = pool.take(1.0)
        told += [one] if one else []
        assert time.monotonic() < deadline, told
    return told


def test_two_jobs_are_done_at_a_time_and_a_third_is_refused(pool: ProcessPool, tmp_path: Path) -> None:
    for name in ("мяч", "b"):
        pool.submit(job(name, tmp_path))
    with pytest.raises(RuntimeError):
        pool.submit(job("c", tmp_path))
    told = until_last(pool, 2)
    for name in ("мяч", "b"):
        heard = [one.message for one in told if one.job == name]
        assert type(heard[0]) is Accepted and type(heard[-1]) is Finished and heard[-1].made == 1
        files = [one.files[0] for one in heard if type(one) is ResultReady]
        assert files and all((tmp_path / f"run {name}" / file).is_file() for file in files)
    assert pool.take(0.0) is None


@needs_signals
def test_a_worker_that_is_killed_is_replaced_and_its_job_can_be_given_again(pool: ProcessPool, tmp_path: Path) -> None:
    before = pool.pids
    pool.submit(job("a", tmp_path))
    while type(getattr(pool.take(5.0), "message", None)) is not Accepted:
        pass
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    (last,) = [one.message for one in until_last(pool) if one.is_last]
    assert type(last) is Failed and last.code == ErrorCode.BACKEND_DIED
    pool.submit(job("a", tmp_path))
    assert type(until_last(pool)[-1].message) is Finished
    deadline = time.monotonic() + 10
    while set(before) & set(pool.pids):  # the idle one's end is heard as well
        pool.take(0.2)
        assert time.monotonic() < deadline


@needs_signals
def test_a_worker_that_does_not_answer_is_replaced(tmp_path: Path) -> None:
    pool = pool_of(1, tmp_path, silent_seconds=1.0, deaf_seconds=1.0)
    try:
        (pid,) = pool.pids
        pool.submit(job("a", tmp_path))
        while type(getattr(pool.take(5.0), "message", None)) is not Accepted:
            pass
        os.kill(pid, signal.SIGSTOP)
        (last,) = [one.message for one in until_last(pool, seconds=20) if one.is_last]
        assert last.code == ErrorCode.BACKEND_DIED and pool.pids != [pid]
    finally:
        pool.close()


def test_cancel_ends_the_job_and_not_the_other_one(pool: ProcessPool, tmp_path: Path) -> None:
    for name in ("a", "b"):
        pool.submit(job(name, tmp_path))
    pool.cancel("a")
    pool.cancel("never begun")
    ends = {one.job: type(one.message) for one in until_last(pool, 2) if one.is_last}
    assert ends == {"a": Cancelled, "b": Finished}


CARD_LOST = """
import sys
from img23d_protocol import decode, encode
from img23d_protocol.messages import Failed
for line in sys.stdin:
    print(encode(Failed(job=decode(line).job, code="device_lost", sentence="The card does not answer.")), flush=True)
"""


def test_a_process_that_lost_its_card_is_replaced(tmp_path: Path) -> None:
    def start(number: int, take) -> BackendProcess:
        return BackendProcess(take, log_path=tmp_path / "log", models=tmp_path, command=[sys.executable, "-c", CARD_LOST])

    pool = ProcessPool(1, start)
    try:
        (before,) = pool.pids
        pool.submit(job("a", tmp_path))
        (told,) = until_last(pool)
        assert told.message.code == ErrorCode.DEVICE_LOST and pool.pids != [before]
        pool.submit(job("b", tmp_path))
        assert until_last(pool)[-1].job == "b"
    finally:
        pool.close()


def test_processes_that_never_begin_are_given_up(tmp_path: Path) -> None:
    def start(number: int, take) -> BackendProcess:
        command = [sys.executable, "-c", "import sys; sys.exit('no such library')"]
        return BackendProcess(take, log_path=tmp_path / "log", models=tmp_path, command=command)

    pool = ProcessPool(1, start)
    with pytest.raises(Img23DError) as caught:
        pool.take(30.0)
    assert caught.value.code == ErrorCode.BACKEND_START and "no such library" in caught.value.detail


@needs_signals
def test_the_workers_end_with_the_program_that_started_them(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; sys.path.insert(0, sys.argv[2]); from test_process_pool import pool_of\n"
        "pool = pool_of(2, pathlib.Path(sys.argv[1])); print(*pool.pids, flush=True); pool.take(60)"
    )
    variables = {**os.environ, **child_variables()}
    program = subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(Path(__file__).parent)], stdout=subprocess.PIPE, env=variables)
    pids = [int(word) for word in program.stdout.readline().split()]
    assert len(pids) == 2 and all(_lives(pid) for pid in pids)
    program.kill()
    program.wait()
    program.stdout.close()
    deadline = time.monotonic() + 10
    while any(_lives(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/status")
    return not status.is_file() or "\nState:\tZ" not in status.read_text()


def test_login_secrets_of_the_caller_stay_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.setenv("PYTHONHOME", "/elsewhere")
    assert not {"HF_TOKEN", "PYTHONHOME"} & set(child_variables())
