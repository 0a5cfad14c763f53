"""Splats as Cycles renders them, against what their definition says is seen."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from conftest import part
from mathutils import Euler
from splat_files import Splat, about, ply
from splat_maths import RDF, covariance

SIDE, WIDTH = 96, 2.0  # pixels, and what they show in metres


@pytest.fixture
def picture(owner, tmp_path):
    """Renders the scene from the front, parallel; (SIDE, SIDE, 4) scene linear, premultiplied, its first row at the top."""

    def picture() -> np.ndarray:
        scene = bpy.context.scene
        camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
        camera.data.type, camera.data.ortho_scale = "ORTHO", WIDTH
        camera.location, camera.rotation_euler = (0.0, -5.0, 0.0), (np.pi / 2, 0.0, 0.0)
        scene.collection.objects.link(camera)
        scene.camera = camera
        scene.render.engine, scene.cycles.device, scene.cycles.samples = "CYCLES", "CPU", 1
        scene.cycles.use_denoising = False
        scene.cycles.min_transparent_bounces = 1024  # no path ends by chance: one sample says all
        scene.cycles.pixel_filter_type = "BOX"
        scene.render.film_transparent = True
        scene.render.resolution_x = scene.render.resolution_y = SIDE
        scene.render.resolution_percentage = 100
        settings = scene.render.image_settings
        if hasattr(settings, "media_type"):
            settings.media_type = "IMAGE"
        settings.file_format, settings.color_mode, settings.color_depth = "OPEN_EXR", "RGBA", "32"
        scene.render.filepath = str(tmp_path / "seen.exr")
        bpy.ops.render.render(write_still=True)
        image = bpy.data.images.load(str(tmp_path / "seen.exr"))
        pixels = np.empty(SIDE * SIDE * 4, np.float32)
        image.pixels.foreach_get(pixels)
        return pixels.reshape(SIDE, SIDE, 4)[::-1]

    return picture


def shown(tmp_path, splats: list[Splat]) -> bpy.types.Object:
    (tmp_path / "a.ply").write_bytes(ply(splats))
    bpy.ops.img23d.import_splats("EXEC_DEFAULT", True, filepath=str(tmp_path / "a.ply"))
    return bpy.context.object


def opacity_seen(form: np.ndarray, middle: np.ndarray, opacity: float) -> np.ndarray:
    """(SIDE, SIDE): along a parallel ray the most of a Gaussian is that of its projection, whose covariance is the part of its own across
    the ray. Blender's x and z lie across, y along."""
    across = np.linalg.inv(form[np.ix_((0, 2), (0, 2))])
    steps = ((np.arange(SIDE) + 0.5) / SIDE - 0.5) * WIDTH
    x, z = np.meshgrid(steps - middle[0], -steps - middle[2])
    return opacity * np.exp(-0.5 * (across[0, 0] * x * x + 2 * across[0, 1] * x * z + across[1, 1] * z * z))


def linear(srgb: float) -> float:
    return srgb / 12.92 if srgb <= 0.04045 else ((srgb + 0.055) / 1.055) ** 2.4


def assert_seen(seen: np.ndarray, wanted: np.ndarray, *, least: float = 0.0) -> None:
    """One ray a pixel hits anywhere within it: the steepest slope of the narrowest splat here is 0.3 a pixel."""
    error = np.abs(seen - wanted)
    assert error.mean() < 0.006 and np.percentile(error, 99) < 0.1
    silhouette, true = seen > 0.1, wanted > 0.1
    assert (silhouette & true).sum() > 0.93 * (silhouette | true).sum() > 20 + least


def test_one_turned_splat_has_its_silhouette_and_its_colour(picture, tmp_path):
    one = Splat(place=(0.1, -0.2, 0.3), scale=(0.3, 0.06, 0.15), turn=about((0.2, 0.3, 1.0), 35.0), opacity=0.9, color=(0.8, 0.4, 0.1))
    shown(tmp_path, [one])
    seen = picture()
    wanted = opacity_seen(RDF @ covariance(one.scale, one.turn) @ RDF.T, RDF @ one.place, one.opacity)
    assert_seen(seen[..., 3], wanted)
    solid = wanted > 0.5
    for channel, value in enumerate(one.color):
        assert np.allclose(seen[solid][:, channel] / seen[solid][:, 3], linear(value), atol=1e-3)


def test_moved_turned_and_unevenly_scaled_it_is_seen_as_such(picture, tmp_path):
    one = Splat(scale=(0.25, 0.05, 0.1), turn=about((1.0, 0.3, 0.5), 50.0), opacity=0.8)
    obj = shown(tmp_path, [one])
    obj.location, obj.rotation_euler, obj.scale = (0.2, 1.0, -0.1), (0.5, 0.9, -0.3), (1.5, 0.6, 1.0)
    own = np.array(Euler((0.5, 0.9, -0.3)).to_matrix()) @ np.diag((1.5, 0.6, 1.0)) @ RDF
    assert_seen(picture()[..., 3], opacity_seen(own @ covariance(one.scale, one.turn) @ own.T, np.array((0.2, 1.0, -0.1)), one.opacity))


def test_the_nearer_one_is_in_front(picture, tmp_path):
    """Colours through each other as of two films: near over far."""
    near = Splat(place=(-0.1, 0.0, -0.5), scale=(0.2, 0.2, 0.02), opacity=0.6, color=(1.0, 0.0, 0.0))
    far = Splat(place=(0.1, 0.05, 0.5), scale=(0.15, 0.3, 0.02), opacity=0.8, color=(0.0, 0.0, 1.0))
    shown(tmp_path, [far, near])
    seen = picture()
    a, b = (opacity_seen(RDF @ covariance(one.scale, one.turn) @ RDF.T, RDF @ one.place, one.opacity) for one in (near, far))
    assert_seen(seen[..., 3], 1.0 - (1.0 - a) * (1.0 - b))
    assert_seen(seen[..., 0], a)
    assert_seen(seen[..., 2], (1.0 - a) * b)


def test_a_hundred_films_are_seen_through(picture, tmp_path):
    """Cycles' own limit of eight would be black behind the eighth."""
    films = [Splat(place=(0.0, 0.0, 0.01 * i), scale=(0.3, 0.3, 0.001), opacity=0.03, color=(0.0, 1.0, 0.0)) for i in range(60)]
    shown(tmp_path, films)
    middle = picture()[SIDE // 2, SIDE // 2]
    assert middle[3] == pytest.approx(1.0 - 0.97**60, abs=0.02) and middle[1] == pytest.approx(middle[3], abs=0.01)


def test_a_render_shows_its_own_share(picture, tmp_path):
    """Of a row of equal splats a render shows the share that it is set to, whatever the viewport shows."""
    obj = shown(tmp_path, [Splat(place=(-0.9 + 0.2 * i, 0.0, 0.0), scale=(0.02, 0.02, 0.02), opacity=0.99) for i in range(10)])
    nodes = part("scene.splats.geometry_nodes")
    nodes.give(obj.modifiers[0], nodes.RENDER, 50.0)
    obj.update_tag()
    seen = picture()[..., 3] > 0.3
    columns = [seen[:, round((0.1 + 0.2 * i) / WIDTH * SIDE) - 1 : round((0.1 + 0.2 * i) / WIDTH * SIDE) + 1].any() for i in range(10)]
    assert sum(columns) == 5
