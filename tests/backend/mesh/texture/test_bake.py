"""Pictures from six sides baked into a texture: the right way round, without steps, only where something is seen."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from painted_sides import (
    LETTERS,
    SIDES,
    SOLIDS,
    color_at,
    layout_of,
    look_up,
    meet_ball,
    mesh_of,
    picture,
    psnr,
    scattered,
    six_views,
)

from img23d_backend.engines.hunyuan3d.paint.cameras import make_cameras
from img23d_backend.mesh.raster.rasterize import rasterize
from img23d_backend.mesh.texture.bake import Baked, Shot, bake
from img23d_backend.mesh.uv.unwrap import Layout
from img23d_backend.stages import JobCancelled, Mesh, View

PIXELS, TEXELS = 512, 512
WEIGHTS = (1.0, 0.1, 0.5, 0.1, 0.05, 0.05)


def silent(fraction: float) -> None:
    assert 0.0 <= fraction <= 1.0


def baked(mesh: Mesh, shots: list[Shot], size: int = TEXELS) -> tuple[Layout, Baked]:
    layout = layout_of(mesh, size)
    return layout, bake(mesh, layout, shots, report=silent)


@pytest.mark.parametrize("name", SOLIDS)
def test_what_the_six_cameras_show_is_baked_back(name: str) -> None:
    meet, make = SOLIDS[name]
    solid = make()
    mesh = mesh_of(solid)
    cameras = make_cameras(mesh.vertices, size=PIXELS)
    pictures = [picture(meet, view, PIXELS) for view in cameras.views]
    shots = [Shot(view=view, image=image, weight=weight) for view, image, weight in zip(cameras.views, pictures, cameras.weights, strict=True)]
    layout, result = baked(mesh, shots, 1024)
    face, weights, points = scattered(solid)
    seen = look_up(layout, result.trust, face, weights)[:, 0] > 0.5
    assert seen.mean() > 0.9
    assert psnr(look_up(layout, result.color, face, weights)[seen], color_at(points[seen])) >= 35.0


def test_every_camera_reads_its_sides_letter_upright() -> None:
    meet, make = SOLIDS["box"]
    found = []
    for view in make_cameras(mesh_of(make()).vertices, size=PIXELS).views:
        shown = picture(meet, view, PIXELS)
        rows, columns = np.nonzero(shown.min(axis=2) < 255)
        ink = (shown.max(axis=2) < 60)[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].astype(float)
        likeness = {(name, turn): _alike(np.rot90(ink, turn), LETTERS[name]) for name in SIDES for turn in range(4)}
        likeness |= {(name, "mirrored"): _alike(ink[:, ::-1], LETTERS[name]) for name in SIDES}
        found.append(max(likeness, key=likeness.get))
        assert likeness[found[-1]] > 0.8
    assert found == [("F", 0), ("R", 0), ("B", 0), ("L", 0), ("T", 0), ("U", 2)]  # from below with the back's azimuth


def _alike(side: np.ndarray, letter: np.ndarray) -> float:
    """Correlation of a picture of a side of 1.6 with the letter of 1.4."""
    inner = round(len(letter) * 1.6 / 1.4)
    lines = ((np.arange(len(letter)) + (inner - len(letter)) / 2 + 0.5) * len(side) / inner).astype(int)
    return float(np.corrcoef(side[np.ix_(lines, lines)].ravel(), letter.ravel())[0, 1])


def test_views_that_disagree_pass_into_each_other_without_a_step() -> None:
    ball = SOLIDS["ball"][1]()
    flat = [(220, 40, 40), (40, 220, 40), (40, 40, 220), (220, 220, 40), (220, 40, 220), (40, 220, 220)]
    shots = [
        Shot(view=view, image=np.full((PIXELS, PIXELS, 3), color, np.uint8), weight=weight)
        for view, color, weight in zip(six_views(PIXELS), flat, WEIGHTS, strict=True)
    ]
    layout, result = baked(mesh_of(ball), shots, 1024)
    face, weights, points = scattered(ball, 60_000)
    colors = look_up(layout, result.color, face, weights)
    trusted = look_up(layout, result.trust, face, weights)[:, 0] > 0.99
    distance, near = _nearest(points[trusted])
    step = np.abs(colors[trusted] - colors[trusted][near]).max(axis=1)
    assert trusted.mean() > 0.9
    assert (step / distance).max() < 1400  # full contrast, 180, within 0.13 of the radius 0.9 at the steepest
    assert (np.abs(colors[trusted] - flat[0]).max(axis=1) < 3).mean() > 0.15  # and the front has its side for itself


def _nearest(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from scipy.spatial import cKDTree

    distance, near = cKDTree(points).query(points, k=8)
    return np.maximum(distance[:, 7], 0.005), near[:, 7]  # not the nearest: rounding would count too much


def test_a_view_counts_neither_beyond_75_degrees_nor_where_something_is_before_it() -> None:
    ball = trimesh.creation.icosphere(subdivisions=4, radius=0.3).apply_translation([0, 0, 0.8])
    wall = trimesh.creation.box([1.6, 1.6, 0.1])
    both = trimesh.util.concatenate([ball, wall])
    image = np.full((PIXELS, PIXELS, 3), (200, 100, 50), np.uint8)
    layout, result = baked(mesh_of(both), [Shot(view=six_views(PIXELS)[0], image=image)])
    face, weights, points = scattered(both)
    trust = look_up(layout, result.trust, face, weights)[:, 0]
    on_wall = (face >= len(ball.faces)) & (points[:, 2] > 0.0499)
    beside = np.hypot(points[:, 0], points[:, 1])
    assert (trust[on_wall & (beside < 0.28)] < 0.05).all()
    clear = on_wall & (beside > 0.34) & (np.abs(points[:, :2]).max(axis=1) < 0.74)
    assert clear.sum() > 1000 and (trust[clear] > 0.95).all()
    assert (trust[both.face_normals[face, 2] < 0.2] < 0.01).all()
    assert (result.color[result.trust > 0.0] == (200, 100, 50)).all()
    assert not result.color[result.trust == 0.0].any()


def test_a_pictures_edge_is_not_trusted_where_it_shows_the_background() -> None:
    box = SOLIDS["box"][1]()
    image = np.full((PIXELS, PIXELS, 3), (30, 60, 90), np.uint8)
    from_middle = np.abs(np.indices((PIXELS, PIXELS)) + 0.5 - PIXELS / 2).max(axis=0)
    image[from_middle > 0.8 * PIXELS / 3.0 - 1.0] = 255  # white, and one pixel of it on the box
    _, result = baked(mesh_of(box), [Shot(view=six_views(PIXELS)[0], image=image)])
    assert (result.trust > 0.9).mean() > 0.05
    assert (result.color[result.trust > 0.1] == (30, 60, 90)).all()


def test_a_raster_that_is_handed_over_and_one_drawn_here_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    mesh = mesh_of(SOLIDS["ball"][1]())
    view = six_views(PIXELS)[1]
    image = picture(meet_ball, view, PIXELS)
    raster = rasterize(view.project(mesh.vertices), mesh.faces, width=PIXELS, height=PIXELS)
    _, drawn = baked(mesh, [Shot(view=view, image=image)])
    monkeypatch.setattr("img23d_backend.mesh.texture.bake.rasterize", None)  # to draw again would fail
    _, given = baked(mesh, [Shot(view=view, image=image, raster=raster)])
    np.testing.assert_array_equal(drawn.color, given.color)
    np.testing.assert_array_equal(drawn.trust, given.trust)


def test_a_picture_with_perspective_is_baked_too() -> None:
    eye, focal = np.array([0.3, 0.2, 3.0]), PIXELS * 1.2
    middle = PIXELS / 2
    matrix = [
        [focal, 0, -middle, -focal * eye[0] + middle * eye[2]],
        [0, -focal, -middle, focal * eye[1] + middle * eye[2]],
        [0, 0, 0, -1],
        [0, 0, -1, eye[2]],
    ]
    v, u = np.indices((PIXELS, PIXELS)) + 0.5
    way = np.stack([u - middle, middle - v, np.full_like(u, -focal)], axis=-1).reshape(-1, 3)
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    distance = meet_ball(np.tile(eye, (len(way), 1)), way)
    image = np.full((PIXELS * PIXELS, 3), 255, np.uint8)
    hit = np.isfinite(distance)
    image[hit] = np.clip(color_at(eye + way[hit] * distance[hit, None]), 0, 255)
    ball = SOLIDS["ball"][1]()
    view = View(matrix=np.array(matrix, dtype=float))
    layout, result = baked(mesh_of(ball), [Shot(view=view, image=image.reshape(PIXELS, PIXELS, 3))], 1024)
    face, weights, points = scattered(ball)
    trust = look_up(layout, result.trust, face, weights)[:, 0]
    towards = eye - points
    facing = (points / 0.9 * towards).sum(axis=1) / np.linalg.norm(towards, axis=1)
    assert (trust[facing > 0.5] > 0.9).all() and (trust[facing < 0.2] < 0.05).all()
    assert psnr(look_up(layout, result.color, face, weights)[trust > 0.5], color_at(points[trust > 0.5])) >= 35.0


def test_faces_that_are_inside_out_are_baked_as_the_views_see_them() -> None:
    ball = SOLIDS["ball"][1]()
    mesh = mesh_of(ball)
    mixed = np.where((ball.triangles_center[:, 0] > 0.0)[:, None], mesh.faces[:, ::-1], mesh.faces)
    shots = [Shot(view=view, image=picture(meet_ball, view, PIXELS)) for view in six_views(PIXELS)]
    _, upright = baked(mesh, shots)
    _, result = baked(Mesh(vertices=mesh.vertices, faces=mixed.astype(np.int32)), shots)
    assert (result.trust > 0.5).sum() > 0.93 * (upright.trust > 0.5).sum()


def test_a_cancel_is_seen() -> None:
    def stop(fraction: float) -> None:
        if fraction > 0.5:
            raise JobCancelled

    mesh = mesh_of(SOLIDS["box"][1]())
    shot = Shot(view=six_views(PIXELS)[0], image=np.zeros((PIXELS, PIXELS, 3), np.uint8))
    with pytest.raises(JobCancelled):
        bake(mesh, layout_of(mesh, TEXELS), [shot], report=stop)
