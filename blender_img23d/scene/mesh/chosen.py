"""Which meshes the artist has chosen, and of what kind they are: what operators ask in `poll`, apart from all that changes a mesh, since
Blender's start waits for it.
"""

from __future__ import annotations

from collections.abc import Iterable

import bpy

COLOR = "splat_color"  # scene linear, beyond 0..1 where the file's colours are; its alpha is the opacity
SCALE = "splat_scale"  # standard deviations along the splat's own axes
ROTATION = "splat_rotation"
FACES_BEFORE = "img23d_material_before"  # int face attribute: the slot of each face before the first re-texture
MATERIAL = "img23d_material"  # custom property of the mesh: the newest re-texture's material


def chosen_meshes(context: bpy.types.Context) -> list[bpy.types.Object]:
    """The selected mesh objects, the active one first; the active one alone where no mesh is selected.

    One object a mesh: those that share it show the same texture. Splats, which have no faces, only where nothing else is selected.
    """
    selected = [obj for obj in context.selected_objects if obj.type == "MESH"]
    active = context.object
    if active is not None and active.type == "MESH" and (active in selected or not selected):
        selected.insert(0, active)
    by_mesh: dict[bpy.types.Mesh, bpy.types.Object] = {}
    for obj in selected:
        by_mesh.setdefault(obj.data, obj)
    return with_faces(by_mesh.values())


def with_faces(objects: Iterable[bpy.types.Object]) -> list[bpy.types.Object]:
    """Without splats, unless they are all there is: the mesh that they stand with is then selected as well, and is what is meant."""
    several = list(objects)
    return [obj for obj in several if not is_splats(obj)] or several


def is_splats(obj: bpy.types.Object | None) -> bool:
    """Fit for `poll`."""
    return obj is not None and obj.type == "MESH" and all(name in obj.data.attributes for name in (COLOR, SCALE, ROTATION))


def can_switch(obj: bpy.types.Object) -> bool:
    return obj.mode == "OBJECT" and obj.data.get(MATERIAL) is not None and FACES_BEFORE in obj.data.attributes
