"""The list of targets: what is made of it, what a search asks for, and what becomes of it when the answer is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ...shared.img23d_protocol.errors import bad_request
from ...shared.img23d_protocol.messages import Box, LocatedTarget, Point, ShapeKind, SidePhoto, Wanted
from ...shared.img23d_protocol.typed_names import split_names
from .strokes import parse_strokes

_PICKED = 0.75  # of two boxes' union that both cover: then a click into the thing means the row that has it
_SAME_THING = 0.5  # of two boxes' union that both cover: then they are around the same thing


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the list. `box` is None where the name was not found; `strokes` is text, see `core.boxes.strokes`.

    `found_as` is the name that the search was asked for, whatever the artist calls it now; empty for a row that the artist
    added. `point` is the place in the photo at which the artist picked it, with the box of what is there. `height` is in metres, `faces` a
    number of its own, 0 for the usual one.
    """

    name: str
    use: bool = True
    box: Box | None = None
    point: Point | None = None
    is_drawn: bool = False
    found_as: str = ""
    note: str = ""
    cutout: str = ""
    strokes: str = ""
    height: float = 0.0
    shape: ShapeKind = ShapeKind.AUTO
    sides: tuple[SidePhoto, ...] = ()  # absolute paths
    automatic: str = ""  # the kind that AUTO comes to, once it is known
    faces: int = 0
    is_edited: bool = True  # where each cut-out is cleaned, this one as well

    @property
    def key(self) -> str:
        """The typed name that this row is the answer to."""
        return _key(self.found_as or self.name)

    @property
    def stays(self) -> bool:
        """Whether a new search leaves its box as it is."""
        return self.is_drawn and self.box is not None


def things_to_make(rows: Sequence[Row], names: str, found_names: str) -> tuple[Wanted, ...]:
    """The rows that are switched on and have a box, then the typed names that were never looked for.

    `found_names` are the names as they were typed at the last search. No rows and no names at all: the whole picture.
    Raises Img23DError(BAD_REQUEST) where there is a list, and nothing of it is to be made.
    """
    if not rows:
        return tuple(Wanted(name=name) for name in split_names(names))
    made = [_wanted(row, number) for number, row in enumerate(rows, start=1) if row.use and row.box is not None]
    added = [row.name for row in rows if _key(row.name) != _key(row.found_as)]
    made += [Wanted(name=name) for name in _without(split_names(names), [*split_names(found_names), *added])]
    if not made:
        raise bad_request("Nothing in the list is to be made: switch something on, draw a box, or type another name.")
    return tuple(made)


def things_to_find(rows: Sequence[Row], names: str) -> tuple[Wanted, ...]:
    """The boxes that the artist drew, so that they are cut out and nothing else is found there, and the other typed names."""
    drawn = [(number, row) for number, row in enumerate(rows, start=1) if row.stays]
    typed = _keys(names)
    covered = [row.key if row.key in typed else row.name for _, row in drawn]
    searched = [Wanted(name=name) for name in _without(split_names(names), covered)]
    return (*(_wanted(row, number) for number, row in drawn), *searched)


def is_covered(names: str, found_names: str) -> bool:
    """Whether a search for the one was a search for the other."""
    return _keys(names) == _keys(found_names)


def with_found(rows: Sequence[Row], asked: Sequence[Wanted], names: str, found: Sequence[LocatedTarget]) -> tuple[tuple[Row, ...], tuple[int, ...]]:
    """The list when a search is answered, and for each answer the index of its row.

    `asked` and `names` are as the search began; the artist may have changed the list since. Boxes that were drawn stay, and so
    does what the artist said about a thing that is found again: its name, place in the list, height and strokes. Rows that
    were found earlier go, but for those that were not looked for since another box of the same name was drawn.
    """
    claims = _claims(rows, found)
    typed, searched = _keys(names), {_key(wanted.name) for wanted in asked if wanted.box is None}
    merged: list[Row] = []
    places: dict[int, int] = {}  # row by answer
    for index, row in enumerate(rows):
        if index in claims:
            places[claims[index]] = len(merged)
            merged.append(row if row.stays else _answered(row, found[claims[index]]))
        elif row.stays or not row.found_as or (row.key in typed and row.key not in searched):
            merged.append(row)
    for answer, one in enumerate(found):
        if answer not in places:
            places[answer] = len(merged)
            merged.append(_answered(Row(name=one.name, found_as=one.name), one))
    return tuple(merged), tuple(places[answer] for answer in range(len(found)))


def searchable(name: str) -> str:
    """The name of a row, to look for. Raises Img23DError(BAD_REQUEST) where it has none."""
    if not name.strip():
        raise bad_request("This one has no name to look for: click it twice in the list and type one.")
    return " ".join(name.split())


def found_again(rows: Sequence[Row], index: int, found: Sequence[LocatedTarget]) -> tuple[Row, int | None]:
    """The row when only it was looked for, and which answer it took: one that no other row is around, where there is one.

    There is at least one answer. A row that has a box keeps it where nothing is found.
    """
    row = rows[index]
    others = [other.box for other in rows if other is not row]
    boxed = [answer for answer, one in enumerate(found) if one.box is not None]
    free = [answer for answer in boxed if not any(overlap(found[answer].box, other) > _SAME_THING for other in others)]
    if not boxed and row.box is not None:
        return replace(row, note=found[0].note), None
    answer = (free or boxed or [0])[0]
    return _answered(row, found[answer]), answer


def _answered(row: Row, one: LocatedTarget) -> Row:
    return replace(row, box=one.box, point=None, note=one.note, cutout="", automatic="", is_drawn=False)


def _claims(rows: Sequence[Row], found: Sequence[LocatedTarget]) -> dict[int, int]:
    """Which answer is whose, by row: of those with its name the one whose box is nearest.

    Drawn boxes choose first, then the rows that an answer is nearest to.
    """
    by_name: dict[str, list[int]] = {}
    for answer, one in enumerate(found):
        by_name.setdefault(_key(one.name), []).append(answer)

    def alike(row: Row) -> list[int]:
        return by_name.get(row.key) or by_name.get(_key(row.name)) or []

    def nearness(row: Row) -> float:
        return max((overlap(row.box, found[answer].box) for answer in alike(row)), default=0.0)

    claims: dict[int, int] = {}
    for index in sorted(range(len(rows)), key=lambda index: (not rows[index].stays, -nearness(rows[index]))):
        row, free = rows[index], alike(rows[index])
        if free:
            claims[index] = max(free, key=lambda answer: overlap(row.box, found[answer].box))
            free.remove(claims[index])
    return claims


def _wanted(row: Row, number: int) -> Wanted:
    name = " ".join(row.name.split()) or f"Box {number}"
    return Wanted(
        name=name,
        box=row.box,
        point=row.point,
        strokes=parse_strokes(row.strokes),
        height=row.height,
        shape=row.shape,
        sides=row.sides,
        faces=row.faces,
        is_edited=row.is_edited,
    )


def _without(names: Iterable[str], covered: Iterable[str]) -> list[str]:
    """The names that are left when each of `covered` takes one of the same spelling away."""
    takes = Counter(map(_key, covered))
    left = []
    for name in names:
        if takes[_key(name)] > 0:
            takes[_key(name)] -= 1
        else:
            left.append(name)
    return left


def _keys(names: str) -> Counter[str]:
    return Counter(map(_key, split_names(names)))


def _key(name: str) -> str:
    return " ".join(name.split()).casefold()


def row_of(rows: Sequence[Row], box: Box) -> int | None:
    """The row whose box is around the thing that has this box; None where there is none."""
    near = max(range(len(rows)), key=lambda index: overlap(rows[index].box, box), default=None)
    return near if near is not None and overlap(rows[near].box, box) >= _PICKED else None


def overlap(a: Box | None, b: Box | None) -> float:
    """Intersection over union, 0..1; 0 for what has no box."""
    if a is None or b is None:
        return 0.0
    width = min(a.right, b.right) - max(a.left, b.left)
    height = min(a.bottom, b.bottom) - max(a.top, b.top)
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / (_area(a) + _area(b) - width * height)


def _area(box: Box) -> float:
    return (box.right - box.left) * (box.bottom - box.top)
