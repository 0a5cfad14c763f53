"""Mesh and splats of a photo by mouse: TRELLIS, both results, as in the photo, a render, a file of splats out and in again, save and reopen.

Run as person.py is, with its variables and with the one of rows.py; the zip is dropped on the viewport. prepare.py needs IMG23D_TINY_MODELS and IMG23D_CHOSEN_PYTHON,
a Python with torch and the other packages of the AI models, whose small models they are.

Ends with "person: all steps passed", and with status 1 where something does not come.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
os.environ.setdefault("IMG23D_KEEPS_CONSOLE", "1")

import screen
from busy import make_render_small, render
from first_minutes import install
from frames import frames
from hands import SIDEBAR, VIEWPORT, go_to, in_viewport, objects, press, scroll, select, take
from person import drop_photo, save_and_reopen
from rows import _name
from screen import NotSeen, Region, await_state, await_that, click, click_at, find, is_seen, key, move, run_script, say, shot, state, type_text

NAMES = ("red apple", "blue mug")  # the small models know these
FILE = "mug.spz"
_LIST = Region(left=900, right=1345)
_MENU = Region(right=400, bottom=900)


def main() -> None:
    await_that(bool, "Blender's window")
    install()
    drop_photo()
    take(STEPS)
    say("all steps passed")


def choose_engine() -> None:
    """name two things, choose TRELLIS, Both and Draft"""
    scroll(-40)
    _name(", ".join(NAMES))
    press("Preview (built in)", SIDEBAR, lambda facts: is_seen("TRELLIS", _LIST))
    shot("01_engines")
    click("TRELLIS", _LIST)
    await_state("engine trellis")
    press("Both", SIDEBAR, lambda facts: "result both" in facts)
    click("Draft", SIDEBAR)
    move(*VIEWPORT)
    time.sleep(4)  # until the panel knows that the models are there
    shot("02_chosen")


def generate() -> None:
    """generate: a mesh and splats of each thing"""
    press("Generate", SIDEBAR, lambda facts: "jobs 1" in facts)
    time.sleep(5)
    shot("03_running")
    await_state("idle", "last job done", "objects 5")
    splats = [fact for fact in state() if fact.startswith("splats ")]
    if len(splats) != len(NAMES):
        raise NotSeen(f"splats of each thing: {splats}")
    time.sleep(5)
    shot("04_both")


def look_as_in_the_photo() -> None:
    """see both as in the photo"""
    press("See It as in the Photo", SIDEBAR, lambda facts: any(fact.endswith(" through photo Camera") for fact in facts))
    move(*VIEWPORT)
    time.sleep(5)
    shot("05_as_in_the_photo")


def render_it() -> None:
    """render what stands there"""
    make_render_small()
    render()
    await_state("renders 1", seconds=900)  # by software EEVEE takes 7 minutes where others compute as well
    time.sleep(2)
    shot("06_rendered")
    in_front = frames()[-1]
    move(in_front.left + in_front.width // 2, in_front.top + in_front.height // 2)
    key("Escape")
    await_state("windows 1")


def export_splats() -> None:
    """export the mug's splats as SPZ"""
    name = _splats_of("blue mug")
    in_viewport("alt+a")  # names of what is selected are orange on blue, and hard to read
    select(name)
    await_state(f"active {name}")
    click("File", Region(right=120, bottom=30))
    click("Export", _MENU)
    time.sleep(1)
    click("Gaussian Splats", Region(right=800, bottom=900))
    time.sleep(2)
    go_to(screen.SHOTS)
    shot("07_export")
    x, y = find("Format", Region(left=1200))
    for _ in range(4):  # Blender loses a click now and then, and a person then clicks again
        click_at(x + 150, y)
        time.sleep(1)
        if is_seen("SPZ", Region(left=1100)):
            break
    click("SPZ", Region(left=1100))
    x, y = find("Cancel", Region(left=900, top=700))
    click_at(x - 300, y, times=2)
    key("ctrl+a")
    type_text(FILE)
    key("Return")
    shot("07_export_named")
    click_at(x + 137, y)
    await_that(lambda facts: (screen.SHOTS / FILE).is_file(), "the file of splats")


def import_splats() -> None:
    """import that file again"""
    before = objects()
    click("File", Region(right=120, bottom=30))
    click("Import", _MENU)
    time.sleep(1)
    click("Gaussian Splats", Region(right=800, bottom=900))
    time.sleep(2)
    go_to(screen.SHOTS)
    x, y = find("Cancel", Region(left=900, top=700))
    click_at(x - 300, y, times=2)
    key("ctrl+a")
    type_text(FILE)
    key("Return")
    shot("08_import")
    click_at(x + 137, y)
    await_state(f"objects {before + 1}")
    counts = {fact.split(": ")[0]: fact.split(": ")[1] for fact in state() if fact.startswith("splats ")}
    if counts["splats mug"] != counts[f"splats {_splats_of('blue mug')}"]:
        raise NotSeen(f"as many splats as went out: {counts}")
    time.sleep(5)
    shot("09_imported")


def _splats_of(name: str) -> str:
    """The name of the object that holds a thing's splats."""
    return next(fact.removeprefix("splats ").split(":")[0] for fact in state() if fact.startswith(f"splats {name}"))


def leave_the_camera() -> None:
    """leave the photo's camera"""
    press("See It as in the Photo", SIDEBAR, lambda facts: not any(fact.endswith(" through photo Camera") for fact in facts))
    move(*VIEWPORT)
    time.sleep(5)
    shot("10_turned")


STEPS = (choose_engine, generate, look_as_in_the_photo, render_it, export_splats, import_splats, leave_the_camera, save_and_reopen)

if __name__ == "__main__":
    run_script(main)
