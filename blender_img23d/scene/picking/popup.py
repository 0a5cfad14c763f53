"""The photo, large over a 3D viewport, to pick things in: its place, its hit test, and its closing.

It draws and remembers; the operator that opens it hears the mouse and the keys. All places are pixels of the window.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

import bpy

from ...shared.img23d_protocol import ErrorCode, Img23DError
from ..file.folders import absolute
from ..photo.image import read_photo
from ..photo.overlay import shown_boxes
from ..photo.shown_photo import shows_photo
from ..photo.view import PhotoView
from ..view.uncovered import holds, uncovered
from .popup_layout import Button, Framing, bar_height, buttons_of

if TYPE_CHECKING:
    import gpu
    import numpy as np

    from ...core.jobs import Job
    from ...core.session.session import Session
    from ..photo.overlay_regions import RegionHighlight
    from ..photo.picks import Picks

_log = logging.getLogger(__name__)


class Picker(Protocol):
    """What it asks of `app.jobs.picker`."""

    sentence: str

    @property
    def is_looking(self) -> bool: ...
    def shown(self, scene: bpy.types.Scene) -> Picks | None: ...
    def update(self, context: bpy.types.Context) -> Job | None: ...
    def advice(self, scene: bpy.types.Scene) -> str: ...


_LEAST = (480, 360)  # pixels at scale 1 that the viewport must have free; otherwise the Image Editor is taken
_LONGEST_SIDE = 2048  # pixels of the picture that is drawn
PHOTO = "photo"  # what the mouse may be on, beside a button


def has_room(context: bpy.types.Context) -> bool:
    """Whether the photo is to be shown over the viewport: not where an Image Editor shows it already."""
    area = context.area
    if area is None or area.type != "VIEW_3D" or any(shows_photo(one.spaces.active, context.scene) for one in context.screen.areas):
        return False
    left, bottom, right, top = uncovered(area)
    scale = _scale()
    return right - left >= _LEAST[0] * scale and top - bottom >= _LEAST[1] * scale


class PickPopup:
    """At most one is open. Main thread only; keeps an area's address, which is compared and never followed."""

    def __init__(self, picker: Picker, session: Session) -> None:
        self._picker = picker
        self._session = session
        self._handle: object | None = None
        self._area = 0
        self._opened = 0  # how many were
        self._photo = ""
        self._pixels: np.ndarray | None = None  # until it is drawn first, since only then there is something to draw with
        self._texture: gpu.types.GPUTexture | None = None
        self._highlight: RegionHighlight | None = None
        self._framing = Framing(aspect=1.0)
        self._mouse = (0.0, 0.0)
        self._under: tuple[str, int] = ("", -1)  # the mouse: of `on`, and the region of the photo
        self._seen: tuple = ()
        self._owes_look = False  # a run keeps the backend busy
        self._ends_with_run = False
        self.has_failed = False  # it cannot be drawn on this machine: nobody could see what takes the clicks

    # --- opened and closed ------------------------------------------------------------------------------------------

    def open(self, context: bpy.types.Context) -> Job | None:
        """Over the context's area; the job that looks at the photo, where one is needed. Raises Img23DError."""
        self.close()
        photo = absolute(context.scene.img23d.photo)
        self._pixels = read_photo(photo, _LONGEST_SIDE)
        self._photo, self._area, self._framing = photo, context.area.as_pointer(), Framing(aspect=self._pixels.shape[0] / self._pixels.shape[1])
        self._under, self._seen = ("", -1), ()
        active = self._session.active
        self._ends_with_run = active is None or active.is_pick or active.is_search
        self._opened += 1
        if not bpy.app.background:
            self._handle = bpy.types.SpaceView3D.draw_handler_add(self._draw, (), "WINDOW", "POST_PIXEL")
        job = self._look(context)
        self.redraw()
        return job

    def close(self) -> None:
        """Also where the operator that opened it is gone, and cannot give the mouse back any more."""
        if self._handle is not None:
            bpy.types.SpaceView3D.draw_handler_remove(self._handle, "WINDOW")
        window, area = self._place()
        if window is not None:
            window.cursor_modal_restore()
            area.tag_redraw()
        self._handle, self._area, self._pixels, self._texture, self._highlight = None, 0, None, None, None
        self._owes_look = False

    @property
    def number(self) -> int:
        """Of the one that is open, 0 for none."""
        return self._opened if self._area else 0

    def is_over(self, area: bpy.types.Area | None) -> bool:
        return area is not None and self._area == area.as_pointer()

    def update(self) -> None:
        """Called by the pump: it goes with its area and its photo, when something is generated and when it cannot be drawn, and shows what is new."""
        if not self._area:
            return
        window, area = self._place()
        if area is None or absolute(window.scene.img23d.photo) != self._photo or self._begins_a_run() or self.has_failed:
            self.close()
            return
        if self._owes_look and self._session.active is None:
            with bpy.context.temp_override(window=window):
                self._look(bpy.context)
        seen = self._state(window.scene)
        if seen != self._seen:
            self._seen = seen
            area.tag_redraw()

    def redraw(self) -> None:
        _window, area = self._place()
        if area is not None:
            area.tag_redraw()

    # --- the mouse --------------------------------------------------------------------------------------------------

    def on(self, x: float, y: float) -> str:
        """What is there: `PHOTO` also stands for all around it, a button's name, or nothing where the popup is not."""
        _window, area = self._place()
        if area is None or not holds(uncovered(area), x, y):
            return ""
        button = next((one for one in self._buttons(area) if holds(one.rect, x, y)), None)
        return PHOTO if button is None else button.name

    def move(self, scene: bpy.types.Scene, x: float, y: float) -> None:
        """Drawn again only where another thing is under the mouse: a viewport may take its time."""
        self._mouse = (x, y)
        on = self.on(x, y)
        picks = self._picker.shown(scene)
        index = -1 if picks is None or on != PHOTO else picks.at(*self.to_photo(x, y), parts=_picks_parts())
        if (on, index) != self._under:
            self._under = (on, index)
            self.redraw()

    def to_photo(self, x: float, y: float) -> tuple[float, float]:
        """Fractions of the photo; beyond 0 and 1 outside of it."""
        _window, area = self._place()
        return self._view(area).to_photo(x, y) if area is not None else (-1.0, -1.0)

    def zoom(self, x: float, y: float, factor: float) -> None:
        """What is under the mouse stays there."""
        _window, area = self._place()
        if area is not None:
            self._framing = self._framing.zoomed(self._room(area), (x, y), factor)
            area.tag_redraw()

    def pan(self, right: float, up: float) -> None:
        _window, area = self._place()
        if area is not None:
            self._framing = self._framing.moved(self._room(area), right, up)
            area.tag_redraw()

    # --- steps ------------------------------------------------------------------------------------------------------

    def _look(self, context: bpy.types.Context) -> Job | None:
        """While a run keeps the backend busy, it is looked at afterwards."""
        self._owes_look = False
        try:
            return self._picker.segment(context)
        except Img23DError as error:
            self._owes_look = error.code == ErrorCode.BUSY
            self._picker.sentence = error.sentence
            return None

    def _begins_a_run(self) -> bool:
        active = self._session.active
        return self._ends_with_run and active is not None and not (active.is_pick or active.is_search)

    def _place(self) -> tuple[bpy.types.Window | None, bpy.types.Area | None]:
        for window in bpy.context.window_manager.windows if self._area else ():
            for area in window.screen.areas:
                if area.as_pointer() == self._area and area.type == "VIEW_3D":
                    return window, area
        return None, None

    def _state(self, scene: bpy.types.Scene) -> tuple:
        """All that is drawn but for the mouse."""
        return (self.says(scene), self._picker.shown(scene) is None, len(scene.img23d.targets), scene.img23d.active_target)

    def says(self, scene: bpy.types.Scene) -> tuple[str, int | None]:
        """The sentence below the photo, and the percent where it tells of something that goes on."""
        if self._picker.is_looking:
            return "Looking at the photo", round(100 * self._session.active.progress)
        return self._picker.advice(scene), None

    def _room(self, area: bpy.types.Area) -> tuple[float, float, float, float]:
        """Left, bottom, right and top of what is left for the photo above the bar."""
        scale = _scale()
        left, bottom, right, top = uncovered(area)
        return left, min(bottom + bar_height(scale), top), right, top

    def _view(self, area: bpy.types.Area) -> PhotoView:
        return self._framing.view(self._room(area))

    def _buttons(self, area: bpy.types.Area) -> list[Button]:
        return buttons_of(uncovered(area), _scale(), parts=_picks_parts())

    def _draw(self) -> None:
        context = bpy.context
        if not self._area or context.area is None or context.area.as_pointer() != self._area:
            return
        try:
            self._paint(context, context.area, context.region)
        except Exception:  # the boundary: Blender would write it to the console at every redraw
            if not self.has_failed:
                _log.exception("the photo over the viewport cannot be drawn")
            self.has_failed = True

    def _paint(self, context: bpy.types.Context, area: bpy.types.Area, region: bpy.types.Region) -> None:
        """In the pixels of `region`, which is one of four in a quad view."""
        from ..photo.overlay_drawing import paint_boxes, texture_of
        from ..photo.overlay_regions import RegionHighlight
        from .popup_drawing import paint_bar, paint_ground, paint_photo

        scale, shift = _scale(), (-region.x, -region.y)
        view, picks = self._view(area).moved(*shift), self._picker.shown(context.scene)
        if self._texture is None:
            self._texture, self._pixels = texture_of(self._pixels), None
        paint_ground(region)
        paint_photo(self._texture, view)
        if picks is not None and self._under[0] == PHOTO and 0 <= self._under[1] < len(picks.regions):
            self._highlight = self._highlight or RegionHighlight()
            self._highlight.paint(view, picks, self._under[1])
        left, bottom, right, top = self._room(area)
        within = left + shift[0], bottom + shift[1], right + shift[0], top + shift[1]
        paint_boxes(view, within, shown_boxes(context.scene, None), scale, has_handles=False)
        paint_bar(uncovered(area), shift, scale, self.says(context.scene), [(one, one.name == self._under[0]) for one in self._buttons(area)])


def _picks_parts() -> bool:
    return bpy.context.window_manager.img23d.picks == "PARTS"


def _scale() -> float:
    """Pixels a pixel of the interface at scale 1."""
    return bpy.context.preferences.system.ui_scale
