"""What the window test says about a panel that moves under the mouse; the screen is made up here."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

GUI = Path(__file__).parents[1] / "gui"


class Screen:
    """Two lines of a panel, and the mouse."""

    mouse = (1100, 475)
    top = 470.0
    bar = (("12%, about", 1110.0, 1160.0), ("9 s left", 1162.0, 1190.0))

    def __init__(self, steady: ModuleType) -> None:
        self._word = steady.Word

    def words(self, region: object) -> list:
        places = {"Generate": self.top, "Cancel": 500.0, "12%": self.top}
        lines = [[self._word(text=text, left=1100, top=top, right=1150, bottom=top + 10)] for text, top in places.items()]
        return [*lines, [self._word(text=text, left=left, top=530, right=right, bottom=540) for text, left, right in self.bar]]


@pytest.fixture
def steady(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    monkeypatch.setenv("IMG23D_SHOTS", str(tmp_path))
    monkeypatch.syspath_prepend(str(GUI))
    import steady

    yield steady
    for name in ("steady", "screen"):
        sys.modules.pop(name, None)


@pytest.fixture
def screen(steady: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Screen:
    screen = Screen(steady)
    monkeypatch.setattr(steady, "mouse", lambda: screen.mouse)
    monkeypatch.setattr(steady, "words", screen.words)
    monkeypatch.setattr(steady, "shot", lambda name: None)
    monkeypatch.setattr(steady, "digest", lambda: str((screen.top, screen.bar)))
    return screen


def test_what_moves_under_the_mouse_is_named(steady, screen):
    watcher = steady.Watcher()
    for doing, top in (("before", 470.0), ("a pixel's noise", 472.0), ("while it works", 477.0)):
        screen.top = top
        watcher.look(doing)
    assert watcher.moved == ["while it works: “Generate” moved +0, +5 pixels from (1100, 472)"]


@pytest.mark.parametrize("why", ["a key was pressed", "the mouse is elsewhere"])
def test_what_may_move(steady, screen, why):
    watcher = steady.Watcher()
    watcher.look("before")
    if why == "a key was pressed":
        watcher.forget()
    else:
        screen.mouse = (300, 300)
    screen.top = 570.0
    watcher.look("after")
    screen.mouse = Screen.mouse
    watcher.look("back")
    assert not watcher.moved


@pytest.mark.parametrize("aside", [0, 10])
def test_a_bar_whose_figures_get_longer_has_not_moved(steady, screen, aside):
    watcher = steady.Watcher()
    watcher.look("before")
    screen.bar = (("2%, about", 1106.0 + aside, 1156.0 + aside), ("119 s left", 1158.0 + aside, 1194.0 + aside))
    watcher.look("after")
    assert len(watcher.moved) == (1 if aside else 0)


def test_a_line_whose_second_word_gets_figures_has_not_moved(steady, screen):
    watcher = steady.Watcher()
    screen.bar = (("rubber", 1110.0, 1150.0), ("duck,", 1154.0, 1180.0), ("900", 1184.0, 1200.0))
    watcher.look("before")
    screen.bar = (("rubber", 1110.0, 1150.0), ("duck.001,", 1154.0, 1206.0), ("57,600", 1210.0, 1240.0))
    watcher.look("after")
    assert not watcher.moved
