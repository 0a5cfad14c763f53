"""Which material each face had before a re-texture, so that one button goes back and forth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ..mesh.chosen import FACES_BEFORE, MATERIAL

if TYPE_CHECKING:
    import numpy as np


def remember_faces(obj: bpy.types.Object, material: bpy.types.Material) -> None:
    """Keep what each face shows now (unless that is an earlier re-texture) and show `material` on all of them."""
    mesh = obj.data
    if FACES_BEFORE not in mesh.attributes:
        attribute = mesh.attributes.new(FACES_BEFORE, "INT", "FACE")
        attribute.data.foreach_set("value", _indices(mesh))
    elif not shows_new(obj):  # the artist went back and perhaps gave faces other materials
        mesh.attributes[FACES_BEFORE].data.foreach_set("value", _indices(mesh))
    mesh[MATERIAL] = material
    _show_everywhere(mesh, _slot_of(obj, material))


def shows_new(obj: bpy.types.Object) -> bool:
    """Whether every face shows the newest re-texture, or at least an earlier one that it follows."""
    import numpy as np

    indices = _indices(obj.data)
    used = {obj.material_slots[i].material for i in np.unique(indices) if i < len(obj.material_slots)}
    return used == {obj.data.get(MATERIAL)}


def switch(obj: bpy.types.Object) -> bool:
    """Show the other of the two: True when the new texture shows now."""
    mesh = obj.data
    is_new = shows_new(obj)
    if is_new:
        before = _read(mesh.attributes[FACES_BEFORE].data, "value", len(mesh.polygons))
        mesh.polygons.foreach_set("material_index", before)
        mesh.update()
    else:
        mesh.attributes[FACES_BEFORE].data.foreach_set("value", _indices(mesh))
        _show_everywhere(mesh, _slot_of(obj, mesh[MATERIAL]))
    return not is_new


def _slot_of(obj: bpy.types.Object, material: bpy.types.Material) -> int:
    """The material's slot, added at the end where there is none."""
    for index, slot in enumerate(obj.material_slots):
        if slot.material == material:
            return index
    if not len(obj.data.materials):
        obj.data.materials.append(None)  # what had no material is shown without one when the artist goes back
    obj.data.materials.append(material)
    return len(obj.data.materials) - 1


def _show_everywhere(mesh: bpy.types.Mesh, slot: int) -> None:
    import numpy as np

    mesh.polygons.foreach_set("material_index", np.full(len(mesh.polygons), slot, np.int32))
    mesh.update()


def _indices(mesh: bpy.types.Mesh) -> np.ndarray:
    """(faces,) int32"""
    return _read(mesh.polygons, "material_index", len(mesh.polygons))


def _read(collection: bpy.types.bpy_prop_collection, name: str, count: int) -> np.ndarray:
    import numpy as np

    values = np.empty(count, np.int32)
    collection.foreach_get(name, values)
    return values
