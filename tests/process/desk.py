"""Sessions with real processes at their other end."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from blender_img23d.core.session.session import Session, Update
from blender_img23d.process.client import PipeLink
from blender_img23d.process.launch import child_environment
from blender_img23d.shared.img23d_protocol.messages import Generate, Wanted

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SHARED = ROOT / "blender_img23d" / "shared"


class Desk:
    """An artist's session and everything it said so far; `behaviour` is that of the next fake backend."""

    def __init__(self, log_path: Path) -> None:
        self.behaviour = "normal"
        self.links: list[PipeLink] = []
        self.updates: list[Update] = []
        self.longest_tick = 0.0  # seconds
        self.session = Session(self._make_link)
        self._log_path = log_path

    @property
    def pid(self) -> int:
        assert self.session.hello is not None
        return self.session.hello.pid

    def submit(self, job: str = "job1", *names: str):
        wanted = tuple(Wanted(name=name) for name in names or ("cup", "book"))
        return self.session.submit(Generate(job=job, photo="/p.png", run_folder="/r", wanted=wanted))

    def until(self, is_reached: Callable[[], bool], seconds: float = 60.0) -> float:
        """Ticks until then, and says how long that took."""
        begun = time.monotonic()
        while not is_reached():
            assert time.monotonic() - begun < seconds, f"not reached in {seconds} s, state is {self.session.state}"
            self.tick()
            time.sleep(0.005)
        return time.monotonic() - begun

    def tick(self) -> None:
        begun = time.perf_counter()
        self.updates.extend(self.session.tick())
        self.longest_tick = max(self.longest_tick, time.perf_counter() - begun)

    def run(self, job: str = "job1", *names: str):
        """A job until its end."""
        made = self.submit(job, *names)
        self.until(lambda: made.is_over)
        return made

    def close(self) -> None:
        for link in self.links:
            link.kill()

    def _make_link(self) -> PipeLink:
        self.links.append(fake_link(self.behaviour, self._log_path))
        return self.links[-1]


def fake_link(behaviour: str, log_path: Path) -> PipeLink:
    command = [sys.executable, "-s", str(HERE / "fake_backend.py"), behaviour]
    return PipeLink(command, child_environment([SHARED], os.environ), log_path)


def is_alive(pid: int) -> bool:
    """A zombie that only waits to be counted is not alive."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return sys.platform != "linux"


def wait_for_end(pid: int, seconds: float) -> float:
    begun = time.monotonic()
    while is_alive(pid):
        assert time.monotonic() - begun < seconds, f"process {pid} lives on after {seconds} s"
        time.sleep(0.02)
    return time.monotonic() - begun
