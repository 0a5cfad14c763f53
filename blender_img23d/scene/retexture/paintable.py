"""Which meshes can be re-textured, and what else shows the same mesh."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_rpt as _

from ...shared.img23d_protocol.errors import bad_request
from ..mesh.chosen import is_splats


def check_no_splats(obj: bpy.types.Object) -> None:
    """Raises Img23DError(BAD_REQUEST) for an object without faces that could be changed or painted."""
    if is_splats(obj):
        raise bad_request(_("“{name}” is made of Gaussian splats, which have no faces: select a mesh.").format(name=obj.name))


def check_paintable(obj: bpy.types.Object, *, wants_own: bool = False) -> None:
    """Raises Img23DError(BAD_REQUEST) with what to do first."""
    from ..mesh.uv_maps import UV_MAPS_MAX

    mesh = obj.data
    if mesh.is_editmode:
        raise bad_request("Leave Edit Mode first: press Tab, then re-texture again.")
    if obj.mode != "OBJECT":
        raise bad_request("Go back to Object Mode first, then re-texture again.")
    if obj.library or mesh.library or obj.override_library or mesh.override_library:
        sentence = _("“{name}” is linked from another file: make it local first (Object > Relations > Make Local).")
        raise bad_request(sentence.format(name=obj.name))
    check_no_splats(obj)
    if not len(mesh.polygons):
        raise bad_request(_("“{name}” has no faces to paint.").format(name=obj.name))
    if len(mesh.uv_layers) >= UV_MAPS_MAX and not wants_own:
        sentence = _("“{name}” has {count} UV maps, which is Blender's limit: remove one first.")
        raise bad_request(sentence.format(name=obj.name, count=UV_MAPS_MAX))


def sharing_note(obj: bpy.types.Object) -> tuple[str, ...]:
    """A sentence where other objects will show the new texture, too."""
    count = sum(other.data == obj.data for other in bpy.data.objects)
    return (f"{count} objects share this mesh: all of them show the new texture.",) if count > 1 else ()
