"""Bases of dataclasses that Blender's start has to wait for.

`dataclass` writes the functions of a class as text and compiles them, which takes 0.6 ms for four fields (Python 3.11): more than
reading the module that the class is in. Here they are written once, for all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from typing import Any, ClassVar, NoReturn, dataclass_transform


@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
class Fields:
    """A keyword-only dataclass, which is equal to itself alone; `fields`, `replace` and `asdict` take it as they take any other."""

    _names: ClassVar[tuple[str, ...]] = ()
    _known: ClassVar[frozenset[str]] = frozenset()
    _required: ClassVar[frozenset[str]] = frozenset()
    _makers: ClassVar[Mapping[str, Callable[[], Any]]] = {}  # of the fields that are made anew for each instance

    def __init_subclass__(cls) -> None:
        dataclass(init=False, repr=False, eq=False, kw_only=True)(cls)
        own = fields(cls)  # pyright: ignore[reportArgumentType]  # it is one now
        cls._names = tuple(one.name for one in own)
        cls._known = frozenset(cls._names)
        cls._required = frozenset(one.name for one in own if one.default is MISSING and one.default_factory is MISSING)
        cls._makers = {one.name: one.default_factory for one in own if one.default_factory is not MISSING}

    def __init__(self, **values: Any) -> None:
        """Raises TypeError where a field is lacking or unknown."""
        unknown, lacking = values.keys() - self._known, self._required - values.keys()
        if unknown or lacking:
            raise TypeError(f"{type(self).__name__}: unknown {sorted(unknown)}, lacking {sorted(lacking)}")
        made = {name: make() for name, make in self._makers.items() if name not in values}
        self.__dict__.update(values, **made)  # a default stays in the class

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._names)
        return type(self).__name__ + "(" + values + ")"


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
class Value(Fields):
    """What is frozen, and equal to another one of the same class with the same values."""

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __eq__(self, other: object) -> bool:
        return self._all() == other._all() if isinstance(other, Value) and type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._all())

    def _all(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self._names)
