"""How things are found, built and painted: what a preset of quality stands for and what an artist's own presets keep."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from ..shared.img23d_protocol.options.declare import Option
from ..shared.img23d_protocol.options.settings import OPTIONS

_Item = tuple[str, str, str] | tuple[str, str, str, int] | tuple[str, str, str, str, int]


def properties_of(options: Iterable[Option]) -> type:
    """A class to be mixed into a group, with a property for each option under its key."""
    return type("_Options", (), {"__annotations__": {one.key: _declared(one) for one in options}, "__module__": __name__})


def items_of(one: Option) -> list[_Item]:
    """The choices; numbers where files keep these instead of the places in the list, or where there are icons."""
    numbers = one.numbers or range(len(one.choices))
    if one.icons:
        return [(*choice, icon, number) for choice, icon, number in zip(one.choices, one.icons, numbers, strict=True)]
    return [(*choice, number) for choice, number in zip(one.choices, numbers, strict=True)]


def _declared(one: Option) -> Any:
    said: dict[str, Any] = {"name": one.label, "description": one.tip, "default": one.as_property(one.default)}
    if one.choices:
        return EnumProperty(**said, items=items_of(one))
    if isinstance(one.default, bool):
        return BoolProperty(**said)
    if isinstance(one.default, str):
        return StringProperty(**said, maxlen=one.longest)
    limits = {"min": one.minimum, "max": one.maximum, "step": one.step, "precision": one.precision}
    said |= {name: value for name, value in limits.items() if value is not None}
    return FloatProperty(**said) if isinstance(one.default, float) else IntProperty(**said)


KINDS = next(items_of(one) for one in OPTIONS if one.is_kind)


class QualitySettings(properties_of(one for one in OPTIONS if not one.is_machine)):
    """Mixed into the groups that hold these settings: the scene's, and the preferences' defaults."""


class MachineSettings(properties_of(one for one in OPTIONS if one.is_machine)):
    """Mixed into the preferences: what may be used of this computer."""
