"""The layout's measures, on an arrangement that is right by construction, and on ones that are wrong by a known amount."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from devtools.bench import layout
from devtools.bench.layout_rows import TRUE
from img23d_protocol.arrangement import PhotoCamera, Pose

CAMERA = PhotoCamera(focal=0.75, pitch=math.radians(20), height=1.0)
BRICK = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (0.0, 1.0) for z in (-0.5, 0.5)])
POSES = [Pose(x=-0.4, y=2.0, yaw=math.atan2(0.4, 2.0), scale=0.4), Pose(x=0.5, y=3.0, yaw=math.atan2(-0.5, 3.0), scale=0.5)]


@pytest.fixture
def scene() -> layout.Scene:
    """Seen by the same functions, so that only the scoring is tested; the projection has a test of its own."""
    empty = layout.Scene(name="two", width=800, height=600, focal=0.75, pitch=math.radians(20), things=())
    boxes = [layout.seen_box(layout.posed(BRICK, pose), CAMERA, empty) for pose in POSES]
    things = [layout.Thing(name="brick", box=box, place=np.array([pose.x, pose.y]), vertices=BRICK) for box, pose in zip(boxes, POSES, strict=True)]
    return replace(empty, things=tuple(things))


def score(scene: layout.Scene, poses: list[Pose | None], camera: PhotoCamera = CAMERA) -> layout.LayoutRow:
    return layout.score(scene, TRUE, True, camera, poses, [BRICK, BRICK])


def test_what_stands_right_scores_full_marks(scene: layout.Scene) -> None:
    row = score(scene, POSES)
    assert (row.box_overlap, row.pairs_right, row.pairs, row.contact, row.made) == (pytest.approx(1), 1, 1, 0, 2)
    assert row.place_error == pytest.approx(0) and row.pitch_error == pytest.approx(0) and row.focal_error == pytest.approx(0)


def test_one_scale_for_all_is_free(scene: layout.Scene) -> None:
    doubled = [Pose(x=2 * pose.x, y=2 * pose.y, yaw=pose.yaw, scale=2 * pose.scale) for pose in POSES]
    row = score(scene, doubled, replace(CAMERA, height=2.0))
    assert row.box_overlap == pytest.approx(1) and row.place_error == pytest.approx(0)


def test_what_is_missing_counts_as_no_overlap(scene: layout.Scene) -> None:
    row = score(scene, [POSES[0], None])
    assert row.box_overlap == pytest.approx(0.5) and row.made == 1 and row.pairs == 0


def test_wrong_order_and_wrong_camera_show(scene: layout.Scene) -> None:
    row = score(scene, [POSES[1], POSES[0]], replace(CAMERA, pitch=math.radians(25), focal=0.9))
    assert row.pairs_right == 0 and row.box_overlap < 0.2 and row.place_error > 0.3
    assert row.pitch_error == pytest.approx(5) and row.focal_error == pytest.approx(0.2)


def test_a_point_is_seen_where_trigonometry_says(scene: layout.Scene) -> None:
    """The ground straight ahead where the optical axis meets it is the photo's middle; half a width aside at unit focal depth."""
    ahead = CAMERA.height / math.tan(CAMERA.pitch)
    depth = CAMERA.height / math.sin(CAMERA.pitch)
    points = np.array([[0, ahead, 0], [0.1 * depth / CAMERA.focal, ahead, 0]])
    assert layout.seen_box(points, CAMERA, scene) == pytest.approx([400, 300, 480, 300])


def test_meshes_are_turned_to_their_ray() -> None:
    """A brick to the right of the camera, its front already to the viewer: its sides stay what they are."""
    bearing = math.radians(30)
    world = np.stack([BRICK[:, 0], BRICK[:, 1] * 0.5, BRICK[:, 2]], axis=1)  # glTF's axes, in front of the camera
    flat = layout.rotated(np.stack([world[:, 0], -world[:, 2] + 4], axis=1), -bearing)
    vertices = np.stack([flat[:, 0] + 1, world[:, 1], -(flat[:, 1] + 2)], axis=1)
    place, local = layout.as_seen(vertices, {"at": [1.0, 2.0, 1.0], "turn": 0.0})
    assert place == pytest.approx([4 * math.sin(bearing), 4 * math.cos(bearing)], abs=0.05)
    assert np.ptp(local, axis=0) == pytest.approx([1, 0.5, 1], abs=0.03) and local[:, 1].min() == 0
