"""The painted mesh takes the plain one's place in the same object, unless the artist has worked on it meanwhile."""

from __future__ import annotations

from hashlib import blake2b

import bpy

from ..mesh.extents import points_of
from .materials import SLOT_TAG


def fingerprint(obj: bpy.types.Object) -> str:
    """Changes when the artist changes what a replaced mesh would lose: form, weights, shape keys, UV maps, attributes."""
    mesh = obj.data
    digest = blake2b(points_of(mesh), digest_size=16)
    counts = (len(mesh.edges), len(mesh.polygons), len(obj.vertex_groups), len(mesh.uv_layers), len(mesh.color_attributes))
    keys = [block.name for block in mesh.shape_keys.key_blocks] if mesh.shape_keys else []
    digest.update(repr((counts, keys)).encode())
    return digest.hexdigest()


def replace_mesh(obj: bpy.types.Object, fresh: bpy.types.Object) -> None:
    """Put `fresh`'s mesh into `obj`, and into every other object that shares the old one, and delete `fresh`. Name,
    transform, parent, modifiers and selection of `obj` stay; of its material slots those stay that the artist has put
    something else into."""
    old, new = obj.data, fresh.data
    ours = new.materials[0] if len(new.materials) else None
    kept = [slot.material for slot in obj.material_slots]
    old_materials = [m for m in old.materials if m is not None and m.get(SLOT_TAG)]
    bpy.data.objects.remove(fresh)
    old.user_remap(new)
    _fill_slots(new, kept, ours)
    name = old.name
    if old.users == 0:
        bpy.data.meshes.remove(old)
    for material in old_materials:
        if material.users == 0:
            bpy.data.materials.remove(material)
    new.name = name
    if ours is not None:
        ours.name = obj.name


def _fill_slots(mesh: bpy.types.Mesh, kept: list[bpy.types.Material | None], ours: bpy.types.Material | None) -> None:
    """The artist's slots in their order, ours where the plain material was, else at the end."""
    wanted = [ours if material is not None and material.get(SLOT_TAG) else material for material in kept]
    if ours is not None and ours not in wanted:
        wanted.append(ours)
    mesh.materials.clear()
    for material in wanted:
        mesh.materials.append(material)
