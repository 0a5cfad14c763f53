"""What person.py does not try, by mouse: a re-texture's look, the waiting list, kinds, further photos, variants, mesh tools,
past runs.

Run as person.py is, with its variables; the zip is dropped on the viewport.

    IMG23D_STEPS    which of the steps, by their names and with commas between (default: all of them); the last four go on
                    with the thing that choose_kind makes

Ends with "person: all steps passed", and with status 1 where something does not come or moves under the mouse.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import screen
from first_minutes import install
from hands import SIDEBAR, WATCHER, browse, in_viewport, objects, open_panel, press, scroll, select, take, wheel
from person import PHOTO, drop_photo
from screen import NotSeen, Region, await_state, await_that, click, click_at, find, key, run_script, say, shot, state, type_text

_BESIDE_LIST = 1264  # the last button of a row, in the sidebar at its default width
_BUTTON = 20
_FIRST_ROW, _ROW = 62, 34  # pixels from the waiting list's title to its first row, and from row to row
EIGHT = "red apple, green bottle, yellow duck, brown book, blue mug, orange bowl, purple star, pink lamp"
_DRAFT, _BEST = 5_000, 60_000  # faces at most
_BELOW_LIST = Region(left=1030, top=30, right=1345, bottom=930)


def main() -> None:
    await_that(bool, "Blender's window")
    screen.ONLOOKERS.append(lambda what: WATCHER.look(f"while waiting for {what}"))
    install()
    drop_photo()
    take(STEPS)
    if WATCHER.moved:
        raise NotSeen(f"a panel that stands still: in {len(WATCHER.moved)} places it moved under the mouse")
    say("all steps passed")


def let_wait() -> None:
    """press Generate five times at the same place; move the last that waits up, remove the first, let the others be made"""
    before = _textured()
    scroll(-40)
    press("Best", SIDEBAR, lambda facts: f"faces {_BEST}" in facts)  # slow: the first two take as long as it takes to work with the list
    _name(EIGHT)
    button = find("Generate", SIDEBAR)
    for number in range(5):
        if number == 2:
            press("Draft", SIDEBAR, lambda facts: f"faces {_DRAFT}" in facts)
        _press_at(button, lambda facts, number=number: _count("jobs", facts) + _count("waiting", facts) > number)
        time.sleep(1)
    await_that(lambda facts: _count("waiting", facts) > 2, "at least three to wait")
    shot("20_waiting")
    _to("Waiting List")
    _x, y = find("Waiting List", SIDEBAR)
    last = _waiting()[-1]
    _press_at((_BESIDE_LIST - 2 * _BUTTON, y + _FIRST_ROW + _ROW * (len(_waiting()) - 1)), lambda _facts: last in _waiting()[:-1])  # up
    time.sleep(1)
    shot("21_moved")
    first = _waiting()[0]
    _press_at((_BESIDE_LIST, y + _FIRST_ROW), lambda _facts: first not in _waiting())  # remove
    await_state("idle", "waiting 0", "last job done")
    await_that(lambda _facts: len(_textured() - before) == 8 * 4, "all that was pressed for and not removed, and no more")
    shot("22_all_made")


def choose_kind() -> None:
    """find a thing, choose the kind Turned and then Flat in its row, and make it"""
    scroll(-40)
    press("Draft", SIDEBAR, lambda facts: f"faces {_DRAFT}" in facts)
    _name("red apple")
    press("Find", SIDEBAR, lambda facts: "target red apple: found" in facts)
    await_state("idle")
    time.sleep(2)
    _to("Found in the Photo")
    _x, y = find("red apple", _BELOW_LIST)
    for kind, value in (("Turned", "revolve"), ("Flat", "flat")):
        click_at(_BESIDE_LIST - 34, y)
        time.sleep(1)
        shot(f"30_{value}")
        click(kind, Region(left=900, top=100, bottom=980))
        await_state(f"kind red apple: {value}")
    shot("31_flat")
    count = objects()
    scroll(-40)
    press("Generate", SIDEBAR, lambda facts: "busy" in facts or f"objects {count + 1}" in facts)
    await_state("idle", f"objects {count + 1}", "last job done")
    across, deep, _high = _size(_active())
    if deep > 0.5 * across:
        raise NotSeen(f"a flat thing, but it is {deep} deep and {across} wide")
    shot("32_made_flat")


def add_side_photo() -> None:
    """give a thing a photo of its back, through the file browser"""
    _to("Found in the Photo")
    click("red apple", _BELOW_LIST)
    wheel((1036, 860), 9)
    x, y = find("Back", _BELOW_LIST)
    click_at(x - 6, y + 84)  # the folder below its place
    browse(PHOTO, "Choose")
    await_state(f"side red apple: back {PHOTO.name}")
    time.sleep(2)
    shot("40_side")


def make_variants() -> None:
    """make two variants of a thing beside it, keep one"""
    select(_active())
    scroll(-40)
    open_panel("How It Was Made")
    press("Beside", SIDEBAR, lambda facts: True)
    x, y = find("Variants", SIDEBAR)
    _fill((x + 60, y), "2", "variants 2")
    count = objects()
    press("Make 2 Variants", SIDEBAR, lambda facts: "busy" in facts)
    await_state("idle", f"objects {count + 2}", "last job done")
    time.sleep(3)
    shot("50_variants")
    click("Keep", _BELOW_LIST, nth=1)  # the sentence above the buttons begins with the same word
    await_state(f"objects {count + 1}")
    shot("51_kept")


def use_mesh_tools() -> None:
    """turn a mesh into quads, put its origin in its middle and at its base again, apply its scale, add levels of detail"""
    scroll(-40)
    open_panel("Faces, Origin, Scale")
    name = _active()
    press("Make Quads", SIDEBAR, lambda facts: f"quads {name}" in facts or _says("making", facts))
    await_state(f"quads {name}", f"object {name}: textured")
    shot("60_quads")
    low = _height(name)
    press("Middle", SIDEBAR, lambda _facts: _height(name) > low + 0.1)
    press("Base", SIDEBAR, lambda _facts: abs(_height(name) - low) < 0.05)  # quads do not stand exactly as low
    press("Apply Scale", SIDEBAR, lambda facts: f"scale {name}: 1.000" in facts)
    press("Add Levels", SIDEBAR, lambda facts: f"object {name}_LOD1: textured" in facts or _says("lod", facts))
    await_state(f"object {name}_LOD1: textured")
    shot("61_tools")


def use_past_runs() -> None:
    """delete an object and import it once more from its run, take the run's names and settings, and delete the run"""
    count, jobs = objects(), _count("jobs", state())
    select(_active())
    in_viewport("x")
    key("Return")
    await_state(f"objects {count - 1}")
    scroll(-40)
    _name("nothing of the kind")
    open_panel("Past Runs")
    shot("80_past_runs")
    _press_at(find("Import All", SIDEBAR, nth=1), lambda _facts: objects() >= count)  # the first is that of Results
    await_state("idle")
    shot("81_imported_again")
    press("Use Photo, Names", SIDEBAR, lambda facts: "names nothing of the kind" not in facts)
    press("Delete", SIDEBAR, lambda facts: True)
    time.sleep(2)
    shot("82_delete_asks")
    key("Return")
    await_that(lambda facts: _count("jobs", facts) < jobs, "the run to be gone from the list", seconds=30)
    shot("83_deleted")


def show_textures_of_a_retexture() -> None:
    """re-texture the startup cube in Solid shading, and see it"""
    select("Cube")
    await_state("shading SOLID MATERIAL")
    scroll(-40)
    open_panel("Re-texture Selected Meshes")
    press("Re-texture Cube", SIDEBAR, lambda facts: "busy" in facts or "jobs 1" in facts)
    await_state("idle", "last job done", "object Cube: textured")
    time.sleep(3)
    shot("70_retextured")
    if "shading SOLID TEXTURE" in state():
        return  # seen without a press
    scroll(-40)
    press("Show the Textures", SIDEBAR, lambda facts: any(fact.startswith("shading MATERIAL") for fact in facts))
    time.sleep(20)  # until the shaders are compiled: the cube is not drawn before
    shot("71_shown")
    in_viewport("z")
    key("6")  # Solid again, for what comes next
    await_state("shading SOLID MATERIAL")


def _textured() -> set[str]:
    return {fact.removeprefix("object ").split(":")[0] for fact in state() if fact.endswith(": textured")}


def _name(names: str) -> None:
    _type_names(find("Names, separated by commas", SIDEBAR), names)


def _type_names(label: tuple[int, int], names: str) -> None:
    _fill((label[0], label[1] + 22), names, f"names {names}")


def _fill(at: tuple[int, int], text: str, fact: str) -> None:
    """A field, until it holds what was typed: what is typed while Blender draws may be lost."""
    for _ in range(3):
        click_at(*at, times=2)
        key("ctrl+a")
        type_text(text)
        key("Return")
        try:
            await_state(fact, seconds=10)
            return WATCHER.forget()  # what was typed is drawn otherwise while it is typed
        except NotSeen:
            key("Escape")
    raise NotSeen(f"“{text}” in a field")


def _to(panel: str) -> None:
    """Scroll to an open panel."""
    scroll(-40)
    for _ in range(5):
        try:
            _x, y = find(panel, SIDEBAR, tries=1)
            return scroll(max(0, (y - 120) // 41))
        except NotSeen:
            scroll(8)
    raise NotSeen(f"“{panel}” is not in the sidebar")


def _active() -> str:
    return next(fact.removeprefix("active ") for fact in state() if fact.startswith("active "))


def _waiting() -> list[str]:
    """The jobs, in the order in which they are to be made."""
    return next(fact.split()[1:] for fact in state() if fact.split()[:1] == ["waits"])


def _fact(start: str) -> str:
    return next(fact.removeprefix(f"{start}: ") for fact in state() if fact.startswith(f"{start}: "))


def _press_at(at: tuple[int, int], holds: Callable[[list[str]], bool]) -> None:
    """As `hands.press`, where the button is known to stand."""
    for _ in range(3):
        click_at(*at)
        try:
            return await_that(holds, "a press to count", seconds=10)
        except NotSeen:
            say("a press was lost")
    raise NotSeen(f"pressing at {at} had no effect")


def _count(what: str, facts: list[str]) -> int:
    return next((int(fact.split()[1]) for fact in facts if fact.split()[:1] == [what]), 0)


def _says(word: str, facts: list[str]) -> bool:
    return any(fact.startswith("mesh tools") and word in fact.casefold() for fact in facts)


def _height(name: str) -> float:
    """Of its origin, in metres."""
    return float(_fact(f"place {name}").split(", ")[2])


def _size(name: str) -> list[float]:
    return [float(part) for part in _fact(f"size {name}").split(", ")]


STEPS: tuple[Callable[[], None], ...] = (*(show_textures_of_a_retexture, let_wait, choose_kind, add_side_photo, make_variants, use_mesh_tools, use_past_runs),)

if __name__ == "__main__":
    run_script(main)
