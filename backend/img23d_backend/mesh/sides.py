"""Which of six directions each polygon of a mesh is laid flat along: box projection.

Two ways: `front_sides` for a mesh that one photo is projected on, where the front and the back are to be as large as can
be, and `even_sides` for a mesh that is painted all around, with few and simple outlines.
"""

from __future__ import annotations

import numpy as np

from .connected import connected
from .neighbours import neighbours
from .normals import unit
from .sorting import numbered

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
_CRUMB = 0.002  # share of the surface below which an area is given to its neighbours
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
        side = _give_crumbs_away(side, facing, area, pairs)
    return side


def even_sides(normals: np.ndarray, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(P,) indices into SIDES twice: as the smoothed surface faces them, and with small areas joined to others."""
    fine = np.argmax(_smoothed(normals, pairs) @ SIDES[:, 2].T * _PREFERRED, axis=1)
    area = np.linalg.norm(normals, axis=1)
    facing = unit(normals) @ SIDES[:, 2].T
    joined = fine
    for _ in range(_JOININGS):
        before, joined = joined, _join_small_areas(joined, facing, area, pairs)
        if np.array_equal(before, joined):
            break
    return fine, joined


def _give_crumbs_away(side: np.ndarray, facing: np.ndarray, area: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    region = connected(len(side), pairs[side[pairs[:, 0]] == side[pairs[:, 1]]])
    region_area = np.bincount(region, weights=area)
    crumb = (region_area < _CRUMB * area.sum())[region]
    both = np.concatenate([pairs, pairs[:, ::-1]])
    giver, taker = both[crumb[both[:, 0]] & ~crumb[both[:, 1]]].T
    fits = (facing[giver, side[taker]] > _TOLERABLE) | (area[giver] == 0.0)
    result = side.copy()
    result[giver[fits]] = side[taker[fits]]
    return result


def _smoothed(normals: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """(P, 3) unit normals of the surface without its relief; sharp edges stay, since faces across them do not mix."""
    beside = neighbours(pairs, len(normals))
    mean = np.ascontiguousarray(normals[beside.order].T)  # columns, since NumPy is slow along short axes
    here, there = beside.own, beside.other
    for _ in range(_SMOOTHINGS):
        direction = mean / np.maximum(np.sqrt((mean**2).sum(axis=0)), 1e-300)
        weight = np.maximum(sum(d.take(here) * d.take(there) for d in direction), 0.0) ** 2
        total = 1.0 + beside.sums(weight)
        mean = np.stack([(n + beside.sums(weight * n.take(there))) / total for n in mean])
    return unit(mean.T[beside.place])


def _join_small_areas(side: np.ndarray, facing: np.ndarray, area: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Each small area takes the side of the larger neighbour that it has most edges with, where it may."""
    region = connected(len(side), pairs[side[pairs[:, 0]] == side[pairs[:, 1]]])
    count = int(region.max()) + 1
    size = np.bincount(region, area, count)
    side_of = np.empty(count, dtype=np.int64)
    side_of[region] = side
    mean = np.stack([np.bincount(region, area * cosine, count) for cosine in facing.T], axis=1)
    mean /= np.maximum(size, 1e-300)[:, None]

    own, neighbour = region[pairs].T
    across = own != neighbour
    own, neighbour = own[across], neighbour[across]
    own, neighbour = np.concatenate([own, neighbour]), np.concatenate([neighbour, own])
    first, border = numbered(own * count + neighbour)
    edges = np.bincount(border)
    outline = np.bincount(own, minlength=count)
    own, neighbour = own[first], neighbour[first]

    larger = (size[neighbour] > size[own]) | ((size[neighbour] == size[own]) & (neighbour < own))
    fits = (mean[own, side_of[neighbour]] > _AWAY) & (edges >= _BORDER * outline[own]) | (size[own] == 0.0)
    may = np.flatnonzero((size[own] < _SMALL * area.sum()) & larger & fits)
    may = may[np.lexsort((edges[may], own[may]))]
    best = may[np.flatnonzero(np.diff(own[may], append=-1))]
    moves = np.zeros(count, dtype=bool)
    moves[own[best]] = True
    best = best[~moves[neighbour[best]]]  # who moves itself takes nobody: next time
    side_of[own[best]] = side_of[neighbour[best]]
    return side_of[region]
