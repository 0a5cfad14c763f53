"""Pictures of splats: each a Gaussian in the picture, the nearer before the farther (Zwicker et al., EWA Splatting, 2001).

Sorted by slices of depth: inside of a slice nobody is before another, which lets NumPy draw a slice's splats at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..stages import Splats

_SLICES = 96
_REACH = 2.6  # standard deviations that a splat is drawn to
_WIDEST = 24  # pixels that it may reach: what is larger is cut off there
_BLUR = 0.1  # square pixels that are added, so that none falls between two pixels' middles
_LEAST = 1 / 255  # opacity that is seen
_DARK = 1 / 512  # of the light: what is behind so little is not seen
_MOST = 0.995  # of one slice: no pixel's light is taken to the last bit


@dataclass(frozen=True, kw_only=True)
class Seen:
    """(h, w, 3) float32 colours over black, sRGB and multiplied by the opacities (h, w) float32 0..1."""

    colors: np.ndarray
    opacities: np.ndarray


def render(splats: Splats, matrix: np.ndarray, *, width: int, height: int) -> Seen:
    """Seen along parallel rays: `matrix` (3, 4) float64 takes a position (and 1) to u, v in pixels and a depth in pixels that grows away."""
    shown = np.flatnonzero(splats.opacities >= _LEAST)
    linear = matrix[:, :3]
    places = splats.positions[shown] @ linear.T + matrix[:, 3]
    footprint = _footprints(splats, shown, linear[:2])
    reach = np.ceil(_REACH * np.sqrt(np.maximum(footprint[:, 0], footprint[:, 2]))).clip(1, _WIDEST).astype(np.int64)
    slices = _slices(places[:, 2])
    light = np.ones((height, width), np.float32)
    colors = np.zeros((height, width, 3), np.float32)
    for part in np.split(np.argsort(slices, kind="stable"), np.cumsum(np.bincount(slices, minlength=_SLICES))[:-1]):
        part = part[_lit(light, places[part], reach[part])]
        if len(part):
            chosen = shown[part]
            dark, sums = _drawn(places[part], footprint[part], reach[part], splats.opacities[chosen], splats.colors[chosen], width, height)
            share = np.minimum(1 - np.exp(-dark), _MOST)
            colors += (light * share / np.maximum(dark, 1e-12))[..., None] * sums
            light *= 1 - share
    return Seen(colors=colors, opacities=1 - light)


def _lit(light: np.ndarray, places: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """(K,) bool: the splats that lie in the picture and are not behind what no light passes."""
    import cv2

    height, width = light.shape
    most = 2 * int(reach.max(initial=0)) + 1
    around = cv2.dilate(light, np.ones((most, most), np.uint8))
    u, v = np.floor(places[:, 0]).astype(np.int64), np.floor(places[:, 1]).astype(np.int64)
    is_inside = (u >= -reach) & (u < width + reach) & (v >= -reach) & (v < height + reach)
    return is_inside & (around[v.clip(0, height - 1), u.clip(0, width - 1)] > _DARK)


def _slices(depths: np.ndarray) -> np.ndarray:
    if not len(depths):
        return np.zeros(0, np.int64)
    low, high = float(depths.min()), float(depths.max())
    return ((depths - low) / max(high - low, 1e-9) * (_SLICES - 1)).astype(np.int64)


def _footprints(splats: Splats, shown: np.ndarray, across: np.ndarray) -> np.ndarray:
    """(K, 3): of each splat's covariance in the picture uu, uv, vv, in square pixels."""
    w, x, y, z = splats.rotations[shown].astype(np.float64).T
    axes = np.stack(
        [
            np.stack((1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)), axis=-1),
            np.stack((2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)), axis=-1),
            np.stack((2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)), axis=-1),
        ],
        axis=-2,
    )
    seen = np.einsum("ij,kjl->kil", across, axes * splats.scales[shown, None, :])  # (K, 2, 3)
    u, v = seen[:, 0], seen[:, 1]
    return np.stack(((u * u).sum(-1) + _BLUR, (u * v).sum(-1), (v * v).sum(-1) + _BLUR), axis=1)


def _drawn(
    places: np.ndarray,
    footprint: np.ndarray,
    reach: np.ndarray,
    opacities: np.ndarray,
    colors: np.ndarray,
    width: int,
    height: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Of one slice: how much each pixel's light is weakened, as a logarithm (h, w), and that times the colours (h, w, 3)."""
    dark, sums = np.zeros(height * width), np.zeros((3, height * width))
    for size in np.unique(reach):
        those = np.flatnonzero(reach == size)
        steps = np.arange(-size, size + 1)
        u, v = np.floor(places[those, 0]).astype(np.int64), np.floor(places[those, 1]).astype(np.int64)
        columns, rows = u[:, None, None] + steps, v[:, None, None] + steps[:, None]
        du, dv = columns + 0.5 - places[those, 0, None, None], rows + 0.5 - places[those, 1, None, None]
        a, b, c = (footprint[those, number, None, None] for number in range(3))
        distance = (c * du * du - 2 * b * du * dv + a * dv * dv) / np.maximum(a * c - b * b, 1e-12)
        alpha = opacities[those, None, None] * np.exp(-0.5 * distance)
        is_seen = (alpha >= _LEAST) & (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
        pixel = (rows * width + columns)[is_seen]
        weight = -np.log1p(-np.minimum(alpha[is_seen], _MOST))
        dark += np.bincount(pixel, weight, height * width)
        of = np.broadcast_to(those[:, None, None], is_seen.shape)[is_seen]
        for channel in range(3):
            sums[channel] += np.bincount(pixel, weight * colors[of, channel], height * width)
    return dark.reshape(height, width), sums.T.reshape(height, width, 3)
