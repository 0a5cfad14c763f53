"""What a person does who has never seen the program, by mouse and keyboard, in a Blender window of 1600 x 1000 pixels.

Run beside a Blender that was started with prepare.py, with DISPLAY set; needs xdotool, ImageMagick, tesseract and
python3-xlib. From an empty home folder:

    IMG23D_ZIP     the zip, which is installed through the preferences
    IMG23D_SHOTS   folder for the pictures, one a step; prepare.py's `state` is read there
    IMG23D_PHOTO   a photo of the things in NAMES
    IMG23D_BLENDER the command that starts a second Blender, to reopen the file (default: blender)

Ends with "person: all steps passed"; a step whose outcome does not come in time ends it with status 1.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import screen  # noqa: E402
from screen import (  # noqa: E402
    Region,
    await_state,
    await_that,
    click,
    click_at,
    drag,
    find,
    is_seen,
    key,
    move,
    say,
    shot,
    state,
    type_text,
)

ZIP, PHOTO = os.environ["IMG23D_ZIP"], os.environ["IMG23D_PHOTO"]
BLENDER = os.environ.get("IMG23D_BLENDER", "blender")
NAMES = ("blue mug", "red apple", "yellow duck")
VIEWPORT = (420, 620)  # in the empty half of the 3D viewport
SIDEBAR = Region(left=1010, right=1330, top=50, bottom=890)
SAVED = screen.SHOTS / "table.blend"


def main() -> None:
    await_that(bool, "Blender's window")
    for step in (install, open_tab, drop_photo, find_things, correct_the_list, draw_a_box, generate, look_through_camera):
        step()
    for step in (make_another, retexture_one, undo_all, save_and_reopen):
        step()
    say("all steps passed")


def install() -> None:
    say("install from disk, by the menus")
    _in_viewport("a", "Delete")
    if is_seen("Delete", Region(left=300, right=700, top=500, bottom=760)):
        key("Return")
    await_state("objects 0")
    click("Edit", Region(right=400, bottom=30))
    click("Preferences...", Region(right=500, bottom=500))
    time.sleep(3)
    shot("01_preferences")
    click("Get Extensions")
    time.sleep(2)
    _choose_install_from_disk()
    time.sleep(2)
    _type_path(ZIP)
    shot("02_zip_chosen")
    key("Return")
    key("Return")
    await_state("installed")
    shot("03_installed")
    key("ctrl+w") if is_seen("Get Extensions") else None


if __name__ == "__main__":
    try:
        main()
    except (screen.NotSeen, subprocess.CalledProcessError) as error:
        say(f"stopped: {error}")
        sys.exit(1)
