"""Which instance answers which name."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from img23d_protocol.messages import Wanted

from ..stages import Found, NotFound, Photo, PixelBox
from .instances import SAME_THING, Instance, folded
from .likeness import LIKE, SURELY_LIKE, likeness

_MARGIN = 0.02  # of the box's longer side: the model's corners lie on the thing's edge, give or take
_LEAST_SIDE = 8  # pixels; what is smaller makes no picture


@dataclass(frozen=True, kw_only=True)
class Answered:
    """One of the answers so far, and where it came from."""

    name: str
    instance: Instance


def match(wanted: tuple[Wanted, ...], instances: tuple[Instance, ...], photo: Photo) -> tuple[Found | NotFound, ...]:
    """One answer a wanted thing in their order, then the further instances of each name, as “cup 2”, “cup 3”.

    A box of the artist's is the answer to its name. Equal names get different instances. Different names may get the same
    thing where the model gave it both labels and nothing else is left.
    """
    large = tuple(one for one in instances if _least_side(one, photo) >= _LEAST_SIDE)
    matching = _Matching(wanted, large)
    matching.best_first(shared=False)
    matching.by_order()
    matching.best_first(shared=True)
    missed = {_fold(name) for name in matching.names_of([one for one in instances if one not in large])}
    answers = [_answer(index, one, matching, photo, is_tiny=_fold(one.name) in missed) for index, one in enumerate(wanted)]
    further = [found_at(one.name, one.instance, photo) for one in matching.further()]
    return (*answers, *further)


class _Matching:
    """The answers as they are found: by the index of the wanted thing."""

    def __init__(self, wanted: tuple[Wanted, ...], instances: tuple[Instance, ...]) -> None:
        self.answers: dict[int, Answered] = {}
        self._wanted = wanted
        self._open = [index for index, one in enumerate(wanted) if one.box is None]
        self._instances = instances
        self._by_order: dict[Instance, str] = {}  # names for labels that resemble none
        for index, one in enumerate(wanted):
            if one.box is not None:
                box = one.box
                drawn = Instance(label=one.name, left=box.left, top=box.top, right=box.right, bottom=box.bottom)
                self.answers[index] = Answered(name=one.name, instance=drawn)

    def best_first(self, *, shared: bool) -> None:
        """The labels that resemble names most take them first, then the model's order."""
        pairs = []
        for index in self._unanswered():
            for place, instance in enumerate(self._instances):
                score = self._score(self._wanted[index].name, instance)
                if score >= LIKE:
                    pairs.append((-score, index, place))
        for _, index, place in sorted(pairs):
            name, instance = self._wanted[index].name, self._instances[place]
            if index not in self.answers and not self._is_taken(instance, name if shared else None):
                self.answers[index] = Answered(name=name, instance=instance)

    def by_order(self) -> None:
        """Labels in other words, or none: all for the only name that was asked, or label for name where they are as many."""
        names = list(dict.fromkeys(self._wanted[index].name for index in self._unanswered()))
        unlike = [one for one in self._instances if not self.names_of([one])]
        labels = list(dict.fromkeys(folded(one.label) or one for one in unlike))
        asked = {_fold(self._wanted[index].name) for index in self._open}
        if len(asked) == 1 and unlike:
            self._by_order = dict.fromkeys(unlike, self._wanted[self._open[0]].name)
        elif len(labels) == len(names):
            names_of = dict(zip(labels, names, strict=True))
            self._by_order = {one: names_of[folded(one.label) or one] for one in unlike}
        self.best_first(shared=False)

    def further(self) -> list[Answered]:
        """The instances of a name that are left, each with a number that no wanted name has."""
        taken = {_fold(one.name) for one in self._wanted}
        found: list[Answered] = []
        for instance in self._instances:
            for name in self.names_of([instance])[:1]:
                others = [*self.answers.values(), *found]
                if all(instance.overlap(other.instance) < SAME_THING for other in others):
                    number = 2
                    while _fold(f"{name} {number}") in taken or number <= self._count(name):
                        number += 1
                    taken.add(_fold(f"{name} {number}"))
                    found.append(Answered(name=f"{name} {number}", instance=instance))
        return sorted(found, key=lambda one: self._place(one.name))

    def names_of(self, instances: list[Instance]) -> list[str]:
        """For each instance the name that its label resembles most, where it resembles one."""
        names = list(dict.fromkeys(self._wanted[index].name for index in self._open))
        found = []
        for instance in instances:
            scores = {name: self._score(name, instance) for name in names}
            best = max(scores, key=scores.__getitem__, default="")
            if best and scores[best] >= LIKE:
                found.append(best)
        return found

    def _score(self, name: str, instance: Instance) -> float:
        """A label that surely means another name does not mean this one a little."""
        if self._by_order.get(instance) == name:
            return LIKE
        score = likeness(name, instance.label)
        best = max(likeness(self._wanted[index].name, instance.label) for index in self._open)
        return score if score >= SURELY_LIKE or score == best else 0.0

    def _is_taken(self, instance: Instance, but_shared_by: str | None) -> bool:
        """Whether it is the answer to something already; to the same name, where things may be shared."""
        return any(
            instance.overlap(one.instance) >= SAME_THING and (but_shared_by is None or _fold(one.name) == _fold(but_shared_by)) for one in self.answers.values()
        )

    def _unanswered(self) -> list[int]:
        return [index for index in self._open if index not in self.answers]

    def _count(self, name: str) -> int:
        return sum(_fold(one.name) == _fold(name) for one in self._wanted)

    def _place(self, numbered: str) -> int:
        name = _fold(numbered.rpartition(" ")[0])
        return next(index for index, one in enumerate(self._wanted) if _fold(one.name) == name)


# --- what is handed on ----------------------------------------------------------------------------------------------------


def _answer(index: int, wanted: Wanted, matching: _Matching, photo: Photo, *, is_tiny: bool) -> Found | NotFound:
    answered = matching.answers.get(index)
    if wanted.box is not None and answered is not None:
        return boxed(wanted, photo)
    if answered is not None:
        others = [one for place, one in matching.answers.items() if place < index]
        same = next((one.name for one in others if one.instance.overlap(answered.instance) >= SAME_THING), "")
        found = found_at(wanted.name, answered.instance, photo)
        remarks = (found.note, f"the same thing as “{same}”" if same else "", "smaller ones are left out" if is_tiny else "")
        return replace(found, note="; ".join(remark for remark in remarks if remark))
    if is_tiny:
        sentence = f"“{wanted.name}” is too small in this photo: use a larger photo, or give it a box."
    elif any(_fold(one.name) == _fold(wanted.name) for one in matching.answers.values()):
        sentence = f"No further “{wanted.name}” was seen in the photo: name it once less, or give it a box."
    else:
        sentence = f"“{wanted.name}” was not seen in the photo: say it in other words, or give it a box."
    return NotFound(name=wanted.name, sentence=sentence)


def boxed(wanted: Wanted, photo: Photo) -> Found | NotFound:
    """The artist's box, in the photo's pixels."""
    box = wanted.box
    assert box is not None
    sides = (box.left, box.top, box.right, box.bottom)
    if all(math.isfinite(side) for side in sides):
        pixels = _pixels(*(min(max(side, 0.0), 1.0) for side in sides), photo=photo)
        if min(pixels.width, pixels.height) >= _LEAST_SIDE:
            return Found(name=wanted.name, box=pixels, note="in the box that was drawn")
    return NotFound(name=wanted.name, sentence=f"The box of “{wanted.name}” is empty; draw it again around the thing.")


def found_at(name: str, instance: Instance, photo: Photo) -> Found:
    """The instance under that name, with a margin of at least a pixel, as far as the photo goes."""
    width, height = (instance.right - instance.left) * photo.width, (instance.bottom - instance.top) * photo.height
    margin = 1 + _MARGIN * max(width, height)
    across, down = margin / photo.width, margin / photo.height
    box = _pixels(
        max(0.0, instance.left - across),
        max(0.0, instance.top - down),
        min(1.0, instance.right + across),
        min(1.0, instance.bottom + down),
        photo=photo,
    )
    is_called_so = likeness(name, instance.label) >= SURELY_LIKE or not instance.label
    called = "" if is_called_so else f"the model calls it “{instance.label}”"
    return Found(name=name, box=box, note="; ".join(note for note in (called, instance.note) if note))


def _pixels(left: float, top: float, right: float, bottom: float, *, photo: Photo) -> PixelBox:
    return PixelBox(
        left=math.floor(left * photo.width),
        top=math.floor(top * photo.height),
        right=math.ceil(right * photo.width),
        bottom=math.ceil(bottom * photo.height),
    )


def _least_side(instance: Instance, photo: Photo) -> float:
    return min((instance.right - instance.left) * photo.width, (instance.bottom - instance.top) * photo.height)


def _fold(name: str) -> str:
    return folded(name) or name
