"""One GLB becomes one mesh object in a collection: our own files quickly, others through Blender's importer and without what
it adds besides.
"""

from __future__ import annotations

import logging

import bpy
from mathutils import Matrix

from ..shared.img23d_protocol import ErrorCode, Img23DError
from .quick_glb import GlbReader, build_object
from .windows import Workplace

_log = logging.getLogger(__name__)

_KINDS = ("objects", "collections", "meshes", "materials", "images", "armatures", "actions", "cameras", "lights")
_OPTIONS = {
    "import_shading": "SMOOTH",  # plain smooth faces; "NORMALS" would leave custom normals that hinder editing
    "merge_vertices": True,  # GLB splits vertices at seams; welded, the mesh is closed again
    "import_pack_images": True,
    "import_scene_as_collection": False,  # since 4.4
    "import_select_created_objects": False,  # since 4.4
}
_LOST = "The finished mesh could not be read back; press Generate again."
_SWITCHED_OFF = "Blender's glTF importer is switched off: enable “glTF 2.0 format” in the preferences, then press Import."


def import_glb(
    path: str, place: Workplace, collection: bpy.types.Collection, reader: GlbReader
) -> bpy.types.Object:
    """The object of the GLB, without any transform of its own, linked to `collection` only.

    Selection and active object stay as they are. Raises Img23DError(MESH_UNREADABLE).
    """
    arrays = reader.take(path)
    if arrays is None:
        return _by_importer(path, place, collection)
    obj = build_object(arrays, reader.mesh(path, arrays), collection)
    metre = 1.0 / place.scene.unit_settings.scale_length
    if metre != 1.0:  # the importer does so by itself
        obj.data.transform(Matrix.Scale(metre, 4))
    return obj


def _by_importer(path: str, place: Workplace, collection: bpy.types.Collection) -> bpy.types.Object:
    before = _known_ids()
    selected = [obj.session_uid for obj in place.view_layer.objects if obj.select_get(view_layer=place.view_layer)]
    active = place.view_layer.objects.active
    _run_importer(path, place, collection)
    obj = _only_mesh_object(before)
    _settle(obj, collection)
    _remove_extras(before, keep=obj)
    _restore_selection(place.view_layer, selected, active)
    return obj


def _known_ids() -> dict[str, set[int]]:
    return {kind: {block.session_uid for block in getattr(bpy.data, kind)} for kind in _KINDS}


def _new(kind: str, before: dict[str, set[int]]) -> list[bpy.types.ID]:
    return [block for block in getattr(bpy.data, kind) if block.session_uid not in before[kind]]


def _run_importer(path: str, place: Workplace, collection: bpy.types.Collection) -> None:
    if not hasattr(bpy.types, "IMPORT_SCENE_OT_gltf"):
        raise Img23DError(ErrorCode.MESH_UNREADABLE, _SWITCHED_OFF)
    known = bpy.ops.import_scene.gltf.get_rna_type().properties.keys()
    try:
        with place.context(collection=collection):
            bpy.ops.import_scene.gltf(filepath=path, **{key: value for key, value in _OPTIONS.items() if key in known})
    except (RuntimeError, OSError) as error:
        _log.exception("importing %s", path)
        raise Img23DError(ErrorCode.MESH_UNREADABLE, _LOST, str(error)) from error


def _only_mesh_object(before: dict[str, set[int]]) -> bpy.types.Object:
    meshes = [obj for obj in _new("objects", before) if obj.type == "MESH"]
    if len(meshes) != 1:
        raise Img23DError(ErrorCode.MESH_UNREADABLE, _LOST, f"{len(meshes)} meshes in the file")
    return meshes[0]


def _settle(obj: bpy.types.Object, collection: bpy.types.Collection) -> None:
    """Node transforms go into the vertices; the object is linked to the run's collection and nowhere else."""
    obj.data.transform(_world_matrix(obj))
    obj.parent = None
    obj.rotation_mode = "XYZ"
    obj.matrix_basis.identity()
    for other in list(obj.users_collection):
        if other != collection:
            other.objects.unlink(obj)
    if obj.name not in collection.objects:
        collection.objects.link(obj)


def _world_matrix(obj: bpy.types.Object) -> Matrix:
    """`matrix_world` is not up to date yet in the tick of the import."""
    own = obj.matrix_basis.copy()
    return own if obj.parent is None else _world_matrix(obj.parent) @ obj.matrix_parent_inverse @ own


def _remove_extras(before: dict[str, set[int]], keep: bpy.types.Object) -> None:
    for obj in _new("objects", before):
        if obj != keep:
            bpy.data.objects.remove(obj)
    for collection in _new("collections", before):
        if not collection.all_objects:
            bpy.data.collections.remove(collection)


def _restore_selection(view_layer: bpy.types.ViewLayer, selected: list[int], active: bpy.types.Object | None) -> None:
    wanted = set(selected)
    for obj in view_layer.objects:
        is_wanted = obj.session_uid in wanted
        if obj.select_get(view_layer=view_layer) != is_wanted:
            obj.select_set(is_wanted, view_layer=view_layer)
    view_layer.objects.active = active
