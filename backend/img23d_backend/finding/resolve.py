"""Which of the instances that a detector found are meant, by the words on colour, size and place in the names.

A detector is asked for kinds of things; which of several of a kind a name means is decided here, by the same rules as without any model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from img23d_protocol.messages import Box, Wanted

from ..stages import Found, NotFound, Photo
from .assignment import Choice, Unmet, assign_regions, has_colours
from .instances import SAME_THING, Instance
from .looks import Looks, looks_of
from .match import boxed, found_at, match
from .things import reading_order
from .words import Description, described

_LOOKED_AT = 640  # pixels of the photo's longer side: enough to tell colours
_INNER = 0.7  # of a box's sides: what lies in the ellipse of this size is mostly the thing itself
_SAME_BUT_MARGIN = 0.5  # overlap of a small instance with itself and the margin that it is handed on with
_ANYTHING = "thing"


def kinds(wanted: Sequence[Wanted]) -> tuple[str, ...]:
    """What a detector is to be asked for, each once; empty for “the red one”, which can be anything."""
    return tuple(dict.fromkeys(described(one.name).kind for one in wanted if one.box is None))


@dataclass(frozen=True, kw_only=True)
class _Seen(Looks):
    """An instance as the words speak of it, in pixels of the photo."""

    instance: Instance
    left: float
    top: float
    right: float
    bottom: float

    @property
    def center(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    @property
    def area(self) -> float:
        return (self.right - self.left) * (self.bottom - self.top)


def resolve(wanted: tuple[Wanted, ...], instances: tuple[Instance, ...], photo: Photo) -> tuple[Found | NotFound, ...]:
    """One answer a wanted thing in their order, then the further instances of names that do not say which one is meant.

    The instances' labels are kinds as in `kinds`, those that are surest come first. Boxes of the artist's are the answers to their names.
    """
    resolving = _Resolving(wanted, instances, photo)
    resolving.by_place_and_size(with_kind=True)
    resolving.by_kind(coloured=True)  # before those that mean any of the kind
    resolving.by_kind(coloured=False)
    resolving.by_place_and_size(with_kind=False)  # “the left one” of what no other name means
    return resolving.answers()


class _Resolving:
    """The answers as they are found, by the index of the wanted thing."""

    def __init__(self, wanted: tuple[Wanted, ...], instances: tuple[Instance, ...], photo: Photo) -> None:
        self._wanted, self._photo = wanted, photo
        self._answers: dict[int, Found | NotFound] = {index: boxed(one, photo) for index, one in enumerate(wanted) if one.box is not None}
        self._descriptions = {index: described(one.name) for index, one in enumerate(wanted) if one.box is None}
        self._seen = _seen(instances, photo)
        self._taken = {index: self._instance(one) for index, one in self._answers.items() if isinstance(one, Found)}
        self._further: list[Found] = []

    def answers(self) -> tuple[Found | NotFound, ...]:
        """All of them, then the further instances."""
        return (*(self._answers[index] for index in range(len(self._wanted))), *self._further)

    def by_place_and_size(self, *, with_kind: bool) -> None:
        """The names that tell which of several is meant, all of a kind at a time."""
        rows = [index for index, one in self._descriptions.items() if _tells_which(one) and bool(one.kind) is with_kind]
        for kind in dict.fromkeys(self._descriptions[index].kind for index in rows):
            mine = [index for index in rows if self._descriptions[index].kind == kind]
            things = reading_order(self._free(kind))
            choices = assign_regions([self._descriptions[index].query for index in mine], things, kind=kind or _ANYTHING)
            for index, choice in zip(mine, choices, strict=True):
                self._settle(index, choice, things)

    def by_kind(self, *, coloured: bool) -> None:
        """The names that mean every thing of a kind, or every one of a colour, in the detector's order."""
        rows = [
            index for index, one in self._descriptions.items() if index not in self._answers and not _tells_which(one) and bool(one.query.colours) is coloured
        ]
        by_name = {self._wanted[index].name: self._candidates(index) for index in rows}
        self._answers |= {index: self._not_seen(index) for index in rows if not by_name[self._wanted[index].name]}
        kept = [index for index in range(len(self._wanted)) if index in self._taken or (index in rows and index not in self._answers)]
        labelled = tuple(replace(one.instance, label=name) for name, candidates in by_name.items() for one in candidates)
        matched = match(tuple(self._stand_in(index) for index in kept), labelled, self._photo)
        for index, answer in zip(kept, matched, strict=False):
            self._answers.setdefault(index, answer)
            if isinstance(answer, Found):
                self._taken.setdefault(index, self._instance(answer))
        self._further += [one for one in matched[len(kept) :] if isinstance(one, Found)]

    def _settle(self, index: int, choice: Choice | Unmet | None, things: list[_Seen]) -> None:
        name, kind = self._wanted[index].name, self._descriptions[index].kind
        match choice:
            case Choice():
                instance = things[choice.region].instance
                found = found_at(name, replace(instance, label=name), self._photo)
                self._taken[index] = instance
                self._answers[index] = replace(found, note=f"{choice.reason} {found.note}".strip())
            case Unmet():
                self._answers[index] = _unmet(name, kind, choice.words)
            case None:
                self._answers[index] = self._not_seen(index)

    def _free(self, kind: str) -> list[_Seen]:
        taken = [*self._taken.values(), *(self._instance(one) for one in self._further)]
        return [one for one in self._seen if one.instance.label == kind and all(one.instance.overlap(other) < SAME_THING for other in taken)]

    def _candidates(self, index: int) -> list[_Seen]:
        """The instances that a name may mean, those that clearly have more of its colours first."""
        query = self._descriptions[index].query
        fitting = [one for one in self._free(self._descriptions[index].kind) if has_colours(one, query)]
        return sorted(fitting, key=lambda one: -round(sum(one.share_about(colour) for colour in query.colours), 1))

    def _stand_in(self, index: int) -> Wanted:
        """What is found already, as if its box had been drawn: it counts, and nothing else is found there."""
        one = self._taken.get(index)
        if one is None:
            return self._wanted[index]
        return replace(self._wanted[index], box=Box(left=one.left, top=one.top, right=one.right, bottom=one.bottom))

    def _instance(self, found: Found) -> Instance:
        """Which one it is; a box of the artist's may be none of the detector's."""
        box, width, height = found.box, self._photo.width, self._photo.height
        whole = Instance(label=found.name, left=box.left / width, top=box.top / height, right=box.right / width, bottom=box.bottom / height)
        nearest = max((one.instance for one in self._seen), key=whole.overlap, default=whole)
        return nearest if whole.overlap(nearest) >= _SAME_BUT_MARGIN else whole

    def _not_seen(self, index: int) -> NotFound:
        name, description = self._wanted[index].name, self._descriptions[index]
        if not any(one.instance.label == description.kind for one in self._seen):
            return NotFound(name=name, sentence=f"“{name}” was not seen in the photo: say it in other English words, or give it a box.")
        if description.query.colours and self._free(description.kind):
            return _unmet(name, description.kind, ", ".join(description.query.colours))
        return NotFound(name=name, sentence=f"No further “{name}” was seen in the photo: name it once less, or give it a box.")


def _unmet(name: str, kind: str, words: str) -> NotFound:
    kind = kind or _ANYTHING
    sentence = f"No “{kind}” in the photo is clearly “{words}”: give “{name}” a box, or leave it out."
    return NotFound(name=name, sentence=sentence)


def _tells_which(description: Description) -> bool:
    query = description.query
    return bool(query.sides or query.sizes or query.ordinal is not None or query.shade or (query.is_specific and not description.kind))


def _seen(instances: Sequence[Instance], photo: Photo) -> list[_Seen]:
    if not instances:
        return []
    scale = min(1.0, _LOOKED_AT / max(photo.width, photo.height))
    size = (max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))
    small = cv2.resize(photo.rgb, size, interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return [_described(one, lab, photo) for one in instances]


def _described(one: Instance, lab: np.ndarray, photo: Photo) -> _Seen:
    """With the looks of what lies in the middle of its box."""
    height, width = lab.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width] + 0.5
    across, down = max(one.right - one.left, 1 / width) * width * _INNER / 2, max(one.bottom - one.top, 1 / height) * height * _INNER / 2
    x, y = (one.left + one.right) / 2 * width, (one.top + one.bottom) / 2 * height
    looks = looks_of(lab[((columns - x) / across) ** 2 + ((rows - y) / down) ** 2 <= 1])
    return _Seen(
        instance=one,
        left=one.left * photo.width,
        top=one.top * photo.height,
        right=one.right * photo.width,
        bottom=one.bottom * photo.height,
        colours=looks.colours,
        lightness=looks.lightness,
    )
