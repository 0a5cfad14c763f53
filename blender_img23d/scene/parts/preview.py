"""The parts as colours on the mesh itself: a colour attribute that comes and goes, and the artist's own one stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import bpy

from .labels import has_labels, read_labels, remove_labels, write_labels

if TYPE_CHECKING:
    import numpy as np

Color = tuple[float, float, float]  # sRGB, 0..1

COLORS = "img23d_parts"  # colour attribute of face corners
GREY: Color = (0.22, 0.22, 0.22)  # what belongs to no part, is hidden or left out
_LIGHTER = 0.55  # share of white in the colour of the parts that are selected in the list
_ACTIVE_BEFORE, _DEFAULT_BEFORE = "img23d_color_before", "img23d_render_color_before"  # custom properties: the artist's own colour attributes


def show_parts(mesh: bpy.types.Mesh, labels: np.ndarray, colors: Mapping[int, Color]) -> None:
    """`labels` (F,) as in `write_labels`; parts without a colour are grey."""
    write_labels(mesh, labels)
    if COLORS not in mesh.color_attributes:
        group = mesh.color_attributes
        mesh[_ACTIVE_BEFORE] = group.active_color_name or ""
        mesh[_DEFAULT_BEFORE] = group.default_color_name or ""
        attribute = group.new(COLORS, "BYTE_COLOR", "CORNER")
        group.active_color = attribute
        if mesh[_DEFAULT_BEFORE]:
            group.default_color_name = mesh[_DEFAULT_BEFORE]
    recolor(mesh, colors)


def recolor(mesh: bpy.types.Mesh, colors: Mapping[int, Color]) -> None:
    """Not in Edit Mode, where a mesh has no attributes."""
    import numpy as np

    if COLORS not in mesh.color_attributes or not has_labels(mesh):
        return
    labels = read_labels(mesh)
    table = np.tile(np.array((*GREY, 1.0), np.float32), (max(int(labels.max(initial=0)), *colors, 0) + 2, 1))  # the last one for NONE
    for number, color in colors.items():
        table[number, :3] = color
    starts = np.empty(len(mesh.polygons) + 1, np.int32)
    mesh.polygons.foreach_get("loop_start", starts[:-1])
    starts[-1] = len(mesh.loops)
    corners = np.diff(starts)
    values = np.repeat(table[labels], corners, axis=0)
    mesh.color_attributes[COLORS].data.foreach_set("color_srgb", values.ravel())
    mesh.update()


def lighter(color: Color) -> Color:
    red, green, blue = (one + (1.0 - one) * _LIGHTER for one in color)
    return red, green, blue


def hide_parts(mesh: bpy.types.Mesh) -> None:
    """The mesh as it was before `show_parts`."""
    remove_labels(mesh)
    group = mesh.color_attributes
    if COLORS in group:
        group.remove(group[COLORS])
    for name, key in (("active_color_name", _ACTIVE_BEFORE), ("default_color_name", _DEFAULT_BEFORE)):
        before = mesh.pop(key, "")
        if before and before in group:
            setattr(group, name, before)


def select_parts(mesh: bpy.types.Mesh, numbers: set[int]) -> None:
    """In Edit Mode: their faces, and no others."""
    import bmesh

    from .labels import LABELS

    edited = bmesh.from_edit_mesh(mesh)
    layer = edited.faces.layers.int.get(LABELS)
    if layer is None:
        return
    wanted = {number + 1 for number in numbers}
    edited.select_mode = {"FACE"}
    for face in edited.faces:
        face.select_set(face[layer] in wanted and not face.hide)
    edited.select_flush_mode()
    bmesh.update_edit_mesh(mesh, loop_triangles=False, destructive=False)
