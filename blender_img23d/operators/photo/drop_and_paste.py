"""Photos from other sources than the file browser: dropped, open in Blender, in the clipboard, rendered."""

from collections.abc import Callable
from pathlib import Path

import bpy
from bpy.app.translations import pgettext_rpt as _
from bpy.props import CollectionProperty, StringProperty

from ...app.owner import extension
from ...shared.img23d_protocol import Img23DError

_EXTENSIONS = ".jpg;.jpeg;.png;.webp;.tif;.tiff;.bmp;.gif"  # what the backend opens


class IMG23D_FH_photo(bpy.types.FileHandler):
    """Blender has handlers of its own for pictures, so it asks at the mouse whose operator is meant."""

    bl_idname = "IMG23D_FH_photo"
    bl_label = "Img23D Photo"
    bl_import_operator = "img23d.drop_photo"
    bl_file_extensions = _EXTENSIONS

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return context.area is not None and context.area.type in ("VIEW_3D", "IMAGE_EDITOR")


class IMG23D_OT_drop_photo(bpy.types.Operator):
    bl_idname = "img23d.drop_photo"
    bl_label = "Img23D: Make Objects from This Photo"  # in the menu that Blender shows when a picture is dropped
    bl_description = "Take the dropped picture as the photo that objects are made from"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    directory: StringProperty(name="Folder", description="The folder of the dropped files", subtype="DIR_PATH", options={"SKIP_SAVE", "HIDDEN"})
    files: CollectionProperty(type=bpy.types.OperatorFileListElement, options={"SKIP_SAVE", "HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        pictures = [file.name for file in self.files if file.name.lower().endswith(tuple(_EXTENSIONS.split(";")))]
        if not pictures:
            return {"CANCELLED"}
        if context.area is not None:
            extension().tabs.want(context.area)  # otherwise nothing would be seen of it
        return _use(self, context, lambda: str(Path(self.directory, pictures[0])), is_one_of=len(pictures))


class IMG23D_OT_use_image(bpy.types.Operator):
    bl_idname = "img23d.use_image"
    bl_label = "Img23D: Use Open Image"
    bl_description = "Make objects from an image that is open in Blender, as it looks now"
    bl_options = {"REGISTER", "UNDO"}

    image: StringProperty(name="Image", description="The image's name in Blender", options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("No image is open in Blender"))
        return len(bpy.data.images) > 0

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        shown = getattr(context.space_data, "image", None)
        self.image = self.image or (shown.name if shown is not None else "")
        return self.execute(context) if self.image else context.window_manager.invoke_props_dialog(self)

    def draw(self, context: bpy.types.Context) -> None:
        self.layout.prop_search(self, "image", bpy.data, "images")

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...app.commands.photo_sources import photo_of_image
        from ...shared.img23d_protocol.errors import bad_request

        image = bpy.data.images.get(self.image)
        if image is None:
            return extension().refuse(self, bad_request(_("No image was chosen: choose one from the list.")))
        return _use(self, context, lambda: photo_of_image(context, image))


class IMG23D_OT_use_render(bpy.types.Operator):
    bl_idname = "img23d.use_render"
    bl_label = "Img23D: Use Render Result"
    bl_description = "Make objects from the last render, as it is seen"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...app.commands.photo_sources import photo_of_render

        return _use(self, context, lambda: photo_of_render(context))


class IMG23D_OT_paste_photo(bpy.types.Operator):
    bl_idname = "img23d.paste_photo"
    bl_label = "Img23D: Paste Photo"
    bl_description = "Make objects from the picture in the clipboard, or from the picture whose file or path was copied"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...app.commands.photo_sources import photo_in_clipboard

        return _use(self, context, lambda: photo_in_clipboard(context))


def _use(operator: bpy.types.Operator, context: bpy.types.Context, find: Callable[[], str], *, is_one_of: int = 1) -> set[str]:
    from ...app.commands.photo_sources import use_photo  # late, as everything that Blender's start should not wait for

    try:
        path = find()
    except Img23DError as error:
        return extension().refuse(operator, error)
    use_photo(context, path)
    sentence = _("The photo is now “{name}”.") if is_one_of == 1 else _("One photo at a time: “{name}” is taken.")
    operator.report({"INFO"}, sentence.format(name=Path(path).name))
    return {"FINISHED"}


CLASSES = (
    IMG23D_FH_photo,
    IMG23D_OT_drop_photo,
    IMG23D_OT_use_image,
    IMG23D_OT_use_render,
    IMG23D_OT_paste_photo,
)
