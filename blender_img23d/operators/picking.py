"""Picking things in the photo with a click."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_rpt as _
from bpy.props import BoolProperty, FloatVectorProperty

from ..scene.owner import extension
from ..scene.shown_photo import shows_photo
from ..shared.img23d_protocol import Img23DError


class IMG23D_OT_pick_in_photo(bpy.types.Operator):
    bl_idname = "img23d.pick_in_photo"
    bl_label = "Img23D: Pick in the Photo"
    bl_description = "Show the photo in an Image Editor: what is under the mouse is outlined there, and a click lists it to be made"
    bl_options = {"REGISTER", "UNDO"}  # as for edit_boxes: the image is new to the file

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("Choose a photo first"))
        return context.window is not None and bool(context.scene.img23d.photo.strip())

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..scene import overlay_regions as overlay_regions  # imported before the mouse needs it
        from ..scene.editors import PICK_TOOL
        from ..scene.outcome import follow
        from ..scene.photo_image import load_photo_image

        owner = extension()
        try:
            owner.editors.show(context.window, context.area, load_photo_image(context.scene), tool=PICK_TOOL)
            job = owner.picker.look(context)
        except Img23DError as error:
            return owner.refuse(self, error)
        owner.refusal = ""
        return {"FINISHED"} if job is None else follow(self, context, owner, job)


class IMG23D_OT_pick_at(bpy.types.Operator):
    bl_idname = "img23d.pick_at"
    bl_label = "Img23D: Pick at a Point"
    bl_description = "List what is at a point of the photo; what is listed already is selected"
    bl_options = {"REGISTER"}  # each pick becomes one undo step when its row is there

    point: FloatVectorProperty(
        name="Point",
        description="A place in fractions of the photo from its upper left corner",
        size=2,
        min=0.0,
        max=1.0,
        options={"SKIP_SAVE"},
    )
    parts: BoolProperty(
        name="Parts",
        description="Pick only the part of the thing that is of the colour at the point",
        options={"SKIP_SAVE"},
    )
    inverts: BoolProperty(
        name="Other Way", description="Pick parts where the tool picks things, and things where it picks parts", options={"SKIP_SAVE", "HIDDEN"}
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("Choose a photo first"))
        return bool(context.scene.img23d.photo.strip())

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        from ..scene.photo_view import photo_view

        if context.region is None or context.region.type != "WINDOW" or not shows_photo(context.space_data, context.scene):
            return {"PASS_THROUGH"}
        x, y = photo_view(context.region).to_photo(event.mouse_region_x, event.mouse_region_y)
        if not (0.0 <= x <= 1.0 and 0.0 <= y <= 1.0):
            self.report({"WARNING"}, _("Click inside of the photo to pick something."))
            return {"CANCELLED"}
        self.point = (x, y)
        self.parts = (context.window_manager.img23d.picks == "PARTS") != self.inverts
        return self.execute(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..scene.editors import redraw_editors
        from ..scene.outcome import follow
        from ..shared.img23d_protocol.job_requests import Point

        owner = extension()
        try:
            job = owner.picker.click(context, Point(x=self.point[0], y=self.point[1]), parts=self.parts)
        except Img23DError as error:
            return owner.refuse(self, error)
        owner.refusal = ""
        redraw_editors()
        return {"FINISHED"} if job is None else follow(self, context, owner, job)


class IMG23D_OT_end_picking(bpy.types.Operator):
    bl_idname = "img23d.end_picking"
    bl_label = "Img23D: End Picking"
    bl_description = "Take the box tool in hand again; what was picked stays in the list"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return context.area is not None and context.area.ui_type == "IMAGE_EDITOR"

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..scene.editors import BOX_TOOL, redraw_editors, use_tool

        use_tool(context.window, context.area, BOX_TOOL)
        redraw_editors()
        return {"FINISHED"}


CLASSES = (IMG23D_OT_pick_in_photo, IMG23D_OT_pick_at, IMG23D_OT_end_picking)
