"""Fewer splats, by what is still seen: pictures of a patterned body with all of them and with some."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from img23d_backend.engines.trellis.splats.thinning import most_seen
from img23d_backend.splats.rendering import render
from img23d_backend.stages import Splats

COUNT, SIDE = 60_000, 120
FRONT = np.array([[SIDE, 0, 0, SIDE / 2], [0, -SIDE, 0, SIDE / 2], [0, 0, -SIDE, 0]], dtype=np.float64)


@pytest.fixture(scope="module")
def body() -> Splats:
    """A chequered cylinder, its splats of all sizes and opacities, more of them faint than not."""
    chance = np.random.default_rng(0)
    angle, y = chance.uniform(0, 2 * np.pi, COUNT), chance.uniform(-0.4, 0.4, COUNT)
    is_red = (np.floor(angle * 10 / np.pi) + np.floor(y * 20)) % 2 > 0
    rotations = chance.normal(size=(COUNT, 4))
    return Splats(
        positions=np.stack([0.35 * np.cos(angle), y, 0.35 * np.sin(angle)], axis=1).astype(np.float32),
        colors=np.where(is_red[:, None], (0.9, 0.2, 0.1), (0.1, 0.3, 0.8)).astype(np.float32),
        opacities=(1 / (1 + np.exp(-chance.normal(-0.5, 2.0, COUNT)))).astype(np.float32),
        scales=np.exp(chance.normal(np.log(0.008), 0.5, (COUNT, 3))).astype(np.float32),
        rotations=(rotations / np.linalg.norm(rotations, axis=1, keepdims=True)).astype(np.float32),
    )


def decibels(some: Splats, every: Splats) -> float:
    """Over black and over white."""
    one, other = (render(splats, FRONT, width=SIDE, height=SIDE) for splats in (some, every))
    away = [one.colors - other.colors + (other.opacities - one.opacities)[..., None] * ground for ground in (0.0, 1.0)]
    return float(-10 * np.log10(np.mean(np.square(away))))


def test_half_of_them_look_the_same(body: Splats) -> None:
    half = most_seen(body, COUNT // 2)
    assert len(half) == COUNT // 2
    kept = decibels(half, body)
    by_chance = np.sort(np.random.default_rng(1).choice(COUNT, COUNT // 2, replace=False))
    assert kept > 30
    assert kept > decibels(Splats(**{name: values[by_chance] for name, values in vars(body).items()}), body) + 6
    assert kept > decibels(replace(half, scales=half.scales * np.float32(2 ** (1 / 3))), body) + 6, "they are not grown"


def test_they_keep_their_order_and_values(body: Splats) -> None:
    some = most_seen(body, 500)
    place = [int(np.flatnonzero((body.positions == position).all(axis=1))[0]) for position in some.positions]
    assert place == sorted(place)
    assert all(np.array_equal(values, getattr(body, name)[place]) for name, values in vars(some).items())


@pytest.mark.parametrize("count", [0, COUNT, COUNT + 1])
def test_all_may_stay(body: Splats, count: int) -> None:
    assert most_seen(body, count) is body


def test_of_equal_ones_the_first_stay() -> None:
    alike = Splats(
        positions=np.arange(30, dtype=np.float32).reshape(10, 3),
        colors=np.zeros((10, 3), np.float32),
        opacities=np.ones(10, np.float32),
        scales=np.ones((10, 3), np.float32),
        rotations=np.zeros((10, 4), np.float32),
    )
    assert most_seen(alike, 4).positions[:, 0].tolist() == [0, 3, 6, 9]
