"""The photo: its picture, its path, and a menu with all its sources."""

from __future__ import annotations

import bpy

from ...app.owner import Extension
from ...core.tally import cleaned_picture
from ...properties import Img23DSceneSettings
from ...scene.file.folders import absolute
from ...shared.img23d_protocol.options.edit import PHOTO
from ..widgets.steady_rows import draw_gap, guarded_row

_MOST_LISTED = 20  # images; more are found by their names
_HEIGHT, _HALF = 7.0, 5.5  # of the photo, and of two pictures side by side in the sidebar as Blender opens it; in buttons
_NO_PICTURES = ("RENDER_RESULT", "COMPOSITING")  # have buttons of their own, or no pixels that can be read


def draw_sources(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    layout = menu.layout
    layout.operator_context = "INVOKE_DEFAULT"
    layout.operator("img23d.choose_photo", text="File...", icon="FILEBROWSER").purpose = "photo"
    layout.operator("img23d.paste_photo", text="Clipboard", icon="PASTEDOWN")
    layout.operator("img23d.use_render", text="Render Result", icon="RENDER_RESULT")
    layout.menu("IMG23D_MT_open_images", icon="IMAGE_DATA")


def draw_open_images(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    layout = menu.layout
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


def draw_photo(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, values: Img23DSceneSettings) -> None:
    """The photo and where it comes from; beside it what is being made of it, or the cleaned picture that waits for a word."""
    path = absolute(values.photo)
    cleaned = "" if values.kept_photo == values.photo else cleaned_picture(owner.session.jobs, path)
    if path:
        _draw_pictures(layout.column(align=True), owner.thumbnails.icon(path), owner.thumbnails.icon(cleaned or owner.running.picture))
        _draw_cleaning(layout, context, owner, values, cleaned)
    row = layout.row(align=True)
    if path:
        row.prop(values, "photo", text="")
        row.operator("img23d.choose_photo", text="", icon="FILEBROWSER").purpose = "photo"
    else:
        row.scale_y = 1.3
        row.operator("img23d.choose_photo", text="Choose a Photo...", icon="IMAGE_DATA").purpose = "photo"
    row.menu("IMG23D_MT_photo", text="", icon="DOWNARROW_HLT")
    if not path:
        layout.label(text="Or drop one here in the viewport.", icon="BLANK1")


def _draw_cleaning(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, values: Img23DSceneSettings, cleaned: str) -> None:
    """A line that is there as long as the whole photo is to be cleaned, or was."""
    if not (cleaned or values.original_photo or (values.edit and values.edit_of == PHOTO)):
        return
    row = guarded_row(layout, context, owner, "cleaning", cleaned or values.original_photo)
    if cleaned:
        row.operator("img23d.take_picture", text="Take the Cleaned One", icon="CHECKMARK")
        row.operator("img23d.keep_photo", text="Keep the Photo", icon="X")
    elif values.original_photo:
        row.operator("img23d.back_to_photo", text="Back to the Photo", icon="LOOP_BACK")
    else:
        row.operator("img23d.clean_picture", text="Clean the Picture", icon="BRUSH_DATA")


def _draw_pictures(column: bpy.types.UILayout, photo: int, made: int) -> None:
    """The photo, and beside it while a job runs what is being made; always as high, also while Blender still reads them."""
    if not (photo and made):
        _draw_icon(column, photo or made, _HEIGHT)
        return
    row = column.row(align=True)
    _draw_icon(row, photo, _HALF)
    _draw_icon(row, made, _HALF)
    draw_gap(column, _HEIGHT - _HALF)


def _draw_icon(layout: bpy.types.UILayout, icon: int, height: float) -> None:
    if icon:
        layout.template_icon(icon_value=icon, scale=height)
    else:
        draw_gap(layout, height)


def draw_in_image_menu(self: bpy.types.Menu, context: bpy.types.Context) -> None:
    """At the end of the Image Editor's menu Image."""
    self.layout.separator()
    self.layout.operator("img23d.use_image", text="Use as Img23D Photo", icon="MESH_MONKEY")
    self.layout.menu("IMG23D_MT_targets", text="Boxes of the Img23D Photo")
