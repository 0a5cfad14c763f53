"""Picking things in the photo with a click."""

from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_rpt as _
from bpy.app.translations import pgettext_tip
from bpy.props import BoolProperty, FloatVectorProperty

from ...app.owner import extension, extension_or_none
from ...shared.img23d_protocol import Img23DError

if TYPE_CHECKING:
    from ...app.owner import Extension

_WHEEL = {"WHEELUPMOUSE": 1.2, "WHEELDOWNMOUSE": 1 / 1.2}
_ENDS = {"RET", "NUMPAD_ENTER", "RIGHTMOUSE"}
_PASSES = {"Z", "S"}  # with Ctrl: undo and save are Blender's own


class IMG23D_OT_pick_in_photo(bpy.types.Operator):
    bl_idname = "img23d.pick_in_photo"
    bl_label = "Img23D: Pick in the Photo"
    bl_description = "Show the photo large over the viewport: what is under the mouse is outlined there, and a click lists it to be made"
    bl_options = {"REGISTER"}

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Of the Image Editor's button; empty for the one above, which Blender translates by itself."""
        is_there = context.area is not None and context.area.type == "IMAGE_EDITOR"
        return pgettext_tip("Outline what is under the mouse; a click lists it to be made") if is_there else ""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("Choose a photo first"))
        return context.window is not None and bool(context.scene.img23d.photo.strip())

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Over the viewport where there is room for it; the same button closes it again."""
        from ...app.outcome import follow
        from ...scene.photo import overlay_regions as overlay_regions  # imported before the mouse needs it
        from ...scene.picking.popup import has_room

        owner = extension()
        if owner.popup.is_over(context.area):
            owner.popup.close()
            return {"CANCELLED"}
        if owner.popup.has_failed or not has_room(context):
            return self.execute(context)
        try:
            job = owner.popup.open(context)
        except Img23DError as error:
            return owner.refuse(self, error)
        owner.refusal = ""
        if job is not None:
            follow(self, context, owner, job)
        self._number, self._cursor, self._held = owner.popup.number, "", None
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """In an Image Editor."""
        from ...app.outcome import follow
        from ...scene.file.windows import push_undo, workplace_of
        from ...scene.photo.editors import PICK_TOOL
        from ...scene.photo.image import load_photo_image

        owner = extension()
        try:
            owner.editors.show(context.window, context.area, load_photo_image(context.scene), tool=PICK_TOOL)
            push_undo(workplace_of(context.scene), "Img23D: Pick in the Photo")  # the image is new to the file, as for edit_boxes
            job = owner.picker.segment(context)
        except Img23DError as error:
            return owner.refuse(self, error)
        owner.refusal = ""
        return {"FINISHED"} if job is None else follow(self, context, owner, job)

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        owner = extension_or_none()
        if owner is None or owner.popup.number != self._number:
            self._show_cursor(context, "")
            return {"FINISHED", "PASS_THROUGH"}
        on = owner.popup.on(event.mouse_x, event.mouse_y)
        if event.type == "WINDOW_DEACTIVATE" or (event.type == "MIDDLEMOUSE" and event.value == "RELEASE"):
            self._held = None  # wherever that is
        if event.type == "MOUSEMOVE":
            self._move(context, owner, event, on)
        if event.type == "ESC" and event.value == "PRESS" or (event.type in _ENDS and event.value == "PRESS" and on):
            return self._end(context, owner)
        passes = event.type.startswith("TIMER") or (event.type in _PASSES and (event.ctrl or event.oskey))
        if not on or passes or event.type == "WINDOW_DEACTIVATE":
            return {"PASS_THROUGH"}
        if event.type == "LEFTMOUSE" and event.value == "PRESS":
            return self._press(context, owner, event, on)
        self._steer(owner, event)
        return {"RUNNING_MODAL"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Called by Blender, where a file is loaded or the window is closed meanwhile."""
        owner = extension_or_none()
        if owner is not None and owner.popup.number == self._number:
            owner.popup.close()
        self._show_cursor(context, "")

    # --- while it is open -------------------------------------------------------------------------------------------

    def _move(self, context: bpy.types.Context, owner: "Extension", event: bpy.types.Event, on: str) -> None:
        if self._held is not None:
            owner.popup.pan(event.mouse_x - self._held[0], event.mouse_y - self._held[1])
            self._held = (event.mouse_x, event.mouse_y)
        owner.popup.move(context.scene, event.mouse_x, event.mouse_y)
        self._show_cursor(context, "EYEDROPPER" if on == "photo" else "DEFAULT" if on else "")

    def _press(self, context: bpy.types.Context, owner: "Extension", event: bpy.types.Event, on: str) -> set[str]:
        if on == "DONE":
            return self._end(context, owner)
        if on in ("THINGS", "PARTS"):
            context.window_manager.img23d.picks = on
        else:
            self._pick(context, owner, event)
        owner.popup.redraw()
        return {"RUNNING_MODAL"}

    def _pick(self, context: bpy.types.Context, owner: "Extension", event: bpy.types.Event) -> None:
        """What comes to nothing is said below the photo."""
        place = owner.popup.to_photo(event.mouse_x, event.mouse_y)
        if not is_inside(place):
            owner.picker.sentence = "Click inside of the photo to pick something."
            return
        try:
            pick(self, context, owner, place, parts=means_parts(context, inverts=event.ctrl))
        except Img23DError as error:
            owner.picker.sentence = error.sentence

    def _steer(self, owner: "Extension", event: bpy.types.Event) -> None:
        if event.type in _WHEEL:
            owner.popup.zoom(event.mouse_x, event.mouse_y, _WHEEL[event.type])
        elif event.type == "MIDDLEMOUSE" and event.value == "PRESS":
            self._held = (event.mouse_x, event.mouse_y)

    def _show_cursor(self, context: bpy.types.Context, cursor: str) -> None:
        """An empty one gives the mouse back to Blender."""
        if cursor == self._cursor or context.window is None:
            return
        self._cursor = cursor
        if cursor:
            context.window.cursor_modal_set(cursor)
        else:
            context.window.cursor_modal_restore()

    def _end(self, context: bpy.types.Context, owner: "Extension") -> set[str]:
        owner.popup.close()
        self._show_cursor(context, "")
        return {"FINISHED"}


def is_inside(place: tuple[float, float]) -> bool:
    return all(0.0 <= one <= 1.0 for one in place)


def means_parts(context: bpy.types.Context, *, inverts: bool) -> bool:
    return (context.window_manager.img23d.picks == "PARTS") != inverts


def pick(operator: bpy.types.Operator, context: bpy.types.Context, owner: "Extension", place: tuple[float, float], *, parts: bool) -> set[str]:
    """List what is at a place of the photo, in fractions of it. Raises Img23DError."""
    from ...app.outcome import follow
    from ...scene.photo.editors import redraw_editors
    from ...shared.img23d_protocol.job_requests import Point

    job = owner.picker.click(context, Point(x=place[0], y=place[1]), parts=parts)
    owner.refusal = ""
    redraw_editors()
    return {"FINISHED"} if job is None else follow(operator, context, owner, job)


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
        from ...scene.photo.shown_photo import shows_photo
        from ...scene.photo.view import photo_view

        if context.region is None or context.region.type != "WINDOW" or not shows_photo(context.space_data, context.scene):
            return {"PASS_THROUGH"}
        x, y = photo_view(context.region).to_photo(event.mouse_region_x, event.mouse_region_y)
        if not is_inside((x, y)):
            self.report({"WARNING"}, _("Click inside of the photo to pick something."))
            return {"CANCELLED"}
        self.point = (x, y)
        self.parts = means_parts(context, inverts=self.inverts)
        return self.execute(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        owner = extension()
        try:
            return pick(self, context, owner, tuple(self.point), parts=self.parts)
        except Img23DError as error:
            return owner.refuse(self, error)


class IMG23D_OT_end_picking(bpy.types.Operator):
    bl_idname = "img23d.end_picking"
    bl_label = "Img23D: End Picking"
    bl_description = "Take the box tool in hand again; what was picked stays in the list"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return context.area is not None and context.area.ui_type == "IMAGE_EDITOR"

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene.photo.editors import BOX_TOOL, redraw_editors, use_tool

        use_tool(context.window, context.area, BOX_TOOL)
        redraw_editors()
        return {"FINISHED"}


CLASSES = (IMG23D_OT_pick_in_photo, IMG23D_OT_pick_at, IMG23D_OT_end_picking)
