"""Normals and positions for the paint network: what hy3dgen's own code draws, with our rasterizer under it."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from mesh_render import AZIMUTHS, ELEVATIONS, mesh_render
from PIL import Image

from img23d_backend.engines.hunyuan3d.paint.cameras import make_cameras
from img23d_backend.engines.hunyuan3d.paint.control_maps import ControlMaps, draw_control_maps, reduced
from img23d_backend.mesh.raster.rasterize import rasterize
from img23d_backend.stages import Mesh

RASTER, SIZE = 512, 128


def teapot() -> Mesh:
    """A body with a handle, a spout and a flat, uneven foot: no two sides alike."""
    parts = [
        trimesh.creation.icosphere(subdivisions=4, radius=0.5),
        trimesh.creation.torus(0.25, 0.06).apply_translation([-0.55, 0.1, 0.0]),
        trimesh.creation.cone(0.15, 0.6).apply_transform(trimesh.transformations.rotation_matrix(1.1, [0, 1, 0.3])),
        trimesh.creation.box([0.7, 0.05, 0.4]).apply_translation([0.0, -0.5, 0.1]),
    ]
    whole = trimesh.util.concatenate(parts)
    vertices = np.asarray(whole.vertices, dtype=np.float32) * [1.0, 1.3, 0.8] + [0.2, 0.4, -0.1]
    return Mesh(vertices=vertices.astype(np.float32), faces=whole.faces.astype(np.int32))


@pytest.fixture(scope="module")
def drawn() -> ControlMaps:
    mesh = teapot()
    return draw_control_maps(mesh, make_cameras(mesh.vertices, size=RASTER), raster_size=RASTER, size=SIZE)


@pytest.fixture(scope="module")
def theirs() -> tuple[list[np.ndarray], list[np.ndarray]]:
    mesh = teapot()
    render = mesh_render(mesh.vertices, mesh.faces, size=RASTER)
    views = list(zip(ELEVATIONS, AZIMUTHS, strict=True))
    normals = [render.render_normal(*view, use_abs_coor=True, return_type="pl") for view in views]
    positions = [render.render_position(*view, return_type="pl") for view in views]
    return tuple([np.asarray(one.resize((SIZE, SIZE))) for one in maps] for maps in (normals, positions))


@pytest.mark.parametrize("index", range(6))
def test_maps_are_those_that_hy3dgen_draws(drawn: ControlMaps, theirs: tuple[list[np.ndarray], list[np.ndarray]], index: int) -> None:
    for ours, reference in ((drawn.normals[index], theirs[0][index]), (drawn.positions[index], theirs[1][index])):
        difference = np.abs(ours.astype(int) - reference)
        # their vertices are in single precision: a pixel of an outline here or there
        assert (difference.max(axis=-1) > 1).mean() < 0.001
        assert difference.max() < 40
        assert np.ptp(reference.reshape(-1, 3), axis=0).min() > 80  # there is something to compare


def test_the_rasters_are_those_of_the_views(drawn: ControlMaps) -> None:
    mesh = teapot()
    for view, raster in zip(make_cameras(mesh.vertices, size=RASTER).views, drawn.rasters, strict=True):
        expected = rasterize(view.project(mesh.vertices), mesh.faces, width=RASTER, height=RASTER)
        assert (raster.face == expected.face).all()


def test_where_nothing_is_the_maps_are_white(drawn: ControlMaps) -> None:
    assert (drawn.normals[:, 0] == 255).all()
    assert (drawn.positions[:, 0] == 255).all()


def test_faces_without_area_change_nothing_and_neither_does_the_device() -> None:
    mesh = teapot()
    flat = np.concatenate([mesh.faces, mesh.faces[:50, [0, 0, 1]]])
    cameras = make_cameras(mesh.vertices, size=RASTER)
    maps = draw_control_maps(Mesh(vertices=mesh.vertices, faces=flat), cameras, raster_size=RASTER, size=SIZE, device="cpu")
    whole = draw_control_maps(mesh, cameras, raster_size=RASTER, size=SIZE)
    assert (maps.normals == whole.normals).all()
    assert (maps.positions == whole.positions).all()


SPOTS = [(slice(40, 77), slice(9, 30)), (slice(0, 128), slice(100, 128)), (slice(0, 0), slice(0, 0))]


@pytest.mark.parametrize("spot", SPOTS)
@pytest.mark.parametrize("size", [32, 50], ids=["whole steps", "broken steps"])
def test_leaving_out_what_is_white_changes_nothing(spot: tuple[slice, slice], size: int) -> None:
    planes = np.full((2, 128, 128), 255, np.uint8)
    drawn = np.zeros((128, 128), bool)
    drawn[spot] = True
    planes[:, drawn] = np.random.default_rng(0).integers(0, 255, (2, int(drawn.sum())))
    whole = [np.asarray(Image.fromarray(plane).resize((size, size))) for plane in planes]
    assert np.array_equal(reduced(planes, drawn, size), np.stack(whole, axis=-1))
