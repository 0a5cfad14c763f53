"""Half a second after a change, and one press for a double-click."""

from __future__ import annotations

import pytest

from blender_img23d.core.press_guard import DISABLED_SECONDS, PressGuard


@pytest.fixture
def clock() -> list[float]:
    return [10.0]


@pytest.fixture
def slots(clock: list[float]) -> PressGuard:
    return PressGuard(clock=lambda: clock[0])


def test_half_a_second_is_long_enough_for_a_double_click() -> None:
    assert DISABLED_SECONDS == 0.5


def test_what_stays_is_enabled_and_what_changes_is_disabled_for_half_a_second(slots: PressGuard, clock: list[float]) -> None:
    assert slots.is_enabled("place", "a") and slots.is_enabled("place", "a")
    assert not slots.is_enabled("place", "b")
    clock[0] += 0.49
    assert not slots.is_enabled("place", "b") and slots.is_waiting and not slots.step()
    clock[0] += 0.02
    assert slots.step() and not slots.step() and not slots.is_waiting
    assert slots.is_enabled("place", "b")


def test_a_second_change_begins_anew_and_places_do_not_disturb_each_other(slots: PressGuard, clock: list[float]) -> None:
    assert slots.is_enabled("one", "a") and slots.is_enabled("two", "a")
    slots.is_enabled("one", "b")
    clock[0] += 0.4
    assert not slots.is_enabled("one", "a") and slots.is_enabled("two", "a")
    clock[0] += 0.4
    assert not slots.is_enabled("one", "a")


def test_a_double_click_is_one_press(slots: PressGuard, clock: list[float]) -> None:
    assert slots.takes_press("generate")
    clock[0] += 0.3
    assert not slots.takes_press("generate") and slots.takes_press("find")
    clock[0] += 0.3
    assert slots.takes_press("generate")
