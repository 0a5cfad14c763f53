"""View-dependent colours: spherical harmonics of the degrees 1 to 3, and how they turn with a splat.

Basis: real spherical harmonics with the Condon-Shortley phase (Sloan, Efficient Spherical Harmonic Evaluation, 2013), in the order and
with the signs of the files of Gaussian splats.
"""

from __future__ import annotations

import numpy as np

COUNTS = (0, 3, 8, 15)  # coefficients a colour, without the constant part, of the degrees 0 to 3
_DIRECTIONS = 64  # at which a turned function is sampled; seven numbers are looked for
_AT_ONCE = 1 << 17  # splats in one piece


def turn_harmonics(coefficients: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """(N, K, 3) after the rotation (3, 3): what was seen from a direction is seen from the turned one."""
    count = coefficients.shape[1]
    if count == 0 or np.allclose(turn, np.eye(3), atol=1e-9):
        return coefficients
    matrix = _matrix_of(turn, count).astype(np.float32)
    turned = np.empty_like(coefficients)
    for start in range(0, len(turned), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        turned[part] = np.matmul(matrix, coefficients[part])
    return turned


def basis(directions: np.ndarray) -> np.ndarray:
    """(M, 15): the functions of the degrees 1 to 3 at unit vectors (M, 3)."""
    x, y, z = np.asarray(directions, np.float64).T
    xx, yy, zz = x * x, y * y, z * z
    first = (-0.4886025119 * y, 0.4886025119 * z, -0.4886025119 * x)
    second = (
        1.0925484306 * x * y,
        -1.0925484306 * y * z,
        0.3153915653 * (2.0 * zz - xx - yy),
        -1.0925484306 * x * z,
        0.5462742153 * (xx - yy),
    )
    third = (
        -0.5900435899 * y * (3.0 * xx - yy),
        2.8906114426 * x * y * z,
        -0.4570457995 * y * (4.0 * zz - xx - yy),
        0.3731763326 * z * (2.0 * zz - 3.0 * xx - 3.0 * yy),
        -0.4570457995 * x * (4.0 * zz - xx - yy),
        1.4453057213 * z * (xx - yy),
        -0.5900435899 * x * (xx - 3.0 * yy),
    )
    return np.stack((*first, *second, *third), axis=1)


def _matrix_of(turn: np.ndarray, count: int) -> np.ndarray:
    """(K, K): each degree turns within itself. The turned function at a direction is the old one at the direction turned back, so its
    coefficients follow from samples by least squares, which are exact here.
    """
    directions = _spread()
    here, there = basis(directions), basis(directions @ turn)  # row times matrix: turned back
    matrix = np.zeros((count, count))
    for start, end in zip(COUNTS, COUNTS[1:], strict=False):
        if end <= count:
            band = slice(start, end)
            matrix[band, band] = np.linalg.lstsq(here[:, band], there[:, band], rcond=None)[0]
    return matrix


def _spread() -> np.ndarray:
    """Directions over the whole sphere: a spiral with the golden angle."""
    steps = np.arange(_DIRECTIONS) + 0.5
    height, angle = 1.0 - 2.0 * steps / _DIRECTIONS, steps * np.pi * (3.0 - 5.0**0.5)
    radius = np.sqrt(1.0 - height**2)
    return np.stack((radius * np.cos(angle), radius * np.sin(angle), height), axis=1)
