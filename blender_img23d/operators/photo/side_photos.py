"""Further photos of the chosen thing: its left, its back and its right."""

import bpy
from bpy.app.translations import pgettext_rpt as _
from bpy.props import BoolProperty, EnumProperty, StringProperty

from ...app.owner import extension
from ...shared.img23d_protocol import Img23DError


class _OnSide:
    """What works on one side of the line that is chosen in the list."""

    side: EnumProperty(
        name="Side",
        description="Which side of the thing the photo shows, as one sees it in the first photo",
        items=[
            ("left", "Left", "What is at the left in the first photo"),
            ("back", "Back", "What the first photo does not show"),
            ("right", "Right", "What is at the right in the first photo"),
        ],
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        values = context.scene.img23d
        cls.poll_message_set(_("Nothing is chosen in the list: press Find or add a box first"))
        return 0 <= values.active_target < len(values.targets)

    def use(self, context: bpy.types.Context, path: str) -> set[str]:
        from ...scene.file.folders import absolute

        values, owner = context.scene.img23d, extension()
        setattr(values.targets[values.active_target], f"{self.side}_photo", path)
        owner.refusal = ""
        owner.thumbnails.load(absolute(path), again=True)
        return {"FINISHED"}


class IMG23D_OT_choose_side(_OnSide, bpy.types.Operator):
    bl_idname = "img23d.choose_side"
    bl_label = "Choose Photo"  # also the file browser's button, which is narrow
    bl_description = (
        "Choose a photo of this side of the thing, with nothing else in it that stands out. "
        "InstantMesh makes a thing that has such photos of them, and draws no views of it: take them level, from straight before each side"
    )
    bl_options = {"REGISTER", "UNDO"}

    filepath: StringProperty(name="File", description="The picture's path", subtype="FILE_PATH", options={"SKIP_SAVE"})
    filter_image: BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})
    filter_folder: BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        from ...scene.file.folders import absolute

        values = context.scene.img23d
        own = getattr(values.targets[values.active_target], f"{self.side}_photo")
        self.filepath = absolute(own) or absolute(values.photo) or self.filepath
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        return self.use(context, self.filepath)


class IMG23D_OT_paste_side(_OnSide, bpy.types.Operator):
    bl_idname = "img23d.paste_side"
    bl_label = "Img23D: Paste Photo of This Side"
    bl_description = "Take the picture in the clipboard, or the picture whose file or path was copied"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...app.commands.photo_sources import photo_in_clipboard  # late, as everything that Blender's start should not wait for

        try:
            return self.use(context, photo_in_clipboard(context))
        except Img23DError as error:
            return extension().refuse(self, error)


class IMG23D_OT_clear_side(_OnSide, bpy.types.Operator):
    bl_idname = "img23d.clear_side"
    bl_label = "Img23D: Without This Photo"
    bl_description = "Make the thing without a photo of this side"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        values = context.scene.img23d
        setattr(values.targets[values.active_target], f"{self.side}_photo", "")
        return {"FINISHED"}


CLASSES = (IMG23D_OT_choose_side, IMG23D_OT_paste_side, IMG23D_OT_clear_side)
