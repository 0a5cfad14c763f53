"""Values without generated functions behave as frozen dataclasses do: the standard library's own is the other reader."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, is_dataclass, replace

import pytest

from img23d_protocol.values import Fields, Value


class Place(Value):
    """One of ours."""

    x: int
    label: str = "here"
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Usual:
    """What it has to be like."""

    x: int
    label: str = "here"
    notes: Mapping[str, str] = field(default_factory=dict)


class Far(Place):
    """With a further field."""

    y: float = 0.5


class Counter(Fields):
    """Not frozen."""

    count: int = 0


def test_it_is_a_dataclass_to_the_standard_library():
    assert is_dataclass(Place) and [one.name for one in fields(Place)] == [one.name for one in fields(Usual)]
    assert asdict(Place(x=1)) == asdict(Usual(x=1))
    assert asdict(replace(Place(x=1, label="there"), x=2)) == asdict(replace(Usual(x=1, label="there"), x=2))
    assert repr(Place(x=1, notes={"a": "b"})) == repr(Usual(x=1, notes={"a": "b"})).replace("Usual", "Place")


@pytest.mark.parametrize("kind", [Place, Usual])
def test_what_is_lacking_or_unknown_is_refused(kind):
    for values in ({}, {"label": "there"}, {"x": 1, "z": 2}):
        with pytest.raises(TypeError):
            kind(**values)
    with pytest.raises(TypeError):
        kind(1)


@pytest.mark.parametrize("kind", [Place, Usual])
def test_it_is_frozen(kind):
    value = kind(x=1)
    with pytest.raises(FrozenInstanceError):
        value.x = 2
    with pytest.raises(FrozenInstanceError):
        value.other = 2
    with pytest.raises(FrozenInstanceError):
        del value.x
    assert value.x == 1


def test_equal_values_are_equal_whether_they_were_given_or_not():
    assert Place(x=1) == Place(x=1, label="here", notes={}) != Place(x=2)
    assert Far(x=1) != Place(x=1) and Place(x=1) != Usual(x=1)
    assert {Plain(x=1), Plain(x=1, label="here")} == {Plain(x=1)}


class Plain(Value):
    """With nothing in it that has no hash."""

    x: int
    label: str = "here"


def test_a_made_default_belongs_to_one_value_alone():
    first, second = Place(x=1), Place(x=1)
    assert first.notes == {} and first.notes is not second.notes


def test_what_inherits_has_all_fields():
    assert [one.name for one in fields(Far)] == ["x", "label", "notes", "y"]
    assert Far(x=1).y == 0.5 and replace(Far(x=1), y=2.0) == Far(x=1, y=2.0)


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_copies_are_equal(again):
    assert again(Far(x=1, notes={"a": "b"})) == Far(x=1, notes={"a": "b"})


def test_fields_can_be_changed_where_it_is_no_value():
    counter, other = Counter(), Counter()
    counter.count += 1
    assert (counter.count, other.count) == (1, 0) and Counter() != Counter()
