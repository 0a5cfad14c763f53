"""The brush tool: what it covers belongs to the selected thing, or does not."""

from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_rpt as _
from bpy.props import BoolProperty, FloatProperty, StringProperty

from ...app.owner import extension

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...core.boxes.brush import Point


class IMG23D_OT_brush_mask(bpy.types.Operator):
    bl_idname = "img23d.brush_mask"
    bl_label = "Img23D: Brush In or Out"
    bl_description = "Paint over the photo what belongs to the selected thing, or with Ctrl what does not"
    bl_options = {"UNDO", "BLOCKING"}

    way: StringProperty(
        name="Way",
        description="Where the brush goes: points of x and y in fractions of the photo, such as 0.2 0.3, 0.25 0.3",
        options={"SKIP_SAVE", "HIDDEN"},
    )
    adds: BoolProperty(name="Brush In", description="What the brush covers belongs to the thing; off, it does not", default=True, options={"SKIP_SAVE"})
    radius: FloatProperty(name="Radius", description="Radius of the brush, in fractions of the photo's width", default=0.02, min=0.0, max=1.0)
    inverts: BoolProperty(name="Other Way", description="Brush out where the tool brushes in, and in where it brushes out", options={"SKIP_SAVE", "HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _poll_box(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...core.boxes.brush import points_of

        points = points_of(self.way)
        if not points:
            self.report({"ERROR"}, _("The brush needs a way to go, such as 0.2 0.3, 0.25 0.3."))
            return {"CANCELLED"}
        return self._paint(context, points)

    def _paint(self, context: bpy.types.Context, points: "Sequence[Point]") -> set[str]:
        from ...scene.photo.brush_strokes import add_stroke
        from ...scene.photo.editors import redraw_editors

        add_stroke(context.scene, points, self.radius, adds=self.adds)
        redraw_editors()
        return {"FINISHED"}

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        from ...scene.photo.shown_photo import shows_photo

        if context.region is None or context.region.type != "WINDOW" or not shows_photo(context.space_data, context.scene):
            return {"PASS_THROUGH"}
        state = context.window_manager.img23d
        self.radius, self.adds = state.brush_radius / 100, (state.brush == "IN") != self.inverts
        self._row, self._points = _place(context), []
        self._go(context, event)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type in {"ESC", "RIGHTMOUSE"} or _place(context) != self._row or not self.poll(context):
            self.cancel(context)
            return {"CANCELLED"}
        if event.type in {"MOUSEMOVE", "INBETWEEN_MOUSEMOVE"}:
            self._go(context, event)
        elif event.type == "LEFTMOUSE" and event.value == "RELEASE":
            self.cancel(context)
            return self._paint(context, self._points)
        return {"RUNNING_MODAL"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Also called by Blender, where a file is loaded meanwhile."""
        from ...scene.photo.editors import redraw_editors

        extension().overlay.draft = None
        redraw_editors()

    def _go(self, context: bpy.types.Context, event: bpy.types.Event) -> None:
        from ...core.boxes.brush import is_further, stroke_of
        from ...scene.photo.editors import redraw_editors
        from ...scene.photo.overlay import Draft
        from ...scene.photo.view import photo_view

        view = photo_view(context.region)
        point = view.to_photo(event.mouse_region_x, event.mouse_region_y)
        if self._points and not is_further(self._points[-1], point, self.radius, view.aspect):
            return
        self._points.append(point)
        stroke = stroke_of(self._points, self.radius, view.aspect, adds=self.adds)
        extension().overlay.draft = Draft(index=self._row[1], stroke=stroke)
        redraw_editors()


class IMG23D_OT_clear_strokes(bpy.types.Operator):
    bl_idname = "img23d.clear_strokes"
    bl_label = "Img23D: Clear Brush Strokes"
    bl_description = "Remove all brush strokes of the selected thing, so that its cut-out is as the engine made it"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        row = _active(context)
        cls.poll_message_set(_("The selected thing has no brush strokes"))
        return row is not None and bool(row.strokes)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene.photo.editors import redraw_editors

        _active(context).strokes = ""
        redraw_editors()
        return {"FINISHED"}


class IMG23D_OT_resize_brush(bpy.types.Operator):
    bl_idname = "img23d.resize_brush"
    bl_label = "Img23D: Resize Brush"
    bl_description = "Make the brush for cut-outs larger or smaller"

    factor: FloatProperty(name="Factor", description="What the radius is multiplied by", default=1.25, min=0.1, max=10.0)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...core.boxes.brush import resized
        from ...scene.photo.editors import redraw_editors

        state = context.window_manager.img23d
        state.brush_radius = 100 * resized(state.brush_radius / 100, self.factor)
        redraw_editors()
        return {"FINISHED"}


def _active(context: bpy.types.Context) -> bpy.types.PropertyGroup | None:
    values = context.scene.img23d
    return values.targets[values.active_target] if 0 <= values.active_target < len(values.targets) else None


def _place(context: bpy.types.Context) -> tuple[bool, int]:
    """Whether a part of the mask is painted, and which row of its list."""
    values = context.scene.img23d
    return values.paints_parts, values.active_mask_part if values.paints_parts else values.active_target


def _poll_box(operator: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    values = context.scene.img23d
    if values.paints_parts:
        operator.poll_message_set(_("Add a part to the list first"))
        return 0 <= values.active_mask_part < len(values.mask_parts)
    operator.poll_message_set(_("Select a thing that has a box, or draw one around it"))
    row = _active(context)
    return row is not None and row.has_box


CLASSES = (IMG23D_OT_brush_mask, IMG23D_OT_clear_strokes, IMG23D_OT_resize_brush)
