"""The plain photo's things through TripoSR's trained small checkpoint: the photo decides the shape and the colours of all sides.

What is right is told by the photo and its masks. Each thing is also held against the other ones, which it has to be unlike.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from known_things import away_from, back_of, cutouts_of_the_photo, outline_of, overlaps_with

from img23d_backend.engines.triposr import make_shaper_and_painter
from img23d_backend.mesh.topology.checks import find_defects
from img23d_backend.models.store import ModelStore
from img23d_backend.stages import Context, CutOut, Mesh, Painted, Painter, Shaped, View
from img23d_backend.weights.store import WeightStore
from img23d_protocol.messages import Settings

MADE = ("red apple", "blue mug", "green bottle", "yellow duck", "purple star")
SETTINGS = Settings.of(light_resolution=128, light_faces=12_000, shape_device="cpu", paint_device="cpu", texture_size=1024)
LEAST_OVERLAP = 0.85
MOST_AWAY = 0.12  # of colours


class _NoPainter(Painter):
    def paint(self, *args: object, **kwargs: object) -> Painted:
        raise AssertionError("another painter was asked")


@pytest.fixture(scope="module")
def cutouts() -> dict[str, CutOut]:
    return cutouts_of_the_photo()


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
    overlaps = overlaps_with(outline_of(shaped.mesh, shaped.view, cutouts[name]), cutouts)
    assert overlaps[name] > LEAST_OVERLAP, overlaps
    assert overlaps[name] == max(overlaps.values()), overlaps
    assert find_defects(shaped.mesh) == ()


@pytest.mark.parametrize("name", MADE)
def test_its_back_has_the_colours_of_the_thing_in_the_photo(made: Callable[[str], Shaped], painted: Callable[[str], Painted], cutouts: dict, name: str) -> None:
    """The photo shows the front alone: what is behind comes from the field."""
    away = away_from(back_of(painted(name)), cutouts)
    assert away[name] < MOST_AWAY, away
    assert away[name] == min(away.values()), away


def test_the_mug_has_a_hole_in_its_handle(made: Callable[[str], Shaped], cutouts: dict[str, CutOut]) -> None:
    outline = outline_of(made("blue mug").mesh, made("blue mug").view, cutouts["blue mug"]).astype(np.uint8)
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
