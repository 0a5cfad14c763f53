"""The box tool's operator: modal only while the mouse button is held."""

from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_rpt as _
from bpy.props import BoolProperty, FloatVectorProperty, IntProperty

from ...app.owner import extension

if TYPE_CHECKING:
    from ...core.boxes.box_edit import Grip
    from ...shared.img23d_protocol.job_requests import Box

_NEAR, _LEAST = 8, 4  # pixels at scale 1: how near an edge is held, and the smallest side of a box that is meant


class IMG23D_OT_drag_box(bpy.types.Operator):
    bl_idname = "img23d.drag_box"
    bl_label = "Img23D: Draw or Move Box"
    bl_description = "Drag on the photo to draw a box, inside of a box to move it, on its edge to resize it"
    bl_options = {"UNDO", "BLOCKING"}

    box: FloatVectorProperty(
        name="Box",
        description="Left, top, right and bottom of the box, in fractions of the photo from its upper left corner",
        size=4,
        min=0.0,
        max=1.0,
        options={"SKIP_SAVE"},
    )
    target: IntProperty(name="Target", description="The row of the list that gets the box; -1 adds one", default=-1, min=-1, options={"SKIP_SAVE"})
    is_new: BoolProperty(name="New Box", description="Draw a new box, also where there is one already", options={"SKIP_SAVE", "HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("Choose a photo first"))
        return bool(context.scene.img23d.photo.strip())

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene.photo.box_rows import put_box
        from ...scene.photo.editors import redraw_editors
        from ...shared.img23d_protocol.job_requests import Box

        left, top, right, bottom = self.box
        if left >= right or top >= bottom:
            self.report({"ERROR"}, _("A box needs a width and a height."))
            return {"CANCELLED"}
        put_box(context.scene.img23d, self.target, Box(left=left, top=top, right=right, bottom=bottom))
        redraw_editors()
        return {"FINISHED"}

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        from ...scene.photo.shown_photo import shows_photo

        if context.region is None or context.region.type != "WINDOW" or not shows_photo(context.space_data, context.scene):
            return {"PASS_THROUGH"}
        self._take_hold(context, event)
        self._show(context)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type in {"ESC", "RIGHTMOUSE"} or not self._is_as_it_was(context):
            self.cancel(context)
            return {"CANCELLED"}
        if event.type == "MOUSEMOVE":
            self._pull(context, event)
        elif event.type == "LEFTMOUSE" and event.value == "RELEASE":
            self._pull(context, event)
            return self._release(context)
        return {"RUNNING_MODAL"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Also called by Blender, where a file is loaded meanwhile."""
        from ...scene.photo.editors import redraw_editors

        extension().overlay.draft = None
        redraw_editors()

    # --- while the button is held -----------------------------------------------------------------------------------

    def _take_hold(self, context: bpy.types.Context, event: bpy.types.Event) -> None:
        from ...core.boxes.box_edit import OPENING, begun, hit
        from ...scene.photo.box_rows import box_of, row_for_new_box
        from ...scene.photo.view import photo_view

        values, scale = context.scene.img23d, context.preferences.system.ui_scale
        view = photo_view(context.region)
        self._start = view.to_photo(event.mouse_region_x, event.mouse_region_y)
        self._boxes = [box_of(row) for row in values.targets]
        held = None if self.is_new else hit(*self._start, self._boxes, values.active_target, view.reach(_NEAR * scale))
        self._begin: Box = begun(*self._start) if held is None else self._boxes[held.index]
        self._grip: Grip = OPENING if held is None else held.grip
        self.target = row_for_new_box(values) if held is None else held.index
        self._is_opening, self._now, self._has_moved = held is None, self._begin, False

    def _pull(self, context: bpy.types.Context, event: bpy.types.Event) -> None:
        """From where the press was; below the drag threshold nothing moves."""
        from ...core.boxes.box_edit import begun, pulled
        from ...scene.photo.view import photo_view

        view, scale = photo_view(context.region), context.preferences.system.ui_scale
        x, y = view.to_photo(event.mouse_region_x, event.mouse_region_y)
        dx, dy = x - self._start[0], y - self._start[1]
        least = view.reach(_LEAST * scale)
        self._has_moved |= abs(dx) >= least.x or abs(dy) >= least.y
        if self._is_opening:  # from the photo's edge, where the press was beside it
            corner = begun(x, y)
            dx, dy = corner.left - self._begin.left, corner.top - self._begin.top
        self._now = pulled(self._begin, self._grip, dx, dy) if self._has_moved else self._begin
        self._show(context)

    def _show(self, context: bpy.types.Context) -> None:
        from ...scene.photo.editors import redraw_editors
        from ...scene.photo.overlay import Draft

        extension().overlay.draft = Draft(index=self.target, box=self._now)
        redraw_editors()

    def _is_as_it_was(self, context: bpy.types.Context) -> bool:
        """A search may have filled the list meanwhile."""
        from ...scene.photo.box_rows import box_of

        return self._boxes == [box_of(row) for row in context.scene.img23d.targets]

    def _release(self, context: bpy.types.Context) -> set[str]:
        """The box is the artist's; where nothing was pulled, the row that was clicked is selected."""
        from ...core.boxes.box_edit import is_tiny
        from ...scene.photo.view import photo_view

        self.cancel(context)
        values = context.scene.img23d
        if not self._has_moved and not self._is_opening and values.active_target != self.target:
            values.active_target = self.target
            return {"FINISHED"}
        least = photo_view(context.region).reach(_LEAST * context.preferences.system.ui_scale)
        if not self._has_moved or is_tiny(self._now, least):
            return {"CANCELLED"}
        self.box = (self._now.left, self._now.top, self._now.right, self._now.bottom)
        return self.execute(context)


CLASSES = (IMG23D_OT_drag_box,)
