"""The plain photo's things, cut out by its own masks, and how a mesh is held against them."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from img23d_backend.stages import CutOut, Mesh, Painted, View

DEMO = Path(__file__).resolve().parents[2] / "demo" / "plain"
THINGS = ("red apple", "blue mug", "green bottle", "yellow duck", "purple star", "brown book", "pink lamp", "orange bowl")
SIDE = 96  # pixels that silhouettes are compared in


def cutouts_of_the_photo() -> dict[str, CutOut]:
    photo = cv2.cvtColor(cv2.imdecode(np.fromfile(DEMO / "photo.jpg", np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    numbers = cv2.imdecode(np.fromfile(DEMO / "masks.png", np.uint8), cv2.IMREAD_GRAYSCALE)
    names = json.loads((DEMO / "camera.json").read_text(encoding="utf-8"))["names"]
    return {name: _cutout(photo, numbers == names.index(name) + 1) for name in THINGS}


def _cutout(photo: np.ndarray, mask: np.ndarray) -> CutOut:
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    rows, columns = slice(max(0, top - 6), top + height + 6), slice(max(0, left - 6), left + width + 6)
    return CutOut(rgba=np.dstack((photo[rows, columns], mask[rows, columns].astype(np.uint8) * 255)), left=columns.start, top=rows.start)


# --- outlines: (h, w) bool --------------------------------------------------------------------------------------------


def solid(cutout: CutOut) -> np.ndarray:
    return cutout.rgba[:, :, 3] > 127


def outline_of(mesh: Mesh, view: View, cutout: CutOut) -> np.ndarray:
    canvas = np.zeros(cutout.rgba.shape[:2], np.uint8)
    places = view.project(mesh.vertices)[:, :2]
    for corners in (places[mesh.faces] * 16).round().astype(np.int32):
        cv2.fillConvexPoly(canvas, corners, 1, shift=4)
    return canvas > 0


def overlaps_with(outline: np.ndarray, cutouts: dict[str, CutOut]) -> dict[str, float]:
    """Intersection over union with each thing's, both made as large."""
    return {name: _overlap(_framed(outline), _framed(solid(cutout))) for name, cutout in cutouts.items()}


def _framed(outline: np.ndarray) -> np.ndarray:
    """Its longer side fills the picture, so that things of different sizes can be compared."""
    left, top, width, height = cv2.boundingRect(outline.astype(np.uint8))
    scale = SIDE / max(width, height)
    small = cv2.resize(outline[top : top + height, left : left + width].astype(np.uint8), (max(1, round(width * scale)), max(1, round(height * scale))))
    rows, columns = SIDE - small.shape[0], SIDE - small.shape[1]
    return np.pad(small, ((rows // 2, rows - rows // 2), (columns // 2, columns - columns // 2))) > 0


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())


# --- colours in 0..1 --------------------------------------------------------------------------------------------------


def away_from(color: np.ndarray, cutouts: dict[str, CutOut]) -> dict[str, float]:
    """How far each thing's mean colour is from this one (3,), in the mean over red, green and blue."""
    return {name: float(np.abs(color - cutout.rgba[solid(cutout)][:, :3].mean(axis=0) / 255).mean()) for name, cutout in cutouts.items()}


def back_of(painted: Painted) -> np.ndarray:
    """(3,): the texture's mean at the middles of the faces that look away from the viewer, straight enough."""
    corners = painted.mesh.vertices[painted.mesh.faces].astype(np.float64)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    away = normals[:, 2] < -0.6 * np.maximum(np.linalg.norm(normals, axis=1), 1e-12)
    side = painted.texture.shape[0]
    at = np.clip((painted.uv[away].mean(axis=1) * side).astype(int), 0, side - 1)
    return painted.texture[at[:, 1], at[:, 0]].mean(axis=0) / 255
