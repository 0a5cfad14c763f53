"""Parts by mouse: Suzanne and a thing of a photo are split, two parts merged, one renamed, cut, pulled apart, joined, and all of it undone;
then a splitter that takes a mask gets one that is painted over the photo.

Run as person.py is, with its variables; the zip is dropped on the viewport.

    IMG23D_STEPS    which of the steps, by their names and with commas between (default: all of them)

Ends with "person: all steps passed", and with status 1 where something does not come.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from first_minutes import install
from hands import SIDEBAR, VIEWPORT, in_viewport, objects, open_panel, press, scroll, select, take
from person import drop_photo
from rows import _name
from screen import NotSeen, Region, await_state, await_that, click, click_at, drag, find, is_seen, key, move, run_script, say, shot, state, type_text

THING = "yellow duck"
_FIRST_ROW, _ROW = -142, 21  # pixels from the button below the list of parts up to its first line, and from line to line
_MARKER, _NAME = 1056, 1110  # pixels from the screen's left to the arrow before a name, and to the name
_BESIDE = 1232  # pixels from the left to the button before the arrow that shows a result
_BELOW = Region(left=1030, top=560, right=1345, bottom=905)  # of the sidebar, scrolled to its end
EDITOR = Region(left=330, top=60, right=700, bottom=800)
_HEAD, _BODY = ((110, 506), (120, 516)), ((128, 534), (152, 544))  # of the duck in the photo, as the Image Editor shows it: from and to


def main() -> None:
    await_that(bool, "Blender's window")
    install()
    take(STEPS)
    say("all steps passed")


def add_suzanne() -> None:
    """a monkey in place of the cube"""
    in_viewport("Delete")
    await_state("objects 0")
    in_viewport("shift+a")
    time.sleep(2)
    type_text("monkey")
    time.sleep(2)
    key("Return")
    await_state("active Suzanne")
    shot("01_suzanne")


def split_suzanne() -> None:
    """make parts of it: colours on it, and a list"""
    scroll(-40)
    open_panel("Parts")
    shot("02_panel")
    press("Make Parts of Suzanne", SIDEBAR, lambda facts: _parts_of("Suzanne", facts) != [] or "busy" in facts)
    await_that(lambda facts: len(_parts_of("Suzanne", facts)) > 2, "the parts of Suzanne")
    await_that(lambda facts: "shading SOLID VERTEX" in facts, "the colours of the parts")
    move(*VIEWPORT)
    time.sleep(2)
    shot("03_preview")


def more_parts() -> None:
    """more parts by one press"""
    before = _parts_of("Suzanne")
    scroll(40)
    press("More", _BELOW, lambda facts: "busy" in facts or _parts_of("Suzanne", facts) != before)
    await_state("idle")
    time.sleep(2)
    shot("04_more")
    press("Fewer", _BELOW, lambda facts: "busy" in facts or _parts_of("Suzanne", facts) == before)
    await_that(lambda facts: "idle" in facts and _parts_of("Suzanne", facts) == before, "as many as before")


def merge_two() -> None:
    """select two and merge them"""
    before = _parts_of("Suzanne")
    _click_row(0)
    await_state("marked Suzanne: 1")
    time.sleep(1)
    _click_row(1, _MARKER)
    await_state("marked Suzanne: 2")
    shot("05_two_selected")
    press("Merge 2", SIDEBAR, lambda facts: len(_parts_of("Suzanne", facts)) == len(before) - 1)
    move(*VIEWPORT)
    time.sleep(2)
    shot("06_merged")


def rename_one() -> None:
    """double-click on a name and type another"""
    _click_row(1, times=2)
    time.sleep(1)
    key("ctrl+a")
    type_text("crown")
    key("Return")
    await_that(lambda facts: "crown" in _parts_of("Suzanne", facts), "the new name")
    shot("07_renamed")


def cut_suzanne() -> None:
    """cut it, closed"""
    count = len(_parts_of("Suzanne"))
    press(f"Cut into {count} Parts", SIDEBAR, lambda facts: _cut(facts) == count)
    await_state("hidden Suzanne", "part crown")
    await_that(lambda facts: "shading SOLID VERTEX" not in facts, "the shading as before")
    move(*VIEWPORT)
    time.sleep(3)
    shot("08_cut")


def explode() -> None:
    """pull the parts apart by the slider"""
    x, y = find("Explode", SIDEBAR)
    drag((x, y), (x + 150, y))
    await_that(lambda facts: any(fact.startswith("exploded ") and fact != "exploded 0.00" for fact in facts), "parts that stand apart")
    move(*VIEWPORT)
    time.sleep(2)
    shot("09_exploded")


def join_and_undo() -> None:
    """join back, undo that, redo it, and undo all"""
    count = _cut(state())
    press("Join Back", SIDEBAR, lambda facts: _cut(facts) == 0)
    await_state("objects 1", "active Suzanne")
    if "hidden Suzanne" in state():
        raise NotSeen("Suzanne")
    move(*VIEWPORT)
    time.sleep(2)
    shot("10_joined")
    in_viewport("ctrl+z")
    await_that(lambda facts: _cut(facts) == count and "hidden Suzanne" in facts, "the parts again")
    shot("11_undone")
    in_viewport("ctrl+shift+z")
    await_that(lambda facts: _cut(facts) == 0, "Suzanne again")
    for _ in range(12):  # join, explode, cut, rename, merge and its two selections, fewer, more, make parts
        in_viewport("ctrl+z")
        time.sleep(1)
        if not _cut(state()) and not _parts_of("Suzanne"):
            break
    await_that(lambda facts: not _parts_of("Suzanne", facts) and _cut(facts) == 0 and "hidden Suzanne" not in facts, "Suzanne as she was")
    shot("12_all_undone")


def make_a_thing() -> None:
    """make a duck of the photo"""
    in_viewport("Delete")
    drop_photo()
    scroll(-40)
    _name(THING)
    press("Generate", SIDEBAR, lambda facts: any(fact.startswith("jobs ") for fact in facts) and "busy" in facts)
    await_state("idle", f"object {THING}: textured")
    time.sleep(5)
    shot("13_made")


def split_the_thing() -> None:
    """make parts of it by the button beside the result"""
    scroll(-40)
    for _ in range(8):
        if is_seen("Finished in", SIDEBAR):
            break
        scroll(6)
    scroll(4)
    _x, y = find("Finished in", SIDEBAR)  # of the run, above the list
    shot("14_results")
    before = len(state())
    for step in (50, 71, 92):  # pixels down to the first line: the height of the lines between
        click_at(_BESIDE, y + step)
        time.sleep(3)
        if _parts_of(THING) or "busy" in state():
            break
    await_that(lambda facts: len(_parts_of(THING, facts)) > 0, f"the parts of the {THING} ({before})")
    scroll(-40)
    open_panel("Parts")
    move(*VIEWPORT)
    time.sleep(3)
    shot("15_thing_preview")
    count = len(_parts_of(THING))
    press(f"Cut into {count} Parts", SIDEBAR, lambda facts: _cut(facts) == count)
    explode()
    shot("16_thing_exploded")
    press("Join Back", SIDEBAR, lambda facts: _cut(facts) == 0)
    await_state(f"active {THING}")


def paint_a_mask() -> None:
    """choose AutoPartGen, paint two parts over the photo, and split the thing with them"""
    select(THING)
    await_state(f"active {THING}")
    scroll(40)
    if not is_seen("Built In", SIDEBAR):  # it is open where the step before has opened it
        open_panel("Parts")
    press("Built In", SIDEBAR, lambda facts: True)
    click("AutoPartGen", Region(left=900))
    await_state("splitter autopartgen")
    press("The Mesh", SIDEBAR, lambda facts: True)
    click("Mesh and Picture", Region(left=900))
    shot("17_autopartgen")
    scroll(40)  # the model's own options stand above it
    press("Paint in the Image Editor", SIDEBAR, lambda facts: "area IMAGE_EDITOR" in facts)
    time.sleep(3)
    drag(*_HEAD)
    await_that(lambda facts: any(fact.startswith("mask painted") for fact in facts), "a painted part")
    _x, y = find("part 1", EDITOR)
    click_at(EDITOR.right - 95, y - 6)  # the plus beside the list
    await_that(lambda facts: any(fact.startswith("mask painted ") for fact in facts), "a second part")
    drag(*_BODY)
    await_state("mask painted painted")
    shot("18_painted")
    press("Done", EDITOR, lambda facts: "area IMAGE_EDITOR" not in facts)
    press("Make Parts", SIDEBAR, lambda facts: "busy" in facts)
    await_that(lambda facts: "idle" in facts and len(_parts_of(THING, facts)) == 2, "two parts")
    time.sleep(3)
    shot("19_masked")
    count, before = len(_parts_of(THING)), objects()
    press(f"Cut into {count} Parts", SIDEBAR, lambda facts: _cut(facts) == count)
    await_state(f"objects {before + count}")
    shot("20_masked_cut")


def _parts_of(name: str, facts: list[str] | None = None) -> list[str]:
    """The names in an object's list of parts."""
    facts = state() if facts is None else facts
    told = next((fact for fact in facts if fact.startswith(f"parts {name}: ")), "")
    return told.removeprefix(f"parts {name}: ").split(", ") if told else []


def _click_row(number: int, x: int = _NAME, *, times: int = 1) -> None:
    """A line of the list: its names are too small beside their colours to be read."""
    _x, y = find("Colours", SIDEBAR)
    click_at(x, y + _FIRST_ROW + number * _ROW, times=times)


def _cut(facts: list[str]) -> int:
    return sum(fact.startswith("part ") for fact in facts)


STEPS = (
    *(add_suzanne, split_suzanne, more_parts, merge_two, rename_one, cut_suzanne, explode, join_and_undo),
    *(make_a_thing, split_the_thing, *([paint_a_mask] if "IMG23D_PAINTS_MASK" in os.environ else [])),
)

if __name__ == "__main__":
    run_script(main)
