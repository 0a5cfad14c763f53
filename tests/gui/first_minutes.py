"""From an empty home to two seen, textured objects of a photo: how many clicks, and how many seconds beside the typing.

Run as person.py is, with its variables; the zip is dropped on the viewport. IMG23D_NAMES: two or more names of things in
IMG23D_PHOTO. Installing is not counted, and what it takes to read the screen is told apart: a person sees at once.

Ends with "person: all steps passed" where both goals are kept, and with status 1 otherwise.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from hands import SIDEBAR, VIEWPORT, in_viewport
from person import PHOTO, ZIP
from screen import NotSeen, Region, await_state, await_that, click_at, drop, find, is_seen, key, run_script, say, shot, state, type_text

NAMES = os.environ.get("IMG23D_NAMES", "red apple, yellow duck")
_MOST_CLICKS, _MOST_SECONDS = 5, 60.0


@dataclass(kw_only=True)
class Count:
    """What a person does, and the seconds that are not the program's."""

    clicks: int = 0
    typing: float = 0.0
    reading: float = 0.0
    begun: float = field(default_factory=time.monotonic)

    def where(self, phrase: str, region: Region) -> tuple[int, int]:
        """A place on the screen, found by reading it."""
        begun = time.monotonic()
        try:
            return find(phrase, region)
        finally:
            self.reading += time.monotonic() - begun

    def click(self, x: int, y: int, *, times: int = 1) -> None:
        self.clicks += times
        click_at(x, y, times=times)

    def type(self, text: str) -> None:
        begun = time.monotonic()
        type_text(text)
        key("Return")
        self.typing += time.monotonic() - begun

    @property
    def seconds(self) -> float:
        """Since it began, beside the typing and the reading."""
        return time.monotonic() - self.begun - self.typing - self.reading


def main() -> None:
    await_that(bool, "Blender's window")
    install()
    count = Count()
    choose_photo(count)
    name_things(count)
    generate(count)
    seconds = count.seconds
    time.sleep(2)
    shot("first_minutes")
    say(f"{count.clicks} clicks (the drop counts as one), {seconds:.0f} s beside {count.typing:.0f} s of typing")
    say(f"the script read the screen for {count.reading:.0f} s, which are not counted")
    await_that(_are_seen, "every thing that was named to be in view with its texture", seconds=10)
    if count.clicks > _MOST_CLICKS or seconds > _MOST_SECONDS:
        raise NotSeen(f"at most {_MOST_CLICKS} clicks and {_MOST_SECONDS:.0f} s")
    say("all steps passed")


def install() -> None:
    in_viewport("Escape")
    drop(ZIP, VIEWPORT)
    time.sleep(3)
    key("Return")
    await_state("installed")
    find("Objects from a Photo", SIDEBAR)


def choose_photo(count: Count) -> None:
    """By dropping it. Blender may ask what it is for."""
    drop(PHOTO, VIEWPORT)
    count.clicks += 1
    fact, menu = f"photo {PHOTO.name}", Region(left=300, top=500, right=1000, bottom=800)
    begun = time.monotonic()
    is_asked = fact not in state() and is_seen("Make Objects from This Photo", menu)
    count.reading += time.monotonic() - begun
    if is_asked:
        count.click(*count.where("Make Objects from This Photo", menu))
    await_state(fact)


def name_things(count: Count) -> None:
    time.sleep(1)  # the panel is drawn with the photo
    x, y = count.where("Names, separated by commas", SIDEBAR)
    count.click(x, y + 22, times=2)  # a single click may be lost while Blender draws
    count.type(NAMES)
    await_state(f"names {NAMES}")


def generate(count: Count) -> None:
    x, y = count.where("Generate", SIDEBAR)
    for _ in range(3):
        count.click(x, y)
        try:
            return _await_made()
        except NotSeen:
            say("hesitation: a press of Generate had no effect")
    raise NotSeen("pressing “Generate” had no effect")


def _await_made() -> None:
    await_that(lambda facts: "busy" in facts or "last job done" in facts, "Generate to begin", seconds=5)
    await_state("idle", "last job done")


def _are_seen(facts: list[str]) -> bool:
    shown = next((fact.removeprefix("in view ") for fact in facts if fact.startswith("in view ")), "").split(", ")
    textured = [name for name in NAMES.split(", ") if f"object {name}: textured" in facts and name in shown]
    is_shown = any(fact in facts for fact in ("shading SOLID TEXTURE", "shading MATERIAL MATERIAL", "shading MATERIAL TEXTURE"))
    return is_shown and len(textured) == len(NAMES.split(", "))


if __name__ == "__main__":
    run_script(main)
