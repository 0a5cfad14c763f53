"""An engine whose shapes and paints wait, as for a graphics card, and otherwise are the small engine's: for actors on machines of a cluster."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "backend"))

from small_engine import SmallEngine

from img23d_backend.stages import Engine


@dataclass(frozen=True, kw_only=True)
class WaitingEngines:
    """Each call makes the engines of one actor; `seconds` are of each stage by its name."""

    seconds: dict[str, float]

    def __call__(self):
        def wait(stage: str, count: int) -> None:
            time.sleep(self.seconds.get(stage, 0.0))

        engine = SmallEngine(wait).as_engine()

        def load(engine_id: str) -> Engine:
            return engine

        return load
