"""From the texels of a layout to the surface: which face, and what its corners' values come to there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

CHUNK = 1 << 17  # texels at a time, small enough for the processor's cache


@dataclass(frozen=True, kw_only=True)
class Texels:
    """Some covered texels: `index` (N,) into the flattened texture, `face` (N,), `values` (N, K) float32 interpolated."""

    index: np.ndarray
    face: np.ndarray
    values: np.ndarray


class CornerValues:
    """What the corners of a layout's faces hold, ready to be interpolated at any of its texels.

    `uv` (F, 3, 2), `face_map` (S, S) the face at each texel, `values` (F, 3, K).
    """

    def __init__(self, uv: np.ndarray, face_map: np.ndarray, values: np.ndarray) -> None:
        self._size = face_map.shape[0]
        self._faces = face_map.ravel()
        self._table = _affine_table(uv.astype(np.float64) * self._size, values.astype(np.float64))

    def at(self, index: np.ndarray, face: np.ndarray | None = None) -> Texels:
        """The covered texels `index` (N,), on other faces than the map says where `face` (N,) is given; a texel beside its
        face takes the nearest of it.
        """
        face = self._faces[index].astype(np.intp) if face is None else face
        b, c = _weights(self._table, face, index, self._size)
        return Texels(index=index, face=face, values=_mixed(self._table[6:], face, b, c).T)


def texels(uv: np.ndarray, face_map: np.ndarray, values: np.ndarray, *, step: int = 1) -> Iterator[Texels]:
    """Every `step`-th covered texel of a layout with the corners' `values` (F, 3, K) interpolated at its centre."""
    corners = CornerValues(uv, face_map, values)
    covered = np.flatnonzero(face_map.ravel() >= 0)[::step]
    for start in range(0, len(covered), CHUNK):
        yield corners.at(covered[start : start + CHUNK])


def corner_weights(uv: np.ndarray, size: int) -> Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """What tells (N,) each how much the second and the third corner of `face` (N,) count at the texels `index` (N,), given both;
    from the corners `uv` (F, 3, 2) in a layout of `size` texels a side.
    """
    table = _affine_table(uv.astype(np.float64) * size, np.zeros((len(uv), 3, 0)))
    return lambda face, index: _weights(table, face, index, size)


def corner_mixer(values: np.ndarray) -> Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
    """What mixes the corners' `values` (F, 3, K) to (K, N) float32, given each `face` (N,) and how much its second and third
    corner count.
    """
    base = values[:, 0]
    table = np.hstack([base, values[:, 1] - base, values[:, 2] - base]).astype(np.float32)
    return partial(_mixed, np.ascontiguousarray(table.T))


def _weights(table: np.ndarray, face: np.ndarray, index: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    index = index.astype(np.int32)
    line = index // np.int32(size)
    column = index - line * np.int32(size)
    half = np.float32(0.5)
    x = column.astype(np.float32) + half - table[0].take(face)
    y = line.astype(np.float32) + half - table[1].take(face)
    b = np.clip(x * table[2].take(face) + y * table[3].take(face), 0.0, 1.0)
    c = np.clip(x * table[4].take(face) + y * table[5].take(face), 0.0, 1.0 - b)
    return b, c


def _mixed(table: np.ndarray, face: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """(K, N) values, column by column: three times as fast in NumPy as row by row. `table` (3 K, F): of the first corner, and how
    much more they are at the other two.
    """
    count = len(table) // 3
    values = np.empty((count, len(face)), dtype=np.float32)
    for k in range(count):
        values[k] = table[k].take(face) + b * table[count + k].take(face) + c * table[2 * count + k].take(face)
    return values


def _affine_table(xy: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(6 + 3 K, F) float32: a corner, the matrix from an offset to two barycentric weights, and the values to be mixed."""
    origin, b, c = xy[:, 0], xy[:, 1] - xy[:, 0], xy[:, 2] - xy[:, 0]
    area = b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]
    area = np.where(area == 0.0, 1.0, area)
    inverse = np.stack([c[:, 1], -c[:, 0], -b[:, 1], b[:, 0]], axis=1) / area[:, None]
    base = values[:, 0]
    rows = np.hstack([origin, inverse, base, values[:, 1] - base, values[:, 2] - base])
    return np.ascontiguousarray(rows.T, dtype=np.float32)
