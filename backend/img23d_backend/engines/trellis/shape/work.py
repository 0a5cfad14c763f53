"""The parts of a thing's work one after the other: each with less memory, or in full precision, where it does not go otherwise."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from img23d_protocol import ErrorCode, Img23DError

from ....models.load_plan import progress_part, with_frugal_plans
from ....stages import Context
from .plan import TrellisPlan
from .range_check import OutOfRange

if TYPE_CHECKING:
    from ....models.store import ModelStore

log = logging.getLogger(__name__)

_EXACT = "The shape model's numbers ran out of the range of half precision: it computes in single precision, slower."
_NOT_A_NUMBER = "The shape model's numbers ran out of range: try another seed, or let the shape stage compute on the processor."

T = TypeVar("T")


class Work:
    """On one thing; `length` is that of all its parts, in any unit."""

    def __init__(self, plan: TrellisPlan, models: ModelStore, context: Context, *, length: float) -> None:
        self._plan = plan
        self._models = models
        self._context = context
        self._length = length
        self._done = 0.0

    def do(self, length: float, run: Callable[..., T], *what: object) -> T:
        """A part: `run(*what, plan, models, report)`. Raises what it raises, and Img23DError(NO_SURFACE) in place of OutOfRange."""
        begin, self._done = self._done, self._done + length
        report = progress_part(self._context.report, begin / self._length, self._done / self._length)

        def tried(plan: TrellisPlan) -> T:
            return with_frugal_plans(plan, lambda one: run(*what, one, self._models, report), self._context, self._models)

        try:
            return tried(self._plan)
        except OutOfRange as error:
            if self._plan.dtype.itemsize == _SINGLE:
                raise _out_of_range(error) from error
            log.warning("in half precision: %s", error)
        self._context.notify(_EXACT)
        try:
            return tried(replace(self._plan, is_exact=True))
        except OutOfRange as error:
            raise _out_of_range(error) from error


_SINGLE = 4  # bytes


def _out_of_range(error: OutOfRange) -> Img23DError:
    return Img23DError(ErrorCode.NO_SURFACE, _NOT_A_NUMBER, str(error))
