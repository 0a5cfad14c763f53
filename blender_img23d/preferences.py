"""Edit > Preferences > Add-ons > Img23D."""

from __future__ import annotations

import bpy
from bpy.props import EnumProperty, StringProperty


class Img23DPreferences(bpy.types.AddonPreferences):
    bl_idname = __package__

    runs_folder: StringProperty(
        name="Folder for Runs",
        description=(
            "Where each run keeps its cut-outs, meshes and textures; "
            "left empty, it is the folder that Blender reserves for this extension"
        ),
        subtype="DIR_PATH",
    )
    place_at: EnumProperty(
        name="Place Objects At",
        description="Where the first row of new objects stands; later rows stand in front of it",
        items=[
            ("CURSOR", "3D Cursor", "New objects stand on the 3D cursor"),
            ("ORIGIN", "World Origin", "New objects stand in the middle of the world"),
        ],
    )

    def draw(self, context: bpy.types.Context) -> None:
        column = self.layout.column()
        column.use_property_split = True
        column.prop(self, "runs_folder")
        column.prop(self, "place_at")


CLASSES = (Img23DPreferences,)
