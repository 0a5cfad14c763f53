"""Loose pieces that are too small, or too many, to be parts: each goes to what is nearest."""

from __future__ import annotations

import numpy as np

from ...mesh.topology.connected import connected
from ...mesh.topology.sorting import numbered
from .dual_graph import DualGraph, LoosePieces

_TINY = 0.0005  # of all area: a loose piece that is no part
_CELL = 0.02  # of the extent: a soup of such pieces hangs together where two are in one cell
_SAMPLES = 4000  # places of what stays that a distance is measured to


def gathered(graph: DualGraph, loose: LoosePieces, label: np.ndarray, extent: float, *, more: float, most: int) -> np.ndarray:
    """(N,) the labels without those of tiny loose pieces, and at most `most` of them. Each step of `more` parts halves the side of what is
    tiny. Of a soup of tiny ones what is close together is a part.
    """
    is_tiny = loose.area < _TINY * 4.0**-more * loose.area.sum()
    if is_tiny.all():
        label = _close_together(graph, loose, extent)
    elif is_tiny.any():
        label = _to_nearest(graph, label, is_tiny[loose.piece], loose.piece)
    number = np.unique(label, return_inverse=True)[1].reshape(-1)
    area = np.bincount(number, graph.area)
    if len(area) <= most:
        return number
    smallest = np.argsort(area, kind="stable")[: len(area) - most]
    goes = np.zeros(len(area), dtype=bool)
    goes[smallest] = True
    return _to_nearest(graph, number, goes[number], number)


def _close_together(graph: DualGraph, loose: LoosePieces, extent: float) -> np.ndarray:
    cells = np.floor((graph.middle - graph.middle.min(axis=0)) / max(_CELL * extent, 1e-300)).astype(np.int64)
    side = int(cells.max()) + 1
    first, cell = numbered((cells[:, 0] * side + cells[:, 1]) * side + cells[:, 2])
    return connected(len(loose.area), np.stack([loose.piece, loose.piece[first[cell]]], axis=1))[loose.piece]


def _to_nearest(graph: DualGraph, label: np.ndarray, goes: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Each group that goes takes the label of the place nearest to its middle that stays."""
    stays = np.flatnonzero(~goes)
    places = stays[np.linspace(0, len(stays) - 1, min(len(stays), _SAMPLES)).astype(np.int64)]
    at, own = np.unique(group[goes], return_inverse=True)
    own = own.reshape(-1)
    size = np.bincount(own, minlength=len(at))[:, None]
    middle = np.stack([np.bincount(own, column, len(at)) for column in graph.middle[goes].T], axis=1) / size
    nearest = np.empty(len(at), dtype=np.int64)
    for start in range(0, len(at), 256):
        distance = ((middle[start : start + 256, None] - graph.middle[places]) ** 2).sum(axis=2)
        nearest[start : start + 256] = places[distance.argmin(axis=1)]
    out = label.copy()
    out[goes] = label[nearest[own]]
    return out
