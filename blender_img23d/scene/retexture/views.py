"""From where a picture is projected: matrices from world space to right, up and away from the viewer (see `messages.Paint`)."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_rpt as _
from mathutils import Matrix, Vector

from ...shared.img23d_protocol import ErrorCode, Img23DError


def front_view(obj: bpy.types.Object) -> Matrix:
    """The orthographic view onto the object's -Y side: x right, y up, z away from the viewer.

    It is never mirrored, so a picture stays readable on an object of negative scale. Raises Img23DError(BAD_REQUEST)
    where the object has no size in Y or Z.
    """
    away, up = (Vector(obj.matrix_world.col[axis][:3]).normalized() for axis in (1, 2))
    right = away.cross(up)
    if right.length < 1e-6:
        sentence = _("“{name}” is scaled to nothing, so it has no front: give it a scale other than 0 first.").format(name=obj.name)
        raise Img23DError(ErrorCode.BAD_REQUEST, sentence)
    right.normalize()
    return Matrix((right, right.cross(away), away)).to_4x4()


def viewport_view(context: bpy.types.Context) -> Matrix:
    """What the viewport shows, with x and y in the same unit. Raises Img23DError(BAD_REQUEST) outside of a viewport."""
    area = context.area
    if area is None or area.type != "VIEW_3D":
        raise Img23DError(ErrorCode.BAD_REQUEST, "To project from the current view, press the button in a 3D viewport.")
    region = next(region for region in area.regions if region.type == "WINDOW")
    aspect = region.width / max(region.height, 1)
    return Matrix.Diagonal((aspect, 1.0, 1.0, 1.0)) @ area.spaces.active.region_3d.perspective_matrix
