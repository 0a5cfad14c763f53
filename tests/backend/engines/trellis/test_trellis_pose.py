"""From where a picture shows splats: pictures of known things from known places, drawn by the definition of splats."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from img23d_backend.cutouts.pose import Pose, turned_mesh, view_from
from img23d_backend.engines.trellis.splats.pose import pose_of, turned_splats
from img23d_backend.splats.rendering import render
from img23d_backend.stages import CutOut, Mesh, Splats

SCALE, SIDE = 160, 220  # pixels a unit, and of the pictures


def splats(points: np.ndarray, colors: np.ndarray) -> Splats:
    count = len(points)
    return Splats(
        positions=points.astype(np.float32),
        colors=colors.astype(np.float32),
        opacities=np.full(count, 0.9, np.float32),
        scales=np.full((count, 3), 0.006, np.float32),
        rotations=np.tile(np.float32((1, 0, 0, 0)), (count, 1)),
    )


def box(low: tuple, high: tuple, colors: np.ndarray, count: int = 16_000) -> tuple[np.ndarray, np.ndarray]:
    """Points on the six faces, each face of its colour."""
    chance = np.random.default_rng(0)
    points, face = chance.uniform(low, high, (count, 3)), chance.integers(0, 6, count)
    for axis in range(3):
        points[face == 2 * axis, axis], points[face == 2 * axis + 1, axis] = low[axis], high[axis]
    return points, colors[face]


def die() -> Splats:
    return splats(*box((-0.3, -0.3, -0.3), (0.3, 0.3, 0.3), np.array([(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, 0, 1), (0, 1, 1)], float)))


def chair() -> Splats:
    wood = np.tile((0.6, 0.4, 0.2), (6, 1))
    legs = [box((x, -0.45, z), (x + 0.05, -0.05, z + 0.05), wood, 4000) for x in (-0.25, 0.2) for z in (-0.25, 0.2)]
    parts = [box((-0.25, -0.05, -0.25), (0.25, 0.0, 0.25), wood), box((-0.25, 0.0, -0.25), (0.25, 0.45, -0.2), wood * 0.8), *legs]
    return splats(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def vase() -> Splats:
    chance = np.random.default_rng(0)
    angle, y = chance.uniform(0, 2 * np.pi, 30_000), chance.uniform(-0.45, 0.45, 30_000)
    radius = 0.2 + 0.08 * np.sin(5 * y)
    return splats(np.stack([radius * np.cos(angle), y, radius * np.sin(angle)], axis=1), np.stack([0.5 + y / 2, np.full_like(y, 0.4), 0.5 - y / 2], axis=1))


def viewed(thing: Splats, yaw: float, pitch: float) -> CutOut:
    """By someone at that yaw, to the right of the front, and pitch, above it: rays written out from where they stand."""
    a, b = math.radians(yaw), math.radians(pitch)
    towards = np.array([math.sin(a) * math.cos(b), math.sin(b), math.cos(a) * math.cos(b)])
    right = np.array([math.cos(a), 0.0, -math.sin(a)])
    rows = np.stack([right * SCALE, -np.cross(towards, right) * SCALE, -towards * SCALE])
    seen = render(thing, np.column_stack([rows, [SIDE / 2, SIDE / 2, 0.0]]), width=SIDE, height=SIDE)
    colors = seen.colors / np.maximum(seen.opacities, 1e-6)[..., None]
    return CutOut(rgba=np.rint(np.dstack([colors, seen.opacities]).clip(0, 1) * 255).astype(np.uint8))


PLACES = [(0, 0), (35, 20), (150, 10), (-90, 45)]


@pytest.mark.parametrize("make", [die, chair])
@pytest.mark.parametrize(("yaw", "pitch"), PLACES)
def test_where_the_viewer_stood_is_found(make, yaw: float, pitch: float) -> None:
    thing = make()
    found = pose_of(thing, viewed(thing, yaw, pitch))
    assert abs((found.yaw - yaw + 180) % 360 - 180) <= 4 and abs(found.pitch - pitch) <= 4
    if (yaw, pitch) == (0, 0):
        assert found == Pose()


@pytest.mark.parametrize(("yaw", "pitch"), PLACES)
def test_what_is_alike_all_around_is_not_turned(yaw: float, pitch: float) -> None:
    found = pose_of(vase(), viewed(vase(), yaw, pitch))
    assert found.yaw == 0 and abs(found.pitch - pitch) <= 5


@pytest.mark.parametrize(("yaw", "pitch"), PLACES[1:])
def test_a_rough_likeness_is_enough(yaw: float, pitch: float) -> None:
    """Of other proportions, with a bumpy surface, darker and greyer."""
    thing = die()
    bumps = np.random.default_rng(1).normal(0, 0.015, thing.positions.shape)
    rough = replace(thing, positions=(thing.positions * (1.15, 0.9, 1.1) + bumps).astype(np.float32), colors=thing.colors * np.float32(0.7) + np.float32(0.1))
    found = pose_of(rough, viewed(thing, yaw, pitch))
    assert abs((found.yaw - yaw + 180) % 360 - 180) <= 15 and abs(found.pitch - pitch) <= 8


@pytest.mark.parametrize("shown", [chair, vase])
def test_what_hardly_looks_like_the_photo_is_left_as_it_is(shown) -> None:
    assert pose_of(die(), viewed(shown(), 40, 25)) == Pose()


def test_the_seen_side_is_turned_to_the_front_and_covers_the_cut_out() -> None:
    """Of a die seen from its right and above: blue-less red stays where it is seen."""
    thing = die()
    cutout = viewed(thing, 60, 25)
    wanted = cutout.rgba.astype(float) / 255
    wanted[:, :, :3] *= wanted[:, :, 3:]

    def away(yaw: float, pitch: float) -> float:
        turned = turned_splats(thing, yaw)
        seen = render(turned, view_from(turned.positions, pitch, cutout).matrix[:3], width=SIDE, height=SIDE)
        return float(np.abs(np.dstack([seen.colors, seen.opacities[..., None]]) - wanted).mean())

    assert away(60, 25) < 0.025
    assert min(away(-60, 25), away(60, -25), away(60, 0), away(30, 25)) > 0.05
    view = view_from(thing.positions, 25, cutout)
    assert view.project(np.array([[0.0, 0.0, 1.0]]))[0, 2] < view.project(np.array([[0.0, 0.0, 0.0]]))[0, 2], "nearer to the viewer"


def test_mesh_and_splats_are_turned_alike() -> None:
    corners = np.float32([[0, 0, 1], [1, 0, 0], [0, 1, 0]])
    mesh = turned_mesh(Mesh(vertices=corners, faces=np.int32([[0, 1, 2]])), 90)  # a viewer at the right of the front, on +x
    assert np.allclose(mesh.vertices, [[-1, 0, 0], [0, 0, 1], [0, 1, 0]], atol=1e-6)
    thing = splats(corners, corners)
    assert np.allclose(turned_splats(thing, 90).positions, mesh.vertices, atol=1e-6)


def test_a_long_splat_keeps_its_length_along_what_it_lay_along() -> None:
    """One along z, told as one along its own x that is turned by -90 degrees about y: from a viewer on +x it lies along -x."""
    half = math.radians(-90) / 2
    one = Splats(
        positions=np.zeros((1, 3), np.float32),
        colors=np.ones((1, 3), np.float32),
        opacities=np.ones(1, np.float32),
        scales=np.float32([[0.3, 0.01, 0.01]]),
        rotations=np.float32([[math.cos(half), 0, math.sin(half), 0]]),
    )
    w, x, y, z = turned_splats(one, 90).rotations[0].astype(float)
    own_x = np.array([1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)])
    assert np.abs(own_x) == pytest.approx([1, 0, 0], abs=1e-6)


def test_one_splat_and_one_pixel_are_enough() -> None:
    rgba = np.zeros((5, 5, 4), np.uint8)
    rgba[2, 2] = 255
    found = pose_of(splats(np.zeros((1, 3)), np.ones((1, 3))), CutOut(rgba=rgba))
    assert found == Pose()
