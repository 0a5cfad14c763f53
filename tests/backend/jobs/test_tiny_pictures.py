"""Many things in a tiny picture: no more triangles and texels than its pixels are worth, and nothing is made twice."""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from img23d_backend.cli.commands import run
from img23d_backend.engines.preview.paint.painter import ProjectionPainter
from img23d_backend.engines.preview.shape.shaper import OutlineShaper
from img23d_backend.mesh.topology.checks import find_defects
from img23d_backend.stages import Context, CutOut, View
from img23d_protocol.messages import Settings, ShapeKind


def disc(radius: int, colour: int = 200) -> CutOut:
    side = 2 * radius + 10
    rgba = np.full((side, side, 4), colour, np.uint8)
    rgba[..., 3] = 0
    cv2.circle(rgba, (side // 2, side // 2), radius, (colour, 40, 40, 255), -1, cv2.LINE_AA)
    return CutOut(rgba=rgba)


def shaped(cutout: CutOut, **settings: object):
    return OutlineShaper().shape(cutout, Settings.of(**settings), Context())


@pytest.mark.parametrize("kind", list(ShapeKind))
def test_a_cut_out_of_twenty_pixels_is_no_mesh_of_twenty_thousand_faces(kind: ShapeKind) -> None:
    solid = shaped(disc(10), shape=kind)
    assert 400 <= len(solid.mesh.faces) <= 1000 and not find_defects(solid.mesh)
    height = np.ptp(solid.mesh.vertices[:, 1])
    assert height == pytest.approx(1.0, abs=0.02), "its outline is the cut-out's all the same"


def test_a_cut_out_of_usual_size_has_the_faces_that_were_chosen() -> None:
    assert len(shaped(disc(100)).mesh.faces) > 18_000


@pytest.mark.parametrize(("radius", "size", "side"), [(5, 1024, 256), (12, 1024, 512), (40, 1024, 1024), (40, 4096, 1024), (150, 4096, 4096)])
def test_a_texture_has_texels_enough_for_each_pixel_that_is_seen(radius: int, size: int, side: int) -> None:
    cutout = disc(radius)
    solid = shaped(cutout, faces=1000)
    painted = ProjectionPainter().paint(solid.mesh, solid.view, cutout, Settings.of(texture_size=size), Context())
    assert painted.texture.shape == (side, side, 3)


def test_the_same_cut_out_is_shaped_and_painted_once() -> None:
    shaper, painter, settings = OutlineShaper(), ProjectionPainter(), Settings.of(faces=600)
    first, other = shaper.shape(disc(30), settings, Context()), shaper.shape(disc(31), settings, Context())
    again = shaper.shape(disc(30), settings, Context())
    assert again.mesh is first.mesh and other.mesh is not first.mesh
    assert shaper.shape(disc(30), Settings.of(faces=800), Context()).mesh is not first.mesh
    painted = painter.paint(first.mesh, first.view, disc(30), settings, Context())
    assert painter.paint(again.mesh, again.view, disc(30), settings, Context()).texture is painted.texture
    assert painter.paint(first.mesh, first.view, disc(30, 90), settings, Context()).texture is not painted.texture
    turned = View(matrix=np.diag([-1.0, 1.0, -1.0, 1.0]) @ first.view.matrix)
    assert painter.paint(first.mesh, turned, disc(30), settings, Context()).texture is not painted.texture


def test_two_hundred_boxes_on_a_tiny_picture(tmp_path: Path) -> None:
    """67 s before on a quiet machine, and three times as many of the processor's on one that does other things as well."""
    picture = np.full((64, 64, 3), 235, np.uint8)
    cv2.circle(picture, (32, 32), 21, (40, 40, 200), -1)
    cv2.imwrite(str(tmp_path / "tiny.png"), picture)
    boxes = [part for number in range(200) for part in ("--box", f"thing {number}=0,0,64,64")]
    begun = time.process_time()
    assert run(["generate", str(tmp_path / "tiny.png"), "--out", str(tmp_path / "out"), "--seed", "1", *boxes]) == 0
    assert len(list((tmp_path / "out").glob("*.glb"))) == 400
    assert time.process_time() - begun < 40.0
