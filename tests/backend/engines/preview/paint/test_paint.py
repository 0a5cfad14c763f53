"""Known objects, pictured by a projector of their own (rays met with the exact solid), painted back and compared."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
import trimesh
from scipy import ndimage
from scipy.spatial import cKDTree

from img23d_backend.engines.preview.paint.painter import ProjectionPainter
from img23d_backend.stages import Context, CutOut, JobCancelled, Mesh, Painted, View
from img23d_protocol.messages import Settings

PIXELS = 320
SETTINGS = Settings.of(texture_size=1024)


def letters() -> np.ndarray:
    """(512, 512, 3) uint8: what is painted on the known objects. Nothing in it is symmetrical."""
    image = np.empty((512, 512, 3), np.uint8)
    image[:] = np.linspace(60, 200, 512)[:, None, None] * [1.0, 0.7, 0.5]
    for text, spot, color in (("F3", (90, 260), (30, 40, 220)), ("RG", (150, 420), (20, 160, 40))):
        cv2.putText(image, text, spot, cv2.FONT_HERSHEY_SIMPLEX, 5, color, 22, cv2.LINE_AA)
    return cv2.GaussianBlur(image, (0, 0), 4)


LETTERS = letters().astype(np.float32)


def color_at(points: np.ndarray) -> np.ndarray:
    """The known objects' colour: the letters pressed through space along z, -1.2..1.2 in x and y."""
    return bilinear(LETTERS, (points[:, 0] / 2.4 + 0.5) * 512 - 0.5, (0.5 - points[:, 1] / 2.4) * 512 - 0.5)


def bilinear(image: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    channels = [ndimage.map_coordinates(image[:, :, i], [y, x], order=1, mode="nearest", output=float) for i in range(3)]
    return np.stack(channels, axis=1)


def meet_ball(origin: np.ndarray, way: np.ndarray) -> np.ndarray:
    """(N,) how far along each ray the unit ball is met, nan where it is missed."""
    b = (origin * way).sum(axis=1)
    with np.errstate(invalid="ignore"):
        return -b - np.sqrt(b * b - (origin * origin).sum(axis=1) + 1.0)


def meet_box(origin: np.ndarray, way: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = (-0.8 - origin) / way, (0.8 - origin) / way
    near, far = np.minimum(a, b).max(axis=1), np.maximum(a, b).min(axis=1)
    return np.where(near < far, near, np.nan)


def meet_torus(origin: np.ndarray, way: np.ndarray) -> np.ndarray:
    """A ring round the z axis (0.75 and 0.25), by sphere tracing of its exact distance."""
    t = np.zeros(len(origin))
    for _ in range(200):
        p = origin + way * t[:, None]
        t += np.hypot(np.hypot(p[:, 0], p[:, 1]) - 0.75, p[:, 2]) - 0.25
    return np.where(t < 20.0, t, np.nan)


FRONT = View.front(center_u=160.0, center_v=160.0, pixels_per_unit=140.0)
EYE, FOCAL, MIDDLE = np.array([0.5, 0.3, 4.0]), 480.0, (220.0, 124.0)
PERSPECTIVE = View(
    matrix=np.array(
        [
            [FOCAL, 0, -MIDDLE[0], -FOCAL * EYE[0] + MIDDLE[0] * EYE[2]],
            [0, -FOCAL, -MIDDLE[1], FOCAL * EYE[1] + MIDDLE[1] * EYE[2]],
            [0, 0, 0, -1],
            [0, 0, -1, EYE[2]],
        ]
    )
)


def rays(view: View) -> tuple[np.ndarray, np.ndarray]:
    u, v = (a.ravel() + 0.5 for a in np.meshgrid(np.arange(PIXELS), np.arange(PIXELS)))
    if view is FRONT:
        origin = np.stack([(u - 160) / 140, (160 - v) / 140, np.full(u.shape, 5.0)], 1)
        return origin, np.tile([0.0, 0.0, -1.0], (len(u), 1))
    way = np.stack([(u - MIDDLE[0]) / FOCAL, (MIDDLE[1] - v) / FOCAL, -np.ones(u.shape)], 1)
    return np.tile(EYE, (len(u), 1)), way / np.linalg.norm(way, axis=1, keepdims=True)


def picture_of(meet: Callable[[np.ndarray, np.ndarray], np.ndarray], view: View) -> CutOut:
    origin, way = rays(view)
    distance = meet(origin, way)
    hit = np.isfinite(distance)
    rgba = np.zeros((PIXELS * PIXELS, 4), np.uint8)
    rgba[:, 1] = 255  # a background that must not be seen anywhere
    rgba[hit, :3] = np.rint(color_at(origin[hit] + way[hit] * distance[hit, None]))
    rgba[hit, 3] = 255
    return CutOut(rgba=rgba.reshape(PIXELS, PIXELS, 4))


SOLIDS = {
    "ball": (meet_ball, lambda: trimesh.creation.icosphere(subdivisions=5)),
    "box": (meet_box, lambda: trimesh.creation.box([1.6, 1.6, 1.6])),
    "torus": (meet_torus, lambda: trimesh.creation.torus(0.75, 0.25, major_sections=96, minor_sections=48)),
}


def mesh_of(solid: trimesh.Trimesh, **more: np.ndarray) -> Mesh:
    return Mesh(vertices=solid.vertices.astype(np.float32), faces=solid.faces.astype(np.int32), **more)


def paint(mesh: Mesh, view: View, cutout: CutOut, settings: Settings = SETTINGS) -> Painted:
    return ProjectionPainter().paint(mesh, view, cutout, settings, Context())


def look_up(painted: Painted, face: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(N, 3) the texture, bilinear, at points of faces given by barycentric weights."""
    uv = np.einsum("nc,ncd->nd", weights, painted.uv[face]) * len(painted.texture) - 0.5
    return bilinear(painted.texture, uv[:, 0], uv[:, 1])


def scattered(solid: trimesh.Trimesh, count: int = 20_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points on the surface: face, barycentric weights, position."""
    rng = np.random.default_rng(5)
    face = rng.choice(len(solid.faces), count, p=solid.area_faces / solid.area)
    weights = rng.dirichlet(np.ones(3), count)
    return face, weights, np.einsum("nc,ncd->nd", weights, solid.triangles[face])


def psnr(found: np.ndarray, truth: np.ndarray) -> float:
    return float(10 * np.log10(255.0**2 / np.mean((found - truth) ** 2)))


@pytest.mark.parametrize("view", [FRONT, PERSPECTIVE], ids=["parallel", "perspective"])
@pytest.mark.parametrize("name", SOLIDS)
def test_what_is_seen_is_painted_as_it_is(name: str, view: View) -> None:
    meet, make = SOLIDS[name]
    solid = make()
    painted = paint(mesh_of(solid), view, picture_of(meet, view))
    face, weights, points = scattered(solid)
    towards = np.array([0.0, 0.0, 1.0]) if view is FRONT else EYE - points
    towards = towards / np.linalg.norm(towards, axis=-1, keepdims=True)
    facing = (solid.face_normals[face] * towards).sum(axis=1)
    back_along = meet(points + towards * 8.0, -np.broadcast_to(towards, points.shape))
    seen = (facing > 0.4) & (np.abs(back_along - 8.0) < 0.02)
    assert seen.sum() > 2000
    assert psnr(look_up(painted, face, weights)[seen], color_at(points[seen])) >= 45.0


def test_a_mirrored_or_turned_picture_would_be_noticed() -> None:
    # the bound above must be one that only the right orientation passes
    ball = trimesh.creation.icosphere(subdivisions=3)
    points = ball.vertices[ball.vertices[:, 2] > 0.4]
    for wrong in ([-1, 1, 1], [1, -1, 1], [-1, -1, 1]):
        assert psnr(color_at(points * wrong), color_at(points)) < 20.0


@pytest.mark.parametrize("name", SOLIDS)
def test_no_background_and_no_grey_anywhere(name: str) -> None:
    meet, make = SOLIDS[name]
    solid = make()
    cutout = picture_of(meet, FRONT)
    cutout.rgba[:, :, :3][cutout.rgba[:, :, 3] > 0] = (200, 60, 120)
    painted = paint(mesh_of(solid), FRONT, cutout)
    assert np.abs(painted.texture.astype(int) - [200, 60, 120]).max() <= 1


def test_colours_pass_round_the_rim_without_a_step() -> None:
    ball = trimesh.creation.icosphere(subdivisions=5)
    cutout = picture_of(meet_ball, FRONT)
    painted = paint(mesh_of(ball), FRONT, cutout)
    angle = np.linspace(0, 2 * np.pi, 2000)
    for tilt in (0.0, 0.5, 1.2):
        ring = np.stack([np.sin(angle) * np.cos(tilt), np.sin(angle) * np.sin(tilt), np.cos(angle)], 1)
        face, weights = on_mesh(ball, ring)
        steps = np.abs(np.diff(look_up(painted, face, weights), axis=0)).max(axis=1)
        in_picture = np.abs(np.diff(color_at(ring), axis=0)).max()
        assert steps.max() < 2.0 * in_picture + 6.0


def on_mesh(solid: trimesh.Trimesh, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The face of a fine ball that each point is on, and its barycentric weights there."""
    near = cKDTree(solid.triangles_center).query(points, k=12)[1]  # (N, 12)
    a, b, c = np.moveaxis(solid.triangles[near], 2, 0)
    parts = np.einsum("knmd,nd->nmk", np.stack([np.cross(b, c), np.cross(c, a), np.cross(a, b)]), points)
    best = parts.min(axis=2).argmax(axis=1)
    weights = parts[np.arange(len(points)), best]
    return near[np.arange(len(points)), best], weights / weights.sum(axis=1, keepdims=True)


def test_the_back_is_a_calm_likeness_of_the_front() -> None:
    ball = trimesh.creation.icosphere(subdivisions=5)
    cutout = picture_of(meet_ball, FRONT)
    painted = paint(mesh_of(ball), FRONT, cutout)
    face, weights, points = scattered(ball)
    middle = (points[:, 2] < -0.7) | (points[:, 2] > 0.7)
    found = look_up(painted, face, weights)
    front, back = found[middle & (points[:, 2] > 0)], found[middle & (points[:, 2] < 0)]
    assert np.abs(front.mean(axis=0) - back.mean(axis=0)).max() < 25.0
    assert back.std(axis=0).max() < front.std(axis=0).max()


def test_what_something_nearer_hides_does_not_get_its_colours() -> None:
    wall = trimesh.creation.box([1.6, 1.6, 0.2]).apply_translation([0, 0, -0.8])
    post = trimesh.creation.box([0.4, 1.6, 0.2]).apply_translation([0, 0, 0.8])
    both = trimesh.util.concatenate([wall, post])
    rgba = np.zeros((PIXELS, PIXELS, 4), np.uint8)
    rgba[48:272, 48:272] = (220, 30, 30, 255)
    rgba[48:272, 132:188] = (30, 30, 220, 255)
    painted = paint(mesh_of(both), FRONT, CutOut(rgba=rgba))
    face, weights, points = scattered(both)
    hidden = (face < len(wall.faces)) & (both.face_normals[face, 2] > 0.5)
    found = look_up(painted, face, weights)[hidden & (np.abs(points[:, 1]) < 0.6) & (np.abs(points[:, 0]) < 0.6)]
    assert (found[:, 0] > found[:, 2] + 40).mean() > 0.97


def test_a_top_seen_almost_edge_on_keeps_its_own_colour() -> None:
    tilt = np.radians(8)
    turn = trimesh.transformations.rotation_matrix
    drum = trimesh.creation.cylinder(0.9, 0.8, sections=96, transform=turn(np.pi / 2, [1, 0, 0])).subdivide().subdivide()
    rgba = np.zeros((PIXELS, PIXELS, 4), np.uint8)
    axes, rise = (126, round(126 * np.sin(tilt))), round(56 * np.cos(tilt))
    cv2.ellipse(rgba, (160, 160 + rise), axes, 0, 0, 360, (210, 110, 40, 255), -1)
    rgba[160 - rise : 160 + rise, 34:287] = (210, 110, 40, 255)
    cv2.ellipse(rgba, (160, 160 - rise), axes, 0, 0, 360, (250, 230, 180, 255), -1)
    view = View(matrix=FRONT.matrix @ turn(tilt, [1, 0, 0]))
    painted = paint(mesh_of(drum), view, CutOut(rgba=rgba))
    face, weights, points = scattered(drum)
    top = (drum.face_normals[face, 1] > 0.9) & (np.hypot(points[:, 0], points[:, 2]) < 0.8)
    assert top.sum() > 2000
    assert np.abs(look_up(painted, face, weights)[top] - [250, 230, 180]).mean() < 6.0


def test_a_mesh_that_is_inside_out_is_painted_on_the_side_that_shows() -> None:
    ball = trimesh.creation.icosphere(subdivisions=4)
    inverted = Mesh(vertices=ball.vertices.astype(np.float32), faces=ball.faces[:, ::-1].astype(np.int32))
    painted = paint(inverted, FRONT, picture_of(meet_ball, FRONT))
    face, weights, points = scattered(ball)
    seen = points[:, 2] > 0.4
    assert psnr(look_up(painted, face, weights[:, ::-1])[seen], color_at(points[seen])) >= 33.0


@pytest.mark.parametrize("size", [1024, 2048])
def test_texture_and_uv_are_as_asked(size: int) -> None:
    ball = trimesh.creation.icosphere(subdivisions=2)
    painted = paint(mesh_of(ball), FRONT, picture_of(meet_ball, FRONT), Settings.of(texture_size=size))
    assert painted.texture.shape == (size, size, 3) and painted.texture.dtype == np.uint8
    assert painted.uv.shape == (len(ball.faces), 3, 2) and painted.uv.dtype == np.float32


def test_the_same_input_gives_the_same_texture() -> None:
    ball = trimesh.creation.icosphere(subdivisions=3)
    cutout = picture_of(meet_ball, FRONT)
    first, second = (paint(mesh_of(ball), FRONT, cutout) for _ in range(2))
    np.testing.assert_array_equal(first.texture, second.texture)
    np.testing.assert_array_equal(first.uv, second.uv)


@pytest.mark.parametrize("stop_at", [0.0, 0.2, 0.6, 0.9])
def test_a_cancel_is_seen_on_the_way(stop_at: float) -> None:
    def report(fraction: float, note: str) -> None:
        if fraction >= stop_at:
            raise JobCancelled

    ball = trimesh.creation.icosphere(subdivisions=3)
    with pytest.raises(JobCancelled):
        ProjectionPainter().paint(mesh_of(ball), FRONT, picture_of(meet_ball, FRONT), SETTINGS, Context(report=report))


@pytest.mark.parametrize(
    ("vertices", "faces"),
    [
        ([[0, 0, 0]] * 3, [[0, 1, 2]]),
        ([[0, 0, 0], [1, 0, 0], [2, 0, 0]], [[0, 1, 2], [0, 0, 0]]),
        ([[0, -1, 0], [0, 1, 0], [0, 0, 1]], [[0, 1, 2]]),
        ([[5, 5, 0], [6, 5, 0], [5, 6, 0]], [[0, 1, 2]]),
    ],
    ids=["a point", "a line", "seen from its edge", "outside the picture"],
)
def test_odd_meshes_are_painted_without_complaint(vertices: list, faces: list) -> None:
    mesh = Mesh(vertices=np.array(vertices, np.float32), faces=np.array(faces, np.int32))
    painted = paint(mesh, FRONT, picture_of(meet_ball, FRONT))
    assert np.isfinite(painted.uv).all()


def test_an_empty_matte_is_painted_without_complaint() -> None:
    ball = trimesh.creation.icosphere(subdivisions=2)
    rgba = np.full((40, 40, 4), 90, np.uint8)
    rgba[:, :, 3] = 0
    view = View.front(center_u=20, center_v=20, pixels_per_unit=15)
    assert paint(mesh_of(ball), view, CutOut(rgba=rgba)).texture.max() > 0
