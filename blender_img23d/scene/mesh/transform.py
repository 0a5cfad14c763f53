"""An object's place, turn and size, and whether the artist has changed them since they were given."""

from __future__ import annotations

from dataclasses import dataclass

import bpy


@dataclass(frozen=True, kw_only=True)
class Transform:
    """`turn` is about z, in radians; `scale` is for all sides."""

    location: tuple[float, float, float]
    turn: float = 0.0
    scale: float = 1.0

    def give(self, obj: bpy.types.Object) -> None:
        obj.location = self.location
        obj.rotation_euler = (0.0, 0.0, self.turn)
        obj.scale = (self.scale,) * 3


def transform_of(obj: bpy.types.Object) -> tuple:
    """Numbers as Blender holds them: they are equal again as long as nobody has touched the object."""
    parent = obj.parent.session_uid if obj.parent is not None else 0
    return (*obj.location, *obj.scale, obj.rotation_mode, *obj.rotation_euler, parent, len(obj.constraints))
