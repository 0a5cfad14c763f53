"""The mask of parts, painted over the photo: its list, and the Image Editor for it."""

import bpy
from bpy.app.translations import pgettext_rpt as _

from ...app.owner import extension
from ...shared.img23d_protocol import Img23DError

_MOST = 255  # values beside the background that an indexed PNG has


class IMG23D_OT_paint_parts(bpy.types.Operator):
    bl_idname = "img23d.paint_parts"
    bl_label = "Img23D: Paint Parts"
    bl_description = "Paint the parts over the photo in an Image Editor, one colour a part; Ctrl wipes out"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("Choose a photo first"))
        return context.window is not None and bool(context.scene.img23d.photo.strip())

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene.photo.editors import BRUSH_TOOL
        from ...scene.photo.image import load_photo_image

        owner, values = extension(), context.scene.img23d
        try:
            owner.editors.show(context.window, context.area, load_photo_image(context.scene), tool=BRUSH_TOOL)
        except Img23DError as error:
            return owner.refuse(self, error)
        owner.refusal, values.paints_parts = "", True
        context.window_manager.img23d.brush = "IN"
        if not values.mask_parts:
            _add(values)
        return {"FINISHED"}


class _OnMask:
    """A button of the mask's list."""

    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("Select a part of the mask"))
        values = context.scene.img23d
        return 0 <= values.active_mask_part < len(values.mask_parts)


class IMG23D_OT_add_mask_part(bpy.types.Operator):
    bl_idname = "img23d.add_mask_part"
    bl_label = "Img23D: Add a Part to the Mask"
    bl_description = "Add a part; then paint it over the photo"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("A mask tells 255 parts apart at most"))
        return len(context.scene.img23d.mask_parts) < _MOST

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene.photo.editors import redraw_editors

        _add(context.scene.img23d)
        redraw_editors()
        return {"FINISHED"}


class IMG23D_OT_remove_mask_part(_OnMask, bpy.types.Operator):
    bl_idname = "img23d.remove_mask_part"
    bl_label = "Img23D: Remove Mask Part"
    bl_description = "Remove this part and what was painted of it"

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene.photo.editors import redraw_editors

        values = context.scene.img23d
        values.mask_parts.remove(values.active_mask_part)
        values.active_mask_part = min(values.active_mask_part, len(values.mask_parts) - 1)
        redraw_editors()
        return {"FINISHED"}


class IMG23D_OT_clear_mask_part(_OnMask, bpy.types.Operator):
    bl_idname = "img23d.clear_mask_part"
    bl_label = "Img23D: Clear a Part of the Mask"
    bl_description = "Take away what was painted of this part"

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene.photo.editors import redraw_editors

        values = context.scene.img23d
        values.mask_parts[values.active_mask_part].strokes = ""
        redraw_editors()
        return {"FINISHED"}


def _add(values: bpy.types.PropertyGroup) -> None:
    from ...scene.parts.mask_file import mask_color
    from ...scene.parts.rows import from_hex

    row, number = values.mask_parts.add(), len(values.mask_parts)
    taken = {one.name for one in values.mask_parts}
    row.name = next(name for name in (_("part {number}").format(number=number + step) for step in range(_MOST + 1)) if name not in taken)
    row.color = from_hex(mask_color(number - 1))
    values.active_mask_part = number - 1


CLASSES = (IMG23D_OT_paint_parts, IMG23D_OT_add_mask_part, IMG23D_OT_remove_mask_part, IMG23D_OT_clear_mask_part)
