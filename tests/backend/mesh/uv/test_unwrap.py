"""The UV layout: nothing overlaps, charts keep apart, whatever the mesh is like."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from img23d_backend.mesh.topology.normals import area_vectors
from img23d_backend.mesh.uv.charts import make_surface
from img23d_backend.mesh.uv.unwrap import Layout, unwrap, unwrap_mesh
from img23d_backend.stages import Mesh

SIZE = 256


def lay_out_evenly(mesh: trimesh.Trimesh, polygons: np.ndarray | None = None, size: int = SIZE) -> Layout:
    vertices, faces = np.asarray(mesh.vertices, dtype=np.float32), np.asarray(mesh.faces, dtype=np.int32)
    return unwrap_mesh(Mesh(vertices=vertices, faces=faces, polygons=polygons), size=size, report=lambda: None)


def lay_out(vertices: np.ndarray, faces: np.ndarray, polygons: np.ndarray | None = None, size: int = SIZE) -> Layout:
    vertices = np.asarray(vertices, dtype=np.float32)
    normals = area_vectors(vertices, faces)
    polygon = np.arange(len(faces)) if polygons is None else polygons
    surface = make_surface(vertices, faces, frame=np.eye(3), normals=normals, polygon=polygon)
    return unwrap(surface, seen=normals[:, 2] > 0, size=size, report=lambda: None)


def texel_hits(uv: np.ndarray, size: int) -> np.ndarray:
    """(size, size) how many triangles hold each texel's centre in their inside: plain edge functions, one face at a time."""
    hits = np.zeros((size, size), dtype=int)
    for a, b, c in uv.astype(np.float64) * size:
        low = np.floor(np.minimum(np.minimum(a, b), c)).astype(int)
        high = np.ceil(np.maximum(np.maximum(a, b), c)).astype(int)
        x, y = np.meshgrid(np.arange(low[0], high[0]) + 0.5, np.arange(low[1], high[1]) + 0.5)
        sides = [(q[0] - p[0]) * (y - p[1]) - (q[1] - p[1]) * (x - p[0]) for p, q in ((a, b), (b, c), (c, a))]
        tolerance = 0.01 * max(np.ptp([a[0], b[0], c[0]]), np.ptp([a[1], b[1], c[1]]), 1e-9)  # a hundredth of a texel
        inside = np.all([s > tolerance for s in sides], axis=0) | np.all([s < -tolerance for s in sides], axis=0)
        hits[low[1] : high[1], low[0] : high[0]] += inside
    return hits


def rough_quads() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vertices, faces and polygons of a rough sheet of quads, two triangles each."""
    rng = np.random.default_rng(1)
    grid = np.arange(12 * 13).reshape(12, 13)
    points = np.stack([*np.meshgrid(np.arange(13.0), np.arange(12.0)), rng.uniform(-2, 2, (12, 13))], -1).reshape(-1, 3)
    a, b, c, d = (g.ravel() for g in (grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]))
    faces = np.stack([np.stack([a, b, c], 1), np.stack([a, c, d], 1)], 1).reshape(-1, 3)
    return points, faces, np.repeat(np.arange(len(a)), 2)


def singular_values(mesh: trimesh.Trimesh, uv: np.ndarray) -> np.ndarray:
    """(F, 2) how much longer a length is in the layout than on each face, at most and at least."""
    one, other = mesh.triangles[:, 1] - mesh.triangles[:, 0], mesh.triangles[:, 2] - mesh.triangles[:, 0]
    along = one / np.linalg.norm(one, axis=1, keepdims=True)
    across = np.cross(np.cross(one, other), along)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    flat = np.stack([[(e * axis).sum(1) for axis in (along, across)] for e in (one, other)]).transpose(2, 1, 0)
    edges = np.stack([uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]], axis=2).astype(np.float64)
    return np.linalg.svd(edges @ np.linalg.inv(flat), compute_uv=False)


def islands(faces: np.ndarray, uv: np.ndarray) -> np.ndarray:
    """(F,) the connected piece of the layout that a face is in: faces with a corner in the same place of the layout."""
    _, spot = np.unique(uv.reshape(-1, 2), axis=0, return_inverse=True)
    spot = spot.reshape(-1, 3)
    start, end = spot[:, [0, 1, 2]].ravel(), spot[:, [1, 2, 0]].ravel()
    graph = coo_array((np.ones(len(start)), (start, end)), shape=(spot.max() + 1,) * 2)
    return connected_components(graph, directed=False)[1][spot[:, 0]]


def soup() -> trimesh.Trimesh:
    rng = np.random.default_rng(0)
    points = rng.uniform(-1, 1, (150, 1, 3)) + rng.uniform(-0.5, 0.5, (150, 3, 3))
    return trimesh.Trimesh(points.reshape(-1, 3), np.arange(450).reshape(-1, 3), process=False)


def fin() -> trimesh.Trimesh:
    """Three faces at one edge, one of them twice, and a face without area."""
    points = [[0, 0, 0], [0, 1, 0], [1, 0, 0], [-1, 0, 0.2], [0, 0, 1]]
    return trimesh.Trimesh(points, [[0, 2, 1], [0, 1, 3], [0, 4, 1], [0, 4, 1], [0, 1, 1], [2, 2, 2]], process=False)


def unwelded() -> trimesh.Trimesh:
    ball = trimesh.creation.icosphere(subdivisions=2)
    points = ball.vertices[ball.faces].reshape(-1, 3)
    return trimesh.Trimesh(points, np.arange(len(points)).reshape(-1, 3), process=False)


def coil() -> trimesh.Trimesh:
    """A ribbon that lies over itself five times."""
    t = np.linspace(0, 10 * np.pi, 200)
    rim = np.stack([np.cos(t), np.sin(t), 0.05 * t], 1)
    points = np.concatenate([rim, rim * [0.6, 0.6, 1.0]])
    i = np.arange(199)
    faces = np.concatenate([np.stack([i, i + 1, i + 200], 1), np.stack([i + 1, i + 201, i + 200], 1)])
    return trimesh.Trimesh(points, faces, process=False)


def horn() -> trimesh.Trimesh:
    """A ball with a long spike on its front."""
    ball = trimesh.creation.icosphere(subdivisions=4)
    x, y, z = ball.vertices.T
    spike = 3 * np.exp(-(x**2 + y**2) / 0.05) * (z > 0)
    return trimesh.Trimesh(np.stack([x, y, z + spike], 1), ball.faces, process=False)


def turned_box() -> trimesh.Trimesh:
    """On its corner: no side looks along an axis."""
    return trimesh.creation.box(transform=trimesh.transformations.euler_matrix(0.955, 0.0, np.pi / 4))


def blades(count: int = 2500) -> trimesh.Trimesh:
    """Grass: loose triangles across each other."""
    rng = np.random.default_rng(0)
    points = rng.uniform(-1, 1, (count, 1, 3)) * (1, 0, 1) + rng.uniform(-0.03, 0.03, (count, 3, 3)) * (1, 5, 1)
    return trimesh.Trimesh(points.reshape(-1, 3), np.arange(3 * count).reshape(-1, 3), process=False)


MESHES = {
    "sphere": lambda: trimesh.creation.icosphere(subdivisions=3),
    "torus": lambda: trimesh.creation.torus(1.0, 0.4, major_sections=24, minor_sections=12),
    "box": lambda: trimesh.creation.box(),
    "open pipe": lambda: trimesh.creation.annulus(0.9, 1.0, 3.0, sections=24),
    "two in each other": lambda: trimesh.util.concatenate(
        [trimesh.creation.icosphere(subdivisions=2).apply_translation(at) for at in ([0, 0, 0], [0.3, 0.2, 0.1])]
    ),
    "needle": lambda: trimesh.creation.cylinder(0.01, 5.0, sections=8),
    "soup": soup,
    "fin": fin,
    "unwelded": unwelded,
    "coil": coil,
    "horn": horn,
    "turned box": turned_box,
    "one triangle": lambda: trimesh.Trimesh([[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 2]], process=False),
}


@pytest.mark.parametrize("name", MESHES)
def test_no_texel_belongs_to_two_faces(name: str) -> None:
    mesh = MESHES[name]()
    layout = lay_out(mesh.vertices, mesh.faces)
    assert layout.uv.min() >= 0.0 and layout.uv.max() <= 1.0
    assert texel_hits(layout.uv, SIZE).max() <= 1
    drawn = np.unique(layout.face[layout.face >= 0])
    area = trimesh.triangles.area(mesh.triangles)
    assert area[drawn].sum() > 0.5 * area.sum()  # not each of several hair-thin faces that share a texel


@pytest.mark.parametrize("name", [*MESHES, "blades"])
def test_no_texel_of_an_even_layout_belongs_to_two_faces(name: str) -> None:
    mesh = blades() if name == "blades" else MESHES[name]()
    layout = lay_out_evenly(mesh)
    assert layout.uv.min() >= 0.0 and layout.uv.max() <= 1.0
    assert texel_hits(layout.uv, SIZE).max() <= 1


@pytest.mark.parametrize("name", ["sphere", "horn", "open pipe", "turned box"])
def test_charts_of_an_even_layout_stay_four_texels_apart_at_1024(name: str) -> None:
    mesh = MESHES[name]()
    layout = lay_out_evenly(mesh, size=1024)
    covered = np.bincount(layout.face[layout.face >= 0], minlength=len(mesh.faces)) > 0
    island = islands(mesh.faces, layout.uv)
    number = np.where(layout.face >= 0, island[layout.face] + 1, 0)
    assert covered.mean() > 0.9
    for own in np.unique(number[number > 0]):
        distance = ndimage.distance_transform_edt(number != own)
        assert distance[(number > 0) & (number != own)].min(initial=99.0) >= 4.0


STRETCH = [("sphere", 1.01), ("torus", 1.005), ("box", 1.0001), ("horn", 1.02), ("open pipe", 1.001)]


@pytest.mark.parametrize(("name", "bound"), STRETCH)
def test_an_even_layout_is_hardly_stretched(name: str, bound: float) -> None:
    mesh = MESHES[name]()
    stretches = singular_values(mesh, lay_out_evenly(mesh).uv)
    area = trimesh.triangles.area(mesh.triangles)
    squares = (1.0 / stretches**2).mean(axis=1)
    assert np.sqrt((squares * area).sum() / area.sum() * (stretches.prod(axis=1) * area).sum() / area.sum()) < bound
    assert stretches.max() / stretches.min() < 1.6  # no part gets much finer texels than another


@pytest.mark.parametrize("name", ["sphere", "torus", "horn", "two in each other", "soup", "turned box"])
def test_no_face_of_an_even_layout_is_mirrored(name: str) -> None:
    uv = lay_out_evenly(MESHES[name]()).uv
    b, c = uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]
    assert ((b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]) < 0).all()  # counter-clockwise, with v downwards


def test_an_even_layout_uses_the_square_with_few_charts() -> None:
    for name, used, charts in (("sphere", 0.55, 6), ("torus", 0.5, 10), ("box", 0.6, 6), ("horn", 0.5, 12)):
        layout = lay_out_evenly(MESHES[name](), size=1024)
        assert layout.used >= used and layout.charts <= charts


def test_polygons_are_not_parted_by_an_even_layout() -> None:
    points, faces, polygons = rough_quads()
    uv = lay_out_evenly(trimesh.Trimesh(points, faces, process=False), polygons).uv
    np.testing.assert_array_equal(uv[0::2, 0], uv[1::2, 0])
    np.testing.assert_array_equal(uv[0::2, 2], uv[1::2, 1])


def test_thousands_of_loose_parts_each_get_texels() -> None:
    layout = lay_out_evenly(blades(), size=1024)
    assert len(np.unique(layout.face)) == 2501


def test_a_mesh_without_any_area_gets_some_even_layout() -> None:
    mesh = Mesh(vertices=np.zeros((4, 3), np.float32), faces=np.array([[0, 1, 2], [1, 2, 3]]))
    assert np.isfinite(unwrap_mesh(mesh, size=SIZE, report=lambda: None).uv).all()


@pytest.mark.parametrize("name", ["sphere", "torus", "box", "coil", "two in each other"])
def test_charts_stay_two_texels_apart_at_1024(name: str) -> None:
    mesh = MESHES[name]()
    layout = lay_out(mesh.vertices, mesh.faces, size=1024)
    island = islands(mesh.faces, layout.uv)
    number = np.where(layout.face >= 0, island[layout.face] + 1, 0)
    greatest = ndimage.maximum_filter(number, 5)
    least = ndimage.minimum_filter(np.where(number > 0, number, number.max() + 1), 5)
    assert (greatest[number > 0] == least[number > 0]).all()


def test_a_hair_gets_texels() -> None:
    mesh = MESHES["needle"]()
    layout = lay_out(mesh.vertices, mesh.faces)
    assert len(np.unique(layout.face[layout.face >= 0])) > len(mesh.faces) / 2


def test_the_square_is_used() -> None:
    ball = trimesh.creation.icosphere(subdivisions=4)
    for stretch in ([1, 1, 1], [1, 1.6, 0.6], [2, 1, 0.5]):
        assert lay_out(ball.vertices * stretch, ball.faces, size=1024).used >= 0.5


def test_the_front_gets_more_texels_than_the_back() -> None:
    ball = trimesh.creation.icosphere(subdivisions=4)
    layout = lay_out(ball.vertices, ball.faces)
    facing = ball.face_normals[:, 2][layout.face[layout.face >= 0]]
    assert (facing > 0.5).sum() > 2.0 * (facing < -0.5).sum()


def test_a_chart_is_never_a_mirror_image() -> None:
    ball = trimesh.creation.icosphere(subdivisions=3)
    uv = lay_out(ball.vertices, ball.faces).uv
    b, c = uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]
    assert ((b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]) < 0).all()  # counter-clockwise, with v downwards


def test_triangles_of_one_polygon_share_their_corners_uv() -> None:
    layout = lay_out(*rough_quads())
    np.testing.assert_array_equal(layout.uv[0::2, 0], layout.uv[1::2, 0])
    np.testing.assert_array_equal(layout.uv[0::2, 2], layout.uv[1::2, 1])


def test_the_same_mesh_gives_the_same_layout() -> None:
    mesh = MESHES["two in each other"]()
    np.testing.assert_array_equal(lay_out(mesh.vertices, mesh.faces).uv, lay_out(mesh.vertices, mesh.faces).uv)


def test_a_mesh_without_any_area_gets_some_layout() -> None:
    layout = lay_out(np.zeros((4, 3)), np.array([[0, 1, 2], [1, 2, 3]]))
    assert np.isfinite(layout.uv).all()
