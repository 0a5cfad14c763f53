"""Upright things on a ground under a known camera, and the boxes that it sees: by plain trigonometry, for the tests of the arrangement."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from img23d_protocol.arrangement import PhotoCamera, Pose
from img23d_protocol.job_requests import Box

WIDTH, HEIGHT = 1600, 1200


@dataclass(frozen=True, kw_only=True)
class Standing:
    """`vertices` (V, 3) as in a GLB, its pose in the camera's world, and its box in the photo."""

    vertices: np.ndarray
    pose: Pose
    box: Box


def ball() -> np.ndarray:
    angle, height = np.meshgrid(np.linspace(0, 2 * np.pi, 64), np.linspace(-1, 1, 33))
    around = np.sqrt(1 - height**2)
    return np.stack([around * np.cos(angle), height + 1, around * np.sin(angle)], axis=-1).reshape(-1, 3) / 2


def brick(width: float = 1.0, height: float = 0.6, depth: float = 0.5) -> np.ndarray:
    return np.array([[x, y, z] for x in (-width / 2, width / 2) for y in (0, height) for z in (-depth / 2, depth / 2)])


def cone() -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, 64)
    return np.concatenate([np.stack([np.cos(angle) / 3, 0 * angle, np.sin(angle) / 3], axis=1), [[0, 1, 0]]])


def stand(vertices: np.ndarray, camera: PhotoCamera, x: float, y: float, scale: float) -> Standing:
    """Its front to the viewer, as the arrangement puts it."""
    pose = Pose(x=x, y=y, yaw=math.atan2(-x, y), scale=scale)
    return Standing(vertices=vertices, pose=pose, box=seen(vertices, pose, camera))


def foot(camera: PhotoCamera, u: float, v: float) -> tuple[float, float]:
    """The ground's point at a place in the photo (fractions), without any roll."""
    right, above = (u - 0.5) / camera.focal, (0.5 - v) * HEIGHT / WIDTH / camera.focal
    down = math.sin(camera.pitch) - above * math.cos(camera.pitch)
    distance = camera.height / down
    return right * distance, (math.cos(camera.pitch) + above * math.sin(camera.pitch)) * distance


def seen(vertices: np.ndarray, pose: Pose, camera: PhotoCamera) -> Box:
    """Of all the thing, in fractions of the photo, beyond its border as well."""
    sine, cosine = math.sin(pose.yaw), math.cos(pose.yaw)
    east, north = pose.scale * vertices[:, 0], -pose.scale * vertices[:, 2]
    across = pose.x + cosine * east - sine * north
    ahead = pose.y + sine * east + cosine * north
    up = pose.scale * vertices[:, 1] - camera.height
    depth = ahead * math.cos(camera.pitch) - up * math.sin(camera.pitch)
    above = ahead * math.sin(camera.pitch) + up * math.cos(camera.pitch)
    turned = across * math.cos(camera.roll) - above * math.sin(camera.roll), above * math.cos(camera.roll) + across * math.sin(camera.roll)
    u, v = 0.5 + camera.focal * turned[0] / depth, 0.5 - camera.focal * turned[1] / depth * WIDTH / HEIGHT
    return Box(left=u.min(), top=v.min(), right=u.max(), bottom=v.max())


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    wide = min(one.right, other.right) - max(one.left, other.left)
    tall = min(one.bottom, other.bottom) - max(one.top, other.top)
    common = max(wide, 0) * max(tall, 0)
    return common / (area(one) + area(other) - common)


def area(box: Box) -> float:
    return (box.right - box.left) * (box.bottom - box.top)
