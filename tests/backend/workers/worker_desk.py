"""Pools of real backend processes, whose small engine waits or dies where a test says so, and somebody who listens."""

from __future__ import annotations

import os
import queue
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from img23d_backend.workers.pool import LAST_WORDS, WorkerPool
from img23d_backend.workers.recipe import Place, Recipe
from img23d_protocol.messages import Box, FromBackend, Generate, Settings, Wanted

ROOT = Path(__file__).resolve().parents[3]
PATHS = os.pathsep.join([str(ROOT / "backend"), str(ROOT / "blender_img23d" / "shared"), str(ROOT / "tests" / "backend")])
# A whole backend with the small engine and editor; the file `die` in its folder ends it in the shape stage, once that was done so often as it says, the file `wait` holds it there
PROGRAM = """
import os, sys, time
from dataclasses import replace
from img23d_backend.pipe.channel import end_with_parent, take_channel
channel = take_channel(None)
end_with_parent()
from pathlib import Path
from img23d_backend.engines import Engines
from img23d_backend.pipe.server import Server
from small_editor import Bleacher
from small_engine import SmallEngine
folder, shaped = Path(sys.argv[1]), []
def trap(stage, count):
    if stage == "shape":
        shaped.append(stage)
        (folder / f"shaping-{os.getpid()}").touch()
        if (folder / "die").exists() and len(shaped) > int((folder / "die").read_text() or 0):
            os._exit(9)
        while (folder / "wait").exists():
            time.sleep(0.01)
load = Engines.load
class LatePicker:  # the preview engine's, which is imported when it is asked for
    def __init__(self, engines):
        self.picker = lambda: load(engines, "preview").picker
    def segment(self, *arguments):
        return self.picker().segment(*arguments)
    def at(self, *arguments):
        return self.picker().at(*arguments)
Engines.load = lambda self, engine_id: replace(SmallEngine(trap).as_engine(), picker=LatePicker(self))
Engines.load_editor = lambda self: Bleacher()
Server(channel, Engines(Path("no such folder"))).serve()
"""


@dataclass(frozen=True, kw_only=True)
class SmallRecipe:
    """As `Recipe`, with the small engine's program."""

    folder: Path

    def command(self, log: Path) -> list[str]:
        return [sys.executable, "-s", "-c", PROGRAM, str(self.folder)]

    def variables(self, place: Place) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": PATHS, **place.variables}

    start = Recipe.start


@dataclass
class Ear:
    """Hears what a pool says of all jobs."""

    heard: queue.SimpleQueue[FromBackend] = field(default_factory=queue.SimpleQueue)

    def __call__(self, message: FromBackend) -> None:
        self.heard.put(message)

    def until_last(self) -> list[FromBackend]:
        messages = [self.heard.get(timeout=30)]
        while not isinstance(messages[-1], LAST_WORDS):
            messages.append(self.heard.get(timeout=30))
        return messages


def made_pool(folder: Path, count: int = 1) -> WorkerPool:
    return WorkerPool(SmallRecipe(folder=folder), [Place(label=f"place {number}") for number in range(count)], folder / "logs")


def job(folder: Path, name: str = "a") -> Generate:
    picture = np.full((160, 160, 3), 230, np.uint8)
    cv2.circle(picture, (80, 80), 50, (20, 30, 200), -1)
    path = folder / "ball.png"
    cv2.imwrite(str(path), picture)
    wanted = tuple(Wanted(name=one, box=Box(left=0.0, top=0.0, right=1.0, bottom=1.0)) for one in ("ball", "disc"))
    return Generate(job=name, photo=str(path), run_folder=str(folder / name), wanted=wanted, settings=Settings())


def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)
