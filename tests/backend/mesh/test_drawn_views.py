"""Painting with views that were drawn: a thing whose colours are a formula, photographed here by rays through a pinhole of this file.

The pictures say nothing about how large the thing is for their cameras, and the mesh lies elsewhere, turned and of another size.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from img23d_backend.engines.further_views import FurtherViews
from img23d_backend.engines.preview.paint.painter import ProjectionPainter
from img23d_backend.mesh.projection.drawn_views import DrawnView, cut_out, view_shots
from img23d_backend.stages import Context, CutOut, Mesh, Painted, View
from img23d_protocol.messages import Settings

SETTINGS = Settings.of(texture_size=512, further_views="six")
POSES = ((30, 20), (90, -10), (150, 20), (210, -10), (270, 20), (330, -10))  # degrees, as InstantMesh's page has them
AXES = np.array([0.5, 0.65, 0.8])  # of the ellipsoid: across, up, towards the photo's viewer
SIDE = 320


def color_at(places: np.ndarray) -> np.ndarray:
    """(N, 3) in the photo's axes to (N, 3) in 0..255: red to the right, green upwards, blue towards the photo's viewer."""
    return 255 * (0.5 + 0.35 * places / AXES)


def hit(eyes: np.ndarray, rays: np.ndarray, axes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N,) whether a ray meets the ellipsoid, and (N, 3) where it does first."""
    e, r = eyes / axes, rays / axes
    a, b, c = (r * r).sum(1), (e * r).sum(1), (e * e).sum(1) - 1
    inside = b * b - a * c
    way = (-b - np.sqrt(np.maximum(inside, 0))) / a
    return inside > 0, eyes + way[:, None] * rays


def drawn_from(azimuth: float, elevation: float, size: float = 1.0, shift: tuple[int, int] = (0, 0)) -> DrawnView:
    """From 4 away, with a field of view of 30 degrees; the thing `size` times as large in the camera's space."""
    a, e = np.radians((azimuth, elevation))
    towards = np.array([np.cos(e) * np.sin(a), np.sin(e), np.cos(e) * np.cos(a)])
    right = np.cross((0, 1, 0), towards) / np.linalg.norm(np.cross((0, 1, 0), towards))
    up = np.cross(towards, right)
    rows, columns = np.mgrid[:SIDE, :SIDE].reshape(2, -1) + 0.5
    x, y = (columns - SIDE / 2) / (SIDE / 2) * np.tan(np.radians(15)), (SIDE / 2 - rows) / (SIDE / 2) * np.tan(np.radians(15))
    rays = x[:, None] * right + y[:, None] * up - towards
    met, places = hit(np.broadcast_to(4 * towards, rays.shape), rays, size * AXES)
    image = np.where(met[:, None], color_at(places / size), 255).clip(0, 255).round().astype(np.uint8).reshape(SIDE, SIDE, 3)
    return DrawnView(image=np.roll(image, shift, axis=(0, 1)), azimuth=azimuth, elevation=elevation, field_of_view=30.0, distance=4.0)


def photo() -> CutOut:
    """From the front, without perspective: 100 pixels a unit."""
    rows, columns = np.mgrid[:160, :160].reshape(2, -1) + 0.5
    eyes = np.stack(((columns - 80) / 100, (80 - rows) / 100, np.full(len(rows), 4.0)), axis=1)
    met, places = hit(eyes, np.broadcast_to((0.0, 0.0, -1.0), eyes.shape), AXES)
    rgba = np.zeros((160 * 160, 4), np.uint8)
    rgba[:, :3], rgba[:, 3] = color_at(places).clip(0, 255).round(), met * 255
    return CutOut(rgba=rgba.reshape(160, 160, 4))


def ellipsoid() -> Mesh:
    turns, steps = 64, 32
    a, b = np.meshgrid(np.arange(turns) * 2 * np.pi / turns, np.pi * (np.arange(steps + 1) / steps), indexing="ij")
    vertices = np.stack((np.sin(b) * np.sin(a), np.cos(b), np.sin(b) * np.cos(a)), axis=-1).reshape(-1, 3) * AXES
    first = (np.arange(turns)[:, None] * (steps + 1) + np.arange(steps)).ravel()
    other = (first + steps + 1) % (turns * (steps + 1))
    faces = np.concatenate((np.stack((first, first + 1, other + 1), 1), np.stack((first, other + 1, other), 1)))
    area = np.linalg.norm(np.cross(*(vertices[faces[:, k]] - vertices[faces[:, 0]] for k in (1, 2))), axis=1)
    return Mesh(vertices=vertices.astype(np.float32), faces=faces[area > 1e-9].astype(np.int32))


class Given(FurtherViews):
    def __init__(self, *views: DrawnView) -> None:
        self.views = views

    def views_of(self, cutout: CutOut, settings: Settings, context: Context) -> tuple[DrawnView, ...]:
        return self.views


FRONT = View.front(center_u=80, center_v=80, pixels_per_unit=100)
SIX = tuple(drawn_from(*pose, size=0.8) for pose in POSES)


def off(painted: Painted, mesh: Mesh, towards: tuple[float, float, float]) -> float:
    """Mean difference from the formula, 0..255, over the faces that look there; `mesh` lies in the photo's axes."""
    corners = mesh.vertices[mesh.faces].astype(np.float64)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    there = normals @ towards > 0.8 * np.linalg.norm(normals, axis=1)
    at = (painted.uv.mean(axis=1) * painted.texture.shape[0]).astype(int)[there]
    return float(np.abs(painted.texture[at[:, 1], at[:, 0]] - color_at(corners.mean(axis=1)[there])).mean())


SIDES = {"back": (0, 0, -1), "left": (-1, 0, 0), "right": (1, 0, 0)}


@pytest.mark.parametrize("is_moved", [False, True], ids=["as it was made", "moved, turned and of another size"])
def test_every_side_has_the_colours_of_the_formula(is_moved: bool) -> None:
    mesh, view = ellipsoid(), FRONT
    there = mesh
    if is_moved:
        turn = np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]], float)  # what looked to z looks to x
        there = replace(mesh, vertices=(3 * mesh.vertices @ turn.T + (5, -2, 1)).astype(np.float32))
        back = np.eye(4)
        back[:3, :3] = turn.T / 3
        back[:3, 3] = -turn.T @ (5, -2, 1) / 3
        view = View(matrix=FRONT.matrix @ back)
    painted = ProjectionPainter(Given(*SIX)).paint(there, view, photo(), SETTINGS, Context())
    found = {name: off(painted, mesh, towards) for name, towards in SIDES.items()}
    assert max(found.values()) < 8, found
    assert off(painted, mesh, (0, 0, 1)) < 4, "the photo is in front"
    assert painted.note == "With 6 of 6 drawn views."
    without = ProjectionPainter().paint(there, view, photo(), SETTINGS, Context())
    assert off(without, mesh, SIDES["back"]) > 40 and without.note == "", "which the photo alone does not know"


def test_a_view_counts_where_it_was_taken_from() -> None:
    """Each by itself: at the places that its own camera sees, and in no mirrored ones."""
    mesh = ellipsoid()
    for azimuth, elevation in POSES[1:5]:
        a, e = np.radians((azimuth, elevation))
        towards = (np.cos(e) * np.sin(a), np.sin(e), np.cos(e) * np.cos(a))
        painted = ProjectionPainter(Given(drawn_from(azimuth, elevation))).paint(mesh, FRONT, photo(), SETTINGS, Context())
        assert off(painted, mesh, towards) < 8, (azimuth, elevation)


def test_neither_the_size_nor_the_place_in_the_picture_matters() -> None:
    mesh = ellipsoid()
    views = [drawn_from(*pose, size=size, shift=shift) for pose, size, shift in zip(POSES, (0.5, 0.6) * 3, ((9, -14), (0, 30), (-20, 5)) * 2, strict=True)]
    painted = ProjectionPainter(Given(*views)).paint(mesh, FRONT, photo(), SETTINGS, Context())
    assert max(off(painted, mesh, towards) for towards in SIDES.values()) < 10


def test_other_light_is_taken_out() -> None:
    """The drawings are duller than the photo; both show the border."""
    mesh = ellipsoid()
    dull = [replace(one, image=np.where(cut_out(one.image)[..., 3:] > 0, one.image * 0.8 + 20, 255).astype(np.uint8)) for one in SIX]
    painted = ProjectionPainter(Given(*dull)).paint(mesh, FRONT, photo(), SETTINGS, Context())
    raw = np.abs(color_at(mesh.vertices) * 0.8 + 20 - color_at(mesh.vertices)).mean()
    assert max(off(painted, mesh, SIDES[side]) for side in ("left", "right")) < 0.7 * raw


def test_a_view_of_another_thing_and_an_empty_one_are_left_out() -> None:
    mesh = ellipsoid()
    wide = np.full((SIDE, SIDE, 3), 255, np.uint8)
    wide[150:170, 20:300] = (200, 0, 0)
    views = [*SIX[:4], replace(SIX[4], image=wide), replace(SIX[5], image=np.full_like(wide, 255))]
    painted = ProjectionPainter(Given(*views)).paint(mesh, FRONT, photo(), SETTINGS, Context())
    assert painted.note == "With 4 of 6 drawn views."
    nothing = ProjectionPainter(Given(views[5])).paint(mesh, FRONT, photo(), SETTINGS, Context())
    assert np.array_equal(nothing.texture, ProjectionPainter().paint(mesh, FRONT, photo(), SETTINGS, Context()).texture)


def test_white_inside_the_thing_is_not_ground() -> None:
    image = np.full((40, 40, 3), 255, np.uint8)
    image[10:30, 10:30] = 90
    image[15:20, 15:20] = 255
    alpha = cut_out(image)[..., 3] > 0
    assert alpha[12:28, 12:28].all() and 400 - 4 * 4 <= alpha.sum() <= 400, "but for its corners"


def test_the_ground_does_not_shine_through_along_the_outline() -> None:
    """Drawings are soft there, and grainy everywhere."""
    mesh, rng = ellipsoid(), np.random.default_rng(0)
    soft = [replace(one, image=cv2.GaussianBlur(one.image, (0, 0), 4.0)) for one in SIX]
    grainy = [replace(one, image=(one.image + rng.normal(0, 20, one.image.shape)).clip(0, 255).astype(np.uint8)) for one in soft]
    painted = ProjectionPainter(Given(*grainy)).paint(mesh, FRONT, photo(), SETTINGS, Context())
    found = {name: off(painted, mesh, towards) for name, towards in SIDES.items()}
    assert max(found.values()) < 12, found
    assert off(painted, mesh, (0, -0.7, -0.7)) < 40, "what the views see from the side alone"


def test_a_mesh_as_thin_as_a_board_is_painted(recwarn: pytest.WarningsRecorder) -> None:
    """Its edge has no outline's proportions: views from there are left out."""
    board = replace(ellipsoid(), vertices=(ellipsoid().vertices * (1, 1, 0.02)).astype(np.float32))
    shots = view_shots(board, FRONT, SIX, texels=1024)
    assert 0 < len(shots) < 6
    painted = ProjectionPainter(Given(*SIX)).paint(board, FRONT, photo(), SETTINGS, Context())
    assert painted.texture.shape[2] == 3 and not recwarn.list
