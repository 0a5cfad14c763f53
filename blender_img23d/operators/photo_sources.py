"""Photos by other doors than the file browser: dropped, open in Blender, in the clipboard, rendered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bpy
from bpy.app.translations import pgettext_rpt as _
from bpy.props import CollectionProperty, StringProperty

from ..scene.owner import extension
from ..shared.img23d_protocol import Img23DError

TAB = "Img23D"
_EXTENSIONS = ".jpg;.jpeg;.png;.webp;.tif;.tiff;.bmp;.gif"  # what the backend opens


class IMG23D_FH_photo(bpy.types.FileHandler):
    """Comes before Blender's own drops, which are therefore offered beside ours."""

    bl_idname = "IMG23D_FH_photo"
    bl_label = "Img23D Photo"
    bl_import_operator = "img23d.drop_photo"
    bl_file_extensions = _EXTENSIONS

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return context.area is not None and context.area.type in ("VIEW_3D", "IMAGE_EDITOR")


class IMG23D_OT_drop_photo(bpy.types.Operator):
    bl_idname = "img23d.drop_photo"
    bl_label = "Img23D: Dropped Photo"
    bl_description = "Make objects from the dropped photo, or do with it what Blender does"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    directory: StringProperty(
        name="Folder", description="The folder of the dropped files", subtype="DIR_PATH", options={"SKIP_SAVE", "HIDDEN"}
    )
    files: CollectionProperty(type=bpy.types.OperatorFileListElement, options={"SKIP_SAVE", "HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if _shows_tab(context.area):
            return self.execute(context)
        context.window_manager.popup_menu(_choices(context, self._path()), title=self._path().name, icon="IMAGE_DATA")
        self._say_which()
        return {"FINISHED"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        self._say_which()
        return _use(self, context, lambda: str(self._path()))

    def _path(self) -> Path:
        pictures = [file.name for file in self.files if file.name.lower().endswith(tuple(_EXTENSIONS.split(";")))]
        return Path(self.directory, pictures[0] if pictures else "")

    def _say_which(self) -> None:
        if len(self.files) > 1:
            sentence = _("One photo at a time: “{name}” is taken.").format(name=self._path().name)
            self.report({"INFO"}, sentence)


class IMG23D_OT_use_image(bpy.types.Operator):
    bl_idname = "img23d.use_image"
    bl_label = "Img23D: Use Open Image as Photo"
    bl_description = "Make objects from an image that is open in Blender, as it looks now"
    bl_options = {"REGISTER", "UNDO"}

    image: StringProperty(name="Image", description="The image's name in Blender", options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set("No image is open in Blender")
        return len(bpy.data.images) > 0

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        shown = getattr(context.space_data, "image", None)
        self.image = self.image or (shown.name if shown is not None else "")
        return self.execute(context) if self.image else context.window_manager.invoke_props_dialog(self)

    def draw(self, context: bpy.types.Context) -> None:
        self.layout.prop_search(self, "image", bpy.data, "images")

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..scene.photo_sources import photo_of_image
        from ..shared.img23d_protocol.errors import bad_request

        image = bpy.data.images.get(self.image)
        if image is None:
            return extension().refuse(self, bad_request(_("No image was chosen: choose one from the list.")))
        return _use(self, context, lambda: photo_of_image(context, image))


class IMG23D_OT_use_render(bpy.types.Operator):
    bl_idname = "img23d.use_render"
    bl_label = "Img23D: Use Render Result as Photo"
    bl_description = "Make objects from the last render, as it is seen"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..scene.photo_sources import photo_of_render

        return _use(self, context, lambda: photo_of_render(context))


class IMG23D_OT_paste_photo(bpy.types.Operator):
    bl_idname = "img23d.paste_photo"
    bl_label = "Img23D: Paste Photo"
    bl_description = "Make objects from the picture in the clipboard, or from the picture whose file or path was copied"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..scene.photo_sources import photo_in_clipboard

        return _use(self, context, lambda: photo_in_clipboard(context))


def _use(operator: bpy.types.Operator, context: bpy.types.Context, find: Callable[[], str]) -> set[str]:
    from ..scene.photo_sources import use_photo  # late, as everything that Blender's start should not wait for

    try:
        path = find()
    except Img23DError as error:
        return extension().refuse(operator, error)
    use_photo(context, path)
    operator.report({"INFO"}, _("The photo is now “{name}”.").format(name=Path(path).name))
    return {"FINISHED"}


def _shows_tab(area: bpy.types.Area | None) -> bool:
    """Whether the sidebar is open at our tab: then there is no doubt what a dropped photo is for."""
    if area is None or not getattr(area.spaces.active, "show_region_ui", False):
        return False
    return any(region.type == "UI" and getattr(region, "active_panel_category", "") == TAB for region in area.regions)


def _choices(context: bpy.types.Context, path: Path) -> Callable[[bpy.types.Menu, bpy.types.Context], None]:
    """What a menu at the mouse offers: ours, and what Blender does with a picture that is dropped here."""
    is_editor = context.area.type == "IMAGE_EDITOR"
    view = None if is_editor else context.space_data.region_3d

    def draw(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
        layout = menu.layout
        layout.operator_context = "EXEC_DEFAULT"
        layout.operator("img23d.choose_photo", text="Make Objects from This Photo", icon="MESH_MONKEY").filepath = str(path)
        layout.separator()
        if is_editor:
            button = layout.operator("image.open", text="Open Image", icon="FILE_FOLDER")
            button.directory = str(path.parent)
            button.files.add().name = path.name
            return
        layout.operator("object.empty_image_add", text="Add as Reference Image", icon="EMPTY_DATA").filepath = str(path)
        if view.view_perspective == "CAMERA" and hasattr(bpy.types, "VIEW3D_OT_camera_background_image_add"):
            button = layout.operator("view3d.camera_background_image_add", text="Add as Camera Background", icon="CAMERA_DATA")
            button.filepath = str(path)

    return draw


CLASSES = (
    IMG23D_FH_photo,
    IMG23D_OT_drop_photo,
    IMG23D_OT_use_image,
    IMG23D_OT_use_render,
    IMG23D_OT_paste_photo,
)
