"""How options are declared: a frozen dataclass a stage, a field an option, and what there is to say about it as the field's metadata.

    class Shape(StageOptions):
        stages = ("shape",)
        steps: int = option(0, label="Steps", tip="Sampler steps", subject="the number of steps", maximum=100, flag="--steps")

`options_of` reads them back, with the place of each in the whole settings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, field
from enum import Enum
from functools import cache
from typing import Any, ClassVar, TypeVar

from ...errors import bad_request
from ...values import Fields, Value

Default = TypeVar("Default")
Plain = str | int | float | bool
Choice = tuple[str, str, str]  # identifier, label, tooltip
Values = Callable[[str], object]  # the value of an option, by its property's name

_KEY = "img23d"  # of the field's metadata


class Options(Value):
    """What an engine, or everything, is set to: a field a stage."""


class Condition(Value):
    """Whether an option has one of these values, or with `is_not` none of them."""

    option: str  # its property's name
    values: tuple[Plain, ...]
    is_not: bool = False

    def holds(self, values: Values) -> bool:
        return (values(self.option) in self.values) is not self.is_not


class Row(Value):
    """Where an option stands in the panels. Rows of a panel are drawn by `rank`; `text` stands in place of the label.

    A `wide` one has no label at its left, a `header` is the switch in the panel's title, `gap` leaves room above. `also` shows it
    with every engine that has the option which it asks about.
    """

    panel: str  # "names", "result", "shape", "texture", "search"
    rank: int
    text: str | None = None
    is_wide: bool = False
    is_header: bool = False
    has_gap: bool = False
    is_for_meshes: bool = False  # not there where the engine makes none
    shown: Condition | None = None
    active: Condition | None = None
    also: Condition | None = None
    hints: Mapping[str, str] = field(default_factory=dict)  # value -> what it comes to, below the row


class Record(Value):
    """How an option stands in the record of an object: under a label, formatted, left out where it is zero or not `shown`.

    `follows` puts its value behind that of another option instead.
    """

    label: str = ""
    form: str = ""  # of format()
    rank: int = 0
    hides_zero: bool = False
    shown: Condition | None = None
    follows: str = ""


class Option(Value):
    """One option: `path` is its place in the settings, `key` its name in Blender, which is unique among all options."""

    default: Any
    label: str
    tip: str
    subject: str  # in the sentence that refuses a value, such as "the number of steps"
    choices: tuple[Choice, ...] = ()
    numbers: tuple[int, ...] = ()  # that .blend files keep of the choices, where they are not the places in the list
    icons: tuple[str, ...] = ()  # of the choices
    minimum: float | None = None
    maximum: float | None = None
    zero: str = ""  # what 0 stands for, where it is a word of its own
    unit: str = ""
    longest: int = 0  # characters, of a text
    step: int | None = None  # of Blender's arrows; a hundredth of it where the value is a fraction
    precision: int | None = None  # digits
    presets: Mapping[str, Plain] | None = None  # what a quality sets other than the default; None: the presets leave it alone
    flag: str = ""
    help: str | None = None
    row: Row | None = None
    record: Record | None = None
    when: Condition | None = None  # heeded only then
    cost: int = 0  # 1: runs that differ in it take different times, 2: so different that they are not even similar
    trial: Plain | None = None  # what the doctor tries a stage with: as little as shows whether it works
    is_faces: bool = False  # a thing may have a number of its own
    is_kind: bool = False  # so may the kind of its solid
    of_one_thing: Plain | None = None  # what it is where a photo shows one thing only
    decides_picks: bool = False  # what can be picked in a photo depends on it
    is_for_projection: bool = False  # heeded only where the projection paints
    is_machine: bool = False  # belongs to the computer and stands in the preferences, not in the scene
    key: str = ""
    path: tuple[str, ...] = ()

    def at(self, *path: str, key: str) -> Option:
        """The same in this place of the settings."""
        placed = object.__new__(Option)
        placed.__dict__.update(self.__dict__, path=path, key=key)  # whose names were checked when it was declared
        return placed

    @property
    def identifiers(self) -> tuple[str, ...]:
        return tuple(identifier for identifier, _, _ in self.choices)

    def label_of(self, value: object) -> str:
        """What the panel calls a choice; the identifier itself where another version had more to choose from."""
        return label_of(self.choices, str(value))

    def as_property(self, value: Plain) -> Plain:
        """As Blender keeps it: choices are text there."""
        return str(value) if self.choices else value

    def read(self, value: Any) -> Any:
        """As the settings keep it. Raises Img23DError(BAD_REQUEST) for text that is no number or no choice."""
        kind = type(self.default)
        if issubclass(kind, Enum):
            self._check_choice(str(value))
            return kind(value)
        if kind is int and isinstance(value, str):
            if not value.isdecimal():
                raise bad_request(f"{self._subject} must be a number of {self.unit}, not “{value}”.")
            return int(value)
        return value

    def check(self, value: Any) -> None:
        """Raises Img23DError(BAD_REQUEST) for a value that is no choice, or outside of the range."""
        if self.choices:
            self._check_choice(str(value))
        elif self.longest:
            if len(value) > self.longest:
                raise bad_request(f"{self._subject} must have at most {self.longest} characters, not {len(value)}.")
        elif self.minimum is not None and self.maximum is not None and not self.minimum <= value <= self.maximum:  # also NaN
            raise bad_request(
                f"{self._subject} must be {self._range}, not {value:g}." if isinstance(value, float) else f"{self._subject} must be {self._range}, not {value}."
            )

    def _check_choice(self, value: str) -> None:
        known = ", ".join(self.identifiers)
        if value in self.identifiers:
            return
        if self.unit:
            raise bad_request(f"{self._subject} must be one of {known} {self.unit}, not {value}.")
        raise bad_request(f"{self._subject} must be one of {known}, not “{value}”.")

    @property
    def _subject(self) -> str:
        return self.subject[:1].upper() + self.subject[1:]

    @property
    def _range(self) -> str:
        if not self.zero:
            return f"{self.minimum} to {self.maximum}"
        if isinstance(self.default, float):
            return f"{self.minimum:g} to {self.maximum:g}, where 0 is {self.zero}"
        return f"1 to {self.maximum}, or 0 for {self.zero}"


def option(default: Default, *, label: str, tip: str, subject: str = "", key: str = "", **said: Any) -> Default:
    """A field of a stage's dataclass; `said` are the other fields of `Option`. Its property has the field's name where none is given."""
    declared = Option(default=default, label=label, tip=tip, subject=subject, key=key, **said)
    return field(default=default, metadata={_KEY: declared})


class StageOptions(Value):
    """What the options of a stage are asked. An engine's stages are dataclasses of this base."""

    stages: ClassVar[tuple[str, ...]] = ()  # values of `messages.Stage`

    def file_sets(self) -> tuple[str, ...]:
        """The sets of weights that these options work with; none where no model is used."""
        return ()

    def alternatives(self) -> tuple[tuple[str, ...], ...]:
        """Sets of weights each of which is enough for the stage, whatever is chosen now."""
        return (self.file_sets(),)

    def needed_bytes(self, settings: Any, sizes: Mapping[str, int]) -> Mapping[str, int]:
        """Bytes of memory by stage, for the usual way in half precision; `sizes` are those of the file sets that are known."""
        return {}

    def is_heavy(self, stage: str) -> bool:
        """Whether a lower quality takes less memory at this stage."""
        return False


class Engine(Value):
    """An engine as both sides know it: what it is called, and the stages whose options it heeds, in their order."""

    id: str
    label: str
    tip: str
    uses: tuple[type[StageOptions], ...]
    title: str  # above its shape's options in the preferences
    is_timed: bool = False  # what a device says of its speed is how long this one takes
    is_built_in: bool = False  # works without a download
    is_light: bool = False  # for machines without a large graphics card, where it is the one that is recommended
    has_kinds: bool = False  # a thing can be rounded, turned or flat
    side_photos: Condition | None = None  # when further photos of a thing are heeded; None: always
    projection: Condition | None = None  # when the photo is projected on what it makes; None: always
    drawn: tuple[str, ...] = ()  # file sets that draw what further photos would show: not needed for things that have some
    splat_painting: Mapping[str, Plain] = field(default_factory=dict)  # its options where it paints with the colours of splats; none: it cannot
    meshes: Condition | None = None  # when it makes meshes, which alone have faces and a texture; None: always
    packages: tuple[str, ...] = ()  # of Python, without which it is not ready
    needs: tuple[str, ...] = ()  # stages whose weights it cannot do without
    set_up: str = ""  # what it is called where models are downloaded, with their size and what they need; none: its label
    terms: str = ""  # on which it may be used, where an artist is told in place of an engine with a licence
    licence: str = ""  # that must be accepted before its weights are fetched
    licensed: tuple[str, ...] = ()  # what the names of its file sets begin with

    @property
    def choice(self) -> Choice:
        return (self.id, self.label, self.tip)

    @property
    def set_up_choice(self) -> Choice:
        return (self.id, self.set_up or self.label, self.tip)

    def heeds(self, name: str) -> bool:
        return name in _keys(self.uses)

    def shows(self, one: Option, values: Values) -> bool:
        """Whether the row of an option is there, with these values of the others."""
        row = one.row
        if row is None:
            return False
        if row.is_for_meshes and not self.makes_meshes(values):
            return False
        if one.is_for_projection and not self.projects(values):
            return False
        is_also = row.also is not None and self.heeds(row.also.option) and row.also.holds(values)
        return (self.heeds(one.key) or is_also) and (row.shown is None or row.shown.holds(values))

    def makes_meshes(self, values: Values) -> bool:
        return self.meshes is None or self.meshes.holds(values)

    def paints_from_splats(self, values: Values) -> bool:
        """Whether a mesh gets the colours of its splats, with these values of the options."""
        return bool(self.splat_painting) and all(values(name) == value for name, value in self.splat_painting.items())

    def projects(self, values: Values) -> bool:
        return self.projection is None or self.projection.holds(values)

    def takes_side_photos(self, values: Values) -> bool:
        return self.side_photos is None or self.side_photos.holds(values)


@cache
def _keys(stages: tuple[type[StageOptions], ...]) -> frozenset[str]:
    return frozenset(one.key for stage in stages for one in options_of(stage))


@cache
def options_of(kind: type[Fields]) -> tuple[Option, ...]:
    """The options of a dataclass and of those that it is made of, in their order; `path` begins at `kind`."""
    return tuple(one.at(*path, key=one.key or path[-1]) for one, path in _declared(kind))


def _declared(kind: type[Fields], above: tuple[str, ...] = ()) -> Iterator[tuple[Option, tuple[str, ...]]]:
    """The options as they were declared, with their paths."""
    for name, one in kind.declared().items():
        path = (*above, name)
        if _KEY in one.metadata:
            yield one.metadata[_KEY], path
        elif (inner := inner_kind(one)) is not None:
            yield from _declared(inner, path)


def inner_kind(one: Field[Any]) -> type[Fields] | None:
    """The dataclass that a field is made of, None for any other field."""
    kind = one.default_factory
    return kind if isinstance(kind, type) and issubclass(kind, Fields) else None


def label_of(choices: tuple[Choice, ...], identifier: str) -> str:
    """What the panel calls it; the identifier itself where another version had more to choose from."""
    return next((label for known, label, _ in choices if known == identifier), identifier)


def is_one_of(name: str, *values: Plain) -> Condition:
    return Condition(option=name, values=values)


def is_none_of(name: str, *values: Plain) -> Condition:
    return Condition(option=name, values=values, is_not=True)


def check(options: Any) -> None:
    """The settings, or those of one stage, with the same sentence in the panel before a request and in the backend on its receipt.

    Raises Img23DError(BAD_REQUEST) for the first value that no engine can take.
    """
    for one in options_of(type(options)):
        value = options
        for step in one.path:
            value = getattr(value, step)
        one.check(value)
