"""The benchmark's own measures, on cases whose answer is known."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from devtools.bench import metrics, picture
from devtools.bench.known import load_mesh
from devtools.places import DEMO, PLAIN_PHOTO, ROOT


def test_the_bench_starts_in_a_python_without_any_package():
    """`build_addon.py` runs in whatever Python the machine has and makes the environments itself."""
    command = [sys.executable, "-S", "-c", "import sys; sys.path.insert(0, '.'); import devtools.bench.report"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_same_surface_scores_full_marks():
    ball = trimesh.creation.icosphere(subdivisions=4)
    points = [metrics.sample_surface(metrics.into_cube(ball.vertices), ball.faces, seed=seed) for seed in (0, 1)]
    score = metrics.compare_surfaces(*points)
    assert score.chamfer < 0.02  # only the gaps between samples
    assert score.f_scores == (1.0, pytest.approx(1.0, abs=1e-3))


def test_chamfer_is_the_distance_of_two_planes():
    flat = trimesh.creation.box((2, 2, 1e-6))
    points = metrics.sample_surface(flat.vertices, flat.faces)
    score = metrics.compare_surfaces(points, points + [0, 0, 0.1])
    assert score.chamfer == pytest.approx(0.1, abs=0.01)
    assert score.f_scores == (1.0, 0.0)


def test_samples_are_even_by_area():
    box = trimesh.creation.box((2, 1, 1))
    points = metrics.sample_surface(box.vertices, box.faces)
    assert (np.abs(points[:, 0]) > 0.999).mean() == pytest.approx(2 / 10, abs=0.01)


def test_the_cube_is_filled_evenly():
    fitted = metrics.into_cube(np.array([[1.0, 1, 1], [5, 3, 1]]))
    assert fitted.min(axis=0) == pytest.approx([-1, -0.5, 0]) and fitted.max(axis=0) == pytest.approx([1, 0.5, 0])


def test_the_slab_is_the_mask_as_a_board():
    mask = np.zeros((50, 60), bool)
    mask[10:30, 20:60] = True
    points = metrics.slab_points(mask, depth=0.25)
    assert points.shape == (metrics.SAMPLES, 3)
    assert points.min(axis=0) == pytest.approx([20, -30, -5], abs=0.6)
    assert points.max(axis=0) == pytest.approx([60, -10, 5], abs=0.6)


def test_psnr_of_a_known_error():
    truth = np.zeros((4, 4, 3))
    mask = np.ones((4, 4), bool)
    assert metrics.psnr(truth + 0.1, truth, mask) == pytest.approx(20.0)


def test_the_nearer_triangle_is_seen_and_textured():
    points = np.array([[0.0, 0, 5], [8, 0, 5], [8, 8, 5], [0, 8, 5], [0, 0, 1], [4, 0, 1], [4, 8, 1], [0, 8, 1]])
    faces = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]])
    uv = np.array([[0.1, 0.5]] * 4 + [[0.9, 0.5]] * 4)
    texture = np.array([[[255, 0, 0], [255, 0, 0], [0, 0, 255], [0, 0, 255]]], np.uint8)
    drawn = picture.draw(points, faces, size=(8, 10), uv=uv, texture=texture)
    assert drawn.mask[:, :8].all() and not drawn.mask[:, 8:].any()
    assert np.allclose(drawn.color[:, :4], [0, 0, 1]) and np.allclose(drawn.color[:, 4:8], [1, 0, 0])


@pytest.mark.parametrize("folder", [PLAIN_PHOTO, DEMO], ids=["plain", "room"])
def test_the_written_camera_sees_the_truth_where_the_photo_shows_it(folder: Path) -> None:
    """camera.json, truth/ and masks.png must agree, or every figure is wrong. A thing is hidden only where another one is seen."""
    camera = json.loads((folder / "camera.json").read_text(encoding="utf-8"))
    numbers = np.asarray(Image.open(folder / "masks.png").convert("L"))
    for number, name in enumerate(camera["names"], start=1):
        truth = load_mesh(folder / "truth" / f"{name.replace(' ', '_')}.glb")
        drawn = picture.draw(picture.project(truth.vertices, np.array(camera["to_pixels"])), truth.faces, size=numbers.shape)
        hidden = drawn.mask & (numbers > 0) & (numbers != number)
        assert metrics.mask_iou(drawn.mask & ~hidden, numbers == number) > 0.985, name
        assert hidden.sum() < 0.4 * drawn.mask.sum(), name


def test_the_things_of_the_room_stand_before_each_other() -> None:
    """What makes the demo photo harder than the plain one: some of its things touch in the picture."""
    numbers = np.asarray(Image.open(DEMO / "masks.png").convert("L")).astype(int)
    beside = {frozenset(pair) for a, b in ((numbers[:, :-1], numbers[:, 1:]), (numbers[:-1], numbers[1:])) for pair in zip(a[a != b], b[a != b], strict=True)}
    assert sum(0 not in pair for pair in beside) >= 3
