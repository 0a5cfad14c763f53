"""The plain photo's things through TripoSR's trained small checkpoint: the photo decides the shape and the colours of all sides.

What is right is told by the photo and its masks. Each thing is also held against the other ones, which it has to be unlike.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from img23d_backend.engines.triposr import make_shaper_and_painter
from img23d_backend.mesh.topology.checks import find_defects
from img23d_backend.models.store import ModelStore
from img23d_backend.stages import Context, CutOut, Mesh, Painted, Painter, Shaped, View
from img23d_backend.weights.store import WeightStore
from img23d_protocol.messages import Settings

DEMO = Path(__file__).resolve().parents[4] / "demo" / "plain"
THINGS = ("red apple", "blue mug", "green bottle", "yellow duck", "purple star", "brown book", "pink lamp", "orange bowl")
MADE = ("red apple", "blue mug", "green bottle", "yellow duck", "purple star")
SETTINGS = Settings.of(light_resolution=128, light_faces=12_000, shape_device="cpu", paint_device="cpu", texture_size=1024)
SIDE = 96  # pixels that silhouettes are compared in
LEAST_OVERLAP = 0.85
MOST_AWAY = 0.12  # of colours in 0..1, in the mean over red, green and blue


class _NoPainter(Painter):
    def paint(self, *args: object, **kwargs: object) -> Painted:
        raise AssertionError("another painter was asked")


@pytest.fixture(scope="module")
def cutouts() -> dict[str, CutOut]:
    photo = cv2.cvtColor(cv2.imdecode(np.fromfile(DEMO / "photo.jpg", np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    numbers = cv2.imdecode(np.fromfile(DEMO / "masks.png", np.uint8), cv2.IMREAD_GRAYSCALE)
    names = json.loads((DEMO / "camera.json").read_text(encoding="utf-8"))["names"]
    return {name: _cutout(photo, numbers == names.index(name) + 1) for name in THINGS}


@pytest.fixture(scope="module")
def stages(tiny_models: Path) -> tuple:
    return make_shaper_and_painter(WeightStore(tiny_models), ModelStore(), projection=_NoPainter(), learned=_NoPainter())


@pytest.fixture(scope="module")
def made(stages: tuple, cutouts: dict[str, CutOut]) -> Callable[[str], Shaped]:
    """Once a thing. One that fails takes no other with it."""
    return cache(lambda name: stages[0].shape(cutouts[name], SETTINGS, Context(seed=1)))


@pytest.fixture(scope="module")
def painted(stages: tuple, made: Callable[[str], Shaped], cutouts: dict[str, CutOut]) -> Callable[[str], Painted]:
    return cache(lambda name: stages[1].paint(made(name).mesh, made(name).view, cutouts[name], SETTINGS, Context(seed=1)))


@pytest.mark.parametrize("name", MADE)
def test_the_outline_is_that_of_the_thing_in_the_photo(made: Callable[[str], Shaped], cutouts: dict[str, CutOut], name: str) -> None:
    shaped = made(name)
    outline = _outline(shaped.mesh, shaped.view, cutouts[name])
    overlaps = {other: _overlap(_framed(outline), _framed(_solid(cutout))) for other, cutout in cutouts.items()}
    assert overlaps[name] > LEAST_OVERLAP, overlaps
    assert overlaps[name] == max(overlaps.values()), overlaps
    assert find_defects(shaped.mesh) == ()


@pytest.mark.parametrize("name", MADE)
def test_its_back_has_the_colours_of_the_thing_in_the_photo(made: Callable[[str], Shaped], painted: Callable[[str], Painted], cutouts: dict, name: str) -> None:
    """The photo shows the front alone: what is behind comes from the field."""
    back = _back(painted(name)).mean(axis=0) / 255
    away = {other: float(np.abs(back - cutout.rgba[_solid(cutout)][:, :3].mean(axis=0) / 255).mean()) for other, cutout in cutouts.items()}
    assert away[name] < MOST_AWAY, away
    assert away[name] == min(away.values()), away


def test_the_mug_has_a_hole_in_its_handle(made: Callable[[str], Shaped], cutouts: dict[str, CutOut]) -> None:
    outline = _outline(made("blue mug").mesh, made("blue mug").view, cutouts["blue mug"]).astype(np.uint8)
    beside = cv2.connectedComponentsWithStats(1 - np.pad(outline, 1), connectivity=4)
    assert beside[0] >= 3 and sorted(beside[2][1:, cv2.CC_STAT_AREA])[-2] > 0.005 * outline.size


def test_the_same_photo_gives_the_same_thing_and_a_variant_another(stages: tuple, cutouts: dict[str, CutOut], made: Callable[[str], Shaped]) -> None:
    shaper, _ = stages
    again = shaper.shape(cutouts["blue mug"], SETTINGS, Context(seed=2))
    assert np.array_equal(again.mesh.vertices, made("blue mug").mesh.vertices), "a seed changes nothing by itself"
    variants = [shaper.shape(cutouts["blue mug"], SETTINGS, Context(seed=seed, is_varied=True)).mesh.vertices for seed in (3, 4, 3)]
    assert variants[0].shape != variants[1].shape or not np.array_equal(variants[0], variants[1])
    assert np.array_equal(variants[0], variants[2])


def test_a_mesh_that_was_moved_gets_the_same_colours(stages: tuple, made: Callable[[str], Shaped], painted: Callable[[str], Painted], cutouts: dict) -> None:
    """As one does that is painted again: at another place, of another size, lying on its back, seen from where its front is."""
    shaped, name = made("purple star"), "purple star"
    rotation = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
    moved = Mesh(vertices=(2.5 * shaped.mesh.vertices @ rotation.T + (3, -1, 7)).astype(np.float32), faces=shaped.mesh.faces)
    back = np.eye(4)
    back[:3, :3], back[:3, 3] = rotation.T / 2.5, -(rotation.T / 2.5) @ (3, -1, 7)
    other = stages[1].paint(moved, View(matrix=shaped.view.matrix @ back), cutouts[name], SETTINGS, Context(seed=1), uv=painted(name).uv)
    here, there = painted(name).texture.astype(int), other.texture.astype(int)
    assert np.abs(here - there).mean() < 3.0


def test_a_field_that_is_not_kept_any_more_is_made_again(
    tiny_models: Path, made: Callable[[str], Shaped], painted: Callable[[str], Painted], cutouts: dict
) -> None:
    """By another process, from the cut-out alone."""
    _, painter = make_shaper_and_painter(WeightStore(tiny_models), ModelStore(), projection=_NoPainter(), learned=_NoPainter())
    shaped = made("red apple")
    other = painter.paint(shaped.mesh, shaped.view, cutouts["red apple"], SETTINGS, Context(seed=1), uv=painted("red apple").uv)
    assert np.abs(other.texture.astype(int) - painted("red apple").texture.astype(int)).mean() < 2.0


# --- outlines: (h, w) bool --------------------------------------------------------------------------------------------


def _cutout(photo: np.ndarray, mask: np.ndarray) -> CutOut:
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    rows, columns = slice(max(0, top - 6), top + height + 6), slice(max(0, left - 6), left + width + 6)
    return CutOut(rgba=np.dstack((photo[rows, columns], mask[rows, columns].astype(np.uint8) * 255)), left=columns.start, top=rows.start)


def _solid(cutout: CutOut) -> np.ndarray:
    return cutout.rgba[:, :, 3] > 127


def _outline(mesh: Mesh, view: View, cutout: CutOut) -> np.ndarray:
    canvas = np.zeros(cutout.rgba.shape[:2], np.uint8)
    places = view.project(mesh.vertices)[:, :2]
    for corners in (places[mesh.faces] * 16).round().astype(np.int32):
        cv2.fillConvexPoly(canvas, corners, 1, shift=4)
    return canvas > 0


def _back(painted: Painted) -> np.ndarray:
    """(N, 3): the texture at the middles of the faces that look away from the viewer, straight enough."""
    corners = painted.mesh.vertices[painted.mesh.faces].astype(np.float64)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    away = normals[:, 2] < -0.6 * np.maximum(np.linalg.norm(normals, axis=1), 1e-12)
    side = painted.texture.shape[0]
    at = np.clip((painted.uv[away].mean(axis=1) * side).astype(int), 0, side - 1)
    return painted.texture[at[:, 1], at[:, 0]].astype(np.float64)


def _framed(outline: np.ndarray) -> np.ndarray:
    """Its longer side fills the picture, so that things of different sizes can be compared."""
    left, top, width, height = cv2.boundingRect(outline.astype(np.uint8))
    scale = SIDE / max(width, height)
    small = cv2.resize(outline[top : top + height, left : left + width].astype(np.uint8), (max(1, round(width * scale)), max(1, round(height * scale))))
    rows, columns = SIDE - small.shape[0], SIDE - small.shape[1]
    return np.pad(small, ((rows // 2, rows - rows // 2), (columns // 2, columns - columns // 2))) > 0


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())
