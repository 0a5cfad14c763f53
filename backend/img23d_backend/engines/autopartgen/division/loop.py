"""One part after the other: each is made knowing the whole and all parts before it, until the model says that it was the last.

After AutoPartGen (Chen et al., 2025). A part that repeats what is there, or of which nothing is left, is made again from other noise; only
where that fails as often as it may, the parts that are there are all that come.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np

from ....stages import Mesh
from .duplicates import overlap, surface_voxels

MOST_PARTS = 40
RETRIES = 3
RETRY_STRIDE = 1009  # between the seeds of two tries; all parts begin with the same noise
END = 0.1  # mean size of latents that say: there are no more
DUPLICATE = 0.3  # of the smaller surface is in the other


class Maker(Protocol):
    """What makes a part."""

    def sample(self, number: int, seed: int) -> np.ndarray:
        """(L, C) latents of the part of that number, as the decoder takes them."""
        ...

    def surface(self, latents: np.ndarray) -> Mesh | None:
        """From -1 to 1; None where there is nothing solid."""
        ...

    def clean(self, mesh: Mesh) -> Mesh: ...

    def heed(self, parts: tuple[Mesh, ...]) -> None:
        """These parts are there: those that come know them."""
        ...


class Kind(Enum):
    PART = "part"  # a good one
    EMPTY = "empty"  # nothing solid; tried again, or left out where tried often enough
    DUPLICATE = "duplicate"
    END = "end"  # the model says so
    GIVEN_UP = "given up"  # tried often enough
    FULL = "full"  # as many as were allowed
    DONE = "done"  # one a mask


@dataclass(frozen=True, kw_only=True)
class Event:
    """`number` of the part, 0.., and which try at it, 0..; `mesh` of a good one, from -1 to 1."""

    kind: Kind
    number: int
    attempt: int = 0
    mesh: Mesh | None = None


@dataclass(frozen=True, kw_only=True)
class Rules:
    """`masks` is how many parts are painted: each is made once, and nothing is held against the others. 0: as many as the model finds."""

    seed: int = 0
    most: int = MOST_PARTS
    masks: int = 0
    retries: int = RETRIES


def make_parts(maker: Maker, rules: Rules) -> Iterator[Event]:
    """What happens, as it happens; the last event says why no more parts come."""
    parts: list[Mesh] = []
    union: np.ndarray | None = None
    for number in range(rules.masks or rules.most):
        event = yield from _until_good(maker, rules, number, union)
        if event.kind is Kind.END:
            return
        if event.mesh is not None:
            parts.append(event.mesh)
            maker.heed(tuple(parts))
            own = surface_voxels(event.mesh)
            union = own if union is None else union | own
        elif not rules.masks:
            yield Event(kind=Kind.GIVEN_UP, number=number)
            return
    yield Event(kind=Kind.DONE if rules.masks else Kind.FULL, number=rules.masks or rules.most)


def _until_good(maker: Maker, rules: Rules, number: int, union: np.ndarray | None) -> Generator[Event, None, Event]:
    """The last try at a part, after those that were for nothing."""
    attempt = 0
    while True:
        event = _tried(maker, rules, number, attempt, union)
        yield event
        if event.kind not in (Kind.EMPTY, Kind.DUPLICATE) or attempt == rules.retries:
            return event
        attempt += 1


def _tried(maker: Maker, rules: Rules, number: int, attempt: int, union: np.ndarray | None) -> Event:
    latents = maker.sample(number, rules.seed + attempt * RETRY_STRIDE)
    if not rules.masks and float(np.abs(latents).mean()) < END:
        return Event(kind=Kind.END, number=number, attempt=attempt)
    mesh = maker.surface(latents)
    if mesh is None:
        return Event(kind=Kind.EMPTY, number=number, attempt=attempt)
    if not rules.masks and union is not None and overlap(union, surface_voxels(mesh)) > DUPLICATE:
        return Event(kind=Kind.DUPLICATE, number=number, attempt=attempt)
    return Event(kind=Kind.PART, number=number, attempt=attempt, mesh=maker.clean(mesh))
