"""Which of six directions each polygon of a mesh is laid flat along: box projection.

Two ways: `front_sides` for a mesh that one photo is projected on, where the front and the back are to be as large as can
be, and `even_sides` for a mesh that is painted all around, with few and simple outlines.
"""

from __future__ import annotations

import numpy as np

from ..topology.connected import connected
from ..topology.neighbour_sums import neighbours
from ..topology.normals import unit
from ..topology.sorting import numbered

FRONT, BACK = 0, 1
# Rows: u, v (downwards) and the direction a viewer of that side is in, each in the frame's x, y, z. All right-handed as
# seen from outside, so no chart is a mirror image.
SIDES = np.array(
    [
        [[1, 0, 0], [0, -1, 0], [0, 0, 1]],  # front
        [[-1, 0, 0], [0, -1, 0], [0, 0, -1]],  # back
        [[0, 0, -1], [0, -1, 0], [1, 0, 0]],  # right
        [[0, 0, 1], [0, -1, 0], [-1, 0, 0]],  # left
        [[1, 0, 0], [0, 0, 1], [0, 1, 0]],  # top
        [[1, 0, 0], [0, 0, -1], [0, -1, 0]],  # bottom
    ],
    dtype=np.float64,
)
_FACING = 0.3  # cosine from which a polygon belongs to the front or back, whatever other side it faces better
_TOLERABLE = 0.12  # cosine to which a polygon may be taken into a neighbour's chart
_SMALL_AREA = 0.002  # share of the surface below which an area is given to its neighbours
_SMOOTHINGS = 8
_PREFERRED = np.array([1.03, 1.03, 1.01, 1.01, 1.0, 1.0])  # decides where a face looks halfway between two sides
_SMALL = 0.01  # share of the surface below which an area joins a neighbour as a whole ...
_AWAY = -0.1  # ... if its mean cosine to the neighbour's side is above this ...
_BORDER = 0.2  # ... and this share of its outline is shared with the neighbour
_JOININGS = 6


def front_sides(normals: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """(P,) indices into SIDES. `normals` (P, 3) are as long as the area, `pairs` (N, 2) polygons that share an edge."""
    area = np.linalg.norm(normals, axis=1)
    facing = unit(normals) @ SIDES[:, 2].T  # (P, 6)
    side = 2 + np.argmax(facing[:, 2:], axis=1)
    side[facing[:, FRONT] > _FACING] = FRONT
    side[facing[:, BACK] > _FACING] = BACK
    for _ in range(4):
        side = _absorb_small_areas(side, facing, area, pairs)
    return side


def even_sides(normals: np.ndarray, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(P,) indices into SIDES twice: as the smoothed surface faces them, and with small areas joined to others."""
    fine = np.argmax(_smoothed(normals, pairs) @ SIDES[:, 2].T * _PREFERRED, axis=1)
    region = connected(len(fine), pairs[fine[pairs[:, 0]] == fine[pairs[:, 1]]])
    return fine, _joined(region, fine, normals, pairs)[region]


def _absorb_small_areas(side: np.ndarray, facing: np.ndarray, area: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    region = connected(len(side), pairs[side[pairs[:, 0]] == side[pairs[:, 1]]])
    region_area = np.bincount(region, weights=area)
    small = (region_area < _SMALL_AREA * area.sum())[region]
    both = np.concatenate([pairs, pairs[:, ::-1]])
    giver, taker = both[small[both[:, 0]] & ~small[both[:, 1]]].T
    fits = (facing[giver, side[taker]] > _TOLERABLE) | (area[giver] == 0.0)
    result = side.copy()
    result[giver[fits]] = side[taker[fits]]
    return result


def _smoothed(normals: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """(P, 3) unit normals of the surface without its relief; sharp edges stay, since faces across them do not mix."""
    beside = neighbours(pairs, len(normals))
    greatest = float(np.abs(normals).max()) or 1.0  # single precision is enough for what is at most 1
    ordered = normals[beside.order].T / greatest
    mean = np.ascontiguousarray(ordered, dtype=np.float32)  # columns, since NumPy is slow along short axes
    here, there = beside.own, beside.other
    for _ in range(_SMOOTHINGS):
        direction = mean / np.maximum(np.sqrt((mean**2).sum(axis=0)), np.float32(1e-30))
        weight = np.maximum(sum(d.take(here) * d.take(there) for d in direction), np.float32(0.0)) ** 2
        total = np.float32(1.0) + beside.sums(weight)
        mean = np.stack([(n + beside.sums(weight * n.take(there))) / total for n in mean])
    return unit(mean.T[beside.place].astype(np.float64))


def _joined(region: np.ndarray, side: np.ndarray, normals: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """(R,) the side of each `region` (P,) of one side once the small ones are joined to others."""
    count = int(region.max()) + 1
    area = np.linalg.norm(normals, axis=1)
    size = np.bincount(region, area, count)
    facing = unit(normals) @ SIDES[:, 2].T
    sums = np.stack([np.bincount(region, area * cosine, count) for cosine in facing.T], axis=1)
    side_of = np.empty(count, dtype=np.int64)
    side_of[region] = side
    borders = _borders(region[pairs], np.ones(len(pairs)), count)
    whole = np.arange(count)  # which region each is a part of by now
    for _ in range(_JOININGS):
        joined = _join_small_areas(side_of, size, sums, borders, area.sum())
        if np.array_equal(joined, side_of):
            break
        ends, edges = borders
        part = connected(len(joined), ends[joined[ends[:, 0]] == joined[ends[:, 1]]])
        count = int(part.max()) + 1
        side_of = np.empty(count, dtype=np.int64)
        side_of[part] = joined
        size = np.bincount(part, size, count)
        sums = np.stack([np.bincount(part, column, count) for column in sums.T], axis=1)
        borders = _borders(part[ends], edges, count)
        whole = part[whole]
    return side_of[whole]


def _borders(pairs: np.ndarray, edges: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(B, 2) pairs of different regions, each pair once, and how many `edges` (N,) the `pairs` (N, 2) have of it."""
    across = np.flatnonzero(pairs[:, 0] != pairs[:, 1])
    low, high = pairs[across].min(axis=1), pairs[across].max(axis=1)
    first, border = numbered(low * count + high)
    return np.stack([low[first], high[first]], axis=1), np.bincount(border, edges[across])


def _join_small_areas(side: np.ndarray, size: np.ndarray, sums: np.ndarray, borders: tuple[np.ndarray, np.ndarray], area: float) -> np.ndarray:
    """(R,) the sides when each small region has taken that of the larger neighbour that it has most edges with, where it may."""
    ends, edges = borders
    own, neighbour, edges = np.append(*ends.T), np.append(*ends[:, ::-1].T), np.append(edges, edges)
    outline = np.bincount(own, edges, len(side))
    mean = sums / np.maximum(size, 1e-300)[:, None]
    larger = (size[neighbour] > size[own]) | ((size[neighbour] == size[own]) & (neighbour < own))
    fits = (mean[own, side[neighbour]] > _AWAY) & (edges >= _BORDER * outline[own]) | (size[own] == 0.0)
    may = np.flatnonzero((size[own] < _SMALL * area) & larger & fits)
    may = may[np.lexsort((neighbour[may], edges[may], own[may]))]
    best = may[np.flatnonzero(np.diff(own[may], append=-1))]
    moves = np.zeros(len(side), dtype=bool)
    moves[own[best]] = True
    best = best[~moves[neighbour[best]]]  # who moves itself takes nobody: next time
    joined = side.copy()
    joined[own[best]] = side[neighbour[best]]
    return joined
