"""The exploded view: drivers on the parts' delta locations, which one property of their parent moves.

They are Blender's own: a file shows them without this extension, and the property can be animated.
"""

from __future__ import annotations

from collections.abc import Sequence

import bpy
from mathutils import Vector

EXPLODE = "explode"  # custom property of the parent: 0 is in place, 1 is as far out as the part is away from the middle
_PATH = f'["{EXPLODE}"]'
_LEAST = 0.01  # of the whole's size, below which a part has no direction of its own


def add_slider(parent: bpy.types.Object, description: str) -> None:
    parent[EXPLODE] = 0.0
    parent.id_properties_ui(EXPLODE).update(min=0.0, max=20.0, soft_max=2.0, default=0.0, description=description)


def has_slider(parent: bpy.types.Object) -> bool:
    return isinstance(parent.get(EXPLODE), float)


def directions(places: Sequence[Vector], size: float) -> list[Vector]:
    """How far each part moves at 1, from the middle of all; parts that lie in the middle themselves move up, one further than the other."""
    middle = sum(places, Vector()) / max(len(places), 1)
    found, inner = [], 0
    for place in places:
        away = place - middle
        if away.length < _LEAST * size and len(places) > 1:
            inner += 1
            away = Vector((0.0, 0.0, size * (0.5 + 0.5 * inner))) if inner > 1 else Vector()
        found.append(away)
    return found


def drive(part: bpy.types.Object, parent: bpy.types.Object, direction: Vector) -> None:
    """`direction` in the part's own parent space."""
    for axis, distance in enumerate(direction):
        curve = part.driver_add("delta_location", axis)
        for modifier in list(curve.modifiers):
            curve.modifiers.remove(modifier)
        driver = curve.driver
        driver.type = "SCRIPTED"
        variable = driver.variables.new()
        variable.name, variable.type = "e", "SINGLE_PROP"
        variable.targets[0].id, variable.targets[0].data_path = parent, _PATH
        driver.expression = f"e * {distance:.7g}"  # simple enough for Blender to work it out without Python


def stop_driving(part: bpy.types.Object) -> None:
    for axis in range(3):
        part.driver_remove("delta_location", axis)
    part.delta_location = (0.0, 0.0, 0.0)
