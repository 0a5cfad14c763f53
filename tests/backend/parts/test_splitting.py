"""Parts of things that are known: unions of solids in one surface, and solids that lie loose."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import trimesh
from known_parts import THINGS, Known, box, cylinder, ellipsoid, known, rand_index
from scipy.sparse import coo_array
from scipy.sparse.csgraph import laplacian, maximum_flow
from scipy.sparse.linalg import eigsh

from img23d_backend.evaluation.objects import OBJECTS
from img23d_backend.parts.splitting.coarsening import levels
from img23d_backend.parts.splitting.dual_graph import dual_graph
from img23d_backend.parts.splitting.minimum_cut import source_side
from img23d_backend.parts.splitting.spectral import eigenvectors
from img23d_backend.parts.splitting.splitter import MOST, Wish, split
from img23d_backend.stages import Mesh


@cache
def thing(name: str) -> Known:
    return THINGS[name](44)


@cache
def usual(name: str) -> np.ndarray:
    return split(thing(name).mesh, Wish())


def count(label: np.ndarray) -> int:
    return int(label.max()) + 1


@pytest.mark.parametrize("name", THINGS)
def test_unions_of_solids(name: str) -> None:
    """The adjusted Rand index that issue 17 asks for, and the right number of parts."""
    assert count(usual(name)) == len(np.unique(thing(name).truth))
    assert rand_index(usual(name), thing(name).truth) >= 0.95


@pytest.mark.parametrize(("name", "parts"), [("chair", 10), ("table", 5), ("mug", 2), ("stool", 5), ("duck", 6), ("picture frame", 1)])
def test_loose_solids(name: str, parts: int) -> None:
    """The chair has twelve triangles a slat, the mug a hollow, the picture frame strips that share no vertices."""
    assert count(split(OBJECTS[name]().mesh, Wish())) == parts


def test_a_back_flush_with_its_seat() -> None:
    """Concave in front only."""
    flush = known([box(0, 0, 0, 1, 0.16, 1), box(0, 0.5, -0.43, 1, 0.95, 0.13)], resolution=44)
    assert count(split(flush.mesh, Wish())) == 2


def test_a_hollow_is_no_part_where_the_surface_has_a_hole() -> None:
    """A bowl whose bottom lacks some faces."""
    bowl = known([ellipsoid(0, 0, 0, 0.8, 0.5, 0.8)], hollow=cylinder((0, -0.2, 0), 1.5, 0.4), resolution=44)
    is_hole = (np.abs(bowl.mesh.vertices[bowl.mesh.faces].mean(axis=1)) * (1, 0, 1)).max(axis=1) < 0.08
    pierced = Mesh(vertices=bowl.mesh.vertices, faces=bowl.mesh.faces[~is_hole | (bowl.mesh.vertices[bowl.mesh.faces][:, 0, 1] > -0.3)])
    assert len(pierced.faces) < len(bowl.mesh.faces) and count(split(pierced, Wish())) == 1


def test_the_same_twice() -> None:
    np.testing.assert_array_equal(split(thing("dog").mesh, Wish()), usual("dog"))


@pytest.mark.parametrize("name", ["duck", "chair", "teapot"])
def test_turned_moved_scaled_and_in_another_order(name: str) -> None:
    random = np.random.default_rng(0)
    mesh, turn = thing(name).mesh, trimesh.transformations.random_rotation_matrix(random.random(3))[:3, :3]
    faces, vertices = random.permutation(len(mesh.faces)), random.permutation(len(mesh.vertices))
    at = (mesh.vertices @ turn.T * 37 + (400, -100, 9))[vertices].astype(np.float32)
    other = Mesh(vertices=at, faces=np.argsort(vertices)[mesh.faces[faces]].astype(np.int32))
    assert rand_index(split(other, Wish()), usual(name)[faces]) >= 0.95


@pytest.mark.parametrize("name", ["dog", "teapot"])
def test_other_triangles(name: str) -> None:
    """Each face in four; each has the part that it has undivided."""
    mesh = thing(name).mesh
    vertices, faces = trimesh.remesh.subdivide(mesh.vertices, mesh.faces)
    label = split(Mesh(vertices=vertices.astype(np.float32), faces=faces.astype(np.int32)), Wish())
    middle = vertices[faces].mean(axis=1)
    _, _, old = trimesh.proximity.closest_point_naive(trimesh.Trimesh(mesh.vertices, mesh.faces), middle[::97])
    assert rand_index(label[::97], usual(name)[old]) >= 0.9


def test_a_rough_surface() -> None:
    mesh = thing("jack").mesh
    rough = mesh.vertices + np.random.default_rng(1).normal(size=mesh.vertices.shape) * 0.02 * 2.2 / 44
    assert rand_index(split(Mesh(vertices=rough.astype(np.float32), faces=mesh.faces), Wish()), thing("jack").truth) >= 0.9


def test_corners_that_are_not_shared() -> None:
    mesh = thing("duck").mesh
    apart = Mesh(vertices=mesh.vertices[mesh.faces].reshape(-1, 3), faces=np.arange(mesh.faces.size, dtype=np.int32).reshape(-1, 3))
    assert rand_index(split(apart, Wish()), usual("duck")) >= 0.99


def test_inside_out() -> None:
    mesh = thing("duck").mesh
    assert rand_index(split(Mesh(vertices=mesh.vertices, faces=mesh.faces[:, ::-1].copy()), Wish()), usual("duck")) >= 0.99


def test_a_number_of_parts() -> None:
    mesh = thing("dog").mesh
    assert [count(split(mesh, Wish(count=number))) for number in (1, 2, 4, 7, 9)] == [1, 2, 4, 7, 9]


def test_more_and_fewer() -> None:
    counts = [count(split(thing("teapot").mesh, Wish(more=more))) for more in (-3.0, 0.0, 2.0)]
    assert counts == sorted(counts) and counts[0] < counts[2]


def test_fewer_loose_pieces() -> None:
    """The dog's eyes, nose and ears go to its head first."""
    counts = [count(split(OBJECTS["dog"]().mesh, Wish(more=more))) for more in (0.0, -2.0, -3.0)]
    assert counts == sorted(counts, reverse=True) and counts[0] == 11 and counts[2] <= 8


def soup(faces: int) -> Mesh:
    """Triangles anywhere, each by itself."""
    corners = np.random.default_rng(0).random((faces, 1, 3)) + np.random.default_rng(1).normal(size=(faces, 3, 3)) * 0.01
    return Mesh(vertices=corners.reshape(-1, 3).astype(np.float32), faces=np.arange(3 * faces, dtype=np.int32).reshape(-1, 3))


ODD = {
    "one face": Mesh(vertices=np.eye(3, dtype=np.float32), faces=np.array([[0, 1, 2]], np.int32)),
    "a plane": Mesh(vertices=np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], np.float32), faces=np.array([[0, 1, 2], [0, 2, 3]], np.int32)),
    "a face twice": Mesh(vertices=np.eye(3, dtype=np.float32), faces=np.array([[0, 1, 2], [0, 1, 2], [2, 1, 0]], np.int32)),
    "no area": Mesh(vertices=np.array([[0, 0, 0], [1, 0, 0], [2, 0, 0]], np.float32), faces=np.array([[0, 1, 2], [0, 0, 1]], np.int32)),
    "five faces an edge": Mesh(
        vertices=np.concatenate([[[0, 0, 0], [0, 0, 1]], [[np.cos(a), np.sin(a), 0.5] for a in range(5)]]).astype(np.float32),
        faces=np.array([[0, 1, 2 + number] for number in range(5)], np.int32),
    ),
    "a soup": soup(3000),
    "few triangles": soup(100),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_meshes(name: str) -> None:
    label = split(ODD[name], Wish())
    assert label.shape == (len(ODD[name].faces),) and 1 <= count(label) <= MOST
    assert set(np.unique(label)) == set(range(count(label)))


def test_numbers_go_by_area() -> None:
    mesh = thing("dog").mesh
    areas = np.bincount(usual("dog"), trimesh.Trimesh(mesh.vertices, mesh.faces, process=False).area_faces)
    assert (np.diff(areas) <= 0).all()


def test_a_cancel_ends_it() -> None:
    told: list[float] = []

    def report(fraction: float) -> None:
        told.append(fraction)
        if fraction >= 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        split(thing("duck").mesh, Wish(), report)
    assert told == sorted(told) and told[-1] < 1


def test_the_cut_is_the_cheapest() -> None:
    """SciPy's maximum flow, in whole numbers, on random graphs."""
    random = np.random.default_rng(3)
    for _ in range(20):
        pairs = np.unique(np.sort(random.integers(0, 30, (90, 2)), axis=1), axis=0)
        pairs = pairs[pairs[:, 0] != pairs[:, 1]]
        capacity = random.integers(1, 20, len(pairs))
        sources, sinks = np.arange(30) < 3, np.arange(30) >= 27
        first = source_side(pairs, capacity.astype(np.float64), sources, sinks)
        assert first[sources].all() and not first[sinks].any()
        ends = np.where(sources[pairs], 0, np.where(sinks[pairs], 1, pairs + 2))
        both = np.concatenate([ends, ends[:, ::-1]])
        graph = coo_array((np.tile(capacity, 2), both.T), shape=(32, 32)).tocsr().astype(np.int32)
        graph.setdiag(0)
        assert capacity[first[pairs[:, 0]] != first[pairs[:, 1]]].sum() == maximum_flow(graph, 0, 1).flow_value


def test_the_vectors_are_those_of_the_graph() -> None:
    """SciPy's sparse solver."""
    graph = levels(dual_graph(thing("duck").mesh)[0], 500)[-1].graph
    values, vectors = eigenvectors(graph, 5)
    weights = coo_array((graph.weight, graph.pairs.T), shape=(len(graph), len(graph))).tocsr()
    full = laplacian(weights + weights.T)
    theirs = eigsh(full, 5, coo_array((graph.area, (np.arange(len(graph)),) * 2)).tocsc(), sigma=-1e-3)[0]
    np.testing.assert_allclose(values, np.sort(theirs), rtol=1e-6, atol=1e-6 * theirs.max())
    np.testing.assert_allclose(full @ vectors, vectors * graph.area[:, None] * values, atol=1e-6 * abs(full).max())


def test_a_coarser_graph_has_the_same_area() -> None:
    ladder = levels(dual_graph(thing("duck").mesh)[0], 300)
    assert len(ladder) > 3 and len(ladder[-1].graph) <= 300
    for finer, coarser in zip(ladder, ladder[1:], strict=False):
        np.testing.assert_allclose(coarser.graph.area, np.bincount(coarser.group, finer.graph.area))
        np.testing.assert_allclose(coarser.graph.normal.sum(axis=0), finer.graph.normal.sum(axis=0), atol=1e-9)
