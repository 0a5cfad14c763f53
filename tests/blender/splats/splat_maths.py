"""What a splat is and how it is seen, from its definition."""

from __future__ import annotations

import numpy as np

# A file's axes, as columns, in Blender's: right, away from the viewer, up
RDF = np.array(((1, 0, 0), (0, 0, 1), (0, -1, 0)), float)
RUB = np.array(((1, 0, 0), (0, 0, -1), (0, 1, 0)), float)


def matrix(turn) -> np.ndarray:
    """Of a quaternion, by turning the three axes with it (Hamilton's q v q*)."""
    w, v = turn[0], np.array(turn[1:])
    return np.stack([e + 2 * np.cross(v, np.cross(v, e) + w * e) for e in np.eye(3)], axis=1)


def covariance(scale, turn) -> np.ndarray:
    axes = matrix(turn) * np.array(scale)
    return axes @ axes.T


# What the trainer adds to a colour seen along (x, y, z), a term a coefficient, as its renderer has them; constants of Sloan, 2013
_TERMS = (
    *(lambda x, y, z: -0.48860251 * y, lambda x, y, z: 0.48860251 * z, lambda x, y, z: -0.48860251 * x),
    *(lambda x, y, z: 1.09254843 * x * y, lambda x, y, z: -1.09254843 * y * z, lambda x, y, z: 0.31539157 * (2 * z * z - x * x - y * y)),
    *(lambda x, y, z: -1.09254843 * x * z, lambda x, y, z: 0.54627422 * (x * x - y * y)),
    *(lambda x, y, z: -0.59004359 * y * (3 * x * x - y * y), lambda x, y, z: 2.89061144 * x * y * z),
    *(lambda x, y, z: -0.45704580 * y * (4 * z * z - x * x - y * y), lambda x, y, z: 0.37317633 * z * (2 * z * z - 3 * x * x - 3 * y * y)),
    *(lambda x, y, z: -0.45704580 * x * (4 * z * z - x * x - y * y), lambda x, y, z: 1.44530572 * z * (x * x - y * y)),
    lambda x, y, z: -0.59004359 * x * (x * x - 3 * y * y),
)


def added(rest: np.ndarray, direction: np.ndarray) -> np.ndarray:
    return sum(np.asarray(one) * term(*direction) for one, term in zip(rest, _TERMS, strict=False))
