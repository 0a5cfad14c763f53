"""Parts that lie in a cube of their own, put on a mesh of the same thing: into its box, and turned as the picture shows it."""

from __future__ import annotations

import numpy as np
import pytest

from img23d_backend.engines.partcrafter.placing import facing, place_on
from img23d_backend.stages import Mesh, View

FACES = np.array([[0, 1, 2], [0, 2, 3], [0, 3, 1], [1, 3, 2]], dtype=np.int32)


def blob(low: tuple[float, float, float], high: tuple[float, float, float], seed: int = 0) -> Mesh:
    """Points that fill a box and touch all its sides; what they hang together by does not matter."""
    points = np.random.default_rng(seed).random((40, 3))
    points = (points - points.min(axis=0)) / np.ptp(points, axis=0)
    return Mesh(vertices=(points * (np.array(high) - low) + low).astype(np.float32), faces=np.arange(39, dtype=np.int32).reshape(-1, 3))


def used(mesh: Mesh) -> Mesh:
    """A box whose vertices all are a face's."""
    return Mesh(vertices=mesh.vertices, faces=np.stack([np.arange(40), np.roll(np.arange(40), 1), np.roll(np.arange(40), 2)], axis=1).astype(np.int32))


def bounds(*meshes: Mesh) -> tuple[np.ndarray, np.ndarray]:
    points = np.concatenate([mesh.vertices for mesh in meshes]).astype(np.float64)
    return points.min(axis=0), points.max(axis=0)


TOP, BOTTOM = blob((-0.3, 0.2, -0.3), (0.3, 0.9, 0.3), 1), blob((-0.6, -0.9, -0.4), (0.6, 0.2, 0.4), 2)
WHOLE = (np.array([-0.6, -0.9, -0.4]), np.array([0.6, 0.9, 0.4]))


@pytest.mark.parametrize("scale", [37.0, 1e-3])
@pytest.mark.parametrize("way", [(0.0, 0.0, 0.0), (500.0, -40.0, 3.0)])
def test_parts_fill_a_mesh_of_their_own_proportions(scale: float, way: tuple[float, float, float]) -> None:
    low, high = (corner * scale + way for corner in WHOLE)
    mesh = used(blob(tuple(low), tuple(high), 3))
    place = place_on([TOP, BOTTOM], mesh, None)
    found = bounds(place.put(TOP), place.put(BOTTOM))
    close = (1e-5 + 1e-6 * np.abs(way).max() / scale) * scale * 2
    assert found[0] == pytest.approx(low, abs=close) and found[1] == pytest.approx(high, abs=close)
    assert bounds(place.put(TOP))[0][1] == pytest.approx(0.2 * scale + way[1], abs=close), "each part keeps its place among the others"


def test_in_a_box_of_other_proportions_no_part_reaches_out_and_none_is_stretched() -> None:
    mesh = used(blob((-1, -5, -5), (1, 5, 5), 3))
    place = place_on([TOP, BOTTOM], mesh, None)
    low, high = bounds(place.put(TOP), place.put(BOTTOM))
    assert low[0] == pytest.approx(-1, abs=1e-5) and (low >= [-1, -5, -5] - np.float64(1e-5)).all() and (high <= [1, 5, 5] + np.float64(1e-5)).all()
    assert (high - low) / (high - low)[0] == pytest.approx((WHOLE[1] - WHOLE[0]) / 1.2, rel=1e-5)
    assert low + high == pytest.approx(np.zeros(3), abs=1e-5)


def test_a_flat_mesh_says_nothing_of_its_thin_side() -> None:
    mesh = used(blob((-6, -9, 0), (6, 9, 0), 3))
    low, high = bounds(*(place_on([TOP, BOTTOM], mesh, None).put(part) for part in (TOP, BOTTOM)))
    assert high[:2] == pytest.approx([6, 9], rel=1e-5) and low[:2] == pytest.approx([-6, -9], rel=1e-5)


def view_from(yaw: float, pitch: float = 0.0, distance: float = 0.0) -> View:
    """Of a camera that was turned by `yaw` about y from where it looks along -z, and looks down by `pitch`; with a distance, in perspective."""
    c, s, down, up = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    right, back = np.array([c, 0, -s]), np.array([s * down, up, c * down])
    above = np.cross(back, right)
    rotation = np.eye(4)
    rotation[:3, :3] = np.stack([right, above, back])
    rotation[2, 3] = -distance
    camera = np.array([[100, 0, 0, 320], [0, -100, 0, 240], [0, 0, -1, 0], [0, 0, 0, 1]], dtype=np.float64)
    if distance:
        camera = np.array([[500, 0, -320, 0], [0, -500, -240, 0], [0, 0, 0, 1], [0, 0, -1, 0]], dtype=np.float64)
    return View(matrix=camera @ rotation)


@pytest.mark.parametrize("distance", [0.0, 12.0], ids=["orthographic", "perspective"])
@pytest.mark.parametrize("pitch", [0.0, 0.6])
@pytest.mark.parametrize("yaw", [0.0, 0.3, np.pi / 2, -2.5, np.pi])
def test_what_faced_along_z_faces_the_viewer(yaw: float, pitch: float, distance: float) -> None:
    mesh = used(blob((-1, -1, -1), (1, 1, 1), 4))
    turn = facing(view_from(yaw, pitch, distance), mesh)
    assert turn @ [0, 0, 1] == pytest.approx([np.sin(yaw), 0, np.cos(yaw)], abs=1e-3)
    assert turn @ [0, 1, 0] == pytest.approx([0, 1, 0]) and np.linalg.det(turn) == pytest.approx(1)


def test_parts_of_a_turned_mesh_are_turned_before_they_are_fitted() -> None:
    mesh = used(blob((-4, -9, -6), (4, 9, 6), 3))  # as the parts are, seen from its right side
    place = place_on([TOP, BOTTOM], mesh, view_from(np.pi / 2))
    low, high = bounds(place.put(TOP), place.put(BOTTOM))
    assert low == pytest.approx([-4, -9, -6], abs=1e-3) and high == pytest.approx([4, 9, 6], abs=1e-3)


@pytest.mark.parametrize("view", [View(matrix=np.zeros((4, 4)) + np.diag([0, 0, 0, 1.0])), view_from(0.0, np.pi / 2)], ids=["nothing", "from above"])
def test_a_view_that_tells_no_side_turns_nothing_or_only_about_the_vertical(view: View) -> None:
    turn = facing(view, used(blob((-1, -1, -1), (1, 1, 1), 4)))
    assert turn @ [0, 1, 0] == pytest.approx([0, 1, 0]) and np.isfinite(turn).all()
