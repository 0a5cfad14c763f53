"""A run of two boxes of known size, arranged by a camera that is known, and what that camera sees."""

from __future__ import annotations

import math

import bpy
import numpy as np
import pytest
from boxes import write_box
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector
from scripted import Rehearsal

VIEW = {"focal": 1.1, "pitch": 0.3, "height": 1.4, "roll": 0.08}
CUP, BOWL = (-0.4, 3.0, 0.2, 0.5), (0.5, 4.0, -0.3, 1.5)  # x, y, yaw, scale
SIZES = ((0.4, 0.8, 0.3), (0.9, 0.5, 0.9))  # width, height, depth in metres
PHOTO = (360, 160)


@pytest.fixture(scope="module")
def glbs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("boxes")
    return [write_box(folder / f"{i}.glb", *size) for i, size in enumerate(SIZES)]


@pytest.fixture
def start(owner, values, photo, as_with_a_window, monkeypatch):
    """Begins a run of two names, and says where they are in the photo."""
    rehearsal = Rehearsal(owner, monkeypatch)

    def begin(layout: str = "PHOTO") -> Rehearsal:
        settings = bpy.context.scene.img23d
        settings.photo, settings.names, settings.layout = str(photo), "cup, bowl", layout
        assert bpy.ops.img23d.generate() == {"FINISHED"}
        rehearsal.tick()
        m = rehearsal.messages
        targets = [m.LocatedTarget(name=name, box=m.Box(left=x, top=0.2, right=x + 0.3, bottom=0.8)) for name, x in (("cup", 0.1), ("bowl", 0.6))]
        rehearsal.link.say(m.Located(job=rehearsal.job.id, targets=tuple(targets), photo_width=PHOTO[0], photo_height=PHOTO[1]))
        rehearsal.tick()
        return rehearsal

    return begin


@pytest.fixture
def run(start, glbs):
    """Both things are made and arranged."""
    rehearsal = start()
    for index in range(2):
        rehearsal.mesh(index, glbs[index], textured=False)
    rehearsal.arrange(CUP, BOWL, **VIEW)
    return rehearsal


def made(name="cup"):
    return bpy.data.objects[name]


def camera(name="three Camera"):
    return bpy.data.objects[name]


def standing(run, index):
    return run.owner.applier.placer.standings(run.job)[index].name


def box_in_photo(pose, size) -> np.ndarray:
    """left, top, right, bottom in fractions, from what the protocol says about the camera; (4,)"""
    x, y, yaw, scale = pose
    corners = np.array([(i * size[0] / 2, j * size[2] / 2, k * size[1]) for i in (-1, 1) for j in (-1, 1) for k in (0, 1)])
    cosine, sine = math.cos(yaw), math.sin(yaw)
    turn = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    rays = scale * corners @ turn.T + (x, y, -VIEW["height"])
    pitch, roll = VIEW["pitch"], VIEW["roll"]
    right, up = np.array([1.0, 0, 0]), np.array([0, math.sin(pitch), math.cos(pitch)])
    forward = np.array([0, math.cos(pitch), -math.sin(pitch)])
    # The camera's own right side goes down when it is turned clockwise
    right, up = math.cos(roll) * right - math.sin(roll) * up, math.sin(roll) * right + math.cos(roll) * up
    across = 0.5 + VIEW["focal"] * (rays @ right) / (rays @ forward)
    down = 0.5 - VIEW["focal"] * (rays @ up) / (rays @ forward) * PHOTO[0] / PHOTO[1]
    return np.array([across.min(), down.min(), across.max(), down.max()])


def box_in_camera(obj) -> np.ndarray:
    bpy.context.view_layer.update()
    points = [obj.matrix_world @ vertex.co for vertex in obj.data.vertices]
    seen = np.array([world_to_camera_view(bpy.context.scene, camera(), point) for point in points])
    return np.array([seen[:, 0].min(), 1 - seen[:, 1].max(), seen[:, 0].max(), 1 - seen[:, 1].min()])


def check_as_in_photo() -> None:
    assert bpy.ops.img23d.render_as_photo() == {"FINISHED"}
    for name, pose, size in zip(("cup", "bowl"), (CUP, BOWL), SIZES, strict=True):
        assert box_in_camera(made(name)) == pytest.approx(box_in_photo(pose, size), abs=2e-3), name


def ground(obj) -> tuple[list, list]:
    bpy.context.view_layer.update()
    points = [obj.matrix_world @ Vector(corner) for corner in obj.bound_box]
    return [min(p[i] for p in points) for i in range(3)], [max(p[i] for p in points) for i in range(3)]


def middle_of_ground(*objects) -> list[float]:
    lows, highs = zip(*map(ground, objects), strict=True)
    return [(min(low[i] for low in lows) + max(high[i] for high in highs)) / 2 for i in range(2)]
