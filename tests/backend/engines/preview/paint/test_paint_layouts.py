"""Painting into a layout that the mesh already has."""

from __future__ import annotations

import numpy as np
import trimesh
from test_paint import FRONT, SETTINGS, color_at, look_up, meet_ball, meet_box, mesh_of, paint, picture_of, psnr, scattered

from img23d_backend.engines.preview.paint.painter import ProjectionPainter
from img23d_backend.stages import Context


def test_a_layout_of_the_artists_own_is_painted_into() -> None:
    ball = trimesh.creation.icosphere(subdivisions=4)
    mesh, cutout = mesh_of(ball), picture_of(meet_ball, FRONT)
    given = paint(mesh, FRONT, cutout).uv[:, :, ::-1] * 0.5 + 3.25  # smaller, turned over, on another tile
    painted = ProjectionPainter().paint(mesh, FRONT, cutout, SETTINGS, Context(), uv=given)
    np.testing.assert_allclose(painted.uv, given - 3.0, atol=1e-5)
    face, weights, points = scattered(ball)
    seen = points[:, 2] > 0.4
    assert psnr(look_up(painted, face, weights)[seen], color_at(points[seen])) >= 35.0


def test_of_faces_that_share_their_texels_the_one_that_the_photo_shows_is_painted() -> None:
    box = trimesh.creation.box([1.6, 1.6, 1.6]).subdivide().subdivide()
    axis = np.argmax(np.abs(box.face_normals), axis=1)
    flat = np.stack([np.delete(corners, k, axis=1) for corners, k in zip(box.triangles, axis, strict=True)])
    uv = (flat * (1, -1) / 1.8 + 0.5).astype(np.float32)  # six sides in one square
    painted = ProjectionPainter().paint(mesh_of(box), FRONT, picture_of(meet_box, FRONT), SETTINGS, Context(), uv=uv)
    face, weights, points = scattered(box)
    front = box.face_normals[face, 2] > 0.9
    assert psnr(look_up(painted, face, weights)[front], color_at(points[front])) >= 35.0
