"""A screen as a person has it: what can be read on it, a mouse, a keyboard, and pictures of each step.

Needs DISPLAY, xdotool, ImageMagick and tesseract. Words are found by reading the screen, so that no test knows where a
button lies in which version of Blender.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

SHOTS = Path(os.environ["IMG23D_SHOTS"])
PATIENCE = float(os.environ.get("IMG23D_PATIENCE", "120"))  # seconds that a step may take
_LEAST = 560  # pixels a side that are read at once
_ZOOM = 3  # letters of 11 pixels are too small to be read
_ALONE = {**os.environ, "OMP_THREAD_LIMIT": "1"}  # several threads of tesseract wait for each other on a busy machine
# xdotool takes a function key by its name for one that needs Alt where the keyboard's description lists Alt for it without an
# effect (xkb-data 2.48 does, 2.42 does not). Blender 5 then hears Alt F12: “No sequencer scene to render”.
_FUNCTION_KEYS = {f"F{number}": str(code) for number, code in enumerate((*range(67, 77), 95, 96), start=1)}  # codes of evdev
ONLOOKERS: list[Callable[[str], None]] = []


@dataclass(frozen=True, kw_only=True)
class Region:
    """Pixels of the screen."""

    left: int = 0
    top: int = 0
    right: int = 1600
    bottom: int = 1000

    def widened(self) -> Region:
        left, top = max(0, min(self.left - 40, 1600 - _LEAST)), max(0, min(self.top - 40, 1000 - _LEAST))
        return Region(
            left=left,
            top=top,
            right=min(1600, max(self.right + 40, left + _LEAST)),
            bottom=min(1000, max(self.bottom + 40, top + _LEAST)),
        )


@dataclass(frozen=True, kw_only=True)
class Word:
    text: str
    left: float
    top: float
    right: float
    bottom: float

    @property
    def middle(self) -> tuple[int, int]:
        return round((self.left + self.right) / 2), round((self.top + self.bottom) / 2)


class NotSeen(AssertionError):
    """What should be on the screen or in the scene is not there."""


# --- seeing ---------------------------------------------------------------------------------------------------------


def shot(name: str) -> Path:
    path = SHOTS / f"{name}.png"
    _run("import", "-window", "root", str(path))
    return path


def words(region: Region = Region(), *, is_faint: bool = False, reads_all: bool = False) -> list[list[Word]]:
    """The lines of text in a part of the screen, of which a good deal more is read: a narrow strip is read badly."""
    read = Region() if reads_all else region.widened()
    picture, prepared = shot("_screen"), SHOTS / "_read.png"
    # Bright letters on buttons of any grey or blue; what is greyed out or lies on white is read the second time
    contrast = ["-negate"] if is_faint else ["-level", "45%,80%", "-negate"]
    crop = f"{read.right - read.left}x{read.bottom - read.top}+{read.left}+{read.top}"
    steps = ["-crop", crop, "+repage", "-colorspace", "Gray", "-resize", f"{_ZOOM}00%", *contrast]
    _run("convert", str(picture), *steps, str(prepared))
    table = _run("tesseract", str(prepared), "-", "--psm", "11", "tsv").splitlines()[1:]
    lines: dict[tuple[str, ...], list[Word]] = {}
    for row in (line.split("\t") for line in table):
        if len(row) == 12 and float(row[10]) > 25 and row[11].strip():
            left, top, wide, high = (int(value) / _ZOOM for value in row[6:10])
            word = Word(
                text=row[11].strip(),
                left=read.left + left,
                top=read.top + top,
                right=read.left + left + wide,
                bottom=read.top + top + high,
            )
            if region.left <= word.middle[0] < region.right and region.top <= word.middle[1] < region.bottom:
                lines.setdefault(tuple(row[1:5]), []).append(word)
    return list(lines.values())


def find(phrase: str, region: Region = Region(), *, nth: int = 0, tries: int = 3) -> tuple[int, int]:
    """The middle of a phrase; the `nth` from the top. Raises NotSeen."""
    for attempt in range(tries):
        found: list[tuple[int, int]] = []
        for is_faint in (False, True):
            found += _hits(phrase, words(region, is_faint=is_faint, reads_all=attempt % 2 == 1))
            distinct = _distinct(sorted(found, key=lambda at: (at[1], at[0])))
            if len(distinct) > nth:
                return distinct[nth]
        time.sleep(1 + attempt)
    shot("failed")
    raise NotSeen(f"“{phrase}” cannot be read on the screen; there is: {' | '.join(text_of(line) for line in words(region))}")


def is_seen(phrase: str, region: Region = Region()) -> bool:
    return any(_hits(phrase, words(region, is_faint=is_faint)) for is_faint in (False, True))


def text_of(line: Iterable[Word]) -> str:
    return " ".join(word.text for word in line)


def _hits(phrase: str, lines: list[list[Word]]) -> list[tuple[int, int]]:
    wanted = [_plain(part) for part in phrase.split()]
    hits = []
    for line in lines:
        texts = [_plain(word.text) for word in line]
        for start in range(len(line) - len(wanted) + 1):
            if texts[start : start + len(wanted)] == wanted:
                first, last = line[start], line[start + len(wanted) - 1]
                hits.append((round((first.left + last.right) / 2), first.middle[1]))
    return hits


def _plain(text: str) -> str:
    """What the reader takes for each other counts as the same."""
    return "".join(char for char in text.casefold() if char.isalnum()).replace("l", "i").replace("1", "i").replace("0", "o")


def _distinct(points: list[tuple[int, int]]) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    for point in points:
        if all(abs(point[0] - other[0]) > 12 or abs(point[1] - other[1]) > 8 for other in kept):
            kept.append(point)
    return kept


def mouse() -> tuple[int, int]:
    """Where it is, in pixels."""
    said = dict(part.split(":") for part in _run("xdotool", "getmouselocation").split()[:2])
    return int(said["x"]), int(said["y"])


# --- doing ----------------------------------------------------------------------------------------------------------


def move(x: int, y: int) -> None:
    _run("xdotool", "mousemove", str(x + 3), str(y))
    time.sleep(0.3)
    _run("xdotool", "mousemove", str(x), str(y))
    time.sleep(0.5)


def click_at(x: int, y: int, *, times: int = 1, button: int = 1) -> None:
    move(x, y)
    _run("xdotool", "click", "--repeat", str(times), "--delay", "100", str(button))
    time.sleep(1.2)


def click(phrase: str, region: Region = Region(), *, nth: int = 0, times: int = 1, button: int = 1, tries: int = 3) -> tuple[int, int]:
    at = find(phrase, region, nth=nth, tries=tries)
    click_at(*at, times=times, button=button)
    return at


def drag(start: tuple[int, int], end: tuple[int, int], *, button: int = 1) -> None:
    move(*start)
    _run("xdotool", "mousedown", str(button))
    for step in range(1, 9):
        x = round(start[0] + (end[0] - start[0]) * step / 8)
        y = round(start[1] + (end[1] - start[1]) * step / 8)
        _run("xdotool", "mousemove", str(x), str(y))
        time.sleep(0.12)
    _run("xdotool", "mouseup", str(button))
    time.sleep(1.0)


def key(*keys: str) -> None:
    for one in keys:
        _run("xdotool", "key", _FUNCTION_KEYS.get(one, one))
        time.sleep(0.8)


def type_text(text: str) -> None:
    _run("xdotool", "type", "--delay", "60", text)
    time.sleep(0.5)


def drop(file: Path | str, at: tuple[int, int]) -> None:
    """Drag a file from a file manager onto this point and let it go."""
    _run(sys.executable, str(Path(__file__).with_name("drop.py")), str(file), str(at[0]), str(at[1]))
    time.sleep(1.0)


# --- waiting --------------------------------------------------------------------------------------------------------


def state() -> list[str]:
    """What prepare.py says that the scene holds, one fact a line."""
    try:
        return (SHOTS / "state").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def await_state(*facts: str, seconds: float = PATIENCE) -> None:
    """Until every fact is a line of the state. Raises NotSeen."""
    await_that(lambda lines: set(facts) <= set(lines), " and ".join(facts), seconds=seconds)


def await_that(holds: Callable[[list[str]], bool], what: str, *, seconds: float = PATIENCE) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds(state()):
            return
        meanwhile(what)
        time.sleep(0.5)
    shot("failed")
    raise NotSeen(f"waited {seconds:.0f} s for: {what}; there is:\n" + "\n".join(state()))


def say(text: str) -> None:
    sys.stdout.write(f"person: {text}\n")
    sys.stdout.flush()


def run_script(main: Callable[[], None]) -> None:
    """Ends the program with status 1, and a picture, where something does not come."""
    try:
        main()
    except (NotSeen, subprocess.CalledProcessError) as error:
        shot("failed")
        say(f"stopped: {error}")
        sys.exit(1)


def meanwhile(what: str) -> None:
    """Whoever wants to look on while something is waited for; told what for."""
    for look in ONLOOKERS:
        look(what)


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, errors="replace", env=_ALONE).stdout
