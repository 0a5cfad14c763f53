"""The photo's light for colours of a model: what makes both agree where both show the same surface.

A line for each channel makes up for another exposure. What is left over is lit from elsewhere, or of a stuff whose colour the model
has not quite met; it is known where the photo shows the surface, and fades behind its border, so that no edge runs there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

_GAINS = (0.6, 1.6)  # more than that is no exposure
_VARIED = 30.0  # of 255: the spread of colours from which a line through them is believed
_CELL = 0.04  # of the mesh's size: what is finer than that is the photo's detail, and no light
_REACH = 0.08  # of the mesh's size, behind the photo's border
_TURN = 1.2  # reaches by which surfaces at right angles are apart for each unit between their normals: a thin wall's back is not its front
_WIDTH = 0.7  # of the reach, in which neighbouring cells are averaged
_NEAREST = 16
_NOTHING = 3.0  # reaches from which nothing is left
_MOST = 64.0  # of 255: more is another thing than light


@dataclass(frozen=True, kw_only=True)
class Light:
    """(3,) each: a channel's colours times `gain` and plus `shift`, in 0..255; and what `rest` knows of their surroundings."""

    gain: np.ndarray
    shift: np.ndarray
    rest: Rest | None = None

    @classmethod
    def unchanged(cls) -> Light:
        return cls(gain=np.ones(3), shift=np.zeros(3))

    def of(self, colors: np.ndarray, place: np.ndarray) -> np.ndarray:
        """(N, 3) in 0..255, at (N, 6) places and their normals."""
        lit = colors * self.gain + self.shift
        return np.clip(lit if self.rest is None else lit + self.rest.at(place), 0.0, 255.0)


@dataclass(frozen=True, kw_only=True)
class Rest:
    """What the photo has more than the line says, as the means of cells: `tree` of where they lie (see `_apart`), `colors` (C, 3)."""

    tree: cKDTree
    colors: np.ndarray
    reach: float

    def at(self, place: np.ndarray) -> np.ndarray:
        """(N, 3) float32, nothing where no cell is near."""
        result = np.zeros((len(place), 3), dtype=np.float32)
        away, cell = self.tree.query(_apart(place, self.reach), k=min(_NEAREST, len(self.colors)), distance_upper_bound=_NOTHING, workers=-1)
        away, cell = away.reshape(len(place), -1), cell.reshape(len(place), -1)
        near = np.flatnonzero(np.isfinite(away[:, 0]))
        away, cell = away[near], np.minimum(cell[near], len(self.colors) - 1)  # a cell that is too far has the number after the last
        closest = away[:, :1] ** 2
        weights = np.exp(-(away**2 - closest) / (2 * _WIDTH**2))
        mean = np.einsum("nk,nkc->nc", weights, self.colors[cell]) / weights.sum(axis=1, keepdims=True)
        result[near] = mean * np.exp(-closest / 2)
        return result


def learn_light(own: np.ndarray, photo: np.ndarray, place: np.ndarray, *, size: float) -> Light:
    """From the model's and the photo's colours (N, 3) in 0..255 at the same places with normals (N, 6) of a mesh of such a size."""
    gain = np.clip(_slope(own, photo), *_GAINS)
    shift = np.median(photo - gain * own, axis=0)
    return Light(gain=gain, shift=shift, rest=_rest(photo - (gain * own + shift), place, max(size, 1e-9)))


def _rest(missing: np.ndarray, place: np.ndarray, size: float) -> Rest:
    from scipy.spatial import cKDTree

    cells = np.floor(place[:, :3] / (_CELL * size)).astype(np.int64)
    number = np.unique(cells, axis=0, return_inverse=True)[1].reshape(-1)
    colors = np.clip(_means(missing, number), -_MOST, _MOST).astype(np.float32)
    return Rest(tree=cKDTree(_apart(_means(place, number), _REACH * size)), colors=colors, reach=_REACH * size)


def _means(values: np.ndarray, number: np.ndarray) -> np.ndarray:
    """(C, K): of the rows (N, K) that have the same number (N,) each."""
    summed = np.stack([np.bincount(number, weights=column) for column in values.T], axis=1)
    return summed / np.bincount(number)[:, None]


def _apart(place: np.ndarray, reach: float) -> np.ndarray:
    """(N, 6): places in which distances are reaches, and surfaces that face elsewhere are farther away."""
    normal = place[:, 3:]
    length = np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-30)
    return np.concatenate([place[:, :3] / reach, _TURN * normal / length], axis=1)


def _slope(own: np.ndarray, photo: np.ndarray) -> np.ndarray:
    """(3,): by least squares, drawn towards the ratio of the means, which is what more light does, as far as the colours hardly vary."""
    means = own.mean(axis=0), photo.mean(axis=0)
    centred, wanted = own - means[0], photo - means[1]
    prior = _VARIED**2 * len(own)
    return ((centred * wanted).sum(axis=0) + prior * means[1] / np.maximum(means[0], 1.0)) / ((centred**2).sum(axis=0) + prior)
