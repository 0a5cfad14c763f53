"""The photo: its picture, its path, and a menu with all the doors by which one comes in."""

from __future__ import annotations

import bpy

from ..properties import Img23DSceneSettings
from ..scene.folders import absolute
from ..scene.owner import Extension

_MOST_LISTED = 20  # images; more are found by their names
_NO_PICTURES = ("RENDER_RESULT", "COMPOSITING")  # have doors of their own, or no pixels that can be read


class IMG23D_MT_photo(bpy.types.Menu):
    bl_idname = "IMG23D_MT_photo"
    bl_label = "Photo From"
    bl_description = "Other places that the photo can come from"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.operator_context = "INVOKE_DEFAULT"
        layout.operator("img23d.choose_photo", text="File...", icon="FILEBROWSER").purpose = "photo"
        layout.operator("img23d.paste_photo", text="Clipboard", icon="PASTEDOWN")
        layout.operator("img23d.use_render", text="Render Result", icon="RENDER_RESULT")
        layout.menu(IMG23D_MT_open_images.bl_idname, icon="IMAGE_DATA")


class IMG23D_MT_open_images(bpy.types.Menu):
    bl_idname = "IMG23D_MT_open_images"
    bl_label = "Image Open in Blender"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        names = [image.name for image in bpy.data.images if image.type not in _NO_PICTURES]
        if not names:
            layout.label(text="No image is open in Blender")
        layout.operator_context = "EXEC_DEFAULT"
        for name in names[:_MOST_LISTED]:
            layout.operator("img23d.use_image", text=name, translate=False).image = name
        if len(names) > _MOST_LISTED:
            layout.separator()
            layout.operator_context = "INVOKE_DEFAULT"
            layout.operator("img23d.use_image", text="Search...", icon="VIEWZOOM")


def draw_photo(
    layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, values: Img23DSceneSettings
) -> None:
    """`context` is not looked at; all parts of the tab are drawn with the same arguments."""
    path = absolute(values.photo)
    icon = owner.thumbnails.icon(path)
    if icon:
        layout.template_icon(icon_value=icon, scale=7.0)
    row = layout.row(align=True)
    if path:
        row.prop(values, "photo", text="")
        row.operator("img23d.choose_photo", text="", icon="FILEBROWSER").purpose = "photo"
    else:
        row.scale_y = 1.3
        row.operator("img23d.choose_photo", text="Choose a Photo...", icon="IMAGE_DATA").purpose = "photo"
    row.menu(IMG23D_MT_photo.bl_idname, text="", icon="DOWNARROW_HLT")
    if not path:
        layout.label(text="Or drop one here in the viewport.", icon="BLANK1")


def draw_in_image_menu(self: bpy.types.Menu, context: bpy.types.Context) -> None:
    """At the end of the Image Editor's menu Image."""
    self.layout.separator()
    self.layout.operator("img23d.use_image", text="Use as Img23D Photo", icon="MESH_MONKEY")
    self.layout.menu("IMG23D_MT_targets", text="Boxes of the Img23D Photo")


CLASSES = (IMG23D_MT_open_images, IMG23D_MT_photo)
