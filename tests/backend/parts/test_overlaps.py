"""Solids that reach into each other: what is left of each adds up to their union, whose volume is known by formula."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from img23d_backend.parts.closing.solids import SolidPart, solid_parts
from img23d_backend.parts.closing.winding import Inside
from img23d_backend.stages import Mesh


def box(size: tuple[float, float, float], *at: float) -> trimesh.Trimesh:
    one = trimesh.creation.box(extents=size)
    one.apply_translation(at)
    return one


def ball(radius: float, *at: float, detail: int = 3) -> trimesh.Trimesh:
    one = trimesh.creation.icosphere(subdivisions=detail, radius=radius)
    one.apply_translation(at)
    return one


def parted(*solids: trimesh.Trimesh, label: list[int] | None = None) -> tuple[list[trimesh.Trimesh], list[SolidPart]]:
    """Each a part, or as `label` says; what they became, made of the mesh's faces that they keep and those that are new."""
    whole = trimesh.util.concatenate(list(solids))
    numbers = np.repeat(np.arange(len(solids)) if label is None else label, [len(one.faces) for one in solids])
    parts = solid_parts(Mesh(vertices=whole.vertices, faces=whole.faces), numbers)
    made = []
    for part in parts:
        faces = np.concatenate([whole.faces[part.kept], part.faces])
        made.append(trimesh.Trimesh(np.concatenate([whole.vertices, part.vertices]), faces, process=False))
        made[-1].remove_unreferenced_vertices()
    return made, parts


def volumes(made: list[trimesh.Trimesh]) -> list[float]:
    assert all(one.is_watertight and one.is_winding_consistent for one in made)
    return [one.volume for one in made]


def test_a_corner_in_a_cube() -> None:
    made, _ = parted(box((1, 1, 1), 0, 0, 0), box((0.8, 0.8, 0.8), 0.5, 0.5, 0.5))
    assert volumes(made) == pytest.approx([1.0, 0.8**3 - 0.4**3], rel=2e-3)


def test_legs_in_a_table_top() -> None:
    legs = [trimesh.creation.cylinder(radius=0.1, height=1, sections=24) for _ in range(4)]
    for leg, (x, y) in zip(legs, [(0.8, 0.8), (-0.8, 0.8), (0.8, -0.8), (-0.8, -0.8)], strict=True):
        leg.apply_translation((x, y, -0.5))
    full = legs[0].volume
    made, parts = parted(box((2, 2, 0.2), 0, 0, 0), *legs)
    assert volumes(made) == pytest.approx([0.8, *[full * 0.9] * 4], rel=1e-3)
    assert [one.bounds[1, 2] for one in made[1:]] == pytest.approx([-0.1] * 4, abs=1e-3), "they end where the top begins"
    assert len(parts[0].kept) == 12 and not len(parts[0].faces), "the largest is not touched"


def test_more_than_two_in_one_place() -> None:
    """Of three boxes that share a cube each place is left to the largest one that has it."""
    a, b, c = box((2, 2, 2), 0, 0, 0), box((1.5, 1.5, 1.5), 1, 0, 0), box((1, 1, 1), 0.8, 0.9, 0)
    made, _ = parted(a, b, c)
    # Of b, x from 0.25 to 1.75, the first 0.75 are in a; of c, x from 0.3 and y from 0.4, what is in a ends at 1 and 1, what is in b at y 0.75
    in_a = 0.7 * 0.6
    in_b_only = 0.3 * 0.35
    assert volumes(made) == pytest.approx([8.0, 1.5**3 - 0.75 * 1.5 * 1.5, 1.0 - in_a - in_b_only], rel=3e-3)


def test_round_things() -> None:
    """The lens that two balls share (its two caps); a ball of triangles is a little smaller than a true one."""
    far, large, small = 1.2, 1.0, 0.7
    made, _ = parted(ball(large, 0, 0, 0), ball(small, far, 0, 0))
    lens = np.pi * (large + small - far) ** 2 * (far**2 + 2 * far * (large + small) - 3 * (large - small) ** 2) / (12 * far)
    whole = [ball(radius, 0, 0, 0).volume for radius in (large, small)]
    assert volumes(made) == pytest.approx([whole[0], whole[1] - lens], rel=2e-2)


def test_a_bar_that_goes_through() -> None:
    made, _ = parted(box((2, 2, 2), 0, 0, 0), box((0.4, 0.4, 4), 0.3, 0.2, 0))
    assert volumes(made) == pytest.approx([8.0, 0.16 * 2], rel=2e-3) and len(made[1].split()) == 2


@pytest.mark.parametrize("at", [(0, 0, 0.75), (0.75, 0.25, 0.25)])
def test_what_only_touches_is_not_cut(at: tuple[float, float, float]) -> None:
    made, parts = parted(box((1, 1, 1), 0, 0, 0), box((0.5, 0.5, 0.5), *at))
    assert volumes(made) == pytest.approx([1.0, 0.125]) and [len(one.kept) for one in parts] == [12, 12]


def test_sides_that_lie_in_one_plane() -> None:
    made, _ = parted(box((1, 1, 1), 0, 0, 0), box((0.5, 0.5, 1), 0.5, 0, 0))
    assert volumes(made) == pytest.approx([1.0, 0.125], rel=2e-3)


@pytest.mark.parametrize("inner", [box((0.5, 0.5, 0.5), 0, 0, 0), box((1, 1, 1), 0, 0, 0)])
def test_what_lies_wholly_inside_stays(inner: trimesh.Trimesh) -> None:
    made, parts = parted(box((1, 1, 1), 0, 0, 0), inner)
    assert volumes(made) == pytest.approx([1.0, inner.volume]) and [len(one.kept) for one in parts] == [12, 12]


def test_solids_of_one_part_stay_together_and_excluded_ones_cut_nothing() -> None:
    cube, bar = box((1, 1, 1), 0, 0, 0), box((0.4, 0.4, 1), 0, 0, 0.5)
    for label in ([0, 0], [-1, 0]):
        _, parts = parted(cube, bar, label=label)
        assert [len(one.kept) for one in parts] == [24 if label == [0, 0] else 12] and not any(len(one.faces) for one in parts)


def test_one_that_is_inside_out() -> None:
    cube, bar = box((1, 1, 1), 0, 0, 0), box((0.4, 0.4, 1), 0.1, 0, 0.5)
    turned = trimesh.Trimesh(cube.vertices, cube.faces[:, ::-1], process=False)
    made, _ = parted(turned, bar)
    assert [one.volume for one in made] == pytest.approx([-1.0, 0.08], rel=2e-3)


def test_pieces_say_of_which_face_they_are() -> None:
    cube, bar = box((1, 1, 1), 0, 0, 0), box((0.4, 0.4, 1), 0.1, 0, 0.5)
    whole = trimesh.util.concatenate([cube, bar])
    _, (_, part) = parted(cube, bar)
    vertices = np.concatenate([whole.vertices, part.vertices])
    own = part.source >= 0
    assert own.any() and (part.source[own] >= 12).all() and not set(part.source[own].tolist()) & set(part.kept.tolist())
    for face, source in zip(part.faces[own], part.source[own], strict=True):
        a, b, c = whole.vertices[whole.faces[source]]
        normal = np.cross(b - a, c - a)
        np.testing.assert_allclose((vertices[face] - a) @ normal, 0, atol=1e-9)


def test_the_winding_number() -> None:
    """Many triangles, most of them far from a place; nothing is known of it but the ball's radius."""
    one = ball(1.0, 0, 0, 0, detail=5)
    points = np.random.default_rng(0).uniform(-1.2, 1.2, (300, 3))
    radius = np.linalg.norm(points, axis=1)
    clear = np.abs(radius - 1) > 0.01
    winding = Inside(one.triangles).winding(points)
    assert np.abs(winding - (radius < 1))[clear].max() < 0.05
    np.testing.assert_array_equal(Inside(one.triangles[:, ::-1])(points)[clear], radius[clear] < 1)
