"""Bases of dataclasses that Blender's start has to wait for.

`dataclass` writes the functions of a class as text and compiles them, which takes 0.6 ms for four fields (Python 3.11): more than
reading the module that the class is in. Here they are written once, for all. What remains of `dataclass` is done where somebody asks for
the fields, since it still takes 0.03 ms a class, and Blender's start needs the names and the defaults only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, FrozenInstanceError, field, make_dataclass
from typing import Any, ClassVar, NoReturn, dataclass_transform


class _AskedFields:
    """`__dataclass_fields__` of a class, until `fields`, `replace`, `asdict` or `is_dataclass` asks for it."""

    def __get__(self, value: Fields | None, kind: type[Fields]) -> Mapping[str, Field[Any]]:
        said = [(name, *one) if one[1] is not MISSING else (name, one[0]) for name, one in kind._declared.items()]
        like: Any = make_dataclass(kind.__name__, said, init=False, repr=False, eq=False, kw_only=True)
        kind.__dataclass_params__, kind.__dataclass_fields__ = like.__dataclass_params__, like.__dataclass_fields__
        return like.__dataclass_fields__


@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
class Fields:
    """A keyword-only dataclass, which is equal to itself alone; `fields`, `replace` and `asdict` take it as they take any other."""

    __dataclass_params__: ClassVar[Any]
    _declared: ClassVar[dict[str, tuple[Any, Any]]] = {}  # name -> annotation and what stands behind it, or MISSING
    _names: ClassVar[tuple[str, ...]] = ()
    _known: ClassVar[frozenset[str]] = frozenset()
    _required: ClassVar[frozenset[str]] = frozenset()
    _makers: ClassVar[dict[str, Any]] = {}  # of the fields that are made anew for each instance

    def __init_subclass__(cls) -> None:
        own = {name: (kind, cls.__dict__.get(name, MISSING)) for name, kind in cls.__annotations__.items() if "ClassVar" not in str(kind)}
        declared = cls._declared | own
        makers = {name: said.default_factory for name, (_, said) in declared.items() if isinstance(said, Field) and said.default is MISSING}
        for name, (_, said) in own.items():
            if name in makers:
                delattr(cls, name)
            elif isinstance(said, Field):
                setattr(cls, name, said.default)
        cls._declared, cls._makers = declared, makers
        cls._names = tuple(declared)
        cls._known = frozenset(cls._names)
        cls._required = frozenset(name for name, (_, said) in declared.items() if said is MISSING)
        cls.__dataclass_fields__ = _AskedFields()

    def __init__(self, **values: Any) -> None:
        """Raises TypeError where a field is lacking or unknown."""
        if not self._required <= values.keys() <= self._known:
            unknown, lacking = values.keys() - self._known, self._required - values.keys()
            raise TypeError(f"{type(self).__name__}: unknown {sorted(unknown)}, lacking {sorted(lacking)}")
        own = self.__dict__
        own.update(values)  # a default stays in the class
        for name, make in self._makers.items():
            if name not in own:
                own[name] = make()

    @classmethod
    def declared(cls) -> Mapping[str, Field[Any]]:
        """Those of the fields that are declared by `field`."""
        return {name: said for name, (_, said) in cls._declared.items() if isinstance(said, Field)}

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
