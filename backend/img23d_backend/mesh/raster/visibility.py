"""Visibility of a mesh in one view: depth, slope, and where something nearer is close by."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ...stages import View
from ..topology.normals import area_vectors, unit, vertex_normals, weld
from .rasterize import Raster, rasterize

_CREASE = 0.7  # cosine between a face and its corner's smooth normal under which the edge counts as sharp
_SLACK_LEAST, _SLACK_MOST = 0.002, 0.03  # of the mesh's whole depth
_BESIDE = 2  # pixels of the map
AWAY = -0.1  # cosine under which a face that is nevertheless in front is inside out


@dataclass(frozen=True, kw_only=True)
class Visibility:
    """What the view sees of a mesh. `raster` is the nearest surface over the picture, in its own resolution, and `second`
    (h, w) float64 the depth of the next surface behind it that looks towards the viewer, infinite where there is none.

    `view` is the view in pixels of the raster, `projected` (V, 3) the vertices in it; `towards` (V, 3) unit vectors to the
    viewer; `beside` (h, w) bool the pixels beside the edge of something nearer, whose colour in the picture may be that
    thing's; `inside_out` (F,) faces seen from their back; `seen` (F,) faces with a pixel in the raster.
    """

    view: View
    projected: np.ndarray
    towards: np.ndarray
    raster: Raster
    second: np.ndarray
    beside: np.ndarray
    inside_out: np.ndarray
    seen: np.ndarray


def compute_visibility(vertices: np.ndarray, faces: np.ndarray, view: View, *, width: int, height: int, longest: int) -> Visibility:
    """Draw the mesh in the frame of a picture of `width` x `height`, the longest side at most `longest` pixels."""
    scale = min(1.0, longest / max(width, height))
    columns, rows = max(1, round(width * scale)), max(1, round(height * scale))
    view = View(matrix=np.diag([columns / width, rows / height, 1.0, 1.0]) @ view.matrix)
    points = view.project(vertices)
    raster = rasterize(points, faces, width=columns, height=rows)
    towards = directions(view, vertices, points)
    seen = np.zeros(len(faces), dtype=bool)
    seen[raster.face[raster.face >= 0]] = True
    facing = np.einsum("fi,fi->f", unit(area_vectors(vertices, faces)), towards[faces[:, 0]])
    inside_out = seen & (facing < AWAY)
    whole = float(np.ptp(points[:, 2])) or 1.0
    towards_us = faces[(facing > 0.0) | inside_out]
    return Visibility(
        view=view,
        projected=points,
        towards=towards,
        raster=raster,
        second=rasterize(points, towards_us, beyond=raster.depth + _SLACK_MOST * whole, width=columns, height=rows).depth,
        beside=_beside_edges(raster, slack_of(points, faces, most=np.inf)),
        inside_out=inside_out,
        seen=seen,
    )


def directions(view: View, vertices: np.ndarray, projected: np.ndarray) -> np.ndarray:
    """(V, 3) unit vectors from each vertex to the viewer: the line on which the picture's u and v do not change."""
    row_u, row_v, row_depth, row_w = view.matrix[:, :3]
    du = row_u - projected[:, :1] * row_w
    dv = row_v - projected[:, 1:2] * row_w
    line = unit(np.cross(du, dv))
    w = vertices @ row_w + view.matrix[3, 3]
    ddepth = (row_depth - projected[:, 2:] * row_w) / w[:, None]
    nearer = np.einsum("vi,vi->v", line, ddepth) < 0.0
    return np.where(nearer[:, None], line, -line)


def corner_normals(vertices: np.ndarray, faces: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """(F, 3, 3) smooth normals of the corners; a corner at a sharp edge takes its own face's.

    `normals` (F, 3) are the faces' own, turned where a face is inside out.
    """
    flat = unit(normals)
    turned = np.einsum("fi,fi->f", normals, area_vectors(vertices, faces)) < 0.0
    oriented = np.where(turned[:, None], faces[:, ::-1], faces)
    smooth = vertex_normals(vertices, oriented, weld(vertices)[0])[faces]  # (F, 3, 3)
    sharp = np.einsum("fci,fi->fc", smooth, flat) < _CREASE
    return np.where(sharp[:, :, None], flat[:, None], smooth)


def slack_of(points: np.ndarray, faces: np.ndarray, most: float = _SLACK_MOST) -> np.ndarray:
    """(F,) how far behind the map a face's point may lie and still count as seen: the depth that the face gains over one
    pixel, and a little for rounding, but at most a share of the mesh's whole depth.
    """
    whole = float(np.ptp(points[:, 2])) or 1.0
    x, y, z = points.T
    first, second, third = faces.T
    bx, by, bz, cx, cy, cz = (axis[corner] - axis[first] for corner in (second, third) for axis in (x, y, z))
    steep = np.abs(by * cz - bz * cy) + np.abs(bz * cx - bx * cz)
    steep /= np.maximum(np.abs(bx * cy - by * cx), 1e-12)
    return np.minimum(steep + _SLACK_LEAST * whole, most * whole)


def _beside_edges(raster: Raster, slack: np.ndarray) -> np.ndarray:
    """(h, w) bool: pixels with one nearby that is nearer than the slope of their own face explains."""
    drawn = raster.face >= 0
    depth = np.where(drawn, raster.depth, np.inf)
    nearest = cv2.erode(depth, np.ones((2 * _BESIDE + 1, 2 * _BESIDE + 1), np.uint8))
    jump = np.where(drawn, raster.depth, 0.0) - np.where(drawn, nearest, 0.0)
    return drawn & (jump > 2.0 * _BESIDE * slack[raster.face])
