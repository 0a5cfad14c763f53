"""Graphics cards, their driver, and memory."""

from __future__ import annotations

from collections.abc import Iterator

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Action, Diagnose, Finding, Level

from ..engines import Engines
from ..machine import memory, nvidia
from ..machine.devices import Device, choose, find_devices
from ..machine.nvidia import versions
from ..setup.cuda_builds import found_builds
from .programs import is_set_up

_SMALL_CARD = 5 * 10**9  # bytes, below which the usual way needs its fallbacks
_LITTLE_FREE = 2 * 10**9  # bytes: less than the smallest shape model takes
_MODELS_WANT = 12 * 10**9  # bytes of the machine's memory, for models of the usual size

_NO_CARD = "No graphics card was found that AI models can use: they compute on the processor, many minutes an object."
_NOT_NEEDED = "The Preview engine needs none. It is looked at when the AI models are set up."


def card_findings(request: Diagnose, engines: Engines) -> Iterator[Finding]:
    """One for each card that computes, or why there is none, and the driver's."""
    if not is_set_up():
        yield Finding(what="Graphics card", level=Level.NOTE, sentence=_NOT_NEEDED)
        yield from _driver_for_a_set_up()
        return
    cards = [device for device in find_devices() if not device.is_processor]
    for card in cards:
        yield _card(card)
    if not cards:
        yield _no_card()
    if told := versions():
        yield Finding(what="Driver", level=Level.GOOD, sentence=told)


def memory_findings(request: Diagnose, engines: Engines) -> Iterator[Finding]:
    """The machine's."""
    total, free = memory.total_bytes(), memory.available_bytes()
    sentence = f"{_gigabytes(total)} of memory, {_gigabytes(free)} of it free."
    if 0 < free < _LITTLE_FREE:
        sentence += " Close other programs, or free memory."
        yield Finding(what="Memory", level=Level.WARNING, sentence=sentence, action=Action.FREE_MEMORY)
    elif is_set_up() and 0 < total < _MODELS_WANT:
        sentence += " The AI models want more: they may be slow."
        yield Finding(what="Memory", level=Level.NOTE, sentence=sentence, action=Action.SMALL_MEMORY)
    else:
        yield Finding(what="Memory", level=Level.GOOD, sentence=sentence)


def _card(card: Device) -> Finding:
    free = card.free_bytes()
    sentence = f"{card.label} computes: {_gigabytes(card.total_bytes)}, {_gigabytes(free)} of it free."
    if card.total_bytes < _SMALL_CARD:
        sentence += " That is little: turn on Small Memory."
        return Finding(what="Graphics card", level=Level.NOTE, sentence=sentence, action=Action.SMALL_MEMORY)
    if free < _LITTLE_FREE:
        sentence += " Close other programs that use it, or free memory."
        return Finding(what="Graphics card", level=Level.WARNING, sentence=sentence, action=Action.FREE_MEMORY)
    return Finding(what="Graphics card", level=Level.GOOD, sentence=sentence)


def _driver_for_a_set_up() -> Iterator[Finding]:
    """Said before gigabytes are fetched: that the models will need a newer one."""
    try:
        if nvidia.has_driver():
            found_builds()
    except Img23DError as error:
        yield Finding(what="Driver", level=Level.WARNING, sentence=error.sentence, action=Action.UPDATE_DRIVER, detail=error.detail)


def _no_card() -> Finding:
    try:
        choose("gpu")
    except Img23DError as error:
        if error.code is ErrorCode.DRIVER_TOO_OLD:
            return _hindered(error, Action.UPDATE_DRIVER)
        if error.code is ErrorCode.ENVIRONMENT_BROKEN:
            return _hindered(error, Action.SET_UP)
    return Finding(what="Graphics card", level=Level.NOTE, sentence=_NO_CARD)


def _hindered(error: Img23DError, action: Action) -> Finding:
    return Finding(what="Graphics card", level=Level.PROBLEM, sentence=error.sentence, action=action, detail=error.detail)


def _gigabytes(count: int) -> str:
    return f"{count / 2**30:.1f} GB"  # as cards and memory are labelled
