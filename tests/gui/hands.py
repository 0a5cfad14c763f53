"""What a person does in Blender again and again: choose a file, open a panel, select an object, press until it works."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from screen import NotSeen, Region, click, click_at, find, key, move, say, state, type_text
from steady import SIDEBAR, Watcher, digest

_TURN = 41  # pixels that one turn of the wheel scrolls the sidebar by
VIEWPORT = (420, 640)  # an empty place in the 3D viewport
WATCHER = Watcher()


def take(steps: Iterable[Callable[[], None]]) -> None:
    """Each step in turn, or those that IMG23D_STEPS names, with commas between."""
    wanted = [name for name in os.environ.get("IMG23D_STEPS", "").split(",") if name]
    for step in (one for one in steps if not wanted or one.__name__ in wanted):
        say(step.__doc__ or "")
        WATCHER.forget()
        step()


def in_viewport(*keys: str) -> None:
    move(*VIEWPORT)
    for one in keys:
        key(one)


def objects() -> int:
    return int(next(fact for fact in state() if fact.startswith("objects ")).split()[1])


def after(seconds: float) -> list[str]:
    time.sleep(seconds)
    return state()


def browse(path: Path, button: str) -> None:
    """Choose a file in Blender's file browser."""
    go_to(path.parent)
    x, y = find("Cancel", Region(left=900, top=700))
    click_at(x - 300, y, times=2)
    key("ctrl+a")
    type_text(path.name)
    key("Return")
    click(button, Region(left=1200, top=700))


def go_to(folder: Path) -> None:
    """In Blender's file browser."""
    x, y = find("Bookmarks", Region(right=400, bottom=300))
    click_at(x + 600, y + 5, times=2)
    key("ctrl+a")
    type_text(f"{folder}/")
    key("Return")
    time.sleep(1)


def scroll(clicks: int) -> None:
    """The sidebar, down, or up where it is less than nothing; at its edge, since a list under the mouse would scroll instead."""
    wheel((1036, 860), clicks)


def wheel(at: tuple[int, int], clicks: int) -> None:
    move(*at)
    WATCHER.forget()
    for _ in range(abs(clicks)):
        subprocess.run(["xdotool", "click", "5" if clicks > 0 else "4"], check=True)
        time.sleep(0.1)
    last = ["", "?", "!"]
    while len(set(last)) > 1:  # Blender may be behind: what is read before it has scrolled is elsewhere a moment later
        move(*at)  # the last turn of the wheel is drawn only when the mouse moves
        last = [*last[1:], digest()]


def open_panel(panel: str) -> None:
    """A closed panel, wherever it is in the sidebar, and bring it to where it can be seen."""
    for _ in range(8):
        try:
            WATCHER.forget()
            _x, y = click(panel, SIDEBAR, tries=1)
            return scroll(max(0, (y - 150) // _TURN))
        except NotSeen:
            scroll(8)
    raise NotSeen(f"“{panel}” is not in the sidebar")


def select(name: str) -> None:
    """Click an object's name in the outliner, which shows four lines at a time."""
    outliner = Region(left=1340, top=50, right=1600, bottom=320)
    for _ in range(5):
        try:
            click(name, outliner, tries=1)
            return
        except NotSeen:
            wheel((1450, 150), 2)
    raise NotSeen(f"“{name}” is not in the outliner")


def press(phrase: str, region: Region, holds: Callable[[list[str]], bool], *, times: int = 1) -> None:
    """Click, or double-click, until it has an effect: Blender loses a click while it draws, and a person then clicks again."""
    for _ in range(4):
        x, y = find(phrase, region)
        move(x, y)
        WATCHER.look("")
        click_at(x, y, times=times)
        for _ in range(12):
            if holds(after(0.5)):
                return WATCHER.look(f"after “{phrase}” was pressed")
    raise NotSeen(f"pressing “{phrase}” had no effect")
