"""Downloads by the real command in processes of its own: ended in the middle, two at once, and what it prints."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from local_hub import LocalHub, serving
from weights_desk import LITE, SIZE, TURBO, Desk, published

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with serving(published()) as hub:
        yield hub


@pytest.fixture
def desk(tmp_path: Path, hub: LocalHub) -> Desk:
    return Desk(folder=tmp_path / "models", hub=hub)


def start(desk: Desk, *arguments: str) -> subprocess.Popen[str]:
    """The command line, with the local hub as HF_ENDPOINT."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT / "backend"), str(ROOT / "blender_img23d" / "shared")]),
        "HF_ENDPOINT": desk.hub.endpoint,
        "HF_HOME": str(desk.folder.parent / "home"),
        "HY3DGEN_MODELS": str(desk.folder.parent / "home"),
    }
    command = [sys.executable, "-m", "img23d_backend", "weights", *arguments, "--models", str(desk.folder)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_process_that_was_killed_in_the_middle_goes_on_where_it_was(desk: Desk, hub: LocalHub) -> None:
    hub.seconds_a_block = 0.02
    process = start(desk, "download", LITE)
    wait_until(lambda: hub.sent("/blobs/") > 400_000)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not desk.store.is_ready(LITE)

    hub.seconds_a_block = 0.0
    again = start(desk, "download", LITE)
    told = again.communicate(timeout=60)[1]
    assert again.returncode == 0, told
    starts = [request.start for request in hub.asked("/blobs/")]
    assert starts[0] == 0 and starts[1] > 200_000, "the second process did not begin at zero"
    desk.verify(LITE)


def test_two_processes_fetch_a_set_once(desk: Desk, hub: LocalHub) -> None:
    hub.seconds_a_block = 0.005
    both = [start(desk, "download", LITE) for _ in range(2)]
    told = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert hub.sent("/blobs/") == SIZE
    desk.verify(LITE)


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGINT")
def test_ctrl_c_keeps_what_has_come(desk: Desk, hub: LocalHub) -> None:
    hub.seconds_a_block = 0.02
    process = start(desk, "download", LITE)
    wait_until(lambda: hub.sent("/blobs/") > 400_000)
    process.send_signal(signal.SIGINT)
    told = process.communicate(timeout=60)[1]
    assert process.returncode == 130 and "cancelled" in told
    assert list((desk.folder / LITE / ".parts").iterdir())


def test_the_licence_is_asked_for_and_then_given(desk: Desk, hub: LocalHub) -> None:
    refused = start(desk, "download", TURBO)
    told = refused.communicate(timeout=60)[1]
    assert refused.returncode == 1 and "South Korea" in told and "Traceback" not in told
    assert hub.requests == []
    accepted = start(desk, "download", TURBO, "--accept-licence", "tencent-hunyuan3d-2-community-1")
    told = accepted.communicate(timeout=60)[1]
    assert accepted.returncode == 0, told
    listed = start(desk, "list").communicate(timeout=60)[0]
    line = next(line for line in listed.splitlines() if line.startswith(TURBO + " "))
    assert "ready" in line and str(desk.folder / TURBO) in line


def test_a_name_that_is_none_is_bad_input(desk: Desk) -> None:
    process = start(desk, "download", "nothing")
    told = process.communicate(timeout=60)[1]
    assert process.returncode == 2 and "no weights called “nothing”" in told
