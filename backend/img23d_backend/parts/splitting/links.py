"""Which faces of a mesh hang together: along shared edges, however many faces these have, and along open edges that lie on each other although
they share no vertices, as where the faces of one side meet several of the other (T-junctions), or where a surface was made of strips.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...mesh.topology.sorting import numbered, sorted_with_order

_STEP = 0.004  # of the extent, between two places
_NEAR = 0.5  # steps: what lies closer than that is in one cell, mostly
_MOST = 2_000_000  # places


@dataclass(frozen=True, kw_only=True)
class Links:
    """Faces `pairs` (E, 2), the half edge of the first one `first` (E,), the `length` (E,), and whether both `agree` (E,) which side is out."""

    pairs: np.ndarray
    first: np.ndarray
    length: np.ndarray
    agree: np.ndarray


def links_between(vertices: np.ndarray, faces: np.ndarray, corners: np.ndarray, count: int) -> Links:
    """Half edges (numbered as the corners that they begin at) two by two along each edge, and open ones that lie on each other.

    An edge of m faces gives m - 1 links, so that all that meets there hangs together.
    """
    start, end = corners.ravel(), corners[:, [1, 2, 0]].ravel()
    keys, order = sorted_with_order(np.minimum(start, end) * count + np.maximum(start, end))
    is_same = keys[1:] == keys[:-1]
    same = np.flatnonzero(is_same)
    pairs = np.stack([order[same], order[same + 1]], axis=1)
    pairs = pairs[(pairs[:, 0] // 3 != pairs[:, 1] // 3) & (start[pairs[:, 0]] != end[pairs[:, 0]])]
    length = np.linalg.norm(vertices[faces.ravel()[pairs[:, 0]]] - vertices[faces.ravel()[next_corner(pairs[:, 0])]], axis=1)
    agree = start[pairs[:, 0]] != start[pairs[:, 1]]
    is_open = ~(np.append(False, is_same) | np.append(is_same, False))
    open_ = order[is_open & (start != end)[order]]
    if len(open_):
        more, touching = _links_of_open_edges(vertices, faces, open_, float(np.ptp(vertices, axis=0).max()))
        pairs, length = np.concatenate([pairs, more]), np.concatenate([length, touching])
        agree = np.append(agree, np.ones(len(more), dtype=bool))
    return Links(pairs=pairs // 3, first=pairs[:, 0], length=length, agree=agree)


def next_corner(corner: np.ndarray) -> np.ndarray:
    return corner - corner % 3 + (corner % 3 + 1) % 3


def _links_of_open_edges(vertices: np.ndarray, faces: np.ndarray, corners: np.ndarray, extent: float) -> tuple[np.ndarray, np.ndarray]:
    """(N, 2) half edges of different faces whose open edges meet, and the length (N,) along which they do.

    `corners` (M,) are the open half edges, numbered as the corners that they begin at.
    """
    start, end = (vertices[faces.ravel()[at]] for at in (corners, next_corner(corners)))
    length = np.linalg.norm(end - start, axis=1)
    step = max(_STEP * extent, float(length.sum()) / _MOST, 1e-300)
    count = np.maximum(np.ceil(length / step).astype(np.int64), 1) + 1
    edge = np.repeat(np.arange(len(corners)), count)
    share = (np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)) / np.repeat(count - 1, count)
    at = start[edge] + (end - start)[edge] * share[:, None]
    cells = np.floor((at - vertices.min(axis=0)) / (_NEAR * step)).astype(np.int64)
    side = int(cells.max(initial=0)) + 1
    first, cell = numbered((cells[:, 0] * side + cells[:, 1]) * side + cells[:, 2])
    one, other = edge, edge[first[cell]]
    apart = corners[one] // 3 != corners[other] // 3
    pairs, number = np.unique(np.sort(np.stack([one, other], axis=1)[apart], axis=1), axis=0, return_inverse=True)
    touching = np.bincount(number.reshape(-1), minlength=len(pairs)) * step
    return corners[pairs], np.minimum(touching, length[pairs].min(axis=1))
