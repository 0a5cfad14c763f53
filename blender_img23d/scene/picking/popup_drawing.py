"""How the photo over the viewport looks: the darkened viewport, the photo, and the bar with a sentence and buttons."""

from __future__ import annotations

from collections.abc import Sequence

import blf
import bpy
import gpu
import numpy as np
from bpy.app.translations import pgettext_iface as _

from ..photo.overlay_drawing import paint, paint_texture
from ..photo.overlay_shapes import filled
from ..photo.view import PhotoView
from ..view.line_breaks import FONT, broken
from ..view.uncovered import Rect
from .popup_layout import LINE, LINES, PAD, TEXT, Button, bar_height

_DARKENED, _BAR = (0.03, 0.03, 0.03, 0.82), (0.05, 0.05, 0.05, 0.92)
_IDLE, _HOVERED, _CHOSEN = (0.33, 0.33, 0.33, 1.0), (0.42, 0.42, 0.42, 1.0), (0.28, 0.45, 0.7, 1.0)
_WHITE, _GREY = (1.0, 1.0, 1.0, 1.0), (0.75, 0.75, 0.75, 1.0)
_KEYS = "Ctrl: the other of things and parts.  Wheel: nearer.  Ctrl+Z: take it back.  Esc: done."


def paint_ground(region: bpy.types.Region) -> None:
    paint(filled(np.array([[0, 0, region.width, region.height]], float)), _DARKENED)


def paint_photo(texture: gpu.types.GPUTexture, view: PhotoView) -> None:
    (left, top), (right, bottom) = view.to_region(0.0, 0.0), view.to_region(1.0, 1.0)
    paint_texture(texture, [(left, top), (right, top), (right, bottom), (left, bottom)])


def paint_bar(free: Rect, shift: tuple[float, float], scale: float, said: tuple[str, int | None], buttons: Sequence[tuple[Button, bool]]) -> None:
    """At the bottom of `free`; `said` is a sentence and perhaps a percent, and with each button comes whether the mouse is on it."""
    left, bottom, right, _top = free
    ground = (left, bottom, right, bottom + bar_height(scale))
    paint(filled(_moved([ground], shift)), _BAR)
    sentence = _(said[0]) if said[1] is None else f"{_(said[0])} {said[1]}%"
    width = round(right - left - 2 * PAD * scale)
    lines = [(line, _WHITE) for line in broken(sentence, width, TEXT * scale)]
    lines += [(line, _GREY) for line in broken(_(_KEYS), width, TEXT * scale)]
    top = ground[3] - PAD * scale
    for number, (line, colour) in enumerate(lines[:LINES]):
        _write(line, ((left + right) / 2, top - (number + 0.5) * LINE * scale), shift, scale, colour)
    for button, is_hovered in buttons:
        _paint_button(button, shift, scale, is_hovered=is_hovered)


def _paint_button(button: Button, shift: tuple[float, float], scale: float, *, is_hovered: bool) -> None:
    paint(filled(_moved([button.rect], shift)), _CHOSEN if button.is_on else _HOVERED if is_hovered else _IDLE)
    left, bottom, right, top = button.rect
    _write(button.text, ((left + right) / 2, (bottom + top) / 2), shift, scale, _WHITE)


def _moved(rects: Sequence[Rect], shift: tuple[float, float]) -> np.ndarray:
    return np.array(rects, float) + np.array([*shift, *shift])


def _write(text: str, middle: tuple[float, float], shift: tuple[float, float], scale: float, colour: tuple[float, ...]) -> None:
    blf.size(FONT, TEXT * scale)
    width, height = blf.dimensions(FONT, text)[0], blf.dimensions(FONT, "X")[1]
    blf.color(FONT, *colour)
    blf.position(FONT, round(middle[0] + shift[0] - width / 2), round(middle[1] + shift[1] - height / 2), 0)
    blf.draw(FONT, text)
