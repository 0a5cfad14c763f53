"""Whether a part is still as it was cut: only then does nothing of the artist's go with it."""

from __future__ import annotations

from hashlib import blake2b

import bpy

from .nodes import weights_of
from .records import PART_GROUP

STATE = "img23d_part_state"  # custom property of a part: what `state_of_part` said when it was cut
_SELECTION = (".select", ".hide", ".uv_select", ".vs.", ".es.", ".pn.")  # what the artist looks at, and has not made
_FIELDS = {"FLOAT": ("value", 1), "INT": ("value", 1), "BOOLEAN": ("value", 1), "INT8": ("value", 1), "FLOAT2": ("vector", 2), "FLOAT_VECTOR": ("vector", 3)}
_FIELDS |= {"FLOAT_COLOR": ("color", 4), "BYTE_COLOR": ("color", 4), "INT32_2D": ("value", 2), "INT16_2D": ("value", 2), "QUATERNION": ("value", 4)}
_NUMBERS = {"INT": "int32", "BOOLEAN": "bool", "INT8": "int32", "INT32_2D": "int32", "INT16_2D": "int32"}


def remember_part(part: bpy.types.Object) -> None:
    part[STATE] = state_of_part(part)


def is_as_cut(part: bpy.types.Object) -> bool:
    return part.mode == "OBJECT" and part.get(STATE) == state_of_part(part)


def state_of_part(part: bpy.types.Object) -> str:
    """Changes with all that would be lost with the part: its mesh and what is on it, place, materials, modifiers, children."""
    mesh = part.data
    digest = blake2b(digest_size=16)
    for attribute in sorted(mesh.attributes, key=lambda one: one.name):
        if not attribute.name.startswith(_SELECTION):
            _add(digest, attribute)
    _add_weights(digest, part)
    for key in mesh.shape_keys.key_blocks if mesh.shape_keys else ():
        digest.update(f"{key.name} {key.value:.6g} {[tuple(point.co) for point in key.data][:2000]}".encode())
    digest.update(repr(_around(part)).encode())
    return digest.hexdigest()


def _around(part: bpy.types.Object) -> tuple[object, ...]:
    own = (part.location, part.rotation_euler, part.rotation_quaternion, part.scale)  # without what the exploded view adds
    place = [part.rotation_mode, *(round(number, 6) for one in own for number in one)]
    slots = [slot.material.name if slot.material else "" for slot in part.material_slots]
    modifiers = [(one.type, one.name, one.show_viewport) for one in part.modifiers]
    return (place, slots, modifiers, [one.type for one in part.constraints], [child.name for child in part.children], part.parent == part.get(PART_GROUP))


def _add_weights(digest: object, part: bpy.types.Object) -> None:
    """Vertex by vertex it would take Blender's Python a microsecond a weight: nodes write them into attributes, which are read at once."""
    names = [group.name for group in part.vertex_groups]
    if not names:
        return
    digest.update(repr(names).encode())
    for weights in weights_of(part.data, names):
        digest.update(weights)


def _add(digest: object, attribute: bpy.types.Attribute) -> None:
    import numpy as np

    digest.update(f"{attribute.name} {attribute.domain} {attribute.data_type} {len(attribute.data)}".encode())
    field, width = _FIELDS.get(attribute.data_type, ("", 0))
    if field:
        values = np.empty(len(attribute.data) * width, _NUMBERS.get(attribute.data_type, "float32"))
        attribute.data.foreach_get(field, values)
        digest.update(values)
