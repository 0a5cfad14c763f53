"""What can be done with the mesh of the active object: quads, levels of detail, origin, scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ...app.owner import extension_or_none, has_listed
from ..widgets.steady_rows import Said, draw_slot

if TYPE_CHECKING:  # Blender's start waits for what panels import
    from ...scene.remesh.remesher import Remesher

_LINES = 2  # of what a tool says
_BUTTON = 24  # pixels at scale 1 that the X takes


def is_shown(context: bpy.types.Context) -> bool:
    """As soon as a run is begun, too: its end selects what it made, and the mouse may then be on what stands below."""
    return (context.object is not None and context.object.type == "MESH") or has_listed()


def draw(panel: bpy.types.Panel, context: bpy.types.Context) -> None:
    owner, column, state = extension_or_none(), panel.layout.column(), context.window_manager.img23d
    if owner is None:
        return
    row = column.row(align=True)
    row.prop(state, "quads")
    row.operator("img23d.make_quads", text="Make Quads", icon="MESH_GRID").faces = state.quads
    row = column.row(align=True)
    row.prop(state, "levels")
    row.operator("img23d.add_levels", text="Add Levels", icon="MOD_DECIM").count = state.levels
    row = column.row(align=True)
    row.label(text="Origin")
    row.operator("img23d.set_origin", text="Base").place = "BASE"
    row.operator("img23d.set_origin", text="Middle").place = "MIDDLE"
    column.operator("img23d.apply_scale", text="Apply Scale", icon="CON_SIZELIKE")
    remesher = owner.applier.remesher
    row = column.row(align=True)  # always there: what a tool says pushes nothing down
    draw_slot(row, context, _said(remesher), lines=_LINES, taken=_BUTTON)
    stop = row.row(align=True)
    stop.enabled = remesher.is_busy
    stop.operator("img23d.stop_quads", text="", icon="X")


def _said(remesher: Remesher) -> list[Said]:
    if remesher.is_busy:
        return [Said(text=remesher.progress, icon="TIME")]
    if remesher.said:
        return [Said(text=remesher.said, icon="ERROR")]
    return [Said(text=remesher.done, icon="CHECKMARK")] if remesher.done else []
