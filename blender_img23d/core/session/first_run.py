"""What the tab says where no AI model is set up: what that would bring, how much it downloads, and what this machine could run.

Sentences are kept apart from what goes into them, so that they can be translated as a whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from ...shared.img23d_protocol.options.settings import BUILT_IN, SET_UP, first_to_set_up
from ...shared.img23d_protocol.values import Value

if TYPE_CHECKING:
    from ...shared.img23d_protocol.messages import DeviceInfo, EngineInfo
    from ...shared.img23d_protocol.options.declare import Engine

# The README's table of machines: what the default models, one after the other, need of a card.
_ENOUGH = 5.5 * 2**30  # bytes; a "6 GB" card tells a little less than that
_WITH_SMALL_MEMORY = 3.5 * 2**30

BRINGS = "AI models (below) find any named thing and make full shapes, painted on all sides."
_DOWNLOAD = "To download: {models}, and PyTorch."
_DOWNLOAD_MODELS = "To download: {models}."
_RUNS_ALL = "Your {card} ({memory} GB) can run them."
_RUNS_SMALL = "Your {card} has {memory} GB: enough for the set Light, and with Small Memory for the others."
_TOO_SMALL = "Your {card} has only {memory} GB: choose the set Light."
_NO_CARD = "Without a graphics card, choose the set Light."


class Sentence(Value):
    """`text` has a place for each of `values`."""

    text: str
    values: Mapping[str, str] = field(default_factory=dict)


def is_first_run(engine: str, engines: Iterable[EngineInfo]) -> bool:
    """Whether somebody works with the preview engine who has nothing else."""
    return engine == BUILT_IN.id and not any(one.ready and one.id != BUILT_IN.id for one in engines)


def download(models_size: str, *, needs_environment: bool) -> Sentence:
    """`models_size` as it is shown, such as "15.2 GB"."""
    return Sentence(text=_DOWNLOAD if needs_environment else _DOWNLOAD_MODELS, values={"models": models_size})


def machine(devices: Sequence[DeviceInfo], cards: Sequence[DeviceInfo]) -> Sentence | None:
    """What the best card could run, by its memory: one that torch has tried, else one that was only seen.

    None before the backend has said what this machine has.
    """
    if not devices:
        return None
    best = _best(devices, cards)
    if best is None:
        return Sentence(text=_NO_CARD)
    if best.total_bytes >= _ENOUGH:
        text = _RUNS_ALL
    else:
        text = _RUNS_SMALL if best.total_bytes >= _WITH_SMALL_MEMORY else _TOO_SMALL
    return Sentence(text=text, values={"card": best.label, "memory": f"{best.total_bytes / 2**30:.0f}"})


def recommended(devices: Sequence[DeviceInfo], cards: Sequence[DeviceInfo], licences: Collection[str], engines: Sequence[Engine] = SET_UP) -> Engine | None:
    """Which engine to set up on this machine: without a card that is large enough a light one. None before that is known."""
    if not devices:
        return None
    best = _best(devices, cards)
    if best is None or best.total_bytes < _ENOUGH:
        return next((engine for engine in engines if engine.is_light), None)
    return first_to_set_up(licences)


def bytes_to_download(engine: Engine | None, missing: Mapping[str, int], chosen: int) -> int:
    """Of the `engine` that is recommended where it is a light one, else of what is `chosen`; `missing` is by engine."""
    return missing.get(engine.id, 0) if engine is not None and engine.is_light else chosen


def _best(devices: Sequence[DeviceInfo], cards: Sequence[DeviceInfo]) -> DeviceInfo | None:
    """The largest card that torch has tried, else one that was only seen."""
    tried = [device for device in devices if device.id.startswith("gpu")]
    return max([*tried] or [*cards], key=lambda card: card.total_bytes, default=None)
