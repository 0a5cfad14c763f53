"""Colours for what no picture shows: on a surface from the surface around it, in an image from the nearest known pixel."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from ...stages import Mesh
from ..topology.normals import area_vectors, weld
from ..topology.sorting import numbered
from ..uv.layout import Layout
from .bake import Baked
from .diffuse_colors import connect, diffuse_colors, is_known
from .padding import as_numbers, colors_of, pad_edges, pad_pixels, pixels_of
from .subdivide import Subdivided, even_side, subdivide
from .texels import CHUNK, corner_mixer, corner_weights

_MANY = 100_000  # points from which those in a small cell are one
_CELLS = 160  # such cells along the longest side
_SAMPLED = 8  # every so manieth face without anything to fill
_NOTHING = 128  # the grey of a mesh of which no picture shows anything
_NEAR, _FAR = 0.7, 0.1  # where a face is read: near each corner, whose weight is their sum; _FAR is that of the others


def fill_surface(mesh: Mesh, layout: Layout, baked: Baked, *, report: Callable[[float], None]) -> np.ndarray:
    """(S, S, 3) uint8: the baked texture, where its trust is less than 1 mixed with colours spread over the mesh's surface,
    and the charts' edges padded.

    The spreading follows the mesh and not the texture, so nothing passes from one UV island to another that only lies beside
    it. Parts that no picture shows take the colours of what is nearest to them.
    """
    size = layout.face.shape[0]
    trust = baked.trust.ravel()
    covered = layout.face >= 0
    if not trust.any():
        return pad_edges(np.where(covered[:, :, None], np.uint8(_NOTHING), baked.color), covered)
    open_ = np.flatnonzero(covered.ravel() & (trust < 1.0))
    owner = layout.face.ravel().take(open_)
    chosen, number = _concerned(mesh, owner)
    part, uv = _part(mesh, chosen), layout.uv[chosen]
    cut = subdivide(part.vertices, part.faces, side=even_side(mesh.vertices, mesh.faces))
    colors = corner_mixer(_corner_colors(part, cut, cut.corners(uv), baked))
    weights = corner_weights(uv, size)
    report(0.5)
    pixels = pixels_of(baked.color, covered)
    for start in range(0, len(open_), CHUNK):
        index = open_[start : start + CHUNK]
        face = number.take(owner[start : start + CHUNK])
        _mix_in(pixels, index, colors(*cut.located(face, *weights(face, index))), trust.take(index))
        report(0.5 + 0.4 * (start + len(index)) / len(open_))
    pad_pixels(pixels, covered)
    return colors_of(pixels)


def _mix_in(pixels: np.ndarray, index: np.ndarray, filled: np.ndarray, kept: np.ndarray) -> None:
    """Give the pixels `index` (N,) the colours `filled` (3, N), but for the share `kept` (N,) of what they have."""
    some = np.flatnonzero(kept)
    numbers = as_numbers(pixels)
    had, share = numbers.take(index.take(some)).view(np.uint8).reshape(-1, 4), kept.take(some)
    channels = [np.full(len(index), 255, np.uint8)]
    for channel in (2, 1, 0):
        values = filled[channel]
        new = values.take(some)
        values[some] = new + (had[:, channel] - new) * share
        channels.insert(0, np.rint(values).astype(np.uint8))
    numbers[index] = as_numbers(cv2.merge(channels))


def _concerned(mesh: Mesh, owner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The faces that have a texel to fill, those that touch one, and a few of the rest whose colours may be the nearest; and
    the number of each face among them.
    """
    count = len(mesh.faces)
    wanted, touched = np.zeros(count, dtype=bool), np.zeros(len(mesh.vertices), dtype=bool)
    wanted[owner] = True
    place = weld(mesh.vertices)[0][mesh.faces]
    touched[place[wanted]] = True
    wanted = np.any(touched[place], axis=1)
    wanted[::_SAMPLED] = True
    chosen = np.flatnonzero(wanted)
    number = np.full(count, -1)
    number[chosen] = np.arange(len(chosen))
    return chosen, number


def _part(mesh: Mesh, chosen: np.ndarray) -> Mesh:
    used, faces = np.unique(mesh.faces[chosen], return_inverse=True)
    return Mesh(vertices=mesh.vertices[used], faces=faces.reshape(-1, 3).astype(np.int32))


def _corner_colors(mesh: Mesh, cut: Subdivided, uv: np.ndarray, baked: Baked) -> np.ndarray:
    """(G, 3, 3) the spread colours at the corners of the cut faces."""
    corners = cut.corners(mesh.vertices[mesh.faces].astype(np.float64))
    normals = (area_vectors(mesh.vertices, mesh.faces) / (cut.parts**2)[:, None])[cut.face]
    if len(cut.face) == len(mesh.faces):
        numbers, count = weld(mesh.vertices)
        place = numbers[mesh.faces]
    else:
        numbers, count = weld(corners.reshape(-1, 3))
        place = numbers.reshape(-1, 3)
    if count > _MANY:
        place, count = _cells(corners, normals)
    color, trust = _seen_colors(uv, place, count, baked)
    unknown = ~is_known(trust)[place]
    which = np.flatnonzero(unknown[:, 0] | unknown[:, 1] | unknown[:, 2])  # nothing passes between two known points
    return diffuse_colors(connect(corners, normals, place, count, which=which), color, trust)[place]


def _cells(corners: np.ndarray, normals: np.ndarray) -> tuple[np.ndarray, int]:
    """(G, 3) numbers of the corners' points for a mesh finer than any colour that is spread: what is near and faces the same
    way is one; and how many there are.
    """
    low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
    cell = ((corners - low) * (_CELLS / max(float((high - low).max()), 1e-30))).astype(np.int64)
    place = (cell[:, :, 0] * (_CELLS + 1) + cell[:, :, 1]) * (_CELLS + 1) + cell[:, :, 2]
    octant = (normals > 0.0) @ [1, 2, 4]
    first, number = numbered((place * 8 + octant[:, None]).ravel())
    return number.reshape(-1, 3), len(first)


def _seen_colors(uv: np.ndarray, place: np.ndarray, count: int, baked: Baked) -> tuple[np.ndarray, np.ndarray]:
    """(P, 3) and (P,): what the pictures show at the points, and how far that is to be trusted; read a little inside each face
    that meets there.
    """
    size = baked.trust.shape[0]
    spots = (_NEAR * uv + _FAR * uv.sum(axis=1, keepdims=True)) * size
    column, row = (spots[:, :, axis].ravel().clip(0, size - 1).astype(np.int64) for axis in (0, 1))
    index = row * size + column
    owner = place.ravel()
    trust = baked.trust.ravel().take(index).astype(np.float64)
    total = np.bincount(owner, weights=trust, minlength=count)
    color = np.empty((count, 3))
    seen = baked.color.reshape(-1, 3).take(index, axis=0)
    for k in range(3):
        color[:, k] = np.bincount(owner, weights=trust * seen[:, k], minlength=count) / np.maximum(total, 1e-30)
    return color, total / np.maximum(np.bincount(owner, minlength=count), 1)


def fill_nearest(image: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The image (H, W, C) with every pixel outside `known` (H, W) bool given the colour of the nearest known one, and the
    distance (H, W) float32. `known` must have a pixel set.
    """
    empty = np.where(known, 0, 1).astype(np.uint8)
    distance, label = cv2.distanceTransformWithLabels(empty, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    source = np.zeros(int(label.max()) + 1, dtype=np.intp)
    inside = np.flatnonzero(known)
    source[label.ravel()[inside]] = inside
    filled = image.copy()
    near = np.flatnonzero(distance > 0.0)
    flat = filled.reshape(-1, image.shape[2])
    flat[near] = flat[source[label.ravel()[near]]]
    return filled, distance
