"""The fields that were made last, which what paints asks as well: the same key has the same field."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from ..stages import View

_MOST = 32  # fields of 2 to 4 MB


class _Sized(Protocol):
    @property
    def nbytes(self) -> int: ...


Field = TypeVar("Field", bound=_Sized)


@dataclass(frozen=True, kw_only=True)
class Made(Generic[Field]):
    """A field, and the view in which the mesh that was made of it covers the cut-out, from `pitch` degrees above; None before there is one."""

    field: Field
    view: View | None = None
    pitch: float = 0.0


class Kept(Generic[Field]):
    def __init__(self) -> None:
        self._made: OrderedDict[str, Made[Field]] = OrderedDict()

    def of(self, key: str, make: Callable[[], Field]) -> Made[Field]:
        """Raises what `make` raises."""
        if key not in self._made:
            self._made[key] = Made(field=make())
            while len(self._made) > _MOST:
                self._made.popitem(last=False)
        self._made.move_to_end(key)
        return self._made[key]

    def remember(self, key: str, view: View, pitch: float = 0.0) -> None:
        """The view of the mesh that was made of its field."""
        if key in self._made:
            self._made[key] = replace(self._made[key], view=view, pitch=pitch)

    def clear(self) -> int:
        """Returns bytes."""
        freed = sum(made.field.nbytes for made in self._made.values())
        self._made.clear()
        return freed
