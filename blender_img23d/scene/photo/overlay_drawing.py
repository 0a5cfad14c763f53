"""Drawing of boxes, names and brush strokes: one batch of triangles a colour, text on a dark ground, strokes as an overlay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import blf
import bpy
import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader

from ...core.boxes.strokes import parse_strokes
from ...shared.img23d_protocol.job_requests import Stroke
from ..mask.pixels import colored, cover, draw_mask
from ..view.uncovered import Rect
from .overlay_shapes import Colour, filled, frames, handles, stroke_pixels
from .srgb import to_linear
from .view import PhotoView

if TYPE_CHECKING:
    from .box_rows import ShownBox

_ACTIVE, _DRAWN, _FOUND = (1.0, 0.66, 0.16), (0.36, 0.78, 1.0), (0.93, 0.93, 0.93)
_DARK, _GROUND = (0.0, 0.0, 0.0), (0.05, 0.05, 0.05, 0.75)
_IN, _OUT = (0.1, 0.85, 0.3, 0.45), (0.95, 0.15, 0.12, 0.45)
_MASK_OPACITY = 0.55
_DIMMED = 0.4  # opacity of what is switched off
_FONT = 0  # Blender's interface font
_TEXT, _PAD, _MARGIN = 12, 4, 10  # pixels at scale 1
_MOST_LABELS = 40
_OVERLAY = 1024  # pixels of the strokes' picture that the photo's width takes at most


def paint_boxes(view: PhotoView, within: Rect, boxes: Sequence[ShownBox], scale: float, *, has_handles: bool = True) -> None:
    """One batch a colour. The active box comes last, over the others, with handles where it can be pulled.

    Names stand `within` a rectangle in the region's pixels: of a quad view that is all four regions, so that a name has one
    place for all of them, and is not written in each.
    """
    if not boxes:
        return
    rects = np.array([_rect(view, one) for one in boxes], float)
    labels = _labels(within, boxes, rects, scale)
    groups: dict[tuple, list[np.ndarray]] = {}
    for one, rect in zip(boxes, rects, strict=True):
        groups.setdefault((one.is_active, _colour(one), _opacity(one)), []).append(rect)
    for (is_active, colour, opacity), gathered in groups.items():
        _paint_frames(np.array(gathered), (2 if is_active else 1) * scale, colour, opacity)
        if is_active and has_handles:
            paint(filled(handles(gathered[0], 9 * scale)), (*_DARK, 0.8))
            paint(filled(handles(gathered[0], 7 * scale)), (*colour, 1.0))
    if labels:
        paint(filled(np.array([ground for _name, ground, _tint in labels])), _GROUND)
        _write(labels, scale)


def _paint_frames(rects: np.ndarray, width: float, colour: tuple[float, float, float], opacity: float) -> None:
    """On a dark rim, so that they are seen on any photo."""
    paint(frames(rects, 2 * width + 1), (*_DARK, 0.5 * opacity))
    paint(frames(rects, width), (*colour, opacity))


def paint_hint(region: bpy.types.Region, scale: float, text: str) -> None:
    """Where there is no box yet."""
    blf.size(_FONT, _TEXT * scale)
    width, height = blf.dimensions(_FONT, text)
    left, bottom = (region.width - width) / 2, 24 * scale
    ground = np.array([left - 8 * scale, bottom - 6 * scale, left + width + 8 * scale, bottom + height + 6 * scale])
    paint(filled(ground[None]), _GROUND)
    blf.color(_FONT, 1, 1, 1, 1)
    blf.position(_FONT, left, bottom, 0)
    blf.draw(_FONT, text)


class StrokeOverlay:
    """The brush strokes as a picture of their own, made anew when they have changed."""

    def __init__(self) -> None:
        self._strokes: tuple[Stroke, ...] = ()
        self._pixels = 0.0  # of the picture, that the photo's width takes
        self._texture: gpu.types.GPUTexture | None = None
        self._extent = (0.0, 0.0, 0.0, 0.0)  # left, top, right, bottom in widths of the photo

    def paint(self, view: PhotoView, strokes: tuple[Stroke, ...]) -> None:
        if not strokes:
            return
        pixels = min(_OVERLAY, view.width)
        if strokes != self._strokes or pixels != self._pixels or self._texture is None:
            self._make(strokes, view.aspect, pixels)
        left, top, right, bottom = self._extent
        x0, y0 = view.to_region(left, top / view.aspect)
        x1, y1 = view.to_region(right, bottom / view.aspect)
        paint_texture(self._texture, [(x0, y0), (x1, y0), (x1, y1), (x0, y1)])

    def _make(self, strokes: tuple[Stroke, ...], aspect: float, pixels: float) -> None:
        ways = [(pixels * np.column_stack([one.xs, np.multiply(one.ys, aspect)]), pixels * one.radius, _IN if one.adds else _OUT) for one in strokes]
        low = np.floor(np.min([points.min(0) - radius - 1 for points, radius, _tint in ways], axis=0)).clip(0)
        high = np.ceil(np.max([points.max(0) + radius + 1 for points, radius, _tint in ways], axis=0))
        high = np.maximum(np.minimum(high, np.ceil((pixels, pixels * aspect))), low + 1)
        width, height = (int(side) for side in high - low)
        self._texture = texture_of(stroke_pixels(ways, (low[0], low[1]), (width, height)))
        self._extent = (low[0] / pixels, low[1] / pixels, high[0] / pixels, high[1] / pixels)
        self._strokes, self._pixels = strokes, pixels


class MaskOverlay:
    """The painted mask of parts, each in its colour, made anew when it has changed."""

    def __init__(self) -> None:
        self._base: tuple[object, ...] = ()
        self._seen: tuple[object, ...] = ()
        self._labels: np.ndarray | None = None  # of what is painted, without what is being painted
        self._texture: gpu.types.GPUTexture | None = None

    def paint(self, view: PhotoView, strokes: tuple[str, ...], colors: Sequence[tuple[float, float, float]], now: tuple[int, Stroke] | None) -> None:
        """`strokes` of each part as its row keeps them, and `now` what is being painted, with the number of its part."""
        width = max(1, round(min(_OVERLAY, view.width)))
        base = (strokes, width, max(1, round(width * view.aspect)))
        if base != self._base or self._labels is None:
            self._base, self._labels = base, draw_mask([parse_strokes(one) for one in strokes], base[1], base[2])
        seen = (*base, tuple(colors), now)
        if seen != self._seen or self._texture is None:
            labels = self._labels.copy()
            if now is not None:
                cover(labels, now[1], now[0] + 1)
            self._seen, self._texture = seen, texture_of(colored(labels, colors, _MASK_OPACITY))
        (x0, y0), (x1, y1) = view.to_region(0.0, 0.0), view.to_region(1.0, 1.0)
        paint_texture(self._texture, [(x0, y0), (x1, y0), (x1, y1), (x0, y1)])


def texture_of(pixels: np.ndarray) -> gpu.types.GPUTexture:
    """`pixels` (h, w, 4) float32 0..1, in the colours that are to be seen (sRGB)."""
    values = np.ascontiguousarray(as_drawn(pixels, bpy.app.version))
    height, width = values.shape[:2]
    return gpu.types.GPUTexture((width, height), format="RGBA16F", data=gpu.types.Buffer("FLOAT", values.size, values.ravel()))


def as_drawn(pixels: np.ndarray, version: tuple[int, int, int]) -> np.ndarray:
    """What a texture must hold to be seen in these colours (sRGB): before 5.0 Blender turns what a draw handler
    takes from a texture into sRGB, as if it was linear; what it is given as a colour it never does.
    """
    if version >= (5, 0, 0):
        return pixels
    return np.concatenate([to_linear(pixels[..., :3]), pixels[..., 3:]], axis=-1).astype(np.float32)


def paint_texture(texture: gpu.types.GPUTexture, corners: list[tuple[float, float]]) -> None:
    """`corners` as the picture's rows run: upper left, upper right, lower right, lower left."""
    shader = gpu.shader.from_builtin("IMAGE")
    batch = batch_for_shader(shader, "TRI_FAN", {"pos": corners, "texCoord": [(0, 0), (1, 0), (1, 1), (0, 1)]})
    gpu.state.blend_set("ALPHA")
    shader.bind()
    shader.uniform_sampler("image", texture)
    batch.draw(shader)
    gpu.state.blend_set("NONE")


def paint(points: np.ndarray, colour: Colour) -> None:
    """Triangles (N, 2) in one colour."""
    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    corners = np.column_stack([points, np.zeros(len(points))]).astype(np.float32)
    batch = batch_for_shader(shader, "TRIS", {"pos": corners})
    gpu.state.blend_set("ALPHA")
    shader.bind()
    shader.uniform_float("color", colour)
    batch.draw(shader)
    gpu.state.blend_set("NONE")


def _rect(view: PhotoView, one: ShownBox) -> Rect:
    """In whole pixels, so that thin lines stay sharp."""
    left, top = view.to_region(one.box.left, one.box.top)
    right, bottom = view.to_region(one.box.right, one.box.bottom)
    return round(left), round(bottom), round(right), round(top)


def _colour(one: ShownBox) -> tuple[float, float, float]:
    if one.is_active:
        return _ACTIVE
    return _DRAWN if one.is_drawn else _FOUND


def _opacity(one: ShownBox) -> float:
    return 1.0 if one.is_used else _DIMMED


def _labels(within: Rect, boxes: Sequence[ShownBox], rects: np.ndarray, scale: float) -> list[tuple[str, Rect, Colour]]:
    """Names with their grounds, where there is room: the active one's first, then those of the larger boxes."""
    blf.size(_FONT, _TEXT * scale)
    height, pad = blf.dimensions(_FONT, "Xg")[1], _PAD * scale
    areas = (rects[:, 2] - rects[:, 0]) * (rects[:, 3] - rects[:, 1])
    areas[[one.is_active for one in boxes]] = np.inf
    placed: list[tuple[str, Rect, Colour]] = []
    taken = np.empty((_MOST_LABELS, 4))
    for number in np.argsort(-areas, kind="stable"):
        one, (left, bottom, right, top) = boxes[number], rects[number].tolist()
        is_outside = right < within[0] or left > within[2] or top < within[1] or bottom > within[3]
        if len(placed) == _MOST_LABELS or not one.name or is_outside:
            continue
        size = blf.dimensions(_FONT, one.name)[0] + 2 * pad, height + 2 * pad
        places = _places((left, bottom, right, top), size, within, 3 * scale)
        ground = next((place for place in places if not _overlaps(place, taken[: len(placed)])), None)
        if ground is not None:
            taken[len(placed)] = ground
            placed.append((one.name, ground, (*_colour(one), _opacity(one))))
    return placed


def _places(box: Rect, size: tuple[float, float], within: Rect, gap: float) -> list[Rect]:
    """Where a label of that width and height may stand, the best first: above its box, in its upper corner, below, in the lower one.

    Only what lies `within` that; a label that is too wide is moved to the left.
    """
    left, bottom, _right, top = box
    width, height = size
    x = max(min(left, within[2] - width), within[0])
    ys = (top + gap, top - height - gap, bottom - height - gap, bottom + gap)
    return [(x, y, x + width, y + height) for y in ys if within[1] <= y and y + height <= within[3]]


def _overlaps(rect: Rect, others: np.ndarray) -> bool:
    """Whether it has a place in common with one of the others (N, 4)."""
    left, bottom, right, top = rect
    apart = (others[:, 2] <= left) | (others[:, 0] >= right) | (others[:, 3] <= bottom) | (others[:, 1] >= top)
    return not apart.all()


def _write(labels: Sequence[tuple[str, Rect, Colour]], scale: float) -> None:
    blf.size(_FONT, _TEXT * scale)
    descent = blf.dimensions(_FONT, "Xg")[1] - blf.dimensions(_FONT, "X")[1]
    for name, ground, colour in labels:
        blf.color(_FONT, *colour)
        blf.position(_FONT, ground[0] + _PAD * scale, ground[1] + _PAD * scale + descent, 0)
        blf.draw(_FONT, name)
