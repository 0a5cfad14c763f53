"""How boxes, names and brush strokes look: one batch of triangles for all boxes, text on a dark ground, strokes as a veil."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import blf
import bpy
import gpu
import numpy as np
from bpy.app.translations import pgettext_iface as _
from gpu_extras.batch import batch_for_shader

from ..shared.img23d_protocol.job_requests import Stroke
from .overlay_shapes import brushed, filled, frames, handles
from .photo_view import PhotoView

if TYPE_CHECKING:
    from .overlay import ShownBox

Colour = tuple[float, float, float, float]

_ACTIVE, _DRAWN, _FOUND = (1.0, 0.66, 0.16), (0.36, 0.78, 1.0), (0.93, 0.93, 0.93)
_DARK = (0.0, 0.0, 0.0)
_IN, _OUT = (0.1, 0.85, 0.3, 0.45), (0.95, 0.15, 0.12, 0.45)
_DIMMED = 0.4  # opacity of what is switched off
_FONT = 0  # Blender's interface font
_TEXT, _PAD, _MARGIN = 12, 4, 10  # pixels at scale 1
_MOST_LABELS = 80


def paint_boxes(view: PhotoView, region: bpy.types.Region, boxes: Sequence[ShownBox], scale: float) -> None:
    if not boxes:
        return
    rects = np.array([_rect(view, one) for one in boxes])
    labels = _labels(region, boxes, rects, scale)
    mesh = _Triangles()
    for one, rect in zip(boxes, rects, strict=True):
        mesh.add(frames(rect[None], (4 if one.is_active else 3) * scale), (*_DARK, 0.55 * _opacity(one)))
        mesh.add(frames(rect[None], (2 if one.is_active else 1) * scale), (*_colour(one), _opacity(one)))
        if one.is_active:
            mesh.add(filled(handles(rect, 9 * scale)), (*_DARK, 0.8))
            mesh.add(filled(handles(rect, 7 * scale)), (*_colour(one), 1.0))
    for _name, ground, colour in labels:
        mesh.add(filled(ground[None]), (0.05, 0.05, 0.05, 0.75 * colour[3]))
    mesh.paint()
    _write(labels, scale)


def paint_hint(region: bpy.types.Region, scale: float) -> None:
    """Where there is no box yet."""
    text = _("Drag over a thing in the photo to draw a box around it")
    blf.size(_FONT, _TEXT * scale)
    width, height = blf.dimensions(_FONT, text)
    left, bottom = (region.width - width) / 2, 24 * scale
    ground = np.array([left - 8 * scale, bottom - 6 * scale, left + width + 8 * scale, bottom + height + 6 * scale])
    mesh = _Triangles()
    mesh.add(filled(ground[None]), (0.05, 0.05, 0.05, 0.75))
    mesh.paint()
    blf.color(_FONT, 1, 1, 1, 1)
    blf.position(_FONT, left, bottom, 0)
    blf.draw(_FONT, text)


def paint_strokes(view: PhotoView, region: bpy.types.Region, strokes: Sequence[Stroke]) -> None:
    """Painted opaquely beside the screen first: so a later stroke covers an earlier one, and crossings are no darker."""
    if not strokes:
        return
    offscreen = gpu.types.GPUOffScreen(region.width, region.height)
    try:
        mesh = _Triangles()
        for stroke in strokes:
            points = np.array([view.to_region(x, y) for x, y in zip(stroke.xs, stroke.ys, strict=True)])
            mesh.add(brushed(points, stroke.radius * view.width), _IN if stroke.adds else _OUT)
        with offscreen.bind():
            _clear_and_paint(mesh, region)
        _lay_over(offscreen.texture_color, region)
    finally:
        offscreen.free()


def _clear_and_paint(mesh: _Triangles, region: bpy.types.Region) -> None:
    from mathutils import Matrix

    gpu.state.active_framebuffer_get().clear(color=(0.0, 0.0, 0.0, 0.0))
    with gpu.matrix.push_pop(), gpu.matrix.push_pop_projection():
        gpu.matrix.load_matrix(Matrix.Translation((-1, -1, 0)) @ Matrix.Diagonal((2 / region.width, 2 / region.height, 1, 1)))
        gpu.matrix.load_projection_matrix(Matrix.Identity(4))
        mesh.paint(blend="NONE")


def _lay_over(texture: gpu.types.GPUTexture, region: bpy.types.Region) -> None:
    shader = gpu.shader.from_builtin("IMAGE")
    corners = [(0, 0), (region.width, 0), (region.width, region.height), (0, region.height)]
    batch = batch_for_shader(shader, "TRI_FAN", {"pos": corners, "texCoord": [(0, 0), (1, 0), (1, 1), (0, 1)]})
    gpu.state.blend_set("ALPHA")
    shader.uniform_sampler("image", texture)
    batch.draw(shader)
    gpu.state.blend_set("NONE")


class _Triangles:
    """Gathers coloured triangles, later ones over earlier ones, and draws them at once."""

    def __init__(self) -> None:
        self._points: list[np.ndarray] = []
        self._colours: list[np.ndarray] = []

    def add(self, points: np.ndarray, colour: Colour) -> None:
        self._points.append(points)
        self._colours.append(np.broadcast_to(np.array(colour, np.float32), (len(points), 4)))

    def paint(self, blend: str = "ALPHA") -> None:
        shader = gpu.shader.from_builtin("SMOOTH_COLOR")
        points = np.concatenate(self._points).astype(np.float32)
        points = np.column_stack([points, np.zeros(len(points), np.float32)])
        batch = batch_for_shader(shader, "TRIS", {"pos": points, "color": np.concatenate(self._colours)})
        gpu.state.blend_set(blend)
        batch.draw(shader)
        gpu.state.blend_set("NONE")


def _rect(view: PhotoView, one: ShownBox) -> tuple[float, float, float, float]:
    """Left, bottom, right, top in whole pixels, so that thin lines stay sharp."""
    left, top = view.to_region(one.box.left, one.box.top)
    right, bottom = view.to_region(one.box.right, one.box.bottom)
    return round(left), round(bottom), round(right), round(top)


def _colour(one: ShownBox) -> tuple[float, float, float]:
    if one.is_active:
        return _ACTIVE
    return _DRAWN if one.is_drawn else _FOUND


def _opacity(one: ShownBox) -> float:
    return 1.0 if one.is_used else _DIMMED


def _labels(
    region: bpy.types.Region, boxes: Sequence[ShownBox], rects: np.ndarray, scale: float
) -> list[tuple[str, np.ndarray, Colour]]:
    """Names with their grounds (4,), where there is room: the active one's first, then those of the larger boxes."""
    blf.size(_FONT, _TEXT * scale)
    height, pad = blf.dimensions(_FONT, "Xg")[1], _PAD * scale
    areas = (rects[:, 2] - rects[:, 0]) * (rects[:, 3] - rects[:, 1])
    order = sorted(range(len(boxes)), key=lambda number: (not boxes[number].is_active, -areas[number]))
    placed: list[tuple[str, np.ndarray, Colour]] = []
    for number in order:
        one, (left, _bottom, right, top) = boxes[number], rects[number]
        if len(placed) == _MOST_LABELS or not one.name or not _is_in_region(region, rects[number]):
            continue
        width = blf.dimensions(_FONT, one.name)[0]
        if width > 2 * (right - left) and not one.is_active:
            continue
        base = top + 3 * scale if top + height + 3 * pad < region.height else top - height - 3 * pad
        ground = np.array([left, base, left + width + 2 * pad, base + height + 2 * pad])
        if not any(_overlap(ground, other) for _name, other, _tint in placed):
            placed.append((one.name, ground, (*_colour(one), _opacity(one))))
    return placed


def _is_in_region(region: bpy.types.Region, rect: np.ndarray) -> bool:
    return rect[2] > 0 and rect[0] < region.width and rect[3] > 0 and rect[1] < region.height


def _overlap(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3])


def _write(labels: Sequence[tuple[str, np.ndarray, Colour]], scale: float) -> None:
    blf.size(_FONT, _TEXT * scale)
    descent = blf.dimensions(_FONT, "Xg")[1] - blf.dimensions(_FONT, "X")[1]
    for name, ground, colour in labels:
        blf.color(_FONT, *colour)
        blf.position(_FONT, ground[0] + _PAD * scale, ground[1] + _PAD * scale + descent, 0)
        blf.draw(_FONT, name)
