"""The boxes, names and brush strokes over the photo, drawn by Blender in every Image Editor that shows it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_iface as _

from .box_rows import ShownBox, box_of
from .editors import PICK_TOOL, Editors
from .shown_photo import shows_photo
from .view import PhotoView, photo_view

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...shared.img23d_protocol.job_requests import Box, Stroke
    from ..mask.pixels import Color
    from .overlay_drawing import MaskOverlay, StrokeOverlay
    from .overlay_regions import RegionHighlight
    from .picks import Picks

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What is being drawn at this moment and is in no row yet. `index` is the row that it is for, -1 for a new one."""

    index: int
    box: Box | None = None
    stroke: Stroke | None = None


class Overlay:
    """One draw handler. `draft` belongs to the tool that is at work."""

    def __init__(self, editors: Editors, on_first_sight: Callable[[], None]) -> None:
        self._editors = editors
        self._on_first_sight = on_first_sight  # an editor's size is known now
        self._handle: object | None = None
        self._stroke_overlay: StrokeOverlay | None = None  # made at the first redraw
        self._mask_overlay: MaskOverlay | None = None  # made when parts are painted
        self._highlight: RegionHighlight | None = None  # made at the first pick
        self._has_failed = False
        self.draft: Draft | None = None

    def attach(self) -> None:
        if not bpy.app.background:
            self._handle = bpy.types.SpaceImageEditor.draw_handler_add(self._draw, (), "WINDOW", "POST_PIXEL")

    def detach(self) -> None:
        if self._handle is not None:
            bpy.types.SpaceImageEditor.draw_handler_remove(self._handle, "WINDOW")
            self._handle = None
        self.forget()

    def forget(self) -> None:
        """What is held of the graphics card's memory and of a photo's regions: of a file that was left."""
        self._stroke_overlay = self._mask_overlay = self._highlight = self.draft = None

    def _draw(self) -> None:
        context = bpy.context
        if not shows_photo(context.space_data, context.scene):
            return
        if self._editors.is_unfitted(context.area):
            self._on_first_sight()
        if not context.space_data.overlay.show_overlays:
            return
        try:
            self._paint(context, photo_view(context.region))
        except Exception:  # the boundary: Blender would write it to the console at every redraw
            if not self._has_failed:
                _log.exception("the boxes cannot be drawn")
            self._has_failed = True

    def paint_pick(self, context: bpy.types.Context, picks: Picks | None, at: tuple[int, int]) -> None:
        """What of `picks` is at a place of the window, where there is one; for a tool's cursor, which is drawn in the window's pixels."""
        if picks is None:
            return
        try:
            self._paint_pick(context, picks, at)
        except Exception:  # the boundary, as for the boxes
            if not self._has_failed:
                _log.exception("what is under the mouse cannot be drawn")
            self._has_failed = True

    def _paint_pick(self, context: bpy.types.Context, picks: Picks, at: tuple[int, int]) -> None:
        from .overlay_regions import RegionHighlight, paint_highlight

        self._highlight = self._highlight or RegionHighlight()
        paint_highlight(context, self._highlight, picks, photo_view(context.region).moved(context.region.x, context.region.y), *at)

    def _paint(self, context: bpy.types.Context, view: PhotoView) -> None:
        from .overlay_drawing import MaskOverlay, StrokeOverlay, paint_boxes, paint_hint

        scale = context.preferences.system.ui_scale
        if context.scene.img23d.paints_parts:
            self._mask_overlay = self._mask_overlay or MaskOverlay()
            self._mask_overlay.paint(view, *painted_parts(context.scene, self.draft))
            return
        boxes = shown_boxes(context.scene, self.draft)
        self._stroke_overlay = self._stroke_overlay or StrokeOverlay()
        self._stroke_overlay.paint(view, shown_strokes(context.scene, self.draft))
        paint_boxes(view, (0.0, 0.0, context.region.width, context.region.height), boxes, scale)
        if not boxes:
            paint_hint(context.region, scale, _hint(context))


def _hint(context: bpy.types.Context) -> str:
    """What to do with the tool in hand."""
    tool = context.workspace.tools.from_space_image_mode("VIEW")
    if tool is not None and tool.idname == PICK_TOOL:
        return _("Click on a thing in the photo to pick it")
    return _("Drag over a thing in the photo to draw a box around it")


def shown_boxes(scene: bpy.types.Scene, draft: Draft | None) -> list[ShownBox]:
    """The active one last, so that it lies over the others."""
    values = scene.img23d
    changed = draft if draft is not None and draft.box is not None else None
    active = values.active_target if changed is None else changed.index
    shown = []
    for index, row in enumerate(values.targets):
        box = changed.box if changed is not None and changed.index == index else box_of(row)
        if box is not None:
            shown.append(ShownBox(name=row.name, box=box, is_active=index == active, is_drawn=row.is_drawn, is_used=row.use))
    if changed is not None and changed.index < 0:
        shown.append(ShownBox(name="", box=changed.box, is_active=True, is_drawn=True, is_used=True))
    return sorted(shown, key=lambda one: one.is_active)


def painted_parts(scene: bpy.types.Scene, draft: Draft | None) -> tuple[tuple[str, ...], tuple[Color, ...], tuple[int, Stroke] | None]:
    """The strokes of each part of the mask as its row keeps them, the colours, and what is being painted with the number of its part."""
    rows = scene.img23d.mask_parts
    now = (draft.index, draft.stroke) if draft is not None and draft.stroke is not None else None
    return tuple(row.strokes for row in rows), tuple(tuple(row.color) for row in rows), now


def shown_strokes(scene: bpy.types.Scene, draft: Draft | None) -> tuple[Stroke, ...]:
    """The active target's, and the one that is being painted."""
    from ...core.boxes.strokes import parse_strokes

    values = scene.img23d
    has_row = 0 <= values.active_target < len(values.targets)
    text = values.targets[values.active_target].strokes if has_row else ""
    more = (draft.stroke,) if draft is not None and draft.stroke is not None else ()
    return (*parse_strokes(text), *more)
