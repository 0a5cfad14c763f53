"""Cutting: each part an object of its own in a new collection, below an empty, at the place where the whole object stands."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
from bpy.app.translations import pgettext_rpt as _
from mathutils import Matrix, Vector

from ...shared.img23d_protocol.values import Value
from ..file.windows import Workplace
from ..mesh.extents import mesh_extents
from .explode import add_slider, directions, drive
from .labels import read_labels, write_labels
from .lids import Closer, Lids, without_dropped
from .part_state import remember_part
from .records import WHOLE_OF_GROUP, Division, tag_part
from .separate import VERTEX, add_keys, middle_of, remove_attributes, separate
from .source import Ground

HIDDEN_BEFORE = "img23d_hidden_before"  # of the empty: whether the whole object was hidden in viewports and in renders
COUNT = "img23d_part_count"  # of the empty: how many parts there were
_EMPTY_SIZE = 0.15  # of the whole's


class Wanted(Value):
    """A part that becomes an object."""

    number: int
    name: str


def cut(obj: bpy.types.Object, ground: Ground, wanted: Sequence[Wanted], place: Workplace, division: Division, lids: Lids | None) -> bpy.types.Object:
    """The empty that holds the parts of `obj`, which is hidden. Parts without faces are left out."""
    mesh = ground.mesh
    if lids is not None:
        labels, lids = without_dropped(mesh, read_labels(mesh), lids)
        write_labels(mesh, labels)
    meshes = separate(mesh, [one.number for one in wanted], [one.name for one in wanted], place.view_layer)
    group = make_group(obj, place)
    parts, closer = [], Closer(mesh, lids, obj.matrix_world) if lids is not None else None
    for one, own in zip(wanted, meshes, strict=True):
        if not len(own.polygons) and (lids is None or not (lids.part == one.number).any()):
            bpy.data.meshes.remove(own)
            continue
        part = bpy.data.objects.new(one.name, own)
        group.users_collection[0].objects.link(part)
        if ground.has_keys:
            add_keys(part, obj.data)
        if closer is not None:
            closer.close(own, one.number)
        remove_attributes(own, (VERTEX,))
        parts.append(part)
    put_parts(group, parts, obj.matrix_world)
    for part in parts:
        _give_armatures(part, obj, ground)
    finish_group(group, parts, obj, division)
    return group


def put_parts(group: bpy.types.Object, parts: Sequence[bpy.types.Object], world: Matrix) -> None:
    """Meshes that `world` puts into the scene: each gets its origin in its middle, and stays where it is."""
    middles = [Vector(middle_of(part.data)) for part in parts]
    places = [world @ middle for middle in middles]
    size = max((max(mesh_extents(part.data).transformed(world).size) for part in parts), default=1.0)
    whole = max([size, *((one - other).length for one in places[:1] for other in places)])
    group.empty_display_size = max(whole * _EMPTY_SIZE, 1e-4)
    origin = _world_of(group)
    for part, middle, away in zip(parts, middles, directions(places, whole), strict=True):
        part.data.transform(Matrix.Translation(-middle), shape_keys=True)
        inner = origin.inverted_safe() @ world @ Matrix.Translation(middle)
        location, rotation, scale = inner.decompose()
        part.parent = group
        part.location, part.rotation_euler, part.scale = location, rotation.to_euler(), scale
        sheared = inner @ Matrix.LocRotScale(location, part.rotation_euler, scale).inverted_safe()
        linear = sheared.to_3x3()
        if not _is_identity(linear):  # a sheared object's own location, rotation and scale cannot say where it is
            part.matrix_parent_inverse = sheared
        else:
            part.matrix_parent_inverse.identity()
            linear = Matrix.Identity(3)
        drive(part, group, linear.inverted_safe() @ (origin.to_3x3().inverted_safe() @ away))


def finish_group(group: bpy.types.Object, parts: Sequence[bpy.types.Object], obj: bpy.types.Object | None, division: Division, *, name: str = "") -> None:
    """The records, and the whole object out of sight. Where there is none, the parts are those of a thing of that `name`."""
    group[WHOLE_OF_GROUP] = obj if obj is not None else name
    group[COUNT] = len(parts)
    for part in parts:
        tag_part(part, obj, group, division, name=name)
        remember_part(part)
    if obj is not None:
        group[HIDDEN_BEFORE] = [int(obj.hide_viewport), int(obj.hide_render)]
        obj.hide_viewport = obj.hide_render = True


def new_group(name: str, near: bpy.types.Object | None, place: Workplace, origin: Vector) -> bpy.types.Object:
    """An empty in a new collection, beside `near` where that can be seen."""
    collection = bpy.data.collections.new(name)
    _home(near, place).children.link(collection)
    group = bpy.data.objects.new(_("{name} (parts)").format(name=name), None)
    collection.objects.link(group)
    group.empty_display_type = "PLAIN_AXES"
    group.location = origin
    add_slider(group, _("How far the parts stand apart; at 0 each is in its place"))
    return group


# --- steps --------------------------------------------------------------------------------------------------------------


def make_group(obj: bpy.types.Object, place: Workplace) -> bpy.types.Object:
    """At the object's origin, held by what holds the object."""
    origin = obj.matrix_world.translation.copy()
    group = new_group(obj.name, obj, place, origin)
    if obj.parent is not None and obj.parent_type in ("OBJECT", "BONE"):
        group.parent, group.parent_type, group.parent_bone = obj.parent, obj.parent_type, obj.parent_bone
        held = obj.matrix_world @ obj.matrix_basis.inverted_safe() @ obj.matrix_parent_inverse.inverted_safe()
        group.matrix_parent_inverse = held.inverted_safe()
    return group


def _world_of(group: bpy.types.Object) -> Matrix:
    """It stands upright and at its own size in the world, whatever holds it."""
    return Matrix.Translation(group.location)


def _home(near: bpy.types.Object | None, place: Workplace) -> bpy.types.Collection:
    shown = {layer.collection for layer in _shown_layers(place.view_layer.layer_collection)}
    return next((one for one in (near.users_collection if near is not None else ()) if one in shown), place.scene.collection)


def _shown_layers(layer: bpy.types.LayerCollection) -> list[bpy.types.LayerCollection]:
    if layer.exclude or layer.hide_viewport or layer.collection.hide_viewport:
        return []
    return [layer, *(one for child in layer.children for one in _shown_layers(child))]


def _give_armatures(part: bpy.types.Object, obj: bpy.types.Object, ground: Ground) -> None:
    for name in ground.armatures:
        _copy_settings(obj.modifiers[name], part.modifiers.new(name, "ARMATURE"))
    if ground.is_deformed_by_parent:
        part.modifiers.new(obj.parent.name, "ARMATURE").object = obj.parent


def _copy_settings(source: bpy.types.Modifier, target: bpy.types.Modifier) -> None:
    for prop in source.bl_rna.properties:
        if not prop.is_readonly and prop.identifier not in ("name", "type", "is_active"):
            setattr(target, prop.identifier, getattr(source, prop.identifier))


def _is_identity(linear: Matrix) -> bool:
    return all(abs(linear[row][column] - (row == column)) < 1e-5 for row in range(3) for column in range(3))
