"""The light set by mouse, on a machine without a graphics card: allowed online, one click on Light, and two things stand as the photo shows them.

Run as person.py is, with its variables; the zip is dropped on the viewport. IMG23D_TINY_MODELS is for this script alone: it serves the small
models there as a model hub on loopback at the port IMG23D_HUB_PORT. Blender and prepare.py are started without it, with HF_ENDPOINT at
http://127.0.0.1 and that port, and with IMG23D_CHOSEN_PYTHON, so that models are fetched and no environment is made.

Ends with "person: all steps passed", and with status 1 where something does not come.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.append(str(Path(__file__).parents[1] / "learned" / "weights"))
sys.path.append(str(Path(__file__).parents[2] / "backend"))
sys.path.append(str(Path(__file__).parents[2] / "blender_img23d" / "shared"))

from first_minutes import install
from hands import SIDEBAR, VIEWPORT, open_panel, press, scroll, select, take
from local_hub import LocalHub, files_in, serving
from person import drop_photo, save_and_reopen
from rows import _name
from screen import NotSeen, Region, await_state, await_that, click, find, is_seen, move, run_script, say, shot, state

from img23d_backend.weights.registry import weight_set
from img23d_protocol.messages import Settings
from img23d_protocol.options.settings import engine_named

NAMES = os.environ.get("IMG23D_NAMES", "red apple, blue mug")  # the small models know the plain photo's things
MODELS, PORT = Path(os.environ["IMG23D_TINY_MODELS"]), int(os.environ["IMG23D_HUB_PORT"])
_DIALOG = Region(left=850, top=530, right=1210, bottom=720)
_LAST = Region(left=1030, top=600, right=1290)  # of the sidebar, scrolled to its end


def main() -> None:
    with serving(LocalHub(repositories=_published()), PORT) as hub:
        await_that(bool, "Blender's window")
        install()
        take(STEPS)
        code = hub.asked(".py")
        say(f"the hub sent {hub.sent('') / 1e6:.1f} MB and was asked for code {len(code)} times")
        if code:
            raise NotSeen("no code asked for")
    say("all steps passed")


def _published() -> dict[str, dict[str, bytes]]:
    sets = {name for part in Settings().stages_of(engine_named("light")) for name in part.file_sets()}
    return {weight_set(one).repository: files_in(MODELS / one) for one in sets}


def allow_online() -> None:
    """open AI Models and allow online access in the preferences"""
    _open_models("Open Preferences")
    shot("01_offline")
    click("Open Preferences", SIDEBAR)
    time.sleep(3)
    shot("02_preferences")
    click("Allow Online Access", Region(left=200))
    time.sleep(1)
    shot("03_allowed")
    click("Back to Previous", Region(right=600, bottom=100))
    time.sleep(2)


def set_up_light() -> None:
    """one click on Light"""
    _open_models("Set Up Light")
    shot("04_recommended")
    press("Set Up Light", SIDEBAR, lambda facts: "setting up" in facts or _is_ready(facts))
    shot("05_fetching")
    await_that(_is_ready, "the light set to be there")
    time.sleep(2)
    shot("06_ready")


def _open_models(button: str) -> None:
    for _ in range(4):  # Blender loses a click while it draws, and a second one would close the panel again
        if is_seen(button, SIDEBAR):
            return
        scroll(40)
        if not is_seen(button, SIDEBAR):
            click("AI Models", _LAST)  # the hint further up speaks of them as well
            time.sleep(1)
            scroll(12)
    raise NotSeen(f"“{button}”")


def _is_ready(facts: list[str]) -> bool:
    return any(fact.startswith("ready ") and "light" in fact.split() for fact in facts)


def use_light() -> None:
    """use it, drop a photo and name two things"""
    press("Use Light", SIDEBAR, lambda facts: "engine light" in facts)
    drop_photo()
    scroll(-40)
    _name(NAMES)
    shot("07_named")


def generate() -> None:
    """generate: each is found, cut out, shaped and painted by the light set"""
    press("Generate", SIDEBAR, lambda facts: "jobs 1" in facts)
    time.sleep(5)
    shot("08_running")
    await_state("idle", "last job done", f"objects {1 + len(NAMES.split(', '))}")
    time.sleep(5)
    shot("09_made")
    plain = [name for name in NAMES.split(", ") if f"object {name}: textured" not in state()]
    if plain:
        raise NotSeen(f"a texture on {plain}")


def look_as_in_the_photo() -> None:
    """see both as in the photo"""
    press("See It as in the Photo", SIDEBAR, lambda facts: any(fact.endswith(" through photo Camera") for fact in facts))
    move(*VIEWPORT)
    time.sleep(5)
    shot("10_as_in_the_photo")
    press("See It as in the Photo", SIDEBAR, lambda facts: not any(fact.endswith(" through photo Camera") for fact in facts))
    move(*VIEWPORT)
    time.sleep(5)
    shot("11_turned")


def compare_engines() -> None:
    """make the apple with the other engines as well, side by side, and keep the preview engine's"""
    before = len(NAMES.split(", ")) + 1
    select("red apple")
    await_state("active red apple")
    open_panel("How It Was Made")
    shot("12_made")
    press("Compare Engines", SIDEBAR, lambda facts: is_seen("Make It Once More with"))
    shot("13_engines")
    click("Compare", _DIALOG)
    await_that(lambda facts: "idle" in facts and "waiting 0" in facts and f"objects {before}" not in facts, "the things to compare")
    time.sleep(5)
    for _ in range(6):
        if is_seen("Keep All", SIDEBAR):
            break
        scroll(-3)
    shot("14_compared")
    _x, y = find("Preview (built in)", Region(left=1030, top=300, right=1290))
    click("Keep", Region(left=1030, top=y, right=1290, bottom=y + 140))
    await_state(f"objects {before}", "object red apple: textured")
    time.sleep(2)
    shot("15_kept")


STEPS = (allow_online, set_up_light, use_light, generate, look_as_in_the_photo, compare_engines, save_and_reopen)

if __name__ == "__main__":
    run_script(main)
