"""Fallbacks when memory runs out: attempts in their order, each needing less than the one before."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from img23d_protocol import ErrorCode, Img23DError

from ..machine.memory_errors import DoesNotFit, is_out_of_memory
from ..stages import Context

if TYPE_CHECKING:
    from .store import ModelStore

log = logging.getLogger(__name__)

T = TypeVar("T")

_EXHAUSTED = "There was not enough memory, even in the slowest way: close other programs, turn on Small Memory, or choose a smaller model or another device."


@dataclass(frozen=True, kw_only=True)
class Attempt(Generic[T]):
    """A way to do the work. `note` is told to the artist when it is taken because the one before ran out of memory."""

    run: Callable[[], T]
    note: str = ""


def with_less_memory(attempts: Sequence[Attempt[T]], context: Context, store: ModelStore) -> T:
    """The result of the first attempt that memory is enough for.

    Where memory ran out in the middle, all idle models leave the devices and what the attempt held is freed. Only running out of memory
    leads to the next attempt. Raises Img23DError(OUT_OF_MEMORY) after the last one, and what an attempt raises else.
    """
    detail = ""
    for attempt in attempts:
        if detail and attempt.note:
            context.notify(attempt.note)
        try:
            return attempt.run()
        except (RuntimeError, MemoryError, OSError, Img23DError) as error:
            if not is_out_of_memory(error):
                raise
            detail = "".join(traceback.format_exception(error))
            was_tried = not isinstance(error, DoesNotFit)
        # Only here, outside of the handler, the exception's frames and with them its tensors can be freed.
        log.warning("out of memory: %s", detail.rstrip().rpartition("\n")[2])
        log.info("%s", detail)
        if was_tried:
            store.free_devices()
    raise Img23DError(ErrorCode.OUT_OF_MEMORY, _EXHAUSTED, detail)
