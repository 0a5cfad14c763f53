"""Splats as Cycles and EEVEE render them, against what their definition says is seen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import bpy
import numpy as np
import pytest
from conftest import part
from mathutils import Euler
from splat_files import Splat, about, ply
from splat_maths import RDF, covariance

SIDE, WIDTH = 96, 2.0  # pixels, and what they show in metres
EEVEE = "BLENDER_EEVEE" if bpy.app.version >= (5, 0, 0) else "BLENDER_EEVEE_NEXT"
EEVEE_SAMPLES = 64  # its transparency is one of chance


@pytest.fixture
def picture(owner, tmp_path):
    """Renders the scene from the front, parallel; (SIDE, SIDE, 4) scene linear, premultiplied, its first row at the top."""

    def picture(engine: str = "CYCLES") -> np.ndarray:
        scene = bpy.context.scene
        camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
        camera.data.type, camera.data.ortho_scale = "ORTHO", WIDTH
        camera.location, camera.rotation_euler = (0.0, -5.0, 0.0), (np.pi / 2, 0.0, 0.0)
        scene.collection.objects.link(camera)
        scene.camera = camera
        scene.render.engine, scene.cycles.device, scene.cycles.samples = engine, "CPU", 1
        scene.eevee.taa_render_samples, scene.render.filter_size = EEVEE_SAMPLES, 0.0
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
        if engine == EEVEE:
            render_elsewhere(tmp_path / "scene.blend")
        else:
            bpy.ops.render.render(write_still=True)
        image = bpy.data.images.load(str(tmp_path / "seen.exr"))
        pixels = np.empty(SIDE * SIDE * 4, np.float32)
        image.pixels.foreach_get(pixels)
        return pixels.reshape(SIDE, SIDE, 4)[::-1]

    return picture


def render_elsewhere(path: Path) -> None:
    """In a Blender of its own, without the extension, as on a render farm: one that has rendered with Cycles may get no OpenGL any more."""
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    program = "import bpy, sys; bpy.ops.wm.open_mainfile(filepath=sys.argv[1]); bpy.ops.render.render(write_still=True)"
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr


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


def assert_seen(seen: np.ndarray, wanted: np.ndarray, *, mean: float = 0.006, most: float = 0.1, overlap: float = 0.93) -> None:
    """One ray a pixel hits anywhere within it: the steepest slope of the narrowest splat here is 0.3 a pixel."""
    error = np.abs(seen - wanted)
    assert error.mean() < mean and np.percentile(error, 99) < most
    silhouette, true = seen > 0.1, wanted > 0.1
    assert (silhouette & true).sum() > overlap * (silhouette | true).sum() > 20


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


def test_eevee_shows_a_turned_splat_and_one_before_another(picture, tmp_path):
    """One picture of both, since its shaders take long to compile without a card: silhouette and colour on the right, order on the left."""
    alone = Splat(place=(0.5, -0.1, 0.3), scale=(0.22, 0.06, 0.12), turn=about((0.2, 0.3, 1.0), 35.0), opacity=0.9, color=(0.8, 0.4, 0.1))
    near = Splat(place=(-0.55, 0.0, -0.5), scale=(0.12, 0.12, 0.02), opacity=0.6, color=(1.0, 0.0, 0.0))
    far = Splat(place=(-0.45, 0.05, 0.5), scale=(0.1, 0.2, 0.02), opacity=0.8, color=(0.0, 0.0, 1.0))
    shown(tmp_path, [far, alone, near])
    seen = picture(EEVEE)
    one, a, b = (opacity_seen(RDF @ covariance(each.scale, each.turn) @ RDF.T, RDF @ each.place, each.opacity) for each in (alone, near, far))
    by_chance = {"mean": 0.01, "most": 0.16, "overlap": 0.85}  # 64 samples of one half are 0.06 apart
    assert_seen(seen[..., 3], one + 1.0 - (1.0 - a) * (1.0 - b), **by_chance)
    assert_seen(seen[..., 0], one * linear(0.8) + a, **by_chance)
    assert_seen(seen[..., 2], one * linear(0.1) + (1.0 - a) * b, **by_chance)
    solid = one > 0.5
    for channel, value in enumerate(alone.color):
        assert np.allclose(seen[solid][:, channel] / seen[solid][:, 3], linear(value), rtol=1.5e-2, atol=1e-3)  # 64 sums in half precision, in Blender 4.2
