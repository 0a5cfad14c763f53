"""A solid whose front has the relief that a depth model sees: its middle surface is bent, its thickness stays, and so does its outline."""

from __future__ import annotations

import cv2
import numpy as np

from ....mesh.heightfield.field import sample
from ....stages import Mesh, SeenRelief, View
from ..outline.outline import Outline

_EDGE = 0.02  # of the outline's longer side: so near to it depths are mixed with those of the background
_SMOOTH = 0.008  # of the same
_DEEPEST = 1.2  # of the same: a relief that reaches further is scaled down
_MIXED = 4.5  # measured pixels: within so many of an edge a network's depth is that of both sides
_GRAINS, _LEAST = 6.0, 0.1  # so many measured pixels away from its edge there must be that share of it
_TRIMMED = (2.0, 98.0)  # percentiles that tell how far it reaches


def can_tell(outline: Outline, relief: SeenRelief) -> bool:
    """Whether the thing is wide enough for what was measured: of a thin one it is a mixture with the background."""
    return bool((outline.distance >= _GRAINS * relief.grain * outline.scale).sum() >= _LEAST * outline.inside.sum())


def bend(mesh: Mesh, outline: Outline, depth_squared: np.ndarray, relief: SeenRelief) -> Mesh:
    """`mesh` is in the outline's cells, with z towards the viewer, as high as the root of `depth_squared` in front and behind."""
    offset = _offset(outline, depth_squared, relief)
    vertices = mesh.vertices.copy()
    vertices[:, 2] += sample(offset, mesh.vertices[:, :2].astype(np.float64)).astype(np.float32)
    return Mesh(vertices=vertices, faces=mesh.faces, polygons=mesh.polygons)


def upright(mesh: Mesh, view: View, pitch: float) -> tuple[Mesh, View]:
    """Turned from the camera's axes to those of the world, in which the camera looks down by `pitch` radians; the picture stays the same."""
    cosine, sine = np.cos(pitch), np.sin(pitch)
    turn = np.array([[1, 0, 0], [0, cosine, sine], [0, -sine, cosine]])
    back = np.eye(4)
    back[:3, :3] = turn.T
    return Mesh(vertices=(mesh.vertices @ turn.T).astype(np.float32), faces=mesh.faces, polygons=mesh.polygons), View(matrix=view.matrix @ back)


def _offset(outline: Outline, depth_squared: np.ndarray, relief: SeenRelief) -> np.ndarray:
    """(rows, columns) float64 in cells: how far the middle surface lies in front of the plane that the outline lies in."""
    inside, scale = outline.inside, outline.scale
    longer = float(max(np.ptp(np.flatnonzero(inside.any(axis=axis))) + 1 for axis in (0, 1)))
    rows, columns = np.indices(inside.shape, dtype=np.float32)
    columns, rows = (columns + 0.5) / scale + outline.left - 0.5, (rows + 0.5) / scale + outline.top - 0.5
    front = cv2.remap(relief.heights, np.asarray(columns, np.float32), np.asarray(rows, np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) * scale
    known = _known(outline, longer, relief.grain * scale)
    front = _carried_on(_within_reach(front, known, longer), known)
    swelling = np.where(inside, np.sqrt(np.maximum(depth_squared, 0)), 0)
    offset = cv2.GaussianBlur(front - swelling, (0, 0), max(1.0, _SMOOTH * longer))
    return offset - float(np.median(offset[inside]))


def _known(outline: Outline, longer: float, grain: float) -> np.ndarray:
    """Away from the edge; of thin parts their middle, which is as far away from it as can be, unless they are too thin for what was measured."""
    edge = np.minimum(_EDGE * longer, 0.8 * cv2.dilate(outline.distance, np.ones((9, 9), np.uint8)))
    return outline.distance >= np.maximum(edge, _MIXED * grain)


def _within_reach(front: np.ndarray, known: np.ndarray, longer: float) -> np.ndarray:
    low, high = np.percentile(front[known], _TRIMMED)
    middle = float(np.median(front[known]))
    share = min(1.0, _DEEPEST * longer / max(float(high - low), 1e-6))
    return middle + (front - middle).clip(low - middle, high - middle) * share


def _carried_on(front: np.ndarray, known: np.ndarray) -> np.ndarray:
    """What is not known is what the nearest known place has."""
    _, labels = cv2.distanceTransformWithLabels((~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    values = np.zeros(int(labels.max()) + 1)
    values[labels[known]] = front[known]
    return values[labels]
