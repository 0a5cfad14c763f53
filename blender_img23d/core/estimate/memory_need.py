"""How much memory each stage needs for its usual way, about: the weights that are in use together, and what is computed.

The figures stand with the options of each stage; they are the backend's own, which asks for that much room before it begins. A stage
that does not get it goes on more slowly, with smaller pieces or on the processor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...shared.img23d_protocol.messages import USUAL, Settings, Stage, WeightsInfo
from ...shared.img23d_protocol.options.all_engines import BACKEND_MEMORY
from ...shared.img23d_protocol.options.declare import StageOptions
from ...shared.img23d_protocol.options.settings import engine_named

GB = 1_000_000_000
_IN_FULL_PRECISION = 2  # most processors compute in 32 bits what the files hold in 16


def needed_bytes(engine: str, settings: Settings, weights: Iterable[WeightsInfo]) -> Mapping[Stage, int]:
    """By stage, for the device that the stage computes on in half precision. What no model does takes what the whole backend does."""
    sizes = {info.id: info.memory_bytes or info.size_bytes for info in weights}
    needs: dict[Stage, int] = dict.fromkeys(USUAL, BACKEND_MEMORY)
    for part in settings.stages_of(engine_named(engine)):
        needs |= {Stage(stage): needed for stage, needed in part.needed_bytes(settings, sizes).items()}
    if not settings.paints(engine_named(engine)):
        del needs[Stage.PAINT]
    return needs


def on_processor(needed: int) -> int:
    """For a stage that a model does."""
    return _IN_FULL_PRECISION * needed


def is_learned(engine: str, stage: Stage, settings: Settings) -> bool:
    """Whether a model does this stage; what the preview engine does, it does on the processor."""
    return any(part.file_sets() for part in parts_of(engine, stage, settings))


def is_heavy(engine: str, stage: Stage, settings: Settings) -> bool:
    """Whether a lower quality takes less memory at this stage."""
    return any(part.is_heavy(stage) for part in parts_of(engine, stage, settings))


def parts_of(engine: str, stage: Stage, settings: Settings) -> list[StageOptions]:
    """The options that an engine heeds at a stage."""
    return [part for part in settings.stages_of(engine_named(engine)) if stage in part.stages]
