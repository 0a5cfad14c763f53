"""Where the photo, the bar below it and the buttons in it lie over the viewport. All places are pixels of the window."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import blf
from bpy.app.translations import pgettext_iface as _

from ..photo.view import PhotoView
from ..view.line_breaks import FONT

if TYPE_CHECKING:
    from ..view.uncovered import Rect

DONE, THINGS, PARTS = "DONE", "THINGS", "PARTS"
_LABELS = {THINGS: "Things", PARTS: "Parts", DONE: "Done"}
TEXT, LINES, LINE, PAD = 12, 3, 17, 8  # of the bar, at scale 1: the letters' size, how many lines, and pixels
_BUTTON, _LEAST_WIDTH = 26, 80  # pixels at scale 1
_MARGIN = 12  # pixels around the photo
_MOST_ZOOM = 12.0


@dataclass(frozen=True, kw_only=True)
class Button:
    name: str
    text: str
    rect: Rect
    is_on: bool = False


@dataclass(frozen=True, kw_only=True)
class Framing:
    """How the photo lies in its room: as large as it fits, times `zoom`, with the place `at` of it in the middle.

    `aspect` is its height over its width, `at` in fractions of it.
    """

    aspect: float
    zoom: float = 1.0
    at: tuple[float, float] = (0.5, 0.5)

    def view(self, room: Rect) -> PhotoView:
        left, bottom, right, top = room
        across, up = max(right - left - 2 * _MARGIN, 1.0), max(top - bottom - 2 * _MARGIN, 1.0)
        width = min(across, up / self.aspect) * self.zoom
        height = width * self.aspect
        return PhotoView(left=(left + right) / 2 - self.at[0] * width, top=(bottom + top) / 2 + self.at[1] * height, width=width, height=height)

    def zoomed(self, room: Rect, about: tuple[float, float], factor: float) -> Framing:
        """What is at `about` stays there, as far as the whole photo does not have to move for it."""
        zoom = min(max(self.zoom * factor, 1.0), _MOST_ZOOM)
        x, y = self.view(room).to_photo(*about)
        share = self.zoom / zoom
        return replace(self, zoom=zoom)._at(x + (self.at[0] - x) * share, y + (self.at[1] - y) * share)

    def moved(self, room: Rect, right: float, up: float) -> Framing:
        view = self.view(room)
        return self._at(self.at[0] - right / view.width, self.at[1] + up / view.height)

    def _at(self, x: float, y: float) -> Framing:
        """Never so far that the photo leaves its room."""
        reach = 0.5 - 0.5 / self.zoom
        return replace(self, at=tuple(min(max(place, 0.5 - reach), 0.5 + reach) for place in (x, y)))


def bar_height(scale: float) -> float:
    """Always the same, so that the photo stands still while the sentence changes."""
    return (LINES * LINE + _BUTTON + 3 * PAD) * scale


def buttons_of(free: Rect, scale: float, *, parts: bool) -> list[Button]:
    """At the bottom of the part of the viewport that is free, side by side in the middle."""
    blf.size(FONT, TEXT * scale)
    texts = {name: _(label) for name, label in _LABELS.items()}
    widths = {name: max(blf.dimensions(FONT, text)[0] + 4 * PAD * scale, _LEAST_WIDTH * scale) for name, text in texts.items()}
    x = (free[0] + free[2] - sum(widths.values()) - 2 * PAD * scale) / 2
    bottom = free[1] + PAD * scale
    buttons = []
    for name, text in texts.items():
        is_on = name == (PARTS if parts else THINGS)
        buttons.append(Button(name=name, text=text, rect=(x, bottom, x + widths[name], bottom + _BUTTON * scale), is_on=is_on))
        x += widths[name] + PAD * scale
    return buttons
