"""One mesh as several, one a part, with all that is on it: UV maps, weights, normals, attributes, materials.

Blender's own Separate Geometry node does it, which takes a millisecond a part of 100,000 faces.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import bpy

from ..mesh.extents import points_of
from .labels import LABELS
from .nodes import separated
from .preview import COLORS

if TYPE_CHECKING:
    import numpy as np

VERTEX = "img23d_vertex"  # int attribute of a part's vertices: their indices in the whole mesh, until the part is finished
_NORMAL = "img23d_normal"  # the custom normals, which Blender 4.2's nodes leave out


def separate(mesh: bpy.types.Mesh, numbers: Sequence[int], names: Sequence[str], view_layer: bpy.types.ViewLayer) -> list[bpy.types.Mesh]:
    """Of each part of these numbers a mesh. `mesh` is a temporary one with labels; it gets VERTEX, which the parts have as well."""
    import numpy as np

    _write(mesh, VERTEX, "INT", "POINT", "value", np.arange(len(mesh.vertices), dtype=np.int32))
    has_normals = mesh.has_custom_normals
    if has_normals:
        normals = np.empty(len(mesh.loops) * 3, np.float32)
        mesh.corner_normals.foreach_get("vector", normals)
        _write(mesh, _NORMAL, "FLOAT_VECTOR", "CORNER", "vector", normals)
    parts = separated(mesh, LABELS, [number + 1 for number in numbers], view_layer)
    for part, name in zip(parts, names, strict=True):
        part.name = name
    for part in parts:
        _finish(part, mesh, has_normals=has_normals)
    return parts


def whole_vertices(part: bpy.types.Mesh) -> np.ndarray:
    """(V,) int32: the indices that the part's vertices had in the whole mesh."""
    import numpy as np

    indices = np.empty(len(part.vertices), np.int32)
    part.attributes[VERTEX].data.foreach_get("value", indices)
    return indices


def remove_attributes(mesh: bpy.types.Mesh, names: Sequence[str]) -> None:
    for name in names:
        if name in mesh.attributes:
            mesh.attributes.remove(mesh.attributes[name])


def add_keys(part: bpy.types.Object, whole: bpy.types.Mesh) -> None:
    """The shape keys of the whole mesh, with their values; before the part's own vertices are moved or added to."""
    import numpy as np

    indices = whole_vertices(part.data)
    for block in whole.shape_keys.key_blocks:
        places = np.empty(len(whole.vertices) * 3, np.float32)
        block.data.foreach_get("co", places)
        key = part.shape_key_add(name=block.name, from_mix=False)
        key.data.foreach_set("co", places.reshape(-1, 3)[indices].ravel())
        key.slider_min, key.slider_max = block.slider_min, block.slider_max
        key.value, key.mute, key.interpolation, key.vertex_group = block.value, block.mute, block.interpolation, block.vertex_group
    keys = part.data.shape_keys
    keys.use_relative = whole.shape_keys.use_relative
    for block in whole.shape_keys.key_blocks:
        keys.key_blocks[block.name].relative_key = keys.key_blocks[block.relative_key.name]


def keep_used_materials(mesh: bpy.types.Mesh, materials: Sequence[bpy.types.Material | None]) -> None:
    """Only the slots that the faces use, of `materials` that their indices are for."""
    import numpy as np

    if not materials:
        return
    indices, attribute = np.zeros(len(mesh.polygons), np.int32), mesh.attributes.get("material_index")
    if attribute is not None:  # none where all faces have the first one
        attribute.data.foreach_get("value", indices)
    used, places = np.unique(indices.clip(0, len(materials) - 1), return_inverse=True)
    mesh.materials.clear()
    for index in used.tolist():
        mesh.materials.append(materials[index])
    if places.any():  # with the slots Blender has forgotten them
        attribute = mesh.attributes.get("material_index") or mesh.attributes.new("material_index", "INT", "FACE")
        attribute.data.foreach_set("value", places.ravel().astype(np.int32))
    mesh.update()


# --- steps --------------------------------------------------------------------------------------------------------------


def _finish(part: bpy.types.Mesh, whole: bpy.types.Mesh, *, has_normals: bool) -> None:
    if has_normals and not part.has_custom_normals:
        import numpy as np

        normals = np.empty((len(part.loops), 3), np.float32)
        part.attributes[_NORMAL].data.foreach_get("vector", normals.ravel())
        part.normals_split_custom_set(normals)
    remove_attributes(part, (_NORMAL, LABELS, COLORS))
    keep_used_materials(part, list(whole.materials))


def _write(mesh: bpy.types.Mesh, name: str, kind: str, domain: str, field: str, values: np.ndarray) -> None:
    remove_attributes(mesh, (name,))
    mesh.attributes.new(name, kind, domain).data.foreach_set(field, values)


def middle_of(mesh: bpy.types.Mesh) -> tuple[float, float, float]:
    """Of the box around it, in its own axes."""
    points = points_of(mesh)
    low, high = points.min(axis=0), points.max(axis=0)
    x, y, z = ((low + high) / 2).tolist()
    return x, y, z
