"""Clean-up, repair and face budget, on surfaces as the shape models make them and on broken ones."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import trimesh
from scipy.spatial import cKDTree

from img23d_backend.mesh.isosurface.marching_cubes import extract_surface
from img23d_backend.mesh.isosurface.octree import sample_sparse
from img23d_backend.mesh.topology.checks import find_defects
from img23d_backend.mesh.topology.cleanup import clean
from img23d_backend.mesh.topology.repair import is_sound, repaired
from img23d_backend.mesh.topology.simplify import simplify
from img23d_backend.stages import Mesh

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "backend"))
from fields import FIELDS, Field, sphere

SEVERAL_PIECES = "the mesh is in more than one piece"


def surface(field: Field, resolution: int = 64) -> Mesh:
    return extract_surface(sample_sparse(field, resolution=resolution, bounds=1.01, coarse=32))


def defects(mesh: Mesh) -> set[str]:
    return set(find_defects(mesh)) - {SEVERAL_PIECES}


def as_mesh(solid: trimesh.Trimesh) -> Mesh:
    return Mesh(vertices=solid.vertices.astype(np.float32), faces=solid.faces.astype(np.int32))


def joined(*meshes: Mesh) -> Mesh:
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
    faces = [mesh.faces + start for mesh, start in zip(meshes, starts[:-1], strict=True)]
    return Mesh(vertices=np.concatenate([mesh.vertices for mesh in meshes]), faces=np.concatenate(faces).astype(np.int32))


def volume(mesh: Mesh) -> float:
    return float(trimesh.Trimesh(mesh.vertices, mesh.faces, process=False).volume)


# --- face budget ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("budget", [6000, 900, 120])
def test_a_closed_surface_stays_closed_and_manifold(name: str, budget: int) -> None:
    reduced = simplify(clean(surface(FIELDS[name])), budget)
    assert defects(reduced) == set()
    assert 0.5 * budget <= len(reduced.faces) <= budget  # pieces that shrink to nothing take theirs with them


@pytest.mark.parametrize("seed", range(4))
def test_noise_full_of_handles_stays_closed(seed: int) -> None:
    """Thousands of thin bridges: collapsing edges lets the surface touch itself in hundreds of places."""
    values = np.random.default_rng(seed).normal(size=(20, 20, 20))
    field = sample_sparse(lambda points: values[tuple(np.round(points).astype(int).T)], resolution=19, bounds=(0.0, 19.0), coarse=19)
    reduced = simplify(extract_surface(field), 3000)
    assert defects(reduced) - {"the mesh is inside out"} == set()
    assert len(reduced.faces) <= 3000


def test_the_reduced_surface_stays_where_it_was() -> None:
    reduced = simplify(surface(sphere, 128), 2000)
    distance = np.abs(np.linalg.norm(reduced.vertices, axis=1) - 0.7)
    assert distance.max() < 0.004
    assert volume(reduced) == pytest.approx(4 / 3 * np.pi * 0.7**3, rel=0.005)


def test_the_size_of_the_mesh_makes_no_difference() -> None:
    mesh = surface(FIELDS["torus"])
    large = Mesh(vertices=mesh.vertices * 1000 + 70, faces=mesh.faces)
    small, wide = simplify(mesh, 1500), simplify(large, 1500)
    near, _ = cKDTree(small.vertices).query((wide.vertices - 70) / 1000)
    assert np.quantile(near, 0.9) < 0.02


@pytest.mark.parametrize("budget", [0, 10**6])
def test_no_budget_or_a_large_one_leaves_the_mesh_untouched(budget: int) -> None:
    mesh = surface(sphere, 32)
    assert simplify(mesh, budget) is mesh


# --- clean-up -------------------------------------------------------------------------------------------------------


def test_a_sound_mesh_comes_back_as_it_is() -> None:
    mesh = surface(FIELDS["torus"])
    assert clean(mesh) is mesh


def test_crumbs_go_and_a_parted_leg_stays() -> None:
    body = surface(sphere)
    leg = as_mesh(trimesh.creation.cylinder(0.05, 0.4, sections=32).subdivide().apply_translation((0, 0, 2)))
    crumb = as_mesh(trimesh.creation.icosphere(0, 0.02).apply_translation((1, 1, 1)))
    assert len(crumb.faces) < 0.005 * len(body.faces) < len(leg.faces)
    cleaned = clean(joined(crumb, body, leg, crumb))
    assert len(cleaned.faces) == len(body.faces) + len(leg.faces)
    assert len(cleaned.vertices) == len(body.vertices) + len(leg.vertices)
    assert defects(cleaned) == set()


def test_small_holes_are_closed_and_large_ones_stay() -> None:
    ball = surface(sphere, 48)
    random = np.random.default_rng(5).choice(len(ball.faces), 12, replace=False)
    holes = Mesh(vertices=ball.vertices, faces=np.delete(ball.faces, random, axis=0))
    assert any("not closed" in defect for defect in find_defects(holes))
    assert find_defects(clean(holes)) == ()
    assert volume(clean(holes)) == pytest.approx(volume(ball), rel=1e-3)
    half = Mesh(vertices=ball.vertices, faces=ball.faces[ball.vertices[ball.faces].mean(axis=1)[:, 1] > 0])
    assert any("not closed" in defect for defect in find_defects(clean(half)))


def test_faces_without_extent_and_faces_that_are_there_twice_go() -> None:
    ball = surface(sphere, 32)
    vertices = np.concatenate([ball.vertices, ball.vertices[ball.faces[3, :1]]])
    a, b, c = ball.faces[3]
    other = len(ball.vertices)  # in the same place as a
    spoiled = [[a, b, other], [a, other, b], [5, 5, 6], ball.faces[9], ball.faces[9][[1, 2, 0]]]
    cleaned = clean(Mesh(vertices=vertices, faces=np.concatenate([ball.faces, spoiled]).astype(np.int32)))
    assert find_defects(cleaned) == ()
    assert len(cleaned.faces) == len(ball.faces)


# --- edges with many faces ------------------------------------------------------------------------------------------


def test_boxes_that_touch_along_an_edge_are_parted() -> None:
    boxes = trimesh.util.concatenate([trimesh.creation.box(), trimesh.creation.box().apply_translation((1, 1, 0))])
    boxes.merge_vertices()
    assert len(boxes.vertices) == 14
    parted = repaired(as_mesh(boxes))
    assert find_defects(parted) == (SEVERAL_PIECES,)
    assert len(parted.vertices) == 16
    assert volume(parted) == pytest.approx(2.0)


def test_a_ring_pinched_at_an_edge_is_closed_again() -> None:
    """Both copies of the edge end at the same two vertices: one of them gets a vertex in its middle."""
    blocks = [(0, 0), (1, 0), (2, 0), (2, 1), (0, 1), (0, 2), (1, 2)]  # (1, 2) and (2, 1) touch along one edge
    grid = np.full((5, 5, 3), False)
    for x, y in blocks:
        grid[x + 1, y + 1, 1] = True
    mesh = _blocks(grid)
    assert not is_sound(mesh.faces)
    fixed = repaired(mesh)
    assert find_defects(fixed) == ()
    assert volume(fixed) == pytest.approx(len(blocks))


@pytest.mark.parametrize("seed", range(6))
def test_any_heap_of_blocks_becomes_manifold(seed: int) -> None:
    grid = np.zeros((9, 9, 9), dtype=bool)
    grid[1:-1, 1:-1, 1:-1] = np.random.default_rng(seed).random((7, 7, 7)) < 0.45
    mesh = _blocks(grid)
    fixed = repaired(mesh)
    assert defects(fixed) == set()
    assert volume(fixed) == pytest.approx(grid.sum(), rel=1e-5)


@pytest.mark.parametrize("seed", range(6))
def test_shrinking_edges_at_random_never_opens_a_closed_mesh(seed: int) -> None:
    """Whatever a careless collapse leaves behind: folded, pinched, back to back."""
    mesh = simplify(surface(FIELDS["gyroid_in_a_ball"], 40), 3000)
    random = np.random.default_rng(seed)
    into = np.arange(len(mesh.vertices))
    for edge in random.permutation(mesh.faces[:, :2])[:400]:
        into[into == edge.max()] = into[edge.min()]
    fixed = repaired(Mesh(vertices=mesh.vertices, faces=into[mesh.faces].astype(np.int32)))
    assert len(fixed.faces) > 500
    assert not [defect for defect in find_defects(fixed) if "closed" in defect or "touch" in defect]


def _blocks(grid: np.ndarray) -> Mesh:
    """The boundary of unit blocks, vertices shared wherever blocks touch."""
    quads = []
    for axis in range(3):
        for side in (1, -1):
            for cell in np.argwhere(grid & ~np.roll(grid, -side, axis)):
                corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])[::side]
                quad = (
                    np.insert(corners, axis, (side + 1) // 2, axis=1)
                    if axis != 1
                    else np.stack([corners[:, 1], np.full(4, (side + 1) // 2), corners[:, 0]], axis=1)
                )
                quads.append(cell + quad)
    points = np.concatenate(quads)
    vertices, index = np.unique(points, axis=0, return_inverse=True)
    quad = index.reshape(-1, 4)
    faces = np.concatenate([quad[:, [0, 1, 2]], quad[:, [0, 2, 3]]])
    return Mesh(vertices=vertices.astype(np.float32), faces=faces.astype(np.int32))
