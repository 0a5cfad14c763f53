"""What a person does in other windows while a run goes on: renders, opens and closes windows, and changes their size.

Run as person.py is, with its variables, beside a Blender whose prepare.py has IMG23D_KEEPS_CONSOLE set. The zip is dropped on
the viewport.

    IMG23D_STEPS    which of the steps, by their names and with commas between (default: all of them)

Ends with "busy: all steps passed", and with status 1 and a sentence otherwise.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import screen
from first_minutes import NAMES, Count, choose_photo, install, name_things
from frames import Frame, announce, close, frames, resize
from hands import SIDEBAR, VIEWPORT, WATCHER, after, in_viewport, objects, press, scroll
from screen import NotSeen, Region, await_state, await_that, click, click_at, find, key, move, run_script, say, shot, state, type_text

THINGS = NAMES.split(", ")
CUBE = ("objects 1", "object Cube: plain")
PERCENT = Region(left=1340, top=330, right=1600, bottom=760)  # of the properties: the size of the render
_OUTPUT_TAB, _OLDER_OUTPUT_TAB = (1333, 319), (1339, 448)  # of the properties: the outliner is higher before 5.0
_TAB, _OLDER_TAB = (1299, 328), (1309, 253)  # of the sidebar, which has one tab less before 5.0
PHOTO_LIES = "the photo lies over a viewport"
TROUBLE = ("Traceback (most recent call last)", "Error:", "a tick failed", "cannot be drawn", "EXCEPTION_ACCESS", "Segmentation")


def main() -> None:
    await_that(bool, "Blender's window")
    screen.ONLOOKERS.append(lambda what: WATCHER.look(f"while waiting for {what}"))
    manager = announce()
    blender = start_again()
    try:
        do_steps()
    finally:
        blender.terminate()
        manager.close()
    sys.stdout.write("busy: all steps passed\n")


def start_again() -> subprocess.Popen[bytes]:
    """A Blender that knows how windows are closed: it asks for that only when it starts."""
    in_viewport("Escape", "ctrl+q")
    until = time.monotonic() + 30
    while frames():
        if time.monotonic() > until:
            raise NotSeen("Blender to end")
        time.sleep(0.5)
    (screen.SHOTS / "state").unlink(missing_ok=True)
    blender = subprocess.Popen(["blender", "--python", str(Path(__file__).with_name("prepare.py"))])
    await_that(bool, "Blender's window")
    time.sleep(3)
    return blender


def do_steps() -> None:
    say("drop the photo and name two things")
    install()
    choose_photo(Count())
    name_things(Count())
    wanted = os.environ.get("IMG23D_STEPS", "").split(",")
    for step in STEPS:
        if wanted == [""] or step.__name__ in wanted:
            say(step.__doc__ or "")
            WATCHER.forget()
            step()
            look_back(step.__name__)


def look_back(step: str) -> None:
    """Nothing moved under the mouse, Blender has nothing to complain of, and nothing of the file lacks a part."""
    await_state("unsound ", seconds=10)
    console = (screen.SHOTS / "console").read_text(encoding="utf-8", errors="replace").splitlines()
    if "prepare: watching" not in console:
        raise NotSeen("what Blender says is not kept: IMG23D_KEEPS_CONSOLE must be set")
    bad = [line for line in console if any(sign in line for sign in TROUBLE)]
    if bad:
        raise NotSeen(f"{step}: Blender's console says:\n" + "\n".join(console[console.index(bad[0]) :][:30]))
    if WATCHER.moved:
        raise NotSeen(f"{step}: a panel that stands still: in {len(WATCHER.moved)} places it moved under the mouse")


# --- the steps ------------------------------------------------------------------------------------------------------


def renders_meanwhile() -> None:
    """F12 during a run: what is made waits for the render, and comes once when it has ended"""
    make_render_small()
    generate()
    render()
    await_state("renders 1", "windows 2")
    shot("busy_rendered")
    in_front = frames()[-1]
    move(in_front.left + in_front.width // 2, in_front.top + in_front.height // 2)
    key("Escape")
    await_state("windows 1")
    arrives_once()
    undo_and_redo()


def stops_a_render_meanwhile() -> None:
    """F12 at full size during a run, and Esc before it has ended"""
    generate()
    render()
    time.sleep(4)
    shot("busy_rendering")
    for _ in range(4):  # the first stops the render, the next one closes its window
        in_front = frames()[-1]
        if len(frames()) == 1:
            break
        move(in_front.left + in_front.width // 2, in_front.top + in_front.height // 2)
        key("Escape")
        time.sleep(4)
    await_that(lambda facts: "rendering" not in facts and "windows 1" in facts, "the render to be stopped")
    arrives_once()
    undo_and_redo()


def second_window_meanwhile() -> None:
    """a second window is opened during a run and closed when it has ended"""
    generate()
    second = open_window()
    arrives_once()
    shot("busy_second_window")
    close_window(second)
    undo_and_redo()


def runs_from_second_window() -> None:
    """a run is begun in the second window's sidebar, and the window is closed during the run"""
    second = open_window()
    open_tab(second)
    generate(within(second))
    shot("busy_run_from_second_window")
    close_window(second)
    if "busy" not in state():
        raise NotSeen("the run to go on when the window is closed that it was begun in; it had ended before")
    arrives_once()
    undo_and_redo()


def small_window_meanwhile() -> None:
    """an editor is opened in a window of its own during a run, and closed"""
    generate()
    click("Window", Region(right=400, bottom=30))
    click("New Window", Region(right=600, bottom=300))
    await_state("windows 2")
    time.sleep(2)
    shot("busy_small_window")
    close_window(frames()[-1])
    arrives_once()
    undo_and_redo()


def resizes_with_popup_open() -> None:
    """the window's size is changed while the photo lies over its viewport: a click still picks what is under the mouse"""
    press("Find", SIDEBAR, lambda facts: {f"target {name}: found" for name in THINGS} <= set(facts))
    await_state("idle")
    pick_in_the_photo(SIDEBAR)
    (window,) = frames()
    resize(window, 1330, 860)
    time.sleep(3)
    shot("busy_popup_small")
    resize(frames()[-1], window.width, window.height)
    time.sleep(3)
    if PHOTO_LIES not in state():
        raise NotSeen("the photo over the viewport when the window had another size")
    x, y = find(THINGS[0], Region(left=60, right=1000, top=100, bottom=800))
    rows = sum(fact.startswith("target ") for fact in state())
    click_at(x, y + 60)  # inside of the box, whose label is above it: it is listed already
    time.sleep(3)
    shot("busy_popup_large")
    if sum(fact.startswith("target ") for fact in state()) != rows:
        raise NotSeen("a click on what is listed to select it, and nothing else")
    key("Escape")
    await_that(lambda facts: PHOTO_LIES not in facts, "the photo to be put away")


def closes_window_with_popup_open() -> None:
    """the second window is closed while the photo lies over its viewport; in the first one it opens again"""
    second = open_window()
    open_tab(second)
    pick_in_the_photo(within(second))
    shot("busy_popup_in_second")
    close_window(second)
    await_that(lambda facts: PHOTO_LIES not in facts, "the photo to be put away with its window")
    pick_in_the_photo(SIDEBAR)
    shot("busy_popup_again")
    in_viewport("Escape")
    await_that(lambda facts: PHOTO_LIES not in facts, "the photo to be put away")


STEPS = (
    *(renders_meanwhile, second_window_meanwhile, runs_from_second_window, small_window_meanwhile),
    *(resizes_with_popup_open, closes_window_with_popup_open, stops_a_render_meanwhile),
)


# --- what they are made of ------------------------------------------------------------------------------------------


def generate(region: Region = SIDEBAR) -> None:
    jobs = _jobs()
    scroll(-20)
    press("Generate", region, lambda facts: f"jobs {jobs + 1}" in facts)


def arrives_once() -> None:
    """Every thing, with its texture, beside the cube."""
    await_state("idle", "last job done", f"objects {1 + len(THINGS)}", "object Cube: plain", *(f"object {name}: textured" for name in THINGS))
    if "idle" not in after(2.0) or objects() != 1 + len(THINGS):
        raise NotSeen(f"every thing once; there is: {' | '.join(fact for fact in state() if fact.startswith('object '))}")


def undo_and_redo() -> None:
    """What was made goes and comes again, and then goes for the next step."""
    for keys, facts in (("ctrl+z", CUBE), ("ctrl+shift+z", (f"objects {1 + len(THINGS)}",)), ("ctrl+z", CUBE)):
        for _ in range(12):
            if set(facts) <= set(after(1.0)):
                break
            in_viewport(keys)
        await_state(*facts, seconds=10)


def render() -> None:
    before = len(frames())
    in_viewport("F12")
    until = time.monotonic() + 60
    while len(frames()) == before:  # the state says nothing while Blender draws a render by software
        if time.monotonic() > until:
            raise NotSeen("a window for the render")
        time.sleep(0.5)


def make_render_small() -> None:
    """So that it ends in seconds where there is no graphics card."""
    click_at(*(_OLDER_OUTPUT_TAB if "older than 5.0" in state() else _OUTPUT_TAB))
    x, y = find("100%", PERCENT)
    click_at(x, y, times=2)
    key("ctrl+a")
    type_text("10")
    key("Return")
    await_state("render size 10")


def open_window() -> Frame:
    before = {frame.number for frame in frames()}
    click("Window", Region(right=400, bottom=30))
    click("New Main Window", Region(right=600, bottom=300))
    await_state("windows 2")
    time.sleep(3)
    fresh = [frame for frame in frames() if frame.number not in before]
    if len(fresh) != 1:
        raise NotSeen(f"one new window; there are {len(fresh)}")
    WATCHER.forget()
    return fresh[0]


def close_window(frame: Frame) -> None:
    close(frame)
    await_state("windows 1")
    WATCHER.forget()
    move(*VIEWPORT)


def open_tab(frame: Frame) -> None:
    """Blender shows the sidebar of a new window with its first tab; the letters of a tab stand upright and cannot be read."""
    right, down = _OLDER_TAB if "older than 5.0" in state() else _TAB
    click_at(frame.left + right, frame.top + down)
    find("Objects from a Photo", within(frame))
    WATCHER.forget()


def within(frame: Frame) -> Region:
    """The sidebar of a window that is like the first one and lies a little beside it."""
    return Region(left=SIDEBAR.left + frame.left, top=SIDEBAR.top + frame.top, right=min(1600, SIDEBAR.right + frame.left), bottom=SIDEBAR.bottom)


def pick_in_the_photo(region: Region) -> None:
    press("Pick in the Photo", region, lambda facts: PHOTO_LIES in facts)
    await_state("idle")
    time.sleep(2)


def _jobs() -> int:
    return next((int(fact.split()[1]) for fact in state() if fact.startswith("jobs ")), 0)


if __name__ == "__main__":
    run_script(main)
