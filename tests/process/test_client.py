"""A session with a real process at its other end that behaves in every bad way."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from desk import Desk, fake_link, is_alive, wait_for_end

from blender_img23d.core.jobs import JobState
from blender_img23d.core.session import deadlines
from blender_img23d.core.session import session as session_module
from blender_img23d.core.session.link import LinkClosed
from blender_img23d.core.session.session import SessionState
from blender_img23d.process import client as client_module
from blender_img23d.process.client import END_OF_STREAM_SECONDS, PipeLink
from blender_img23d.shared.img23d_protocol import ErrorCode, Img23DError
from blender_img23d.shared.img23d_protocol.messages import USUAL, Cancelled, Finished, Generate, Stage, Wanted

posix = pytest.mark.skipif(os.name == "nt", reason="signals")


def test_a_whole_job(desk: Desk) -> None:
    job = desk.run()
    assert job.state is JobState.DONE
    assert [Path(target.main.path).name for target in job.targets] == ["0.glb", "1.glb"]
    assert all(target.textured for target in job.targets)
    assert isinstance(desk.updates[-1].message, Finished)


def test_names_of_any_script_arrive_whole(desk: Desk) -> None:
    names = ("Tasse", "кружка", "杯", 'a "quoted"\nname/with\\everything', "😀")
    assert [target.name for target in desk.run("job1", *names).targets] == list(names)


def test_one_backend_serves_many_jobs(desk: Desk) -> None:
    for number in range(5):
        assert desk.run(f"job{number}").state is JobState.DONE
    assert len(desk.links) == 1


@pytest.mark.parametrize("behaviour", ["garbage", "pieces", "prints-first", "asks-blender"])
def test_what_is_no_message_harms_nothing(desk: Desk, behaviour: str) -> None:
    desk.behaviour = behaviour
    job = desk.run()
    assert job.state is JobState.DONE
    assert len(job.targets) == 2


def test_a_flood_neither_blocks_blender_nor_is_lost(desk: Desk) -> None:
    desk.behaviour = "flood"
    job = desk.submit()
    desk.until(lambda: job.is_over)
    assert job.state is JobState.DONE
    assert desk.longest_tick < 0.25


@pytest.mark.parametrize("stage", list(USUAL))
def test_a_crash_in_any_stage(desk: Desk, stage: Stage) -> None:
    desk.behaviour = f"crash-{stage}"
    job = desk.run()
    assert job.state is JobState.FAILED
    assert job.code == ErrorCode.BACKEND_DIED
    assert f"the {stage} stage has failed" in job.detail
    assert (job.targets[0].main is not None) == (stage is Stage.PAINT)
    desk.behaviour = "normal"
    assert desk.run("job2").state is JobState.DONE
    assert len(desk.links) == 2


def test_half_a_line_at_the_end_is_a_death(desk: Desk) -> None:
    desk.behaviour = "half-a-line"
    assert desk.run().code == ErrorCode.BACKEND_DIED


def test_a_backend_that_dies_at_once_says_why(desk: Desk) -> None:
    desk.behaviour = "dies-at-once"
    job = desk.run()
    assert job.code == ErrorCode.BACKEND_START
    assert "missing" in job.error
    assert "No module named 'cv2'" in job.detail


def test_the_tail_is_of_this_backend_only(desk: Desk) -> None:
    desk.behaviour = "crash-matte"
    desk.run()
    desk.behaviour = "half-a-line"
    assert desk.run("job2").detail == ""


def test_the_tail_of_a_log_that_was_begun_anew(desk: Desk, tmp_path: Path) -> None:
    log_path = tmp_path / "backend.log"
    log_path.write_text("from an older backend\n" * 1000)
    desk.behaviour = "crash-matte"
    job = desk.submit()
    desk.until(lambda: bool(desk.links))
    os.truncate(log_path, 0)
    desk.until(lambda: job.is_over)
    assert job.detail == "Traceback: the matte stage has failed"


@posix
@pytest.mark.parametrize("is_busy", [True, False])
def test_a_killed_backend_is_seen_within_two_seconds(desk: Desk, is_busy: bool) -> None:
    desk.behaviour = "slow"
    job = desk.submit()
    desk.until(lambda: any(target.fraction for target in job.targets))
    if not is_busy:
        desk.session.cancel()
        desk.until(lambda: desk.session.state is SessionState.READY)
    os.kill(desk.pid, signal.SIGKILL)
    assert desk.until(lambda: desk.session.state is SessionState.OFF) < 2.0
    if is_busy:
        assert job.code == ErrorCode.BACKEND_DIED
        assert "memory" in job.error
    desk.behaviour = "normal"
    assert desk.run("job2").state is JobState.DONE


@posix
def test_a_death_behind_an_open_channel_is_seen(desk: Desk) -> None:
    desk.behaviour = "grandchild"
    job = desk.submit()
    assert desk.until(lambda: job.is_over) < 3.0
    assert "exit code 5" in job.error


def test_a_backend_that_closes_its_channel_is_ended(desk: Desk) -> None:
    desk.behaviour = "closes-stdout"
    job = desk.submit()
    desk.until(lambda: desk.session.hello is not None)
    pid = desk.pid
    desk.until(lambda: job.is_over)
    assert job.code == ErrorCode.BACKEND_DIED
    assert not is_alive(pid)


def test_a_wrong_version(desk: Desk) -> None:
    desk.behaviour = "old"
    job = desk.run()
    assert job.code == ErrorCode.VERSION_MISMATCH
    desk.behaviour = "normal"
    assert desk.run("job2").state is JobState.DONE


def test_no_hello(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "HELLO_SECONDS", 0.5)
    desk.behaviour = "mute"
    assert desk.run().code == ErrorCode.BACKEND_START
    wait_for_end(desk.links[0].pid, 5.0)


def test_silence(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "SILENCE_SECONDS", 0.5)
    desk.behaviour = "hang-shape"
    job = desk.run()
    assert job.code == ErrorCode.BACKEND_SILENT
    wait_for_end(desk.links[0].pid, 5.0)


def test_cancel_is_answered(desk: Desk) -> None:
    desk.behaviour = "slow"
    job = desk.submit()
    desk.until(lambda: any(target.fraction for target in job.targets))
    desk.session.cancel()
    assert desk.until(lambda: job.is_over) < 2.0
    assert job.state is JobState.CANCELLED
    desk.until(lambda: desk.session.state is SessionState.READY)
    assert isinstance(desk.updates[-1].message, Cancelled)
    assert len(desk.links) == 1


def test_cancel_is_not_answered(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "CANCEL_SECONDS", 0.5)
    desk.behaviour = "hang-paint"
    job = desk.submit()
    desk.until(lambda: job.targets[1].main is not None)
    pid = desk.pid
    desk.session.cancel()
    assert job.state is JobState.CANCELLED
    assert [Path(target.main.path).name for target in job.targets] == ["0.glb", "1.glb"]
    desk.behaviour = "normal"
    assert desk.run("job2").state is JobState.DONE, "it waits until the backend is ended and a new one there"
    wait_for_end(pid, 2.0)


def test_two_jobs_at_once(desk: Desk) -> None:
    desk.behaviour = "slow"
    desk.submit()
    with pytest.raises(Img23DError) as caught:
        desk.submit("job2")
    assert caught.value.code == ErrorCode.BUSY


def test_an_idle_backend_is_asked_to_give_its_memory_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "IDLE_SECONDS", 0.2)
    desk.run()
    desk.until(lambda: "1.5 GB" in desk.session.notice)


def test_a_full_pipe_does_not_block_the_caller(desk: Desk) -> None:
    desk.behaviour = "stubborn"
    desk.submit()
    desk.until(lambda: desk.session.state is SessionState.BUSY)
    large = Generate(job="x", photo="/p" * 1_000_000, run_folder="/r", wanted=(Wanted(name="cup"),))
    begun = time.perf_counter()
    for _ in range(5):
        desk.links[0].send(large)
    desk.links[0].kill()
    assert time.perf_counter() - begun < 0.5


@pytest.mark.parametrize("behaviour", ["normal", "stubborn"])
def test_shutdown_returns_at_once_and_the_backend_ends(desk: Desk, behaviour: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "SHUTDOWN_SECONDS", 0.5)
    monkeypatch.setattr(client_module, "TERMINATE_SECONDS", 0.5)
    desk.behaviour = behaviour
    desk.submit()
    desk.until(lambda: desk.session.hello is not None)
    pid = desk.pid
    begun = time.perf_counter()
    desk.session.shutdown()
    assert time.perf_counter() - begun < 0.1
    wait_for_end(pid, 5.0)


def test_shutdown_and_a_new_job_never_run_two_backends(desk: Desk) -> None:
    desk.behaviour = "stubborn"
    desk.submit()
    desk.until(lambda: desk.session.hello is not None)
    first = desk.pid
    desk.session.shutdown()
    desk.behaviour = "normal"
    job = desk.submit("job2")
    desk.until(lambda: desk.session.hello is not None)
    assert not is_alive(first)
    desk.until(lambda: job.is_over)
    assert job.state is JobState.DONE


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    link = PipeLink([str(tmp_path / "no-python"), "-c", "1"], {}, tmp_path / "backend.log")
    with pytest.raises(Img23DError) as caught:
        link.start()
    assert caught.value.code == ErrorCode.BACKEND_START
    link.close()
    link.kill()


def test_the_end_is_told_once_and_sending_after_it_is_no_error(tmp_path: Path) -> None:
    link = fake_link("dies-at-once", tmp_path / "backend.log")
    link.start()
    wait_for_end(link.pid, 10.0)
    ends: list[object] = []
    deadline = time.monotonic() + END_OF_STREAM_SECONDS + 0.5  # the second way to see it takes that long
    while time.monotonic() < deadline and len(ends) < 2:
        ends += link.receive()
        link.send(Generate(job="x", photo="/p", run_folder="/r"))
        time.sleep(0.02)
    (end,) = ends
    assert isinstance(end, LinkClosed)
    assert end.code == 1


@pytest.mark.skipif(sys.platform != "linux", reason="counts descriptors in /proc")
def test_twenty_backends_leave_nothing_behind(desk: Desk) -> None:
    desk.run("warm-up")
    desk.session.shutdown()
    settled = _wait_until_few(threading.active_count, 1), _wait_until_few(_open_files, _open_files())
    for number in range(20):
        desk.behaviour = ("normal", "crash-matte", "half-a-line")[number % 3]
        desk.run(f"job{number}")
        desk.session.shutdown()
    assert _wait_until_few(threading.active_count, settled[0]) == settled[0]
    assert _wait_until_few(_open_files, settled[1]) <= settled[1]


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def _wait_until_few(count, wanted: int) -> int:
    deadline = time.monotonic() + 30.0  # on a busy machine a thread may take long to end
    while count() > wanted and time.monotonic() < deadline:
        time.sleep(0.02)
    return count()
