"""Timing two ways of the same work in turn, so that what else the machine does meets both."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

RUNS = 5  # at least so many of every timed row

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, kw_only=True)
class Timed(Generic[T]):
    """`processor` seconds of all threads of this process, which other programs change least, and `elapsed` ones, one a run."""

    processor: list[float]
    elapsed: list[float]
    result: T  # of the last run

    def __add__(self, after: Timed[U]) -> Timed[U]:
        """One piece of work and then another, run by run."""
        return Timed(
            processor=[a + b for a, b in zip(self.processor, after.processor, strict=True)],
            elapsed=[a + b for a, b in zip(self.elapsed, after.elapsed, strict=True)],
            result=after.result,
        )


def timed(work: Callable[[], T], runs: int = RUNS) -> Timed[T]:
    return in_turn(work, None, runs)[0]


def in_turn(ours: Callable[[], T], theirs: Callable[[], U] | None, runs: int = RUNS) -> tuple[Timed[T], Timed[U] | None]:
    """Ours, theirs, ours, theirs and so on. `theirs` is None where the reference is not to be had."""
    mine, other = [], []
    for _ in range(runs):
        mine.append(_once(ours))
        if theirs is not None:
            other.append(_once(theirs))
    return _together(mine), _together(other) if other else None


def _once(work: Callable[[], T]) -> tuple[float, float, T]:
    processor, clock = time.process_time(), time.perf_counter()
    result = work()
    return time.process_time() - processor, time.perf_counter() - clock, result


def _together(runs: list[tuple[float, float, T]]) -> Timed[T]:
    processor, elapsed, results = zip(*runs, strict=True)
    return Timed(processor=list(processor), elapsed=list(elapsed), result=results[-1])
