"""Drops a file on a window as a file manager does it: XDND version 5 (freedesktop.org), spoken by hand.

python3 drop.py FILE X Y      X, Y: pixels of the screen; needs python3-xlib
"""

import sys
import time
from pathlib import Path

from Xlib import X, display
from Xlib.protocol import event

VERSION = 5
URIS = "text/uri-list"


def main(file: str, x: int, y: int) -> int:
    screen = display.Display()
    root = screen.screen().root
    target = _aware_window(screen, root, x, y)
    source = root.create_window(0, 0, 1, 1, 0, screen.screen().root_depth)
    source.set_selection_owner(screen.intern_atom("XdndSelection"), X.CurrentTime)
    uris = screen.intern_atom(URIS)
    copy = screen.intern_atom("XdndActionCopy")
    for offset in (12, 0):  # Blender drops where it has last seen the pointer
        root.warp_pointer(x - offset, y)
        screen.sync()
        time.sleep(0.7)
    _send(screen, target, "XdndEnter", source.id, VERSION << 24, uris, 0, 0)
    for _ in range(5):  # Blender looks at what is dragged when the pointer moves
        _send(screen, target, "XdndPosition", source.id, 0, (x << 16) | y, X.CurrentTime, copy)
        _serve(screen, source, Path(file), seconds=0.4)
    _send(screen, target, "XdndDrop", source.id, 0, X.CurrentTime, 0, 0)
    return 0 if _serve(screen, source, Path(file), seconds=5.0) else 1


def _aware_window(screen: display.Display, window, x: int, y: int):
    """The deepest window under the point that takes drops."""
    aware, found = screen.intern_atom("XdndAware"), None
    while window:
        if window.get_full_property(aware, X.AnyPropertyType) is not None:
            found = window
        window = window.translate_coords(screen.screen().root, x, y) and _child_at(screen, window, x, y)
    if found is None:
        raise SystemExit("no window there takes drops")
    return found


def _child_at(screen: display.Display, window, x: int, y: int):
    for child in reversed(window.query_tree().children):
        shape = child.get_geometry()
        at = child.translate_coords(screen.screen().root, 0, 0)
        left, top = -at.x, -at.y
        if child.get_attributes().map_state == X.IsViewable and 0 <= x - left < shape.width and 0 <= y - top < shape.height:
            return child
    return None


def _send(screen: display.Display, target, kind: str, *data: int) -> None:
    message = event.ClientMessage(window=target, client_type=screen.intern_atom(kind), data=(32, list(data)))
    target.send_event(message, event_mask=0)
    screen.flush()


def _serve(screen: display.Display, source, file: Path, *, seconds: float) -> bool:
    """Hands the file's address over when it is asked for. True when the target says that it has finished."""
    finished, until = screen.intern_atom("XdndFinished"), time.monotonic() + seconds
    while time.monotonic() < until:
        while screen.pending_events():
            one = screen.next_event()
            if one.type == X.SelectionRequest:
                address = (file.absolute().as_uri() + "\r\n").encode()
                one.requestor.change_property(one.property, one.target, 8, address)
                one.requestor.send_event(
                    event.SelectionNotify(time=one.time, requestor=one.requestor, selection=one.selection, target=one.target, property=one.property)
                )
                screen.flush()
            elif one.type == X.ClientMessage and one.client_type == finished:
                return True
        time.sleep(0.02)
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
