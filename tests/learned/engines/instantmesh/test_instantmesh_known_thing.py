"""Two of the plain photo's things through InstantMesh's trained small checkpoint: the photo decides the six views, the shape and the colours.

What is right is told by the photo and its masks. Each of the two is also held against all others, which it has to be unlike.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from known_things import away_from, back_of, cutouts_of_the_photo, outline_of, overlaps_with

from img23d_backend.engines.instantmesh import make_shaper_and_painter
from img23d_backend.mesh.topology.checks import find_defects
from img23d_backend.models.store import ModelStore
from img23d_backend.stages import Context, CutOut, Painted, Painter, Shaped
from img23d_backend.weights.store import WeightStore
from img23d_protocol.messages import Settings

MADE = ("red apple", "blue mug")  # what the small checkpoint knows
SETTINGS = Settings.of(view_steps=8, view_guidance=1.0, instantmesh_faces=12_000, shape_device="cpu", paint_device="cpu", texture_size=1024)
LEAST_OVERLAP = 0.85
MOST_AWAY = 0.12  # of colours
VIEW = 320  # pixels a side
_CRUMBS = "the mesh is in more than one piece"  # the small checkpoint's apple has some beside it


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
def made(stages: tuple, cutouts: dict[str, CutOut]) -> Callable[[str], tuple[Shaped, np.ndarray]]:
    """With the six views, (6, 320, 320, 3). Once a thing; one that fails takes no other with it."""

    def make(name: str) -> tuple[Shaped, np.ndarray]:
        shown: list[np.ndarray] = []
        shaped = stages[0].shape(cutouts[name], SETTINGS, Context(seed=1, show=shown.append))
        rows = shown[-1].reshape(3, VIEW, 2, VIEW, 3)
        return shaped, rows.swapaxes(1, 2).reshape(6, VIEW, VIEW, 3)

    return cache(make)


@pytest.fixture(scope="module")
def painted(stages: tuple, made: Callable[[str], tuple[Shaped, np.ndarray]], cutouts: dict[str, CutOut]) -> Callable[[str], Painted]:
    return cache(lambda name: stages[1].paint(made(name)[0].mesh, made(name)[0].view, cutouts[name], SETTINGS, Context(seed=1)))


@pytest.mark.parametrize("name", MADE)
def test_each_view_shows_the_thing_in_the_photo(made: Callable, cutouts: dict[str, CutOut], name: str) -> None:
    """All of it, on white, in the colours that the photo has of it and of none of the others."""
    for view in made(name)[1] / 255:
        border = np.concatenate((view[:8].reshape(-1, 3), view[-8:].reshape(-1, 3), view[:, :8].reshape(-1, 3), view[:, -8:].reshape(-1, 3)))
        assert border.mean() > 0.9
        is_thing = view.min(axis=2) < 0.7
        assert 0.05 < is_thing.mean() < 0.6
        away = away_from(view[is_thing].mean(axis=0), cutouts)
        assert away[name] == min(away.values()), away


@pytest.mark.parametrize("name", MADE)
def test_the_outline_is_that_of_the_thing_in_the_photo(made: Callable, cutouts: dict[str, CutOut], name: str) -> None:
    shaped, _ = made(name)
    overlaps = overlaps_with(outline_of(shaped.mesh, shaped.view, cutouts[name]), cutouts)
    assert overlaps[name] > LEAST_OVERLAP, overlaps
    assert overlaps[name] == max(overlaps.values()), overlaps
    assert set(find_defects(shaped.mesh)) <= {_CRUMBS}


@pytest.mark.parametrize("name", MADE)
def test_its_back_has_the_colours_of_the_thing_in_the_photo(painted: Callable[[str], Painted], cutouts: dict[str, CutOut], name: str) -> None:
    """The photo shows the front alone: what is behind comes from the field."""
    away = away_from(back_of(painted(name)), cutouts)
    assert away[name] < MOST_AWAY, away
    assert away[name] == min(away.values()), away


def test_two_things_differ_in_every_view(made: Callable) -> None:
    apple, mug = (made(name)[1].astype(float) for name in ("red apple", "blue mug"))
    assert np.abs(apple - mug).mean(axis=(1, 2, 3)).min() > 10
