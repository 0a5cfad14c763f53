"""An engine whose shapes and paints wait, as for a graphics card, and otherwise are the small engine's: for actors on machines of a cluster."""

from __future__ import annotations

import os
import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "backend"))

from small_editor import Bleacher
from small_engine import SmallEngine

from img23d_backend.stages import Engine

_EVEN = 16


@dataclass(frozen=True, kw_only=True)
class _Loader:
    """Whatever engine is asked for, it is this one."""

    engine: Engine

    def load(self, engine_id: str) -> Engine:
        return self.engine

    def load_editor(self) -> Bleacher:
        return Bleacher()


@dataclass(frozen=True, kw_only=True)
class WaitingEngines:
    """Each call makes the engines of one actor; `seconds` are of each stage by its name, and with `is_warmed_up` not of its first time. With a `spread` of
    0.2 they are between 0.8 and 1.2 times as many, evenly over _EVEN times, in an order that is each actor's own.
    """

    seconds: dict[str, float]
    is_warmed_up: bool = False
    spread: float = 0.0

    def __call__(self):
        order = random.Random(os.getpid()).sample(range(_EVEN), _EVEN)

        def wait(stage: str, count: int) -> None:
            if count or not self.is_warmed_up:
                aside = 2.0 * order[count % _EVEN] / (_EVEN - 1) - 1.0  # from -1 to 1
                time.sleep(self.seconds.get(stage, 0.0) * (1.0 + self.spread * aside))

        return _Loader(engine=SmallEngine(wait).as_engine())


@dataclass(frozen=True, kw_only=True)
class TellingEngines:
    """The small engine; each actor says which cards it sees, in a file of its own in `folder`."""

    folder: str

    def __call__(self):
        Path(self.folder, str(os.getpid())).write_text(os.environ.get("CUDA_VISIBLE_DEVICES", "none"), encoding="utf-8")
        return WaitingEngines(seconds={})()
