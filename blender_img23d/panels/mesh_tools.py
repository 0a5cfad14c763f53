"""What can be done with the mesh of the active object: quads, levels of detail, origin, scale."""

from __future__ import annotations

import bpy

from ..core.manual import Section
from ..scene.owner import extension_or_none
from .help_link import HasHelp
from .text import draw_sentence


class IMG23D_PT_mesh_tools(HasHelp, bpy.types.Panel):
    bl_idname = "IMG23D_PT_mesh_tools"
    bl_label = "Faces, Origin, Scale"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Img23D"
    bl_parent_id = "IMG23D_PT_main"
    bl_options = {"DEFAULT_CLOSED"}
    manual = Section.HISTORY

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return context.object is not None and context.object.type == "MESH"

    def draw(self, context: bpy.types.Context) -> None:
        owner, column, state = extension_or_none(), self.layout.column(), context.window_manager.img23d
        if owner is None:
            return
        row = column.row(align=True)
        row.prop(state, "quads")
        row.operator("img23d.make_quads", text="Make Quads", icon="MESH_GRID").faces = state.quads
        row = column.row(align=True)
        row.prop(state, "levels")
        row.operator("img23d.add_levels", text="Add Levels of Detail", icon="MOD_DECIM").count = state.levels
        row = column.row(align=True)
        row.label(text="Origin")
        row.operator("img23d.set_origin", text="Base").place = "BASE"
        row.operator("img23d.set_origin", text="Middle").place = "MIDDLE"
        column.operator("img23d.apply_scale", text="Apply Scale", icon="CON_SIZELIKE")
        remesher = owner.applier.remesher
        if remesher.is_busy:
            row = column.row(align=True)
            row.label(text=remesher.progress, icon="TIME", translate=False)
            row.operator("img23d.stop_quads", text="", icon="X")
        elif remesher.said:
            draw_sentence(column, context, remesher.said, icon="ERROR")
        elif remesher.done:
            draw_sentence(column, context, remesher.done, icon="CHECKMARK")


CLASSES = (IMG23D_PT_mesh_tools,)
