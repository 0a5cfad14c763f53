"""What a press takes hold of, and what pulling makes of a box."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blender_img23d.core.boxes.box_edit import OPENING, Grip, Hit, Reach, begun, hit, is_tiny, pulled
from blender_img23d.shared.img23d_protocol.job_requests import Box

NEAR = Reach(x=0.01, y=0.02)
BOX = Box(left=0.2, top=0.3, right=0.6, bottom=0.7)
INNER = Box(left=0.3, top=0.4, right=0.4, bottom=0.5)


@pytest.mark.parametrize(
    ("x", "y", "grip"),
    [
        (0.2, 0.3, Grip(x=-1, y=-1)),
        (0.205, 0.5, Grip(x=-1)),
        (0.195, 0.71, Grip(x=-1, y=1)),
        (0.4, 0.285, Grip(y=-1)),
        (0.6, 0.7, Grip(x=1, y=1)),
        (0.4, 0.5, Grip()),
    ],
)
def test_corners_edges_and_inside(x: float, y: float, grip: Grip) -> None:
    assert hit(x, y, [BOX], 0, NEAR) == Hit(index=0, grip=grip)


@pytest.mark.parametrize(("x", "y"), [(0.18, 0.5), (0.62, 0.5), (0.4, 0.27), (0.4, 0.73)])
def test_beside_a_box_there_is_nothing(x: float, y: float) -> None:
    assert hit(x, y, [BOX], 0, NEAR) is None


def test_rows_without_a_box_are_never_hit() -> None:
    assert hit(0.4, 0.5, [None, BOX], 0, NEAR) == Hit(index=1, grip=Grip())


def test_the_active_boxs_edge_comes_before_a_smaller_box() -> None:
    small = Box(left=0.19, top=0.45, right=0.23, bottom=0.55)
    assert hit(0.2, 0.5, [BOX, small], 0, NEAR) == Hit(index=0, grip=Grip(x=-1))
    assert hit(0.21, 0.5, [BOX, small], 1, NEAR) == Hit(index=1, grip=Grip())


def test_the_smallest_box_around_the_pointer_is_meant() -> None:
    assert hit(0.35, 0.45, [BOX, INNER], 0, NEAR) == Hit(index=1, grip=Grip())
    assert hit(0.5, 0.6, [BOX, INNER], 1, NEAR) == Hit(index=0, grip=Grip())


def test_a_tiny_box_can_still_be_moved() -> None:
    tiny = Box(left=0.5, top=0.5, right=0.51, bottom=0.52)
    assert hit(0.505, 0.51, [tiny], 0, NEAR) == Hit(index=0, grip=Grip())


def test_moving_stops_at_the_photos_edge_and_keeps_the_size() -> None:
    moved = pulled(BOX, Grip(), 0.9, -0.9)
    assert (moved.left, moved.top, moved.right, moved.bottom) == pytest.approx((0.6, 0.0, 1.0, 0.4))


def test_an_edge_that_goes_past_the_other_turns_the_box_over() -> None:
    flipped = pulled(BOX, Grip(x=-1), 0.6, 0.5)
    assert (flipped.left, flipped.top, flipped.right, flipped.bottom) == pytest.approx((0.6, 0.3, 0.8, 0.7))


def test_drawing_in_every_direction() -> None:
    for dx, dy in ((0.2, 0.1), (-0.2, 0.1), (0.2, -0.1), (-0.2, -0.1)):
        drawn = pulled(begun(0.5, 0.5), OPENING, dx, dy)
        assert (drawn.right - drawn.left, drawn.bottom - drawn.top) == pytest.approx((0.2, 0.1))
        assert drawn.left in (0.5, pytest.approx(0.3)) and drawn.top in (0.5, pytest.approx(0.4))


def test_a_box_begun_beside_the_photo_begins_at_its_edge() -> None:
    assert begun(-0.3, 1.4) == Box(left=0.0, top=1.0, right=0.0, bottom=1.0)


def test_tiny() -> None:
    assert is_tiny(Box(left=0.1, top=0.1, right=0.105, bottom=0.9), NEAR)
    assert not is_tiny(Box(left=0.1, top=0.1, right=0.2, bottom=0.2), NEAR)


_share = st.floats(0, 1)
_side = st.sampled_from((-1, 0, 1))


@given(_share, _share, _share, _share, _side, _side, st.floats(-2, 2), st.floats(-2, 2))
def test_whatever_is_pulled_stays_a_box_in_the_photo(a, b, c, d, x, y, dx, dy) -> None:
    box = Box(left=min(a, b), top=min(c, d), right=max(a, b), bottom=max(c, d))
    after = pulled(box, Grip(x=x, y=y), dx, dy)
    assert -1e-9 <= after.left <= after.right <= 1 + 1e-9 and -1e-9 <= after.top <= after.bottom <= 1 + 1e-9
