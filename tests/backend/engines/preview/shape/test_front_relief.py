"""Fronts with the relief that a depth model sees: steps, boards seen from above, a known chair, and what is left as it is."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from drawn import blank, cutout, ellipse, iou, polygon, rod, soft

from img23d_backend.engines.preview.shape.shaper import OutlineShaper
from img23d_backend.evaluation.objects import OBJECTS
from img23d_backend.evaluation.orbit import Orbit
from img23d_backend.evaluation.photograph import WIDTH, photograph
from img23d_backend.evaluation.shapes import SAMPLES, compare, framed
from img23d_backend.mesh.topology.checks import find_defects
from img23d_backend.mesh.topology.samples import sample_surface
from img23d_backend.stages import Context, CutOut, Mesh, SeenRelief, Shaped
from img23d_protocol.messages import Settings, ShapeKind

FRONT = Orbit(azimuth=-25.0, elevation=20.0)


def _made(cut: CutOut, relief: SeenRelief | None = None, kind: ShapeKind = ShapeKind.AUTO) -> Shaped:
    return OutlineShaper().shape(replace(cut, relief=relief), Settings.of(faces=6000, shape=kind), Context())


def _board() -> CutOut:
    """120 x 200 pixels."""
    image = blank(240, 160)
    polygon(image, [(20, 20), (140, 20), (140, 220), (20, 220)])
    return cutout(soft(image))


def _front(made: Shaped, low: float, high: float) -> np.ndarray:
    """(N,) z of what is seen from before in the middle of the picture, between two heights of the mesh."""
    x, y, z = made.mesh.vertices.T
    parts = [z[(y >= start) & (y < start + 0.05) & (abs(x) < 0.1)] for start in np.arange(low, high, 0.05)]
    return np.array([part.max() for part in parts if len(part)])


def test_what_is_seen_nearer_comes_forward_and_the_outline_stays() -> None:
    heights = np.zeros((240, 160), np.float32)
    heights[130:] = 60
    plain, bent = _made(_board(), kind=ShapeKind.FLAT), _made(_board(), SeenRelief(heights=heights), kind=ShapeKind.FLAT)
    lower, upper = _front(bent, -0.4, -0.15).mean(), _front(bent, 0.05, 0.4).mean()
    assert lower - upper == pytest.approx(60 / 200, abs=0.02)
    assert abs(_front(plain, -0.4, -0.15).mean() - _front(plain, 0.05, 0.4).mean()) < 0.01
    assert iou(bent, _board().rgba[:, :, 3]) > 0.98
    assert not find_defects(bent.mesh)
    assert "depth model" in bent.note and "depth model" not in plain.note


@pytest.mark.parametrize("pitch", [0.2, 0.5])
def test_a_board_seen_from_above_stands_upright(pitch: float) -> None:
    """A point of it that is h higher stands h sin(pitch) nearer to the camera and h cos(pitch) higher in the picture."""
    heights = np.repeat(((240 - np.arange(240)) * math.tan(pitch)).astype(np.float32)[:, None], 160, axis=1)
    bent = _made(_board(), SeenRelief(heights=heights, pitch=pitch), kind=ShapeKind.FLAT)
    assert np.ptp(_front(bent, -0.4, 0.4)) < 0.03
    assert np.ptp(bent.mesh.vertices[:, 1]) == pytest.approx(1 / math.cos(pitch), rel=0.05)
    assert iou(bent, _board().rgba[:, :, 3]) > 0.98


def test_a_known_chair_comes_nearer_to_the_truth() -> None:
    """With the truth's own distances, as far as a network could be right."""
    truth = OBJECTS["chair"]()
    picture = photograph(truth, FRONT)
    cut = CutOut(rgba=np.dstack((picture.rgb, picture.mask.astype(np.uint8) * 255)))
    middle = float(np.median(picture.depth[picture.mask]))
    focal = WIDTH / 2 / math.tan(math.radians(15))
    heights = np.where(picture.mask, (middle - picture.depth) / middle * focal, 0).astype(np.float32)
    bent = _made(cut, SeenRelief(heights=heights, pitch=math.radians(FRONT.elevation)))
    assert _distance(bent.mesh, truth.mesh) < 0.5 * _distance(_made(cut).mesh, truth.mesh)


def _distance(mesh: Mesh, truth: Mesh) -> float:
    turn = math.radians(FRONT.azimuth)
    cosine, sine = math.cos(turn), math.sin(turn)
    turned = framed(truth.vertices) @ np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]])
    samples = (
        sample_surface(Mesh(vertices=framed(one).astype(np.float32), faces=faces), SAMPLES, seed=1)
        for one, faces in ((mesh.vertices, mesh.faces), (turned, truth.faces))
    )
    return compare(*samples).chamfer


def test_of_a_thin_thing_nothing_can_be_told() -> None:
    image = blank(200, 300)
    rod(image, (20, 30), (280, 170), 8)
    cut = cutout(soft(image))
    heights = np.random.default_rng(0).normal(0, 50, (200, 300)).astype(np.float32)
    assert _same(_made(cut, SeenRelief(heights=heights, grain=2.0)), _made(cut))


def test_what_is_turned_about_its_axis_is_known_better() -> None:
    image = blank(240, 240)
    ellipse(image, 120, 120, 80, 100)
    cut = cutout(soft(image))
    heights = np.tile(np.linspace(-80, 80, 240, dtype=np.float32), (240, 1))
    assert _same(_made(cut, SeenRelief(heights=heights), ShapeKind.REVOLVE), _made(cut, kind=ShapeKind.REVOLVE))


def test_what_reaches_too_far_is_scaled_down() -> None:
    heights = np.tile(np.linspace(0, 1e5, 240, dtype=np.float32)[:, None], (1, 160))
    bent = _made(_board(), SeenRelief(heights=heights), kind=ShapeKind.FLAT)
    assert np.ptp(bent.mesh.vertices[:, 2]) < 1.6
    assert not find_defects(bent.mesh)


def test_two_reliefs_of_one_cutout_are_not_taken_for_each_other() -> None:
    shaper, heights = OutlineShaper(), np.zeros((240, 160), np.float32)
    heights[130:] = 60
    first, second = (shaper.shape(replace(_board(), relief=relief), Settings(), Context()) for relief in (None, SeenRelief(heights=heights)))
    assert not _same(first, second)


def test_it_is_asked_for_where_the_setting_says_so() -> None:
    assert OutlineShaper().heeds_distances(Settings())
    assert not OutlineShaper().heeds_distances(Settings.of(relief=False))


def _same(one: Shaped, other: Shaped) -> bool:
    return np.array_equal(one.mesh.vertices, other.mesh.vertices) and np.array_equal(one.mesh.faces, other.mesh.faces)
