"""Known objects with a letter on each of their six sides, in colours by position, pictured by rays and read back."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import trimesh
from scipy import ndimage

from img23d_backend.mesh.topology.normals import area_vectors
from img23d_backend.mesh.uv.charts import make_surface
from img23d_backend.mesh.uv.unwrap import Layout, unwrap
from img23d_backend.stages import Mesh, View

# As one reads them from outside: the side's name, to the right, downwards, towards the viewer
SIDES = {
    "F": ((1, 0, 0), (0, -1, 0), (0, 0, 1)),
    "R": ((0, 0, -1), (0, -1, 0), (1, 0, 0)),
    "B": ((-1, 0, 0), (0, -1, 0), (0, 0, -1)),
    "L": ((0, 0, 1), (0, -1, 0), (-1, 0, 0)),
    "T": ((1, 0, 0), (0, 0, 1), (0, 1, 0)),
    "U": ((1, 0, 0), (0, 0, -1), (0, -1, 0)),
}


def _letter(text: str) -> np.ndarray:
    """(256, 256) float 0..1. The digit beside the letter is where only the right orientation has it."""
    image = np.zeros((256, 256), np.uint8)
    cv2.putText(image, text, (40, 190), cv2.FONT_HERSHEY_SIMPLEX, 5.5, 255, 20, cv2.LINE_AA)
    cv2.putText(image, "7", (160, 130), cv2.FONT_HERSHEY_SIMPLEX, 2.5, 255, 12, cv2.LINE_AA)
    return cv2.GaussianBlur(image, (0, 0), 2.5) / 255.0


LETTERS = {side: _letter(side) for side in SIDES}


def color_at(points: np.ndarray) -> np.ndarray:
    """(N, 3) the colour of a point in [-1, 1]^3: by position, with the letter of the side that it is on."""
    color = 128.0 + 70.0 * points
    axes = np.array(list(SIDES.values()), dtype=float)
    side = np.argmax(points @ axes[:, 2].T, axis=1)
    for number, name in enumerate(SIDES):
        on = np.flatnonzero(side == number)
        u, v = ((points[on] @ axes[number, k] / 1.4 + 0.5) * 256 - 0.5 for k in (0, 1))
        ink = ndimage.map_coordinates(LETTERS[name], [v, u], order=1, mode="nearest", cval=0.0)
        color[on] += ink[:, None] * (np.array([30.0, 20.0, 40.0]) - color[on])
    return color


def meet_ball(origin: np.ndarray, way: np.ndarray) -> np.ndarray:
    """(N,) how far along each ray the ball of radius 0.9 is met, nan where it is missed."""
    b = (origin * way).sum(axis=1)
    with np.errstate(invalid="ignore"):
        return -b - np.sqrt(b * b - (origin * origin).sum(axis=1) + 0.81)


def meet_box(origin: np.ndarray, way: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = (-0.8 - origin) / way, (0.8 - origin) / way
    near, far = np.fmin(a, b).max(axis=1), np.fmax(a, b).min(axis=1)
    return np.where(near < far, near, np.nan)


SOLIDS: dict[str, tuple[Callable[[np.ndarray, np.ndarray], np.ndarray], Callable[[], trimesh.Trimesh]]] = {
    "ball": (meet_ball, lambda: trimesh.creation.icosphere(subdivisions=5, radius=0.9)),
    "box": (meet_box, lambda: trimesh.creation.box([1.6, 1.6, 1.6])),
}


def picture(meet: Callable[[np.ndarray, np.ndarray], np.ndarray], view: View, pixels: int, color: Callable[[np.ndarray], np.ndarray] = color_at) -> np.ndarray:
    """(pixels, pixels, 3) uint8 what a parallel view shows, on white."""
    u, v = (a.ravel() + 0.5 for a in np.meshgrid(np.arange(pixels), np.arange(pixels)))
    back = np.linalg.inv(view.matrix)
    middle = (view.matrix @ [0, 0, 0, 1])[2]
    near, far = ((np.stack([u, v, np.full_like(u, depth), np.ones_like(u)], 1) @ back.T)[:, :3] for depth in (middle, middle + 1))
    way = (far - near) / np.linalg.norm(far - near, axis=1, keepdims=True)
    origin = near - 5.0 * way
    distance = meet(origin, way)
    hit = np.isfinite(distance)
    image = np.full((pixels * pixels, 3), 255, np.uint8)
    image[hit] = np.rint(np.clip(color(origin[hit] + way[hit] * distance[hit, None]), 0, 255))
    return image.reshape(pixels, pixels, 3)


def six_views(pixels: int) -> list[View]:
    """From the six sides in the order of SIDES, the object within the middle two thirds."""
    views = []
    for right, down, towards in SIDES.values():
        matrix = np.eye(4)
        matrix[:3, :3] = np.array([right, down, np.negative(towards)], dtype=float) * pixels / 3.0
        matrix[:2, 3] = pixels / 2
        views.append(View(matrix=matrix))
    return views


def mesh_of(solid: trimesh.Trimesh) -> Mesh:
    return Mesh(vertices=solid.vertices.astype(np.float32), faces=solid.faces.astype(np.int32))


def layout_of(mesh: Mesh, size: int) -> Layout:
    normals, polygon = area_vectors(mesh.vertices, mesh.faces), np.arange(len(mesh.faces))
    surface = make_surface(mesh.vertices, mesh.faces, frame=np.eye(3), normals=normals, polygon=polygon)
    return unwrap(surface, seen=np.ones(len(mesh.faces), dtype=bool), size=size, report=lambda: None)


def look_up(layout: Layout, texture: np.ndarray, face: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(N, C) the texture, bilinear, at points of faces given by barycentric weights."""
    x, y = (np.einsum("nc,ncd->nd", weights, layout.uv[face]) * len(texture) - 0.5).T
    channels = texture.reshape(*texture.shape[:2], -1).transpose(2, 0, 1)
    return np.stack([ndimage.map_coordinates(c, [y, x], order=1, mode="nearest", output=float) for c in channels], axis=1)


def scattered(solid: trimesh.Trimesh, count: int = 20_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points on the surface: face, barycentric weights, position."""
    rng = np.random.default_rng(5)
    face = rng.choice(len(solid.faces), count, p=solid.area_faces / solid.area)
    weights = rng.dirichlet(np.ones(3), count)
    return face, weights, np.einsum("nc,ncd->nd", weights, solid.triangles[face])


def psnr(found: np.ndarray, truth: np.ndarray) -> float:
    return float(10 * np.log10(255.0**2 / np.mean((found - truth) ** 2)))
