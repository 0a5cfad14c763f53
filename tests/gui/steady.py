"""Whether the panel stands still: what was read in it before and after, while the mouse was over it and no key was pressed."""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import dataclass, field

from screen import Region, Word, mouse, say, shot, text_of, words

SIDEBAR = Region(left=1000, right=1345, top=50, bottom=905)
_MOST = 2  # pixels that a control may move; what is read differs by one
_LEAST_LETTERS = 4  # of a line: shorter ones are read out of icons
_SAID = ("Cut out by",)  # of the thing that is chosen: another thing's sentence stands elsewhere in its place
_STAGES = {"Waiting", "Cutting out", "Shaping", "Painting"}  # a bar's whole line, of the thing at work: another one's stands elsewhere


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the panel: its longest word, since an icon before it is read as a letter, or not, and its whole text."""

    word: Word
    text: str
    middle: float

    def steps_to(self, other: Line) -> tuple[float, float]:
        """Pixels. What stands in the middle of a bar spreads to both sides when its figures get longer, and has not moved."""
        # What moves moves with all its edges; a speck, or the end of a progress bar's filled part, may be read into a word.
        right = min(other.word.left - self.word.left, other.word.right - self.word.right, key=abs)
        down = min(other.word.top - self.word.top, other.word.bottom - self.word.bottom, key=abs)
        if self.text != other.text:
            right = min(right, other.middle - self.middle, key=abs)
        return right, down


@dataclass(kw_only=True)
class Watcher:
    """Compares the panel with what it was, and remembers what moved in the words of the screen."""

    moved: list[str] = field(default_factory=list)
    _before: dict[str, Line] = field(default_factory=dict)
    _picture: str = ""

    def forget(self) -> None:
        """What comes next may move: a key was pressed, the wheel was turned, or a panel was opened."""
        self._before, self._picture = {}, ""

    def look(self, doing: str) -> None:
        """`doing` is told with what moved. Nothing where the mouse is elsewhere, or nothing has changed at all."""
        if not _is_over(mouse()):
            return self.forget()
        picture = digest()
        if picture == self._picture:
            return None
        now = _lines()
        for text in self._before.keys() & now.keys():
            one, other = self._before[text], now[text]
            steps = one.steps_to(other)
            if max(map(abs, steps)) > _MOST:
                at = one.word
                self._tell(f"{doing}: “{text}” moved {steps[0]:+.0f}, {steps[1]:+.0f} pixels from ({at.left:.0f}, {at.top:.0f})")
        self._before, self._picture = now, picture
        return None

    def _tell(self, line: str) -> None:
        self.moved.append(line)
        say(f"moved: {line}")
        shot(f"moved_{len(self.moved):02}")


def _is_over(at: tuple[int, int]) -> bool:
    return SIDEBAR.left <= at[0] < SIDEBAR.right and SIDEBAR.top <= at[1] < SIDEBAR.bottom


def digest() -> str:
    """Of the sidebar's picture."""
    crop = f"{SIDEBAR.right - SIDEBAR.left}x{SIDEBAR.bottom - SIDEBAR.top}+{SIDEBAR.left}+{SIDEBAR.top}"
    done = subprocess.run(["import", "-window", "root", "-crop", crop, "rgb:-"], check=True, capture_output=True)
    return hashlib.sha256(done.stdout).hexdigest()


def _lines() -> dict[str, Line]:
    """By their text, without figures, which change; only lines that are there once."""
    found: dict[str, list[Line]] = {}
    for line in words(SIDEBAR):
        whole = text_of(line)
        text = "".join(char for char in whole if char.isalpha() or char == " ").strip()
        if len(text) >= _LEAST_LETTERS and not text.startswith(_SAID) and text not in _STAGES:
            middle = (min(word.left for word in line) + max(word.right for word in line)) / 2
            found.setdefault(text, []).append(Line(word=max(line, key=_letters), text=whole, middle=middle))
    return {text: several[0] for text, several in found.items() if len(several) == 1}


def _letters(word: Word) -> int:
    """How many: figures change, so that a word with many of them may be the longest only now and then."""
    return sum(map(str.isalpha, word.text))
