"""Finding named things with LLMDet: one look for all kinds of things that the names speak of, then box by box to its name."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from img23d_protocol.messages import Settings, Wanted

from ...finding.instances import Instance
from ...finding.picture import opaque
from ...finding.resolve import kinds, resolve
from ...stages import Context, Found, NotFound, Photo, PixelBox
from ...weights.registry import weight_set
from ...weights.store import WeightStore
from .model import LlmDetTokenizer, input_size, look, prepared, read_network
from .prompt import texts

if TYPE_CHECKING:
    from torch.nn import Module

    from ...machine.devices import Device
    from ...models.store import ModelStore

log = logging.getLogger(__name__)

_SMALLER = 0.7  # of the picture's sides, where memory is short: half of it suffices then
_BYTES_A_PIXEL = 1_700  # what the network holds at the same time, measured at 800 x 1066
_READ_SHARE = 0.1  # of the progress: the model comes to its device

_LESS = "Memory is short: things are looked for in a smaller picture."
_ON_PROCESSOR = "The graphics card's memory is full: things are looked for on the processor, which takes longer."
_LOOKING = "Looking for the named things"


@dataclass(frozen=True, kw_only=True)
class _Way:
    """Where is looked, in how large a picture, and what is told then."""

    device: Device
    scale: float = 1.0
    note: str = ""


class LlmDetGrounder:
    """`locate` for any photo. Keeps the tokenizer; the network is the model store's."""

    def __init__(self, weights: WeightStore, models: ModelStore) -> None:
        self._weights = weights
        self._models = models
        self._tokenizers: dict[str, LlmDetTokenizer] = {}  # by file set

    def locate(self, photo: Photo, wanted: tuple[Wanted, ...], context: Context) -> tuple[Found | NotFound, ...]:
        """One answer a wanted thing, in the same order, then the further instances; without names the whole photo.

        The model is asked about what has no box of the artist's, and not at all where everything has one. Raises
        Img23DError(WEIGHTS_MISSING), (WEIGHTS_DAMAGED), (WEIGHTS_UNFIT), (OUT_OF_MEMORY) or, without such a card, (BAD_REQUEST).
        """
        context.report(0.0, "")
        if not wanted:
            everything = PixelBox(left=0, top=0, right=photo.width, bottom=photo.height)
            return (Found(name=photo.name, box=everything, note="the whole photo"),)
        asked = kinds(wanted)
        return resolve(wanted, self._instances(photo, asked, context) if asked else (), photo)

    def prefetch(self, settings: Settings) -> None:
        """Begin to read the model. What is wrong with it is told when it is needed."""
        set_id = settings.search.grounder
        self._models.prefetch(set_id, self._builder(set_id))

    def _instances(self, photo: Photo, asked: tuple[str, ...], context: Context) -> tuple[Instance, ...]:
        from ...machine.devices import choose
        from ...models.oom_fallbacks import Attempt, with_less_memory

        chosen, processor = choose(context.settings.machine.devices.locate), choose("cpu")
        ways = [_Way(device=chosen), _Way(device=chosen, scale=_SMALLER, note=_LESS)]
        if chosen != processor:
            ways.append(_Way(device=processor, note=_ON_PROCESSOR))

        def run(way: _Way) -> Callable[[], tuple[Instance, ...]]:
            return lambda: self._look(photo, asked, way, context)

        return with_less_memory([Attempt(run=run(way), note=way.note) for way in ways], context, self._models)

    def _look(self, photo: Photo, asked: tuple[str, ...], way: _Way, context: Context) -> tuple[Instance, ...]:
        set_id = context.settings.search.grounder
        folder, tokenizer = self._weights.path(set_id), self._tokenizer(set_id)
        shortest, longest = (round(side * way.scale) for side in input_size(folder))
        picture, parts = prepared(opaque(photo), (shortest, longest)), texts(asked, tokenizer.tokens, tokenizer.marks)
        context.report(0.0, f"Reading {weight_set(set_id).label}")
        working = picture.mask.numel() * _BYTES_A_PIXEL
        found: list[Instance] = []
        with self._models.on_device(set_id, self._builder(set_id), way.device, working_bytes=working) as network:
            for number, text in enumerate(parts):

                def report(done: float, number: int = number) -> None:
                    context.report(_READ_SHARE + (1 - _READ_SHARE) * (number + done) / len(parts), _LOOKING)

                found += look(network, picture, text, way.device, report)
        log.info("looked for %s, found %s", asked, [one.label for one in found])
        return tuple(found)

    def _tokenizer(self, set_id: str) -> LlmDetTokenizer:
        if set_id not in self._tokenizers:
            self._tokenizers[set_id] = LlmDetTokenizer(self._weights.path(set_id))
        return self._tokenizers[set_id]

    def _builder(self, set_id: str) -> Callable[[], Module]:
        return lambda: read_network(self._weights.path(set_id))
