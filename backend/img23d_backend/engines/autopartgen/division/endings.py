"""What the artist is told of how it ended, where that is not simply that all parts are there."""

from __future__ import annotations

from collections.abc import Sequence

from img23d_protocol import ErrorCode, Img23DError

from .loop import Event, Kind

_NOTHING = "AutoPartGen finds no parts in it: try another seed, or the built-in splitter."
_NOTHING_PAINTED = "AutoPartGen makes nothing of the painted parts: try another seed, or paint larger ones."
_REPEATED = "AutoPartGen began to repeat itself, parts found so far: {count}. Another seed may find more."
_RAN_DRY = "AutoPartGen made nothing solid any more, parts found so far: {count}. Another seed may find more."
_FULL = "AutoPartGen made as many parts as are allowed: {count}. There may be more."
_LEFT_OUT = "AutoPartGen made nothing of painted part {numbers}: try another seed, or paint it larger."


def ending(events: Sequence[Event]) -> str:
    """A sentence, empty where there is nothing to tell. Raises Img23DError(NO_SURFACE) where no part came of it."""
    count = sum(one.kind is Kind.PART for one in events)
    last = events[-1]
    detail = ", ".join(f"{one.kind.value} {one.number + 1}" for one in events)
    if not count:
        raise Img23DError(ErrorCode.NO_SURFACE, _NOTHING_PAINTED if last.kind is Kind.DONE else _NOTHING, detail)
    match last.kind:
        case Kind.GIVEN_UP:
            repeated = any(one.kind is Kind.DUPLICATE and one.number == last.number for one in events)
            return (_REPEATED if repeated else _RAN_DRY).format(count=count)
        case Kind.FULL:
            return _FULL.format(count=count)
        case Kind.DONE if count < last.number:
            made = {one.number for one in events if one.kind is Kind.PART}
            numbers = ", ".join(str(number + 1) for number in range(last.number) if number not in made)
            return _LEFT_OUT.format(numbers=numbers)
        case _:
            return ""
