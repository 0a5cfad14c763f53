"""Labels of a mesh's faces to points: each piece in a frame of its own, told apart in the whole, and the way back."""

from __future__ import annotations

import numpy as np
import pytest

from img23d_backend.engines.holopart.pieces import POINTS, Frame, Pieces
from img23d_backend.stages import Mesh

CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=np.float64)
QUADS = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])
FACES = np.concatenate((QUADS[:, [0, 1, 2]], QUADS[:, [0, 2, 3]])).astype(np.int32)


def box(centre: tuple[float, float, float], half: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    return CORNERS * half + centre, FACES


def boxes(*each: tuple[np.ndarray, np.ndarray]) -> tuple[Mesh, np.ndarray]:
    """One mesh of all, and the number of the box of each face."""
    before = np.cumsum([0, *(len(vertices) for vertices, _ in each)])
    mesh = Mesh(
        vertices=np.concatenate([vertices for vertices, _ in each]).astype(np.float32),
        faces=np.concatenate([faces + number for (_, faces), number in zip(each, before, strict=False)]).astype(np.int32),
    )
    return mesh, np.repeat(np.arange(len(each)), [len(faces) for _, faces in each])


LARGE, SMALL = box((0, 0, 0), (37, 20, 10)), box((0, 30, 0), (4, 10, 2))
MESH, LABELS = boxes(LARGE, SMALL)


@pytest.fixture(scope="module")
def pieces() -> Pieces:
    return Pieces(MESH, LABELS, seed=3)


@pytest.mark.parametrize(("part", "half"), [(0, (37, 20, 10)), (1, (4, 10, 2))])
def test_a_piece_fills_seven_tenths_of_its_own_cube(pieces: Pieces, part: int, half: tuple[float, float, float]) -> None:
    seen = pieces.seen(part, 64)
    assert seen is not None and seen.surface.shape == (POINTS, 6) and seen.surface.dtype == np.float32
    reach = np.abs(seen.surface[:, :3]).max(axis=0)
    assert reach.max() == pytest.approx(0.95 * 0.7, rel=2e-3)
    assert reach / reach.max() == pytest.approx(np.array(half) / max(half), rel=5e-3)


def test_normals_are_those_of_the_faces(pieces: Pieces) -> None:
    seen = pieces.seen(0, 64)
    assert seen is not None
    inner = (np.abs(seen.surface[:, [0, 2]]) < [0.66, 0.17]).all(axis=1)  # off the edges, where two faces meet
    on_top = inner & (seen.surface[:, 1] > 0.3)
    assert on_top.sum() > 1000 and seen.surface[on_top, 3:] == pytest.approx(np.tile([0, 1, 0], (on_top.sum(), 1)), abs=1e-6)


def test_the_whole_fills_its_cube_and_tells_the_pieces_apart(pieces: Pieces) -> None:
    both = [pieces.seen(part, 64) for part in (0, 1)]
    assert all(seen is not None for seen in both)
    first, second = (seen.whole for seen in both if seen is not None)
    assert np.array_equal(first[:, :6], second[:, :6]) and np.array_equal(first[:, 6] + second[:, 6], np.ones(POINTS))
    assert np.abs(first[:, :3]).max() == pytest.approx(0.95, rel=2e-3)
    share = 4 * (4 * 10 + 4 * 2 + 10 * 2) / (4 * (4 * 10 + 4 * 2 + 10 * 2) + 4 * (37 * 20 + 37 * 10 + 20 * 10))
    assert second[:, 6].mean() == pytest.approx(share, rel=0.15)
    above = second[second[:, 6] > 0, 1]  # the small box reaches from 20 to 40, the large one from -20 to 20; the cube's unit is 37 / 0.95
    assert above.min() == pytest.approx((20 - 10) / 37 * 0.95, abs=5e-3) and above.max() == pytest.approx(0.95 * 30 / 37, abs=5e-3)


def test_the_tokens_points_are_the_pieces_own_and_lie_apart(pieces: Pieces) -> None:
    seen = pieces.seen(0, 64)
    assert seen is not None and seen.queries.shape == seen.queries_in_whole.shape == (64, 6)
    known = {tuple(row) for row in seen.surface}
    assert all(tuple(row) in known for row in seen.queries)
    apart = np.linalg.norm(seen.queries[:, None, :3] - seen.queries[None, :, :3], axis=2) + 9 * np.eye(64)
    chosen = seen.surface[np.random.default_rng(0).choice(POINTS, 64, replace=False), :3]
    by_chance = np.linalg.norm(chosen[:, None] - chosen[None], axis=2) + 9 * np.eye(64)
    assert apart.min() > 5 * by_chance.min()
    scale = seen.frame.scale / (37 / 0.95)
    offset = seen.queries_in_whole[:, :3] - seen.queries[:, :3] * scale
    assert np.ptp(offset, axis=0) == pytest.approx(np.zeros(3), abs=1e-5) and np.array_equal(seen.queries[:, 3:], seen.queries_in_whole[:, 3:])


def test_what_is_made_in_the_cube_comes_back_to_the_meshs_own_place(pieces: Pieces) -> None:
    seen = pieces.seen(1, 64)
    assert seen is not None
    in_cube = Mesh(vertices=(CORNERS * np.array([4, 10, 2]) / 10 * 0.665).astype(np.float32), faces=FACES)
    back = seen.frame.back(in_cube).vertices
    assert back.min(axis=0) == pytest.approx([-4, 20, -2], abs=0.1) and back.max(axis=0) == pytest.approx([4, 40, 2], abs=0.1)


def test_the_same_seed_sees_the_same() -> None:
    one, other, third = (Pieces(MESH, LABELS, seed=seed).seen(0, 32) for seed in (3, 3, 4))
    assert one is not None and other is not None and third is not None
    assert np.array_equal(one.queries, other.queries) and not np.array_equal(one.queries, third.queries)


def test_a_piece_without_an_area_is_none_and_a_mesh_without_one_is_refused() -> None:
    flat = Mesh(vertices=np.concatenate((MESH.vertices, np.zeros((3, 3), np.float32))), faces=np.vstack((MESH.faces, [[16, 17, 18]])).astype(np.int32))
    pieces = Pieces(flat, np.append(LABELS, 2), seed=0)
    assert pieces.seen(2, 16) is None and pieces.seen(1, 16) is not None
    with pytest.raises(ValueError, match="area"):
        Pieces(Mesh(vertices=np.zeros((3, 3), np.float32), faces=np.array([[0, 1, 2]], np.int32)), np.zeros(1), seed=0)


def test_a_frame_there_and_back() -> None:
    points = np.random.default_rng(0).random((50, 3)) * [3, 700, 0.1] + [5, -9, 1e4]
    frame = Frame.around(points, 0.5)
    inside = frame.into(points)
    assert np.abs(inside).max() == pytest.approx(0.5) and (inside.min(axis=0) + inside.max(axis=0)) == pytest.approx(np.zeros(3), abs=1e-9)
    there = frame.back(Mesh(vertices=inside.astype(np.float32), faces=FACES)).vertices
    assert there == pytest.approx(points, abs=1e-2)
