"""The photo in an Image Editor, and the editor given back."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_rpt as _

from ...app.owner import extension
from ...shared.img23d_protocol import Img23DError


class IMG23D_OT_edit_boxes(bpy.types.Operator):
    bl_idname = "img23d.edit_boxes"
    bl_label = "Img23D: Edit Boxes"
    bl_description = "Show the photo with its boxes in an Image Editor, to draw, move and resize them with the mouse"
    bl_options = {"REGISTER", "UNDO"}  # the image is new to the file: without a step of its own, the next undo would take it away

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _poll_photo(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene.photo.image import load_photo_image

        owner = extension()
        try:
            owner.editors.show(context.window, context.area, load_photo_image(context.scene))
            context.scene.img23d.paints_parts = False
        except Img23DError as error:
            return owner.refuse(self, error)
        owner.refusal = ""
        return {"FINISHED"}


class IMG23D_OT_close_boxes(bpy.types.Operator):
    bl_idname = "img23d.close_boxes"
    bl_label = "Img23D: Done With Boxes"
    bl_description = "Close the Image Editor that was opened for the photo, or empty the one that was there before"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _poll_photo(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        owner = extension()
        try:
            owner.editors.close(context.window, context.area)
            context.scene.img23d.paints_parts = False
        except Img23DError as error:
            return owner.refuse(self, error)
        return {"FINISHED"}


def _poll_photo(operator: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    operator.poll_message_set(_("Choose a photo first"))
    return context.window is not None and bool(context.scene.img23d.photo.strip())


CLASSES = (IMG23D_OT_edit_boxes, IMG23D_OT_close_boxes)
