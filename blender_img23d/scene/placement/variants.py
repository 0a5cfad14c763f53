"""Variants of one thing side by side in the scene, of which the artist keeps one."""

from __future__ import annotations

from collections.abc import Iterable

import bpy

from ...shared.img23d_protocol.messages import WHOLE, Piece
from ..file.tags import CHOICE, COMPARED, ORIGINAL, ORIGINAL_MESH, RUN, choice_of, in_scenes, piece_of, variant_of, variants_of
from ..glb.replace import fingerprint, replace_mesh
from ..mesh.extents import mesh_extents
from ..splats.importer import show_anew
from .replacement import fit_height, resize

_OWN = "img23d_"  # what all tags begin with
_OF_THE_CHOICE = (CHOICE, COMPARED, ORIGINAL, ORIGINAL_MESH)


def offer(obj: bpy.types.Object, original: bpy.types.Object | None, state: str) -> None:
    """One of several; `original` is what it replaces when it is kept, `state` the fingerprint of that one's mesh as it is now."""
    obj[CHOICE] = True
    if original is not None:
        obj[ORIGINAL], obj[ORIGINAL_MESH] = original, state


def compare(obj: bpy.types.Object, others: Iterable[bpy.types.Object | None], comparison: str) -> None:
    """It stands to choice with what it is compared with: the object that was asked for, and what belongs to that."""
    obj[COMPARED] = comparison
    for one in filter(None, others):
        one[CHOICE], one[COMPARED] = True, comparison


def keep(obj: bpy.types.Object) -> dict[Piece, bpy.types.Object]:
    """The other variants go, and this one takes the place of its original where that is wanted and the original has not been
    changed since. The objects that have it now, such as its mesh and its splats.

    What it was compared with goes only where it takes its place, since the artist may have worked on it.
    """
    several = variants_of(obj, in_scenes().values())
    own = {piece_of(obj): obj}
    for one in several:
        if variant_of(one) == variant_of(obj):
            own.setdefault(piece_of(one), one)
    compared = {one for one in several if COMPARED in one and one[RUN] not in choice_of(one).split()}
    for other in several:
        if variant_of(other) != variant_of(obj) and other not in compared:
            _remove(other)
        elif other not in own.values():  # a copy
            _settle(other)
    originals = {piece: original for piece, one in own.items() if (original := _original(one)) is not None}
    for one in own.values():
        _settle(one)
    main = WHOLE if WHOLE in own else piece_of(obj)
    return _put_all(own, originals, main) if main in originals else own


def _put_all(own: dict[Piece, bpy.types.Object], originals: dict[Piece, bpy.types.Object], main: Piece) -> dict[Piece, bpy.types.Object]:
    """What had no original comes to the place of the main one's."""
    factor = fit_height(_own_data(own[main]), mesh_extents(originals[main].data).size[2])
    kept = {}
    for piece, one in own.items():
        if piece != main:
            resize(_own_data(one), factor)
        if piece in originals:
            kept[piece] = _put_into(originals[piece], one)
        else:
            kept[piece], one.matrix_world = one, originals[main].matrix_world
    return kept


def keep_all(obj: bpy.types.Object) -> list[bpy.types.Object]:
    """None goes; they are ordinary results from now on."""
    several = variants_of(obj, in_scenes().values())
    for one in several:
        _settle(one)
    return several


def _settle(obj: bpy.types.Object) -> None:
    for tag in _OF_THE_CHOICE:
        if tag in obj:
            del obj[tag]


def _original(obj: bpy.types.Object) -> bpy.types.Object | None:
    """None where there is none, or where it is gone, linked, in a mode, or was changed since."""
    original = obj.get(ORIGINAL)
    if not isinstance(original, bpy.types.Object) or original.session_uid not in in_scenes() or original.type != "MESH":
        return None
    is_own = original.library is None and original.data.library is None and original.override_library is None
    is_same = is_own and original.mode == "OBJECT" and fingerprint(original) == obj.get(ORIGINAL_MESH)
    return original if is_same and piece_of(original).kind is piece_of(obj).kind else None


def _put_into(original: bpy.types.Object, obj: bpy.types.Object) -> bpy.types.Object:
    for tag in [tag for tag in original.keys() if tag.startswith(_OWN)]:
        del original[tag]
    for tag in [tag for tag in obj.keys() if tag.startswith(_OWN)]:
        original[tag] = obj[tag]
    replace_mesh(original, obj)
    show_anew(original)
    return original


def _own_data(obj: bpy.types.Object) -> bpy.types.Mesh:
    if obj.data.users > 1:
        obj.data = obj.data.copy()
    return obj.data


def _remove(obj: bpy.types.Object) -> None:
    """With its mesh, material and texture, where nothing else has them."""
    mesh = obj.data
    materials = [slot.material for slot in obj.material_slots if slot.material is not None]
    images = [node.image for one in materials if one.use_nodes for node in one.node_tree.nodes if node.type == "TEX_IMAGE"]
    bpy.data.objects.remove(obj)
    if mesh.users == 0:
        bpy.data.meshes.remove(mesh)
    for material in dict.fromkeys(materials):
        if material.users == 0:
            bpy.data.materials.remove(material)
    for image in dict.fromkeys(image for image in images if image is not None):
        if image.users == 0:
            bpy.data.images.remove(image)
