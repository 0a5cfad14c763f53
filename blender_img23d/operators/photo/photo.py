"""Choosing pictures with Blender's file browser."""

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from ...app.owner import extension


class IMG23D_OT_choose_photo(bpy.types.Operator):
    bl_idname = "img23d.choose_photo"
    bl_label = "Choose Photo"  # also the file browser's button, which is narrow
    bl_description = "Choose the picture to work from"
    bl_options = {"REGISTER", "UNDO"}

    filepath: StringProperty(name="File", description="The picture's path", subtype="FILE_PATH", options={"SKIP_SAVE"})
    filter_image: BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})
    filter_folder: BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})
    display_type: EnumProperty(
        name="Display",
        description="How the file browser shows the files",
        items=[("THUMBNAIL", "Thumbnails", "With a small picture of each file", 3)],  # 3: FILE_IMGDISPLAY in DNA_space_enums.h
        options={"HIDDEN", "SKIP_SAVE"},
    )
    purpose: EnumProperty(
        name="For",
        description="Which picture is chosen",
        items=[
            ("photo", "Photo", "The photo to make objects from"),
            ("retexture_picture", "Re-texture", "The picture to project onto the selected mesh"),
            ("mask_file", "Mask", "The picture that tells the parts apart"),
        ],
        options={"HIDDEN", "SKIP_SAVE"},
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        from ...scene.file.folders import absolute

        values = context.scene.img23d
        self.filepath = absolute(getattr(values, self.purpose)) or absolute(values.photo) or self.filepath
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...app.commands.photo_sources import use_photo  # late, as everything that Blender's start should not wait for
        from ...scene.file.folders import absolute

        if self.purpose == "photo":
            use_photo(context, self.filepath)
            return {"FINISHED"}
        setattr(context.scene.img23d, self.purpose, self.filepath)
        owner = extension()
        owner.refusal = ""
        owner.thumbnails.load(absolute(self.filepath), again=True)
        return {"FINISHED"}


class IMG23D_OT_clear_names(bpy.types.Operator):
    bl_idname = "img23d.clear_names"
    bl_label = "Img23D: Clear Names"
    bl_description = "Take all the typed names away"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set("No name is typed")
        return bool(context.scene.img23d.names)

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.scene.img23d.names = ""
        return {"FINISHED"}


CLASSES = (IMG23D_OT_choose_photo, IMG23D_OT_clear_names)
