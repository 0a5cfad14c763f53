"""What an object's modifiers make of its mesh, without leaving anything behind in the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import bpy

from .uv_maps import add_uv_map

if TYPE_CHECKING:
    import numpy as np

CARRIED = "img23d_carried"  # the UV map that carries a new layout through the modifiers


@contextmanager
def evaluated_mesh(obj: bpy.types.Object, view_layer: bpy.types.ViewLayer, layout: np.ndarray | None = None) -> Iterator[bpy.types.Mesh]:
    """The mesh as the viewport shows it, in the object's own space, also of a hidden object.

    `layout` (corners, 2) comes through the modifiers as the UV map CARRIED. Not to be kept beyond the block.
    """
    view_layer.update()
    with ExitStack() as stack:
        if layout is not None or not obj.evaluated_get(view_layer.depsgraph).is_evaluated:
            obj = stack.enter_context(_temporary_copy(obj, view_layer, layout))
        evaluated = obj.evaluated_get(view_layer.depsgraph)
        # All layers: Blender drops those that no material asks for; this also brings what only the graphics card subdivides
        yield evaluated.to_mesh(preserve_all_data_layers=True, depsgraph=view_layer.depsgraph)
        evaluated.to_mesh_clear()


def new_mesh_of(obj: bpy.types.Object, view_layer: bpy.types.ViewLayer) -> bpy.types.Mesh:
    """As `evaluated_mesh`, as a mesh of the file, with the materials that the object shows."""
    view_layer.update()
    with ExitStack() as stack:
        if not obj.evaluated_get(view_layer.depsgraph).is_evaluated:
            obj = stack.enter_context(_temporary_copy(obj, view_layer, None))
        evaluated = obj.evaluated_get(view_layer.depsgraph)
        mesh = bpy.data.meshes.new_from_object(evaluated, preserve_all_data_layers=True, depsgraph=view_layer.depsgraph)
        for index, slot in enumerate(obj.material_slots):
            if slot.link == "OBJECT" and index < len(mesh.materials):
                mesh.materials[index] = slot.material
    return mesh


@contextmanager
def _temporary_copy(obj: bpy.types.Object, view_layer: bpy.types.ViewLayer, layout: np.ndarray | None) -> Iterator[bpy.types.Object]:
    """A copy that is evaluated in the artist's object's stead, so that this one is never touched."""
    mesh, copy = obj.data.copy(), obj.copy()
    try:
        copy.data = mesh
        copy.hide_viewport = False
        if layout is not None:
            add_uv_map(mesh, layout, CARRIED)
        view_layer.id_data.collection.objects.link(copy)
        view_layer.update()
        yield copy
    finally:
        bpy.data.objects.remove(copy)
        bpy.data.meshes.remove(mesh)
