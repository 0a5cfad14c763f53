"""What a window manager does for a person: closing a window by the cross of its frame, and giving it another size."""

from __future__ import annotations

import time
from dataclasses import dataclass

from Xlib import X, display, error
from Xlib.protocol import event

_STEPS = 6  # that a window is pulled in


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A window, by its number on the screen, and the pixels that it covers."""

    number: int
    left: int
    top: int
    width: int
    height: int


def announce() -> display.Display:
    """What a window manager's presence makes known, while the result is kept: a Blender started before cannot be closed by its frame."""
    screen = display.Display()
    for name in ("WM_PROTOCOLS", "WM_DELETE_WINDOW"):
        screen.intern_atom(name)
    screen.sync()
    return screen


def frames() -> list[Frame]:
    """Blender's windows that are shown; the one that lies on top is the last."""
    screen = display.Display()
    try:
        shown = (_frame(window) for window in screen.screen().root.query_tree().children)
        return [frame for frame in shown if frame is not None]
    finally:
        screen.close()


def close(frame: Frame) -> None:
    """The program is asked to, and closes it by itself (ICCCM 4.2.8.1)."""
    screen = display.Display()
    try:
        window = screen.create_resource_object("window", frame.number)
        asked = (32, [screen.intern_atom("WM_DELETE_WINDOW"), X.CurrentTime, 0, 0, 0])
        window.send_event(event.ClientMessage(window=window, client_type=screen.intern_atom("WM_PROTOCOLS"), data=asked))
        screen.sync()
    finally:
        screen.close()


def resize(frame: Frame, width: int, height: int) -> None:
    """As if it was pulled at its corner."""
    screen = display.Display()
    try:
        window = screen.create_resource_object("window", frame.number)
        for step in range(1, _STEPS + 1):
            wide = frame.width + (width - frame.width) * step // _STEPS
            high = frame.height + (height - frame.height) * step // _STEPS
            window.configure(width=wide, height=high)
            screen.sync()
            time.sleep(0.15)
    finally:
        screen.close()


def _frame(window) -> Frame | None:
    try:
        if "Blender" not in (window.get_wm_class() or ()) or window.get_attributes().map_state != X.IsViewable:
            return None
        shape = window.get_geometry()
    except error.BadWindow:  # gone meanwhile
        return None
    return Frame(number=window.id, left=shape.x, top=shape.y, width=shape.width, height=shape.height)
