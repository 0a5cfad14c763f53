"""Gaussian splats as arrays, and how an affine map moves them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .harmonics import turn_harmonics

_SMALLEST = 1e-9  # metres: a standard deviation of nothing has no logarithm
_UNEVEN = 1e-4  # share by which the sides of an even scale may differ, by rounding
_FARTHEST = 1e9  # metres, and its reciprocal the thinnest: products of such numbers still fit into float32
_AT_ONCE = 1 << 17  # splats whose matrices are decomposed in one piece, some 40 MB


@dataclass(frozen=True, kw_only=True)
class Splats:
    """N splats, all float32. The axes are whose they are: a file's, or Blender's.

    `positions` (N, 3); `scales` (N, 3) standard deviations; `rotations` (N, 4) unit quaternions w, x, y, z, from a splat's own axes to
    the others; `opacities` (N,) 0..1; `constants` (N, 3) and `harmonics` (N, K, 3) coefficients of the spherical harmonics for red,
    green and blue, K = 0, 3, 8 or 15 for the degrees 0 to 3. A colour without the latter is 0.5 + 0.28209 * constants, as sRGB.
    """

    positions: np.ndarray
    scales: np.ndarray
    rotations: np.ndarray
    opacities: np.ndarray
    constants: np.ndarray
    harmonics: np.ndarray

    def __len__(self) -> int:
        return len(self.positions)

    def taken(self, which: np.ndarray) -> Splats:
        """Those of a mask or of indices."""
        return Splats(**{name: values[which] for name, values in vars(self).items()})


def joined(several: Sequence[Splats]) -> Splats:
    """One after the other; those with fewer bands of harmonics get zeros for the rest."""
    most = max(one.harmonics.shape[1] for one in several)
    even = [replace(one, harmonics=np.pad(one.harmonics, ((0, 0), (0, most - one.harmonics.shape[1]), (0, 0)))) for one in several]
    return Splats(**{name: np.concatenate([getattr(one, name) for one in even]) for name in vars(several[0])})


def whole(splats: Splats) -> Splats:
    """Without those that have a value which is no number, or no size or place that can be computed with."""
    rows = [values.reshape(len(splats), -1) for values in vars(splats).values()]
    fine = np.logical_and.reduce([np.isfinite(values).all(axis=1) for values in rows])
    fine &= (np.abs(splats.positions) < _FARTHEST).all(axis=1) & (splats.scales < _FARTHEST).all(axis=1)
    return splats if fine.all() else splats.taken(fine)


def unit(rotations: np.ndarray) -> np.ndarray:
    """Quaternions of length 1; one without a length does not turn, and what is no number stays none."""
    lengths = np.linalg.norm(rotations.astype(np.float64), axis=1, keepdims=True)
    is_none = lengths == 0.0
    return np.where(is_none, (1.0, 0.0, 0.0, 0.0), rotations / np.where(is_none, 1.0, lengths)).astype(np.float32)


def moved(splats: Splats, matrix: np.ndarray) -> Splats:
    """After an affine map, (4, 4). A splat stays one after any such map, an uneven scale, a shear or a mirror included: its covariance
    C becomes A C A'. Raises ValueError where the map leaves no volume.
    """
    linear = np.asarray(matrix, np.float64)[:3, :3]
    size = abs(np.linalg.det(linear)) ** (1 / 3)
    if not np.isfinite(size) or size == 0.0:
        raise ValueError("a map without a volume")
    turn = _nearest_turn(linear)
    positions = splats.positions @ linear.T + np.asarray(matrix, np.float64)[:3, 3]
    if np.allclose(linear, size * turn, rtol=0.0, atol=_UNEVEN * size):
        scales, rotations = splats.scales * size, _product(_quaternion(turn[None])[0], splats.rotations)
    else:
        scales, rotations = _decomposed(linear, splats)
    return replace(
        splats,
        positions=positions.astype(np.float32),
        scales=scales.astype(np.float32),
        rotations=unit(rotations),
        harmonics=turn_harmonics(splats.harmonics, turn),
    )


def _nearest_turn(linear: np.ndarray) -> np.ndarray:
    """The rotation nearest to a linear map (polar decomposition; Higham, 1986); a mirror is left out."""
    left, _, right = np.linalg.svd(linear)
    left[:, -1] *= np.linalg.det(left @ right)
    return left @ right


def _decomposed(linear: np.ndarray, splats: Splats) -> tuple[np.ndarray, np.ndarray]:
    """A R S = U s V': the splat's axes after the map are U's columns, their lengths s."""
    scales, rotations = np.empty((len(splats), 3)), np.empty((len(splats), 4))
    for start in range(0, len(splats), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        axes = matrices(splats.rotations[part]) * splats.scales[part, None, :]
        turned, scales[part], _ = np.linalg.svd(linear @ axes)
        turned[:, :, -1] *= np.linalg.det(turned)[:, None]
        rotations[part] = _quaternion(turned)
    return scales, rotations


def matrices(rotations: np.ndarray) -> np.ndarray:
    """(N, 3, 3) float64 of unit quaternions w, x, y, z."""
    w, x, y, z = rotations.astype(np.float64).T
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def _quaternion(turns: np.ndarray) -> np.ndarray:
    """(N, 4) of rotation matrices (N, 3, 3): the column of the largest diagonal sum, which loses no digits (Shepperd, 1978)."""
    m = turns
    d0, d1, d2 = m[:, 0, 0], m[:, 1, 1], m[:, 2, 2]
    a, b, c = m[:, 2, 1] - m[:, 1, 2], m[:, 0, 2] - m[:, 2, 0], m[:, 1, 0] - m[:, 0, 1]
    p, q, r = m[:, 0, 1] + m[:, 1, 0], m[:, 0, 2] + m[:, 2, 0], m[:, 1, 2] + m[:, 2, 1]
    several = np.stack(
        [
            np.stack((1 + d0 + d1 + d2, a, b, c), axis=1),
            np.stack((a, 1 + d0 - d1 - d2, p, q), axis=1),
            np.stack((b, p, 1 - d0 + d1 - d2, r), axis=1),
            np.stack((c, q, r, 1 - d0 - d1 + d2), axis=1),
        ],
        axis=1,
    )
    best = np.argmax(several[:, range(4), range(4)], axis=1)
    chosen = several[np.arange(len(m)), best]
    return chosen / np.linalg.norm(chosen, axis=1, keepdims=True)


def _product(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Quaternions: first the other's turn, then the one's."""
    w, x, y, z = one
    matrix = np.array(((w, -x, -y, -z), (x, w, -z, y), (y, z, w, -x), (z, -y, x, w)))
    return others @ matrix.T


def logits(opacities: np.ndarray) -> np.ndarray:
    held = np.clip(opacities.astype(np.float64), 1e-6, 1.0 - 1e-6)
    return np.log(held / (1.0 - held)).astype(np.float32)


def from_logits(values: np.ndarray) -> np.ndarray:
    """Infinity is as good as opaque; no number stays none."""
    return (1.0 / (1.0 + np.exp(-np.clip(values.astype(np.float64), -50.0, 50.0)))).astype(np.float32)


def logarithms(scales: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(scales.astype(np.float64), _SMALLEST)).astype(np.float32)


def from_logarithms(values: np.ndarray) -> np.ndarray:
    """What is too large for a number becomes infinite, and is left out by `whole`."""
    with np.errstate(over="ignore"):
        return np.maximum(np.exp(values.astype(np.float32)), np.float32(_SMALLEST))
