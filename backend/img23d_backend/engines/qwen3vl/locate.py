"""Finding named things with Qwen3-VL: one question about all of them, then box by box to its name."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Settings, Wanted

from ...finding.instances import Instance, folded
from ...finding.match import boxed, match
from ...finding.picture import opaque
from ...stages import Context, Found, NotFound, Photo, PixelBox
from ...weights.registry import weight_set
from ...weights.store import WeightStore
from .answer import is_in_space, read_answer
from .framing import ONCE_MORE_LONGEST, USUAL_LONGEST, Framed, framed
from .model import Question, QwenProcessor, answer, dtype_for, read_network
from .prompt import token_limit, usual_tokens

if TYPE_CHECKING:
    from torch.nn import Module

    from ...machine.devices import Device
    from ...models.store import ModelStore

log = logging.getLogger(__name__)

# A token of the picture is 32 x 32 pixels. 768 is the least that Qwen's own measurements of grounding use (evaluation/
# ODinW-13 in QwenLM/Qwen3-VL); 2,048 (1,672 x 1,254) also show small things in a full room, for a second on a card.
_PIXELS_A_TOKEN = 32 * 32
_LEAST_TOKENS, _MOST_TOKENS = 768, 2048
# Activations and the cache of keys and values of a 2B model, rounded up
_BYTES_A_TOKEN, _BYTES_IN_ANY_CASE = 350_000, 128 << 20

_SMALLER = "Memory is short: things are looked for in a smaller picture."
_STREAMED = "Memory is short: the model that finds things comes to the graphics card piece by piece, which is slow."
_ON_PROCESSOR = "The graphics card's memory is full: things are looked for on the processor, which is slow."

_LOOKING = "Looking for the named things"
_READ_SHARE = 0.1  # of the progress: the model comes to its device


@dataclass(frozen=True, kw_only=True)
class _Way:
    """Where the question is asked, with how large a picture, whether the weights come layer by layer, what is told then."""

    device: Device
    tokens: int
    group_offload: bool = False
    note: str = ""


class QwenGrounder:
    """`locate` for any photo. Keeps the tokenizer; the network is the model store's."""

    def __init__(self, weights: WeightStore, models: ModelStore) -> None:
        self._weights = weights
        self._models = models
        self._processors: dict[str, QwenProcessor] = {}  # by file set

    def locate(self, photo: Photo, wanted: tuple[Wanted, ...], context: Context) -> tuple[Found | NotFound, ...]:
        """One answer a wanted thing, in the same order, then the further instances; without names the whole photo.

        The model is asked about what has no box of the artist's, and not at all where everything has one. Raises
        Img23DError(WEIGHTS_MISSING), (WEIGHTS_DAMAGED), (OUT_OF_MEMORY) or, without such a card, (BAD_REQUEST).
        """
        context.report(0.0, "")
        if not wanted:
            everything = PixelBox(left=0, top=0, right=photo.width, bottom=photo.height)
            return (Found(name=photo.name, box=everything, note="the whole photo"),)
        names = list({folded(one.name) or one.name: one.name for one in reversed(wanted) if one.box is None}.values())[::-1]
        if not names:
            return tuple(boxed(one, photo) for one in wanted)
        return match(wanted, self._instances(photo, names, context), photo)

    def prefetch(self, settings: Settings) -> None:
        """Begin to read the model. What is wrong with it is told when it is needed."""
        from ...machine.devices import choose

        try:
            device = choose(settings.machine.devices.locate)
        except Img23DError as error:
            log.info("nothing read ahead: %s", error.sentence)
            return
        set_id = settings.search.grounder
        self._models.prefetch(_key(set_id, device), self._builder(set_id, device))

    def _instances(self, photo: Photo, names: list[str], context: Context) -> tuple[Instance, ...]:
        from ...machine.devices import choose
        from ...models.oom_fallbacks import Attempt, with_less_memory

        machine = context.settings.machine
        ways = _ways(choose(machine.devices.locate), choose("cpu"), small_memory=machine.small_memory)

        def run(way: _Way) -> Callable[[], tuple[Instance, ...]]:
            return lambda: self._ask(photo, names, way, context)

        return with_less_memory([Attempt(run=run(way), note=way.note) for way in ways], context, self._models)

    def _ask(self, photo: Photo, names: list[str], way: _Way, context: Context) -> tuple[Instance, ...]:
        set_id, most = context.settings.search.grounder, way.tokens * _PIXELS_A_TOKEN
        processor, picture = self._processor(set_id), opaque(photo)
        first = _put(processor, picture, names, most)
        context.report(0.0, f"Reading {weight_set(set_id).label}")
        working = _BYTES_IN_ANY_CASE + way.tokens * _BYTES_A_TOKEN
        build = self._builder(set_id, way.device)
        key, group_offload = _key(set_id, way.device), way.group_offload
        with self._models.on_device(key, build, way.device, working_bytes=working, group_offload=group_offload) as network:

            def ask(look: _PreparedQuestion, report: Callable[[float], None]) -> str:
                limit, usual = token_limit(len(names)), usual_tokens(len(names))
                tokens = answer(network, look.asked, device=way.device, limit=limit, usual=usual, report=report)
                text = processor.text(tokens)
                log.info("asked about %s, answered in %d tokens: %s", names, len(tokens), text)
                return text

            text = ask(first, lambda done: context.report(_READ_SHARE + (1 - _READ_SHARE) * done, _LOOKING))
            if not is_in_space(text):
                return first.found(text)
            again = _put(processor, picture, names, most, once_more=True)
            second = ask(again, lambda _: context.report(1.0, _LOOKING))
        return _usable(again.found(second) or first.found(text), second)

    def _processor(self, set_id: str) -> QwenProcessor:
        if set_id not in self._processors:
            self._processors[set_id] = QwenProcessor(self._weights.path(set_id))
        return self._processors[set_id]

    def _builder(self, set_id: str, device: Device) -> Callable[[], Module]:
        return lambda: read_network(self._weights.path(set_id), dtype_for(device))


@dataclass(frozen=True, kw_only=True)
class _PreparedQuestion:
    """One question about the framed picture."""

    asked: Question
    frame: Framed

    def found(self, text: str) -> tuple[Instance, ...]:
        """In fractions of the photo."""
        height, width = self.frame.rgb.shape[:2]
        return self.frame.on_photo(read_answer(text, seen=self.asked.seen, photo=(width, height)))


def _put(processor: QwenProcessor, picture: np.ndarray, names: list[str], most: int, *, once_more: bool = False) -> _PreparedQuestion:
    frame = framed(picture, ONCE_MORE_LONGEST if once_more else USUAL_LONGEST)
    least = min(most, _LEAST_TOKENS * _PIXELS_A_TOKEN)
    return _PreparedQuestion(asked=processor.question(frame.rgb, names, least=least, most=most, once_more=once_more), frame=frame)


def _usable(found: tuple[Instance, ...], text: str) -> tuple[Instance, ...]:
    """Raises Img23DError(NO_REGION) where the answer again has boxes in space and no other one is left."""
    if not found and is_in_space(text):
        sentence = "The model did not say where in the photo the named things are: crop the photo around them, or draw their boxes."
        raise Img23DError(ErrorCode.NO_REGION, sentence, f"boxes in space: {text[:500]}")
    return found


def _ways(device: Device, processor: Device, *, small_memory: bool) -> list[_Way]:
    """Each with less memory than the one before. A processor is too slow for the large picture in any case."""
    if device.is_processor:
        return [_Way(device=device, tokens=_LEAST_TOKENS), _Way(device=device, tokens=_LEAST_TOKENS // 2, note=_SMALLER)]
    usual = [
        _Way(device=device, tokens=_MOST_TOKENS),
        _Way(device=device, tokens=_LEAST_TOKENS, note=_SMALLER),
    ]
    last = [
        _Way(device=device, tokens=_LEAST_TOKENS, group_offload=True, note=_STREAMED),
        _Way(device=processor, tokens=_LEAST_TOKENS, note=_ON_PROCESSOR),
    ]
    return last if small_memory else usual + last


def _key(set_id: str, device: Device) -> str:
    return f"{set_id}:{dtype_for(device)}"
