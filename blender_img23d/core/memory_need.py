"""How much memory each stage needs for its usual way, about: the weights that are in use together, and what is computed.

The figures are the backend's own, which asks for that much room before it begins (in backend/img23d_backend, the module of
each is named below). A stage that does not get it goes on more slowly, with smaller pieces or on the processor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..shared.img23d_protocol.choices import (
    FINE_CUTTER,
    HUNYUAN3D_ENGINE,
    LIGHT_CUTTER,
    PREVIEW_ENGINE,
    PREVIEW_MATTE,
    PREVIEW_PAINT,
    TURBO_PAINTER,
)
from ..shared.img23d_protocol.messages import Settings, Stage, WeightsInfo

GB = 1_000_000_000
_PREVIEW = 200_000_000  # the whole backend with the preview engine: its peak in docs/benchmarks.md
# engines/isnet/salience.py: the network, and 450 bytes a pixel at 768 and at 1024 pixels a side
_BUILT_IN_CUT_OUTS, _BUILT_IN_CUT_OUTS_FINE = 800_000_000, 1_000_000_000
# engines/qwen3vl/locate.py: 350,000 bytes a token of the picture and 128 MiB in any case
_LOCATING, _LOCATING_FRUGALLY = 850_000_000, 400_000_000
_LARGEST_TABLE = 800_000_000  # of Qwen3-VL, which stays whole where the layers come one by one
# engines/birefnet/inference.py: 330 values of 2 bytes a pixel, at 1024 and at 2048 pixels a side
_CUTTING_OUT, _CUTTING_OUT_LARGE = 700_000_000, 2_800_000_000
# engines/hunyuan3d: its networks take turns. The one that looks at the picture is the largest of every shape model (DINOv2-giant).
_SHAPING = 2_270_000_000 + 300_000_000
# engines/hunyuan3d/paint/multiview.py: the network for six views, and 9,600 values of 2 bytes for each of 4,096 tokens a view; with
# guidance twice as many
_PAINTING, _PAINTING_GUIDED = 1_930_000_000 + 470_000_000, 1_930_000_000 + 940_000_000
_IN_FULL_PRECISION = 2  # most processors compute in 32 bits what the files hold in 16


def needed_bytes(engine: str, settings: Settings, weights: Iterable[WeightsInfo]) -> Mapping[Stage, int]:
    """By stage, for the device that the stage computes on in half precision."""
    known = {info.id: info.memory_bytes or info.size_bytes for info in weights}
    learned = settings.learned
    needs = dict.fromkeys(Stage, _PREVIEW)
    if not settings.texture:
        del needs[Stage.PAINT]
    if engine == PREVIEW_ENGINE or learned.matter == PREVIEW_MATTE:
        needs[Stage.LOCATE] = needs[Stage.MATTE] = _built_in_cut_outs(settings)
    if engine == PREVIEW_ENGINE:
        return needs
    finder = known.get(learned.grounder, 0)
    needs[Stage.LOCATE] = _LARGEST_TABLE + _LOCATING_FRUGALLY if learned.small_memory else finder + _LOCATING
    if learned.matter != PREVIEW_MATTE:
        is_large = learned.matter == "birefnet-hr"
        needs[Stage.MATTE] = known.get(learned.matter, 0) + (_CUTTING_OUT_LARGE if is_large else _CUTTING_OUT)
    if engine == HUNYUAN3D_ENGINE:
        needs[Stage.SHAPE] = _SHAPING
        if settings.texture and learned.painter != PREVIEW_PAINT:
            is_guided = learned.painter != TURBO_PAINTER and not learned.small_memory
            needs[Stage.PAINT] = _PAINTING_GUIDED if is_guided else _PAINTING
    return needs


def _built_in_cut_outs(settings: Settings) -> int:
    if settings.cutter == LIGHT_CUTTER:
        return _PREVIEW
    return _BUILT_IN_CUT_OUTS_FINE if settings.cutter == FINE_CUTTER else _BUILT_IN_CUT_OUTS


def on_processor(needed: int) -> int:
    """For a stage that a model does."""
    return _IN_FULL_PRECISION * needed


def is_learned(engine: str, stage: Stage, settings: Settings) -> bool:
    """Whether a model does this stage; what the preview engine does, it does on the processor."""
    if engine == PREVIEW_ENGINE:
        return False
    match stage:
        case Stage.LOCATE:
            return True
        case Stage.MATTE:
            return settings.learned.matter != PREVIEW_MATTE
        case Stage.SHAPE:
            return engine == HUNYUAN3D_ENGINE
        case Stage.PAINT:
            return engine == HUNYUAN3D_ENGINE and settings.learned.painter != PREVIEW_PAINT
