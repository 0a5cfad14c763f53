"""What a person does who has never seen the program, by mouse and keyboard, in a Blender window of 1600 x 1000 pixels.

Run beside a Blender that was started with prepare.py, with DISPLAY set; needs xdotool, ImageMagick, tesseract and
python3-xlib. From an empty home folder:

    IMG23D_ZIP      the zip, which is installed through the preferences
    IMG23D_SHOTS    folder for the pictures, one a step; prepare.py's `state` is read there
    IMG23D_PHOTO    demo/plain/photo.jpg: the things in it are named here
    IMG23D_DROPS_ZIP set, where the preferences have a window of their own (Blender 4.3): the zip is dropped on the viewport
    IMG23D_PATIENCE seconds that a step may take (default: 120)

Ends with "person: all steps passed"; a step whose outcome does not come in time ends it with status 1.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import screen
from hands import SIDEBAR, VIEWPORT, WATCHER, after, browse, go_to, in_viewport, objects, open_panel, press, scroll, select
from screen import NotSeen, Region, await_state, await_that, click, click_at, drag, drop, find, is_seen, key, move, run_script, say, shot, state, type_text

ZIP, PHOTO = Path(os.environ["IMG23D_ZIP"]), Path(os.environ["IMG23D_PHOTO"])
DROPS_ZIP = "IMG23D_DROPS_ZIP" in os.environ
NAMES = "blue mug, red apple, yellow duck, purple star, green bottle"
_SAVING = 15.0  # seconds that a busy machine may take to write the file
LIST = Region(left=1000, right=1250, top=560, bottom=905)  # where the sidebar is scrolled to the list


def main() -> None:
    await_that(bool, "Blender's window")
    screen.ONLOOKERS.append(lambda what: WATCHER.look(f"while waiting for {what}"))
    for step in STEPS:
        say(step.__doc__ or "")
        WATCHER.forget()
        step()
    if WATCHER.moved:
        raise NotSeen(f"a panel that stands still: in {len(WATCHER.moved)} places it moved under the mouse")
    say("all steps passed")


def install() -> None:
    """install from disk, through the preferences"""
    in_viewport("Escape")
    await_state("objects 1", "object Cube: plain")  # Blender's startup scene, as it is
    if DROPS_ZIP:
        drop(ZIP, VIEWPORT)
        time.sleep(3)
        shot("00_dropped_zip")
        key("Return")
        await_state("installed")
        find("Objects from a Photo", SIDEBAR)
        shot("02_tab")
        return
    click("Edit", Region(right=400, bottom=30))
    click("Preferences", Region(right=600, bottom=700))
    click("Get Extensions", Region(right=500))
    click_at(1584, find("Repositories", Region(left=400))[1])  # the arrow beside it
    click("Install from Disk...", Region(left=1000))
    browse(ZIP, "Install from Disk")
    await_state("installed")
    shot("01_installed")
    click("Back to Previous", Region(right=600, bottom=100))
    find("Objects from a Photo", SIDEBAR)  # the tab opens by itself, once
    shot("02_tab")


def drop_photo() -> None:
    """drop a photo on the viewport"""
    drop(PHOTO, VIEWPORT)
    if f"photo {PHOTO.name}" not in after(2.0):  # Blender asks what it is for
        click("Make Objects from This Photo", Region(left=300, top=500, right=1000, bottom=800))
    await_state(f"photo {PHOTO.name}")
    shot("03_photo")


def find_things() -> None:
    """type the names and press Find"""
    x, y = find("Names, separated by commas", SIDEBAR)
    click_at(x, y + 22, times=2)
    type_text(NAMES)
    key("Return")
    time.sleep(1)
    press("Find", SIDEBAR, lambda facts: "jobs 1" in facts)
    await_state("idle", *(f"target {name}: found" for name in NAMES.split(", ")))
    time.sleep(2)
    shot("04_found")


def correct_the_list() -> None:
    """rename one, drop one"""
    scroll(4)
    click("yellow duck", LIST, times=2)
    key("ctrl+a")
    type_text("rubber duck")
    key("Return")
    await_state("target rubber duck: found")
    click("green bottle", LIST)
    x, y = find("Found in the Photo", SIDEBAR)
    click_at(x + 141, y + 100)  # the minus beside the list
    await_that(lambda facts: not any("green bottle:" in fact for fact in facts), "the bottle to leave the list")
    shot("05_corrected")


def pick_in_the_photo() -> None:
    """click on the lamp in the photo over the viewport, take it back and close it"""
    press("Pick in the Photo", SIDEBAR, lambda facts: "the photo lies over a viewport" in facts)
    await_state("idle", "jobs 2", "last job done")
    time.sleep(3)
    x, y = find("purple star", Region(left=60, right=1000, top=100, bottom=800))
    move(x - 375, y - 75)
    shot("05_outlined")
    click_at(x - 375, y - 75)
    await_that(lambda facts: any(fact.endswith(": picked") for fact in facts), "a picked thing")
    shot("05_picked")
    key("ctrl+z")
    await_that(lambda facts: not any(fact.endswith(": picked") for fact in facts), "the pick to be undone")
    key("Escape")
    await_that(lambda facts: "the photo lies over a viewport" not in facts, "the photo to be put away")


def draw_a_box() -> None:
    """draw a box in the Image Editor, take it back and draw it again"""
    scroll(4)
    press("Edit in Image Editor", SIDEBAR, lambda facts: "area IMAGE_EDITOR" in facts)
    time.sleep(3)
    x, y = find("purple star", Region(right=400, top=300, bottom=700))  # its label in the photo
    drag((x + 118, y + 76), (x + 30, y + 16))  # around the bowl, from where no other box has a handle
    await_that(lambda facts: any(fact.endswith(": drawn") for fact in facts), "a drawn box")
    shot("06_box")
    move(x, y + 120)
    key("ctrl+z")
    await_that(lambda facts: not any(fact.endswith(": drawn") for fact in facts), "the box to be undone")
    key("ctrl+shift+z")
    await_that(lambda facts: any(fact.endswith(": drawn") for fact in facts), "the box again")
    time.sleep(3)  # a click is lost while Blender takes the new box in, and what is typed then goes elsewhere
    x, y = find("Name", Region(left=350, right=660, top=200, bottom=420))
    click_at(x + 120, y, times=2)
    key("ctrl+a")
    type_text("orange bowl")
    key("Return")
    press("Done", Region(left=350, right=660, top=200, bottom=450), lambda facts: "area IMAGE_EDITOR" not in facts)
    await_state("target orange bowl: drawn")


def generate_and_stop_one() -> None:
    """generate with a double-click, which begins one run, and stop one of them"""
    scroll(-20)
    click("Best", SIDEBAR)  # slow enough to reach the X
    press("Generate", SIDEBAR, lambda facts: "jobs 3" in facts, times=2)
    time.sleep(1)
    shot("07_running")
    x, y = find("purple star", Region(left=1000, right=1345, top=540, bottom=660))  # its bar, below Cancel
    click_at(1264 if x > 1150 else 1145, y)  # its X: two bars stand side by side
    await_state("stopped 1")
    shot("07_stopped")
    await_state("idle", "last job done", "stopped 1")
    await_that(lambda facts: sum(fact.endswith(": textured") for fact in facts) == 4, "four textured objects")
    await_state("jobs 3", "object Cube: plain", "objects 5")
    shot("08_finished")


def look_as_in_the_photo() -> None:
    """look as in the photo, which leaves out the cube, undo and redo meanwhile, and go back by the same button"""
    await_state("shading SOLID TEXTURE", "scene's camera Camera")
    every = next(fact for fact in state() if fact.startswith("viewport shows "))
    scroll(-20)
    press("See It as in the Photo", SIDEBAR, lambda facts: any(fact.endswith(" through photo Camera") for fact in facts))
    move(*VIEWPORT)
    time.sleep(3)
    shot("09_as_in_the_photo")
    only_run = next(fact for fact in state() if fact.startswith("viewport shows "))
    if "Cube" in only_run or "scene's camera Camera" not in state():
        raise NotSeen(f"only what was made, and the scene's own camera: {only_run}")
    press("See It as in the Photo", SIDEBAR, lambda facts: every in facts)
    shot("09_as_before")
    press("See It as in the Photo", SIDEBAR, lambda facts: only_run in facts)
    move(*VIEWPORT)
    drag(VIEWPORT, (VIEWPORT[0] + 80, VIEWPORT[1]), button=2)  # turns the view
    await_that(lambda facts: any(fact.startswith("viewport shows ") and "Cube" in fact for fact in facts), "the cube again")
    shot("09_turned")


def make_another() -> None:
    """another one of the duck, beside it"""
    select("rubber duck")
    scroll(-20)
    open_panel("How It Was Made")
    click("Beside", SIDEBAR)
    move(*VIEWPORT)  # its tooltip would cover what comes next
    count = objects()
    press("Another", SIDEBAR, lambda facts: "jobs 4" in facts)
    await_state("idle", f"objects {count + 1}", "last job done")
    shot("10_another")


def retexture_one() -> None:
    """re-texture the bowl from its picture"""
    select("orange bowl")
    scroll(-20)
    open_panel("Re-texture Selected Meshes")
    press("Re-texture orange bowl", SIDEBAR, lambda facts: "jobs 5" in facts)
    await_state("object orange bowl: textured", "idle", "last job done")
    shot("11_retextured")


def undo_all() -> None:
    """undo everything that was made, and redo it"""
    count = objects()
    for _ in range(12):
        if "objects 1" in state():
            break
        in_viewport("ctrl+z")
    await_state("objects 1", "object Cube: plain")
    time.sleep(3)  # until it is drawn
    shot("12_undone")
    for _ in range(12):
        if f"objects {count}" in state():
            break
        in_viewport("ctrl+shift+z")
    await_state(f"objects {count}")


def save_and_reopen() -> None:
    """save, end Blender, open the file again: the objects and the history are there"""
    count = objects()
    in_viewport("ctrl+s")
    await_state("area FILE_BROWSER")
    go_to(screen.SHOTS)
    x, y = find("Cancel", Region(left=900, top=700))
    for _ in range(3):  # the first click may only end the typing of the folder
        click_at(x + 137, y)  # the button that saves, which each version calls otherwise
        facts = after(_SAVING)
        if any(fact.startswith("file ") and len(fact) > 5 for fact in facts) or "area FILE_BROWSER" not in facts:
            break  # a further click would go into the scene and change it again
    await_that(lambda facts: any(fact.startswith("file ") and len(fact) > 5 for fact in facts), "the file to be saved")
    saved = next(fact for fact in state() if fact.startswith("file "))
    in_viewport("ctrl+q")
    _await_end()
    path = screen.SHOTS / saved.removeprefix("file ")
    again = subprocess.Popen(["blender", str(path), "--python", str(Path(__file__).with_name("prepare.py"))])
    (screen.SHOTS / "state").unlink()
    try:
        await_state("installed", f"objects {count}", saved)
        open_panel("Past Runs")
        await_that(lambda facts: any(fact.startswith("jobs ") and fact != "jobs 0" for fact in facts), "the past runs")
        scroll(20)
        shot("13_reopened")
    finally:
        again.terminate()


def _await_end() -> None:
    """Of Blender, which writes its preferences last: where they are not there yet, another one knows no extension."""
    until = time.monotonic() + screen.PATIENCE
    while subprocess.run(["xdotool", "search", "--class", "blender"], capture_output=True).stdout.strip():
        if time.monotonic() > until:
            raise NotSeen("the end of Blender")
        if is_seen("Save changes before closing"):  # one of the clicks changed what is selected
            key("Return")
        time.sleep(5)
    time.sleep(2)


STEPS = (
    *(install, drop_photo, find_things, correct_the_list, pick_in_the_photo, draw_a_box, generate_and_stop_one, look_as_in_the_photo),
    *(make_another, retexture_one, undo_all, save_and_reopen),
)

if __name__ == "__main__":
    run_script(main)
