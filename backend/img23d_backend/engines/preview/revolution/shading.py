"""Whether a thing's shading is that of the body that its outline would make when turned, or of another one, such as a head.

The light that something matt sends back depends on its normals alone, and smoothly so (Ramamoorthi and Hanrahan, "An Efficient
Representation for Irradiance Environment Maps", 2001): polynomials of the third degree in the turned body's normals explain what light
does on it, whatever the lamps. What they leave is relief, paint, a reflection or a shadow; these are told apart by hue, by how
fine and how rough they are and by how sharp their edges are.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np

from ..outline.outline import Outline
from .bands import LEAST, RIM, SIDE, TILTS, chart_along_rings, chart_of, ring_places
from .revolve import Core

# Limits between what renders of a monkey's head show, turned by up to 45 degrees, and of twenty turned bodies, in many materials and lights
UNEXPLAINED = 0.36  # of the differences of light along the rings; matt turned bodies have at most 0.35, a head 0.34 to 0.9
STRONG = (0.038, 0.4)  # that in natural logarithms of the light: less is noise, more is black on white
HUE = 1.3  # changes of colour over those of light, both in Lab units: more of them is paint
ONE_COLOUR = 0.45  # of the same: less is one colour, as of clay
# The middle slope over the size, in widths of the core: the grain of marble or many letters has steeper ones all over; so has that of
# wood, which is of several colours
FINE, FINE_IN_COLOURS = 7.2, 5.8
ROUGH = 8.0  # that in the roughest of the middle bands of rows: a label has less, as it is smooth within its edges
UNEVEN = 1.95  # the latter over the former: a grain is about as rough everywhere
SHARP = 113.0  # the steepest slopes over the size: reflections in metal are steeper
BANDS, MIDDLE_BANDS = 6, slice(1, 4)  # of the rows: neither the mouth of a vessel nor its foot, on which it casts its shadow
DEGREE = 3
_DARKEST = 0.04  # of the light of white: less is noise
_BURNT = 98.0  # of 100: no light is told there
_OUTLIER, _LEAST_OUTLIER = 2.5, 0.02  # robust standard deviations, logarithms; brighter than that is a highlight
_ROUNDS, _SLOPE_ROUNDS = 4, 12
_STEEPEST = 0.97  # quantile
_RIDGE = 1e-7
_EDGE_ROWS = 2


@dataclass(frozen=True, kw_only=True)
class Shading:
    """What the turned body's normals do not explain of the light; see the limits above."""

    unexplained: float
    strength: float
    hue: float
    fineness: float
    roughness: float
    sharpness: float

    @property
    def is_relief(self) -> bool:
        return (
            self.unexplained > UNEXPLAINED
            and STRONG[0] < self.strength < STRONG[1]
            and self.hue < HUE
            and self.fineness < (FINE if self.hue < ONE_COLOUR else FINE_IN_COLOURS)
            and self.roughness > max(ROUGH, UNEVEN * self.fineness)
            and self.sharpness < SHARP
        )


def is_sculpted(rgba: np.ndarray, outline: Outline, core: Core) -> bool:
    """Whether a cut-out (h, w, 4) uint8 shows within the core another body than the core when turned: matt, and of few colours."""
    rows = (core.last - core.first) / outline.scale
    if min(rows, float((core.right - core.left).max()) / outline.scale) < LEAST:
        return False
    return shading_of(rgba, outline, core).is_relief


def shading_of(rgba: np.ndarray, outline: Outline, core: Core) -> Shading:
    chart, width = chart_of(rgba, outline, core)
    curves = _curves(core)
    fits = [_fitted(chart_along_rings(chart, width, tilt), width, curves) for tilt in TILTS]
    return _judged(min(fits, key=lambda fit: fit.strength), curves)


@dataclass(frozen=True, kw_only=True)
class _Fit:
    chart: np.ndarray
    light: np.ndarray  # (SIDE, SIDE) natural logarithm
    weights: np.ndarray  # (SIDE, SIDE) 0 where no light is told
    strength: float
    unexplained: float


def _fitted(chart: np.ndarray, width: np.ndarray, curves: np.ndarray) -> _Fit:
    """Shading fitted to the light along the rings, each of which may be painted in its own lightness; highlights are left out."""
    level = chart[..., 0].astype(np.float64)
    light = np.log(_linear(level) + _DARKEST)
    weights = np.repeat(width.astype(np.float64), SIDE, axis=1)
    weights[(level > _BURNT) | (np.abs(ring_places()) >= RIM)[None, :]] = 0
    weights[:_EDGE_ROWS] = weights[-_EDGE_ROWS:] = 0
    kept = last = weights
    size = whole = 0.0
    for _ in range(_ROUNDS):
        wanted, given = _beside_the_mean(light[..., None], kept)[..., 0], _beside_the_mean(curves, kept)
        off = wanted - given @ _least_squares(given, wanted, kept)
        used = np.abs(off[kept > 0])
        spread = 1.48 * float(np.median(used)) if len(used) else 1.0
        size, whole = _size(off, kept), _size(wanted, kept)
        last, kept = kept, weights * (off < _OUTLIER * max(spread, _LEAST_OUTLIER))
    return _Fit(chart=chart, light=light, weights=last, strength=size, unexplained=size / max(whole, 1e-6))


def _judged(fit: _Fit, curves: np.ndarray) -> Shading:
    seen = fit.weights > 0
    if not seen.any():
        return Shading(unexplained=0.0, strength=0.0, hue=0.0, fineness=0.0, roughness=0.0, sharpness=0.0)
    soft = cv2.GaussianBlur(fit.light, (0, 0), 1.0)
    slopes, given = np.gradient(soft, axis=1)[seen], np.gradient(curves, axis=1)[seen]
    weights, off = np.ones_like(slopes), np.abs(slopes)
    for _ in range(_SLOPE_ROUNDS):  # least absolute differences: a label's edge, which is steep, says little
        off = np.abs(slopes - given @ _least_squares(given, slopes, weights))
        weights = 1 / np.maximum(off, 0.003)
    size = max(fit.strength, 1e-3)
    rough = np.full(seen.shape, np.nan)
    rough[seen] = off
    bands = [band[~np.isnan(band)] for band in np.array_split(rough, BANDS)[MIDDLE_BANDS]]
    return Shading(
        unexplained=fit.unexplained,
        strength=fit.strength,
        hue=_hue(fit),
        fineness=float(np.median(off)) * SIDE / size,
        roughness=max(float(np.median(band)) if len(band) else 0.0 for band in bands) * SIDE / size,
        sharpness=_steepest(fit) * SIDE / size,
    )


def _hue(fit: _Fit) -> float:
    """By how much a ring's colours are off those that the light alone gives its one colour, over what is left of the light."""
    light, colours, weights = fit.chart[..., :1] / 100, fit.chart[..., 1:] - 128, fit.weights[..., None]
    own = (colours * light * weights).sum(1, keepdims=True) / np.maximum((light**2 * weights).sum(1, keepdims=True), 1e-6)
    off = np.sqrt((weights * (colours - own * light) ** 2).sum() / weights.sum())
    mean = float((100 * light * weights).sum() / weights.sum())
    return float(off / max(fit.strength * mean / 3, 0.3))  # Lab's lightness is about the third root of the light


def _steepest(fit: _Fit) -> float:
    """The steepest slopes along the rings, also where a highlight or a burnt place begins."""
    inner = np.abs(ring_places()[1:-1]) < 0.8
    slopes = np.abs(fit.light[:, 2:] - fit.light[:, :-2]) / 2
    return float(np.quantile(slopes[:, inner], _STEEPEST))


def _curves(core: Core) -> np.ndarray:
    """(SIDE, SIDE, n) products of the turned core's normals, right, up and towards the viewer, without those that the others give."""
    half = (core.right - core.left)[:, None] / 2
    half = cv2.GaussianBlur(half, (0, 0), 1.5, borderType=cv2.BORDER_REPLICATE).ravel()
    rows = np.linspace(core.first + 0.5, core.last - 0.5, SIDE)
    slope = np.interp(rows, np.arange(core.first, core.last + 1), np.gradient(half))[:, None]
    length = np.sqrt(1 + slope**2)
    x, y, z = ring_places()[None, :] / length, slope / length, np.sqrt(1 - ring_places() ** 2)[None, :] / length
    powers = [(i, j, k) for i, j, k in product(range(DEGREE + 1), range(DEGREE + 1), (0, 1)) if 0 < i + j + k <= DEGREE]
    return np.stack([x**i * y**j * z**k for i, j, k in powers], axis=-1)


def _beside_the_mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(SIDE, SIDE, n) less each ring's own mean."""
    shares = weights[..., None]
    return values - (values * shares).sum(1, keepdims=True) / np.maximum(shares.sum(1, keepdims=True), 1e-6)


def _least_squares(given: np.ndarray, wanted: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(n,) shares of the curves in `given` (..., n)."""
    rows, values, weights = given.reshape(-1, given.shape[-1]), wanted.ravel(), weights.ravel()[:, None]
    square = rows.T @ (rows * weights)
    return np.linalg.solve(square + _RIDGE * (np.trace(square) + 1e-9) * np.eye(len(square)), (rows * weights).T @ values)


def _size(values: np.ndarray, weights: np.ndarray) -> float:
    """Root mean square."""
    return float(np.sqrt((weights * values**2).sum() / max(weights.sum(), 1e-6)))


def _linear(level: np.ndarray) -> np.ndarray:
    """The light, 0 to 1, of CIE lightness, 0 to 100."""
    return np.where(level > 8, ((level + 16) / 116) ** 3, level / 903.3)
