"""A cup on a saucer, photographed from above by a pinhole camera that this test computes itself."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from img23d_backend.engines.preview.paint.painter import ProjectionPainter
from img23d_backend.engines.preview.revolution.dish import Dish, find_dish
from img23d_backend.engines.preview.revolution.dish_solid import dish_solid
from img23d_backend.engines.preview.revolution.symmetry import half_turn
from img23d_backend.engines.preview.shape.shaper import OutlineShaper
from img23d_backend.jobs.placement import place, seen_ground
from img23d_backend.mesh.raster.rasterize import rasterize
from img23d_backend.mesh.topology.checks import find_defects
from img23d_backend.stages import Context, CutOut, Mesh, Shaped, View
from img23d_protocol.messages import Settings

RED, WHITE, BROWN = (170, 40, 30), (240, 238, 230), (90, 50, 20)
SIZE = 480
SAUCER, CUP_RADIUS, CUP_HEIGHT, FOOT = 1.0, 0.52, 0.8, 0.32  # in radii of the saucer
FOCAL = 1400.0  # pixels
CUT_OUT_NOTE = "A dish seen from above"


def ellipse(height: float, radius: float, *, pitch: float, distance: float) -> np.ndarray:
    """(64, 2) pixels of a ring: the camera is `distance` from the origin and looks at it, down by `pitch` degrees."""
    angles = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    x, y, z = radius * np.cos(angles), np.full(64, height), radius * np.sin(angles)
    tilt = np.radians(pitch)
    depth = distance - (y * np.sin(tilt) + z * np.cos(tilt))
    up = y * np.cos(tilt) - z * np.sin(tilt)
    return np.stack([SIZE / 2 + FOCAL * x / depth, SIZE * 0.55 - FOCAL * up / depth], axis=1)


def fill(rgba: np.ndarray, rings: list[np.ndarray], colour: tuple[int, int, int]) -> None:
    """The hull of each pair of neighbours."""
    for one, other in zip(rings, rings[1:] or rings, strict=False):
        hull = cv2.convexHull(np.concatenate([one, other]).astype(np.float32)).round().astype(np.int32)
        cv2.fillConvexPoly(rgba, hull, (*colour, 255))


def photo(pitch: float, *, distance: float = 7.0, inside=BROWN, cup=WHITE, tall: float = CUP_HEIGHT) -> np.ndarray:
    rgba = np.zeros((SIZE, SIZE, 4), np.uint8)
    seen = {"pitch": pitch, "distance": distance}
    fill(rgba, [ellipse(0.0, 0.6 * SAUCER, **seen), ellipse(0.1, SAUCER, **seen)], RED)
    fill(rgba, [ellipse(0.1 + tall * u, FOOT + (CUP_RADIUS - FOOT) * u**0.6, **seen) for u in np.linspace(0, 1, 9)], cup)
    fill(rgba, [ellipse(0.1 + tall, 0.92 * CUP_RADIUS, **seen)], inside)
    return rgba


def overlap(dish: Dish, rgba: np.ndarray) -> float:
    mesh, view = dish_solid(dish, faces=20_000, longer=400)
    drawn = rasterize(view.project(mesh.vertices), mesh.faces, width=SIZE, height=SIZE).face >= 0
    solid = rgba[..., 3] > 127
    return np.count_nonzero(drawn & solid) / np.count_nonzero(drawn | solid)


@pytest.mark.parametrize("pitch", [28.0, 40.0, 52.0])
def test_a_cup_on_a_saucer_is_what_it_was(pitch: float) -> None:
    rgba = photo(pitch)
    dish = find_dish(rgba)
    assert dish is not None and dish.cup is not None
    axis = dish.axis
    assert np.degrees(axis.pitch) == pytest.approx(pitch, abs=4)
    assert axis.upper / axis.lower == pytest.approx(CUP_RADIUS, rel=0.08)
    assert axis.height / axis.lower == pytest.approx(CUP_HEIGHT, rel=0.15)
    assert overlap(dish, rgba) > 0.95


@pytest.mark.parametrize("pitch", [28.0, 40.0, 52.0])
def test_it_tells_how_the_camera_stood(pitch: float) -> None:
    """For the camera behind all things of the photo: its lens, and where its horizon is."""
    _, view = dish_solid(find_dish(photo(pitch)), faces=2_000, longer=400)
    ground, focal = seen_ground(view, SIZE, SIZE)
    assert focal == pytest.approx(FOCAL / SIZE, rel=0.4)  # where nothing is known, a quarter of it would be taken
    from_the_foot = (ground.horizon * SIZE + 0.05 * SIZE) / (focal * SIZE)  # which lies a twentieth below the middle
    assert np.degrees(np.arctan(from_the_foot)) == pytest.approx(pitch, abs=4)


def test_a_view_without_perspective_tells_nothing_of_the_camera() -> None:
    assert seen_ground(View.front(center_u=9, center_v=9, pixels_per_unit=100), SIZE, SIZE) is None


def test_what_has_no_rim_inside_its_outline_is_a_pot() -> None:
    """The same outline in one colour."""
    assert find_dish(photo(50.0, inside=RED, cup=RED)) is None


@pytest.mark.parametrize("ratio", [0.5, 0.8, 1.0])
def test_what_is_only_round_is_no_dish(ratio: float) -> None:
    rgba = np.zeros((SIZE, SIZE, 4), np.uint8)
    cv2.ellipse(rgba, (240, 240), (200, round(200 * ratio)), 0, 0, 360, (*RED, 255), -1)
    assert find_dish(rgba) is None


def test_an_empty_plate_is_one_by_its_rings() -> None:
    rgba = np.zeros((SIZE, SIZE, 4), np.uint8)
    cv2.ellipse(rgba, (240, 240), (200, 110), 0, 0, 360, (*WHITE, 255), -1)
    cv2.ellipse(rgba, (240, 240), (130, 71), 0, 0, 360, (*RED, 255), 4)
    dish = find_dish(rgba)
    assert dish is not None and dish.cup is None
    assert np.degrees(dish.axis.pitch) == pytest.approx(np.degrees(np.arcsin(110 / 200)), abs=3)


@pytest.mark.parametrize("rgba", [np.zeros((50, 50, 4), np.uint8), np.full((40, 60, 4), 255, np.uint8), np.full((3, 3, 4), 255, np.uint8)])
def test_nothing_and_everything(rgba: np.ndarray) -> None:
    assert find_dish(rgba) is None


@pytest.mark.parametrize("faces", [300, 500, 5_000, 20_000])
def test_its_solid_is_closed_and_within_the_setting(faces: int) -> None:
    dish = find_dish(photo(45.0))
    mesh, _ = dish_solid(dish, faces=faces, longer=400)
    assert faces / 4 < len(mesh.faces) <= faces and not find_defects(mesh)
    a, b, c = (mesh.vertices[mesh.faces[:, corner]] for corner in range(3))
    assert np.einsum("fi,fi->", a, np.cross(b, c)) > 0, "outwards"


def test_its_size_in_the_photo_does_not_hang_on_its_place_there() -> None:
    beside = np.zeros((SIZE, 3 * SIZE, 4), np.uint8)
    beside[:, 2 * SIZE :] = photo(45.0)
    scales = []
    for rgba in (photo(45.0), beside):
        mesh, view = dish_solid(find_dish(rgba), faces=2_000, longer=400)
        scales.append(place(Shaped(mesh=mesh, view=view), 400.0).scale)
    assert scales == [pytest.approx(1.0, rel=0.08)] * 2 and scales[0] == pytest.approx(scales[1], rel=0.01)


def test_too_few_faces_for_a_cup() -> None:
    assert dish_solid(find_dish(photo(45.0)), faces=100, longer=400) is None
    shaped = OutlineShaper().shape(CutOut(rgba=photo(45.0)), Settings.of(faces=100), Context())
    assert len(shaped.mesh.faces) <= 100 and not shaped.note.startswith(CUT_OUT_NOTE)


def test_the_engine_makes_it_and_paints_its_back() -> None:
    cutout = CutOut(rgba=photo(45.0), left=0, top=0)
    settings = Settings.of(faces=6_000, texture_size=512)
    shaped = OutlineShaper().shape(cutout, settings, Context())
    assert shaped.note.startswith(CUT_OUT_NOTE)
    painted = ProjectionPainter().paint(shaped.mesh, shaped.view, cutout, settings, Context())
    middle = painted.mesh.vertices[painted.mesh.faces].mean(axis=1)
    normal = np.cross(*(painted.mesh.vertices[painted.mesh.faces[:, k]] - painted.mesh.vertices[painted.mesh.faces[:, 0]] for k in (1, 2)))
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    wall = (normal[:, 2] < -0.8) & (middle[:, 2] < -0.05) & (np.abs(middle[:, 1]) < 0.12)
    at = (painted.uv[wall].mean(axis=1) * 512).astype(int).clip(0, 511)
    colours = painted.texture[at[:, 1], at[:, 0]].astype(int)
    assert wall.sum() > 20 and np.abs(colours - WHITE).max(axis=1).mean() < 40, "the cup's outside, not what is in it"


def test_a_half_turn_is_only_said_of_what_is_turned() -> None:
    dish = find_dish(photo(45.0))
    mesh, view = dish_solid(dish, faces=3_000, longer=400)
    turn = half_turn(mesh, view)
    ends = np.c_[mesh.vertices, np.ones(len(mesh.vertices))] @ turn.T
    assert np.allclose(np.sort(ends[:, 0]), np.sort(mesh.vertices[:, 0]), atol=1e-3)
    front = View.front(center_u=0, center_v=0, pixels_per_unit=100)
    assert half_turn(mesh, front) is None
    dented = mesh.vertices.copy()
    dented[np.argmax(dented[:, 0])] *= 0.7
    assert half_turn(Mesh(vertices=dented, faces=mesh.faces), view) is None
