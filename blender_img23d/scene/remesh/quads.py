"""Meshes of triangles become quads, with their texture; QuadriFlow works in a second Blender."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.app.translations import pgettext_rpt as _

from ...shared.img23d_protocol.errors import bad_request
from ..file.windows import push_undo, workplace_of
from ..glb.materials import base_image
from ..glb.textures import keep
from .remesher import Change, Words

_FEWEST = 50  # quads
_PROGRAM = Path(__file__).with_name("quad_program.py")
_WORDS = Words(
    doing="Making quads of “{name}”: {seconds} s",
    changed="“{name}” stays as it is: it was changed while quads were made of it.",
    late="“{name}” stays as it is: making quads of it took more than {minutes} minutes. Try fewer faces.",
    ended="“{name}” stays as it is: Blender's quad maker ended without a result. Try another number of faces.",
    unfit="“{name}” stays as it is: its surface has holes, or parts that run through each other, and Blender makes no quads of it.",
)


def quads_of(obj: bpy.types.Object, faces: int = 0) -> Change:
    """About so many quads, 0: half as many as there are triangles.

    Raises Img23DError(BAD_REQUEST) for what cannot be changed.
    """
    check_remeshable(obj)
    quads = max(faces or len(obj.data.polygons) // 2, _FEWEST)
    return Change(program=_PROGRAM, arguments=(str(quads),), words=_WORDS, write=_write, put=_put)


def _write(obj: bpy.types.Object, source: Path) -> None:
    bpy.data.libraries.write(str(source), {obj.data}, path_remap="ABSOLUTE", fake_user=True)


def check_remeshable(obj: bpy.types.Object) -> None:
    """Raises Img23DError(BAD_REQUEST) with what to do first."""
    mesh = obj.data
    if obj.library or mesh.library or obj.override_library or mesh.override_library:
        sentence = _("“{name}” is linked from another file: make it local first (Object > Relations > Make Local).")
        raise bad_request(sentence.format(name=obj.name))
    if mesh.shape_keys is not None or len(obj.vertex_groups):
        raise bad_request(_("“{name}” has shape keys or vertex groups, which new faces would lose: remove them first.").format(name=obj.name))
    if len(_slots(mesh)) > 1:
        raise bad_request(_("“{name}” shows several materials: only a mesh with one can become quads.").format(name=obj.name))


def _put(obj: bpy.types.Object, path: Path) -> str:
    """All objects with the old mesh get the new one; the material that it shows takes the place of the one that the faces showed."""
    with bpy.data.libraries.load(str(path)) as (there, wanted):
        wanted.meshes = there.meshes[:1]
    (mesh,) = wanted.meshes
    mesh.use_fake_user = False
    old, ours = obj.data, mesh.materials[0] if len(mesh.materials) else None
    picture = base_image(ours) if ours is not None else None
    if picture is not None:  # the material is the one that it was, but for its picture
        keep(picture, obj.name, lambda sentence: None)
    name, slot = old.name, min(_slots(old), default=0)
    several = list(old.materials)
    shown = several[slot] if slot < len(several) else None
    old.user_remap(mesh)
    mesh.materials.clear()
    for material in several:
        mesh.materials.append(ours if material == shown else material)
    _show_slot(mesh, min(slot, max(len(several) - 1, 0)))
    for one in obj.material_slots:
        if one.link == "OBJECT" and one.material == shown:
            one.material = ours
    _forget(old, shown, ours)
    mesh.name = name
    push_undo(workplace_of(obj.users_scene[0]), "Img23D: Quads")
    return ""


def _slots(mesh: bpy.types.Mesh) -> set[int]:
    """The materials that its faces show, by their numbers. Face by face, a million of them would be slow."""
    import numpy as np

    stored = mesh.attributes.get("material_index")  # Blender leaves it out where all of them are 0
    if stored is None:
        return {0} if len(mesh.polygons) else set()
    numbers = np.empty(len(mesh.polygons), np.int32)
    stored.data.foreach_get("value", numbers)
    return set(np.unique(numbers).tolist())


def _show_slot(mesh: bpy.types.Mesh, slot: int) -> None:
    import numpy as np

    if _slots(mesh) - {slot}:
        mesh.polygons.foreach_set("material_index", np.full(len(mesh.polygons), slot, np.int32))


def _forget(old: bpy.types.Mesh, shown: bpy.types.Material | None, ours: bpy.types.Material | None) -> None:
    """The mesh, and the material and the picture that only it had."""
    if old.users == 0:
        bpy.data.meshes.remove(old)
    if shown is None or shown.users:
        return
    name, image = shown.name, base_image(shown)
    bpy.data.materials.remove(shown)
    if ours is not None:
        ours.name = name
    if image is not None and image.users == 0:
        bpy.data.images.remove(image)
