"""Colours for what no picture shows: on a surface from the surface around it, in an image from the nearest known pixel."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from ..stages import Mesh
from .bake import Baked
from .layout import Layout
from .normals import area_vectors, weld
from .sorting import numbered
from .spread import connect, is_known, spread
from .subdivide import Subdivided, even_side, subdivide
from .texels import CHUNK, CornerValues

_MANY = 100_000  # points from which those in a small cell are one
_CELLS = 160  # such cells along the longest side
_SAMPLED = 8  # every so manieth face without anything to fill
_NOTHING = 128.0  # the grey of a mesh of which no picture shows anything
_NEAR, _FAR = 0.7, 0.1  # where a face is read: near each corner, whose weight is their sum; _FAR is that of the others


def fill_surface(mesh: Mesh, layout: Layout, baked: Baked, *, report: Callable[[float], None]) -> np.ndarray:
    """(S, S, 3) uint8: the baked texture, where its trust is less than 1 mixed with colours spread over the mesh's surface,
    and the charts' edges padded.

    The spreading follows the mesh and not the texture, so nothing passes from one UV island to another that only lies beside
    it. Parts that no picture shows take the colours of what is nearest to them.
    """
    size = layout.face.shape[0]
    texture = baked.color.reshape(-1, 3).copy()
    trust = baked.trust.ravel()
    covered = layout.face >= 0
    if not trust.any():
        texture[covered.ravel()] = _NOTHING
        return pad_edges(texture.reshape(size, size, 3), covered)
    open_ = np.flatnonzero(covered.ravel() & (trust < 1.0))
    owner = layout.face.ravel().take(open_)
    chosen, number = _concerned(mesh, owner)
    part, uv = _part(mesh, chosen), layout.uv[chosen]
    cut = subdivide(part.vertices, part.faces, side=even_side(mesh.vertices, mesh.faces))
    fine_uv = cut.corners(uv)
    corners = CornerValues(fine_uv, layout.face, _corner_colors(part, cut, fine_uv, baked))
    report(0.5)
    locate = cut.locator(uv, size)
    for start in range(0, len(open_), CHUNK):
        index = open_[start : start + CHUNK]
        face = locate(number[owner[start : start + CHUNK]], index)
        _mix_in(texture, index, corners.at(index, face).values, trust.take(index))
        report(0.5 + 0.4 * (start + len(index)) / len(open_))
    return pad_edges(texture.reshape(size, size, 3), covered)


def _mix_in(texture: np.ndarray, index: np.ndarray, filled: np.ndarray, kept: np.ndarray) -> None:
    """Give the texels `index` (N,) the colours `filled` (N, 3), but for the share `kept` (N,) of what they have."""
    some = np.flatnonzero(kept)
    had, share = texture.take(index[some], axis=0), kept[some]
    channels = []
    for channel in range(3):
        values = filled[:, channel]
        new = values.take(some)
        values[some] = new + (had[:, channel] - new) * share
        channels.append(np.rint(values).astype(np.uint8))
    texture[index] = cv2.merge(channels).reshape(-1, 3)


def _concerned(mesh: Mesh, owner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The faces that have a texel to fill, those that touch one, and a few of the rest whose colours may be the nearest; and
    the number of each face among them.
    """
    count = len(mesh.faces)
    wanted, touched = np.zeros(count, dtype=bool), np.zeros(len(mesh.vertices), dtype=bool)
    wanted[owner] = True
    place = weld(mesh.vertices)[0][mesh.faces]
    touched[place[wanted]] = True
    wanted = touched[place].any(axis=1)
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
    return spread(connect(corners, normals, place, count, which=which), color, trust)[place]


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


def pad_edges(image: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The image (S, S, 3) uint8 with every pixel outside `known` (S, S) bool in a colour of its surroundings.

    A pixel that touches known ones has their mean, since a chart's outermost colours are mixed with it wherever the texture is
    read between pixels; the others that of the smallest square of 2, 4, 8, ... pixels that has any, so that smaller copies of
    the image are clean too.
    """
    return _padded(*_with_ring(image, known))


def _with_ring(image: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both with one pixel more around what is known."""
    height, width = known.shape
    flags = cv2.copyMakeBorder(known.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    wider = np.ascontiguousarray(cv2.dilate(flags, np.ones((3, 3), np.uint8))[1:-1, 1:-1])
    ring = np.flatnonzero(wider != known.view(np.uint8))
    total, count = np.zeros((len(ring), 3), np.uint16), np.zeros((len(ring), 1), np.uint16)
    framed = ring + 2 * (ring // width) + width + 3  # the same pixels among the flags
    ringed = image.copy()
    colors = ringed.reshape(-1, 3)
    for down, right in ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)):
        beside = np.flatnonzero(flags.ravel().take(framed + down * (width + 2) + right))
        total[beside] += colors.take(ring[beside] + down * width + right, axis=0)
        count[beside] += 1
    colors[ring] = (2 * total + count) // (2 * np.maximum(count, 1))
    return ringed, wider.view(bool)


def _padded(image: np.ndarray, known: np.ndarray) -> np.ndarray:
    if known.all() or not known.any():
        return image
    height, width = (side + side % 2 for side in known.shape)
    flags = np.zeros((height, width), dtype=np.uint8)
    flags[: known.shape[0], : known.shape[1]] = known
    colors = np.zeros((height, width, 3), dtype=np.uint8)
    cv2.copyTo(image, flags[: known.shape[0], : known.shape[1]], colors[: known.shape[0], : known.shape[1]])
    half, counts = _halved(colors), _halved(4 * flags)
    _divide(half, colors, counts)
    half = _padded(half, counts > 0)
    padded = cv2.resize(half, (width, height), interpolation=cv2.INTER_NEAREST)[: known.shape[0], : known.shape[1]]
    return cv2.copyTo(image, flags[: known.shape[0], : known.shape[1]], np.ascontiguousarray(padded))


def _halved(image: np.ndarray) -> np.ndarray:
    """Rounded means of two by two pixels."""
    return cv2.resize(image, (image.shape[1] // 2, image.shape[0] // 2), interpolation=cv2.INTER_AREA)


def _divide(half: np.ndarray, colors: np.ndarray, counts: np.ndarray) -> None:
    """Where only `counts` of four `colors` are known, the others being 0, the mean is theirs."""
    some = np.flatnonzero((counts > 0) & (counts < 4))
    width = counts.shape[1]
    first = 4 * width * (some // width) + 2 * (some % width)
    fours = [colors.reshape(-1, 3).take(first + offset, axis=0) for offset in (0, 1, 2 * width, 2 * width + 1)]
    total, count = np.sum(fours, axis=0, dtype=np.uint16), counts.ravel()[some, None].astype(np.uint16)
    half.reshape(-1, 3)[some] = (2 * total + count) // (2 * count)


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
