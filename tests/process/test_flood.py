"""A backend that says too much: it waits for Blender, and Blender's memory stays as it is."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import Desk

from blender_img23d.core.jobs import JobState
from blender_img23d.shared.img23d_protocol import ErrorCode

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads the process's memory from /proc")
MEGABYTE = 1024 * 1024


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "backend.log")
    yield desk
    desk.close()


def memory() -> int:
    """Resident bytes of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@linux
def test_long_messages_wait_in_the_pipe_and_none_is_lost(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """300 MB, in lines of one megabyte each, while Blender does not look."""
    caplog.set_level("CRITICAL")  # the lines themselves are logged, and pytest would keep them
    desk.behaviour = "long-messages"
    job = desk.submit()
    desk.until(lambda: job.state is JobState.RUNNING)
    before, peak = memory(), 0
    deadline = time.monotonic() + 3.0
    while time.monotonic() < deadline:
        peak = max(peak, memory() - before)
        time.sleep(0.02)
    assert peak < 100 * MEGABYTE, f"{peak / 1e6:.0f} MB"
    desk.until(lambda: job.is_over)
    assert job.state is JobState.DONE and job.heard > 300


@pytest.mark.parametrize("behaviour", ["huge", "endless"])
def test_a_line_that_is_too_long_ends_the_backend_with_a_sentence(desk: Desk, behaviour: str) -> None:
    desk.behaviour = behaviour
    before = memory() if sys.platform == "linux" else 0
    job = desk.submit()
    desk.until(lambda: job.is_over)
    assert job.state is JobState.FAILED and job.code == ErrorCode.BACKEND_DIED
    assert "too long" in job.error and job.action
    assert sys.platform != "linux" or memory() - before < 100 * MEGABYTE
    desk.behaviour = "normal"
    assert desk.run("job2").state is JobState.DONE


@linux
def test_a_line_in_pieces_of_one_byte_takes_no_more_than_its_bytes() -> None:
    from blender_img23d.process.client import LineSplitter

    splitter, before = LineSplitter(), memory()
    for _ in range(3 * MEGABYTE):
        list(splitter.feed(b"x"))
    assert memory() - before < 16 * MEGABYTE
