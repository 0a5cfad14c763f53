"""Bakes pictures of a mesh into its texture: each texel is the weighted mean of the views that see it.

Gathered from the texels (and not scattered from the pixels), the result has no holes, and a texel's colour depends only on
where it lies on the surface, so that both sides of a UV seam agree. Views weigh by the fourth power of the cosine under
which they see, up to 75 degrees, as in Hunyuan3D-2 (hy3dgen/texgen); the weights are squared before they are normalised,
so that of two views that disagree one wins, softly and within a narrower band.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np

from ...stages import Mesh, View
from ..raster.rasterize import Raster, rasterize
from ..raster.visibility import AWAY, corner_normals, directions, slack_of
from ..topology.normals import area_vectors, unit
from ..uv.layout import Layout
from .texels import CHUNK, CornerValues, Texels

_EXPONENT = 4
_STEEPEST, _PLAIN = 0.259, 0.35  # cosines: 75 degrees, where a view begins to count, and where it is trusted
_EDGE = 2 / 512  # of the frame: so near a silhouette or a jump of the depth a picture is not trusted; as far again, less
_JUMP = 0.015  # of the mesh's depth
_FAINT = 0.03  # trust in such a pixel all the same: a thin part has no others
_VOTERS = 1024  # pixels a side of each picture that are asked which side of a face they show
_THREADS = 4


@dataclass(frozen=True, kw_only=True)
class Shot:
    """A picture of the mesh: `image` (h, w, 3) uint8 over the frame of `raster`, in any resolution; `view` is in pixels of
    the raster (of the image, where there is none: then the mesh is drawn here).

    `confidence` (any h, any w) float32 0..1 over the same frame says where the picture shows the mesh; None: away from
    silhouettes and jumps of the depth. `facing`: the cosines to the viewer from which it counts, and is fully trusted.
    """

    view: View
    image: np.ndarray
    weight: float = 1.0
    raster: Raster | None = None
    confidence: np.ndarray | None = None
    facing: tuple[float, float] = (_STEEPEST, _PLAIN)


@dataclass(frozen=True, kw_only=True)
class Baked:
    """`color` (S, S, 3) uint8; `trust` (S, S) float32 0..1, 0 where no picture shows the texel (its colour is then black)."""

    color: np.ndarray
    trust: np.ndarray


def bake(mesh: Mesh, layout: Layout, shots: Sequence[Shot], *, report: Callable[[float], None]) -> Baked:
    """Bake the pictures into the layout. Where faces are inside out most views say so, and they are seen from their back."""
    size = layout.face.shape[0]
    color = np.zeros((size * size, 3), dtype=np.uint8)
    trust = np.zeros(size * size, dtype=np.float32)
    covered = np.flatnonzero(layout.face.ravel() >= 0)
    pieces = [covered[start : start + CHUNK] for start in range(0, len(covered), CHUNK)]
    with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1)) as pool:
        prepared_views = list(pool.map(lambda shot: _prepare_view(mesh, shot), shots))
        report(0.2)
        normals = area_vectors(mesh.vertices, mesh.faces) * _outwards(mesh, prepared_views)[:, None]
        smooth = corner_normals(mesh.vertices, mesh.faces, normals)
        corners = CornerValues(layout.uv, layout.face, np.concatenate([mesh.vertices[mesh.faces], smooth], axis=2))
        report(0.3)

        def paint(index: np.ndarray) -> None:
            color[index], trust[index] = _mix(corners.at(index), prepared_views)

        for done, _ in enumerate(pool.map(paint, pieces), start=1):
            report(0.3 + 0.7 * done / len(pieces))
    return Baked(color=color.reshape(size, size, 3), trust=trust.reshape(size, size))


@dataclass(frozen=True, kw_only=True)
class _PreparedView:
    """A shot prepared for sampling. `towards` (3,) to the viewer; `place` (3,) where he is in a picture with perspective, and
    `ahead` whether one looks from there or, as through a mirror, towards there.
    """

    shot: Shot
    matrix: np.ndarray  # (4, 4) float32
    image: np.ndarray
    faces: np.ndarray  # (h, w) int32, the raster's
    depth: np.ndarray  # (h, w) float32, infinite where nothing is drawn
    slack: np.ndarray  # (F,) float32
    confidence: np.ndarray
    towards: np.ndarray
    place: np.ndarray | None
    ahead: float  # 1 or -1


def _prepare_view(mesh: Mesh, shot: Shot) -> _PreparedView:
    points = shot.view.project(mesh.vertices)
    height, width = shot.image.shape[:2]
    raster = shot.raster or rasterize(points, mesh.faces, width=width, height=height)
    if height < raster.depth.shape[0]:
        image = cv2.resize(shot.image, raster.depth.shape[::-1], interpolation=cv2.INTER_CUBIC)
    else:
        image = shot.image
    middle = mesh.vertices.mean(axis=0, dtype=np.float64)
    towards = directions(shot.view, middle[None], shot.view.project(middle[None]))[0]
    place = _place_of_viewer(shot.view)
    return _PreparedView(
        shot=shot,
        matrix=shot.view.matrix.astype(np.float32),
        image=image,
        faces=raster.face,
        depth=raster.depth.astype(np.float32, copy=False),
        slack=slack_of(points, mesh.faces).astype(np.float32),
        confidence=_clear_of_edges(raster, float(np.ptp(points[:, 2]))) if shot.confidence is None else shot.confidence,
        towards=towards,
        place=place,
        ahead=1.0 if place is None or (place - middle) @ towards > 0.0 else -1.0,
    )


def _place_of_viewer(view: View) -> np.ndarray | None:
    """(3,) the point that has no place in the picture; None for a parallel view, whose point is infinitely far."""
    eye = np.linalg.svd(view.matrix[[0, 1, 3]])[2][3]  # (4,) in the null space of the rows of u, v and w
    return eye[:3] / eye[3] if abs(eye[3]) > 1e-9 * np.linalg.norm(eye[:3]) else None


def _clear_of_edges(raster: Raster, whole: float) -> np.ndarray:
    """(h / 2, w / 2) float32 0..1, at half the raster's resolution: 1 away from silhouettes and jumps of the depth."""
    depth = raster.depth[::2, ::2].astype(np.float32)
    drawn = np.isfinite(depth)
    depth[~drawn] = (float(depth[drawn].max()) if drawn.any() else 0.0) + 10.0 * whole
    calm = np.ones(depth.shape, dtype=np.uint8)
    for axis in (0, 1):  # a slope, however steep, has no second difference
        inner = (slice(None),) * axis + (slice(1, -1),)
        calm[inner][np.abs(np.diff(depth, n=2, axis=axis)) > _JUMP * whole] = 0
    distance = cv2.distanceTransform(calm, cv2.DIST_L2, 3)
    reach = _EDGE * max(depth.shape)
    clear = np.clip(distance / reach - 1.0, 0.0, 1.0)
    clear[(distance > 1.0) & (clear < _FAINT)] = _FAINT
    clear[~drawn] = 0.0
    return clear


def _outwards(mesh: Mesh, prepared_views: Sequence[_PreparedView]) -> np.ndarray:
    """(F,) -1 for faces that more pixels show from their back than from their front, else 1."""
    normals = unit(area_vectors(mesh.vertices, mesh.faces))
    middle = mesh.vertices[mesh.faces[:, 0]]
    votes = np.zeros(len(mesh.faces))
    for prepared in prepared_views:
        step = -(-max(prepared.faces.shape) // _VOTERS)
        shown = prepared.faces[::step, ::step]
        pixels = np.bincount(shown[shown >= 0], minlength=len(mesh.faces))
        facing = np.einsum("fi,fi->f", normals, _towards(prepared, middle.T).T)
        votes += prepared.shot.weight * pixels * np.where(facing < AWAY, -1.0, np.where(facing > 0.0, 1.0, 0.0))
    return np.where(votes < 0.0, -1.0, 1.0)


def _towards(prepared: _PreparedView, position: np.ndarray) -> np.ndarray:
    """(3, N) or (3, 1) unit vectors from `position` (3, N) to the viewer."""
    if prepared.place is None:
        return prepared.towards.astype(np.float32)[:, None]
    way = prepared.ahead * (prepared.place.astype(np.float32)[:, None] - position)
    return way / np.maximum(np.sqrt((way * way).sum(axis=0)), 1e-30)


def _mix(part: Texels, prepared_views: Sequence[_PreparedView]) -> tuple[np.ndarray, np.ndarray]:
    """(N, 3) uint8 colours and (N,) float32 trust."""
    position, normal = part.values.T[:3], part.values.T[3:]
    length = np.sqrt((normal * normal).sum(axis=0))
    total = np.zeros(len(part.index), dtype=np.float32)
    trust = np.zeros_like(total)
    color = np.zeros((len(total), 3), dtype=np.float32)
    for prepared in prepared_views:
        facing = (normal * _towards(prepared, position)).sum(axis=0) / np.maximum(length, 1e-30)
        chosen, x, y = _seen(prepared, part.face, position, np.flatnonzero(facing > prepared.shot.facing[0]))
        if not len(chosen):
            continue
        facing, clear = facing[chosen], _sampled(prepared.confidence, prepared, x, y)
        weight = np.square(prepared.shot.weight * facing**_EXPONENT * clear)
        total[chosen] += weight
        color[chosen] += _sampled(prepared.image, prepared, x, y) * weight[:, None]
        trust[chosen] = np.maximum(trust[chosen], clear * _smoothstep(facing, *prepared.shot.facing))
    color /= np.maximum(total, 1e-30)[:, None]
    trust[total <= 0.0] = 0.0
    return np.clip(np.rint(color), 0.0, 255.0).astype(np.uint8), trust


def _seen(prepared: _PreparedView, face: np.ndarray, position: np.ndarray, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Those of the texels `chosen` that lie in the frame with nothing before them, and their pixels x and y."""
    height, width = prepared.depth.shape
    px, py, pz = (axis.take(chosen) for axis in position)
    x, y, depth, w = (a * px + b * py + c * pz + d for a, b, c, d in prepared.matrix)
    if prepared.place is not None:
        before = w > 0.0
        w = np.where(before, w, 1.0)
        x, y, depth = np.where(before, x / w, -1.0), y / w, depth / w
    column, line = x.astype(np.int32), y.astype(np.int32)
    inside = (x >= 0.0) & (y >= 0.0) & (column < width) & (line < height)
    pixel = np.where(inside, line * np.int32(width) + column, 0)
    seen = np.flatnonzero(inside & (depth <= prepared.depth.ravel().take(pixel) + prepared.slack.take(face.take(chosen))))
    return chosen[seen], x[seen], y[seen]


def _sampled(image: np.ndarray, prepared: _PreparedView, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The image, which covers the same frame as the view's raster, at the raster's pixels."""
    across, down = (np.float32(a / b) for a, b in zip(image.shape[1::-1], prepared.depth.shape[::-1], strict=True))
    half = np.float32(0.5)
    return sample_image(image, x * across - half, y * down - half, cv2.INTER_LINEAR)


def _smoothstep(x: np.ndarray, start: float, end: float) -> np.ndarray:
    t = np.clip((x - start) / (end - start), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def sample_image(image: np.ndarray, x: np.ndarray, y: np.ndarray, interpolation: int) -> np.ndarray:
    """(N, ...) the image at float32 positions (N,), in which the first pixel's centre is (0, 0), held at its border."""
    width = 4096  # cv2.remap takes no side of 32768 or more
    padded = -len(x) % width
    columns, rows = (np.pad(v.astype(np.float32, copy=False), (0, padded)).reshape(-1, width) for v in (x, y))
    values = cv2.remap(image, columns, rows, interpolation, borderMode=cv2.BORDER_REPLICATE)
    return values.reshape(-1, *image.shape[2:])[: len(x)]
