"""What lies behind the things in a photo: wall, table or studio sheet, with its gradients and its soft shadows.

The colour model is CIE Lab of 8-bit sRGB. A shadow scales the linear light by s, and Lab's cube root turns that into
one factor k = s^(1/3) on L + 16, a and b alike; "as dark as a shadow, and of the backdrop's hue" is tested that way.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ....cutouts.pyramid import pull_push
from .border import border_layers, ring_mask

_HUE_TOLERANCE = 7.0  # Lab units beside the grey line of a shadow
_DARKEST_SHADOW = 0.38  # k: a twentieth of the light
_BRIGHTEST = 3.5  # Lab units above the fitted surface that are still its lighting
_SMOOTH_STEP, _CALMEST = 1.5, 2.0  # Lab units a pixel: a soft shadow's slope on top of twice the grain, and at least
_SHADE_HUE, _SHADE_LIGHTEST, _SHADE_DARKEST = 14.0, 0.95, 0.42  # Lab units, k, k: a contact shadow, tinted by the thing
_SHADE_STEP = 5.0  # Lab units a pixel: how fast a contact shadow may darken
_EXACT = 2.0  # Lab units
_UNLIKE = 15.0  # Lab units of hue that no shadow has
_BUSY = 6.0  # Lab units of grain: a pattern, in front of which outlines cannot be told
_FEWEST = 4  # pixels of a picture, below which there is no surface to fit
_ROUNDS = 3
_CROSS = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, kw_only=True)
class Backdrop:
    """The backdrop of a picture of (H, W) pixels.

    `colour` (H, W, 3) float32 Lab behind every pixel, shaded as it is there; `lit` (H, W, 3) the same without shadows;
    `seen` (H, W) bool where nothing stands in front of it, soft shadows included; `noise` the grain's deviation in Lab
    units; `plain` is False where the border shows no surface that could be told from the things in front of it: then
    `seen` is empty.
    """

    colour: np.ndarray
    lit: np.ndarray
    seen: np.ndarray
    noise: float
    plain: bool


def to_lab(rgb: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 sRGB to float32 Lab, L 0..100, with single odd pixels smoothed away."""
    return cv2.cvtColor(cv2.medianBlur(np.ascontiguousarray(rgb), 3).astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def fit_backdrop(rgb: np.ndarray) -> Backdrop:
    """The backdrop of (H, W, 3) uint8 sRGB, a few hundred pixels a side, from what the picture's border shows."""
    lab = to_lab(rgb)
    layers = border_layers(lab)
    noise = grain(lab)
    if not layers or noise > _BUSY or lab.shape[0] * lab.shape[1] < _FEWEST:
        return Backdrop(colour=lab, lit=lab, seen=np.zeros(lab.shape[:2], bool), noise=noise, plain=False)
    models = [_fitted(lab, layer) for layer in layers]
    slope, ring = steepness(lab), ring_mask(lab.shape[:2])
    seen = visible(lab, models, noise, ring, slope)
    for _ in range(_ROUNDS):
        grown = visible(lab, [*models, carried_behind(lab, seen)], noise, ring, slope)
        settled = np.count_nonzero(grown & ~seen) <= 0.002 * np.count_nonzero(seen)
        seen |= grown
        if settled:
            break
    lit = _nearest_model(lab, models)
    seen |= contact_shadow(lab, lit, noise, seen, 0.0135 * max(seen.shape))
    return Backdrop(colour=carried_behind(lab, seen), lit=lit, seen=seen, noise=noise, plain=True)


def grain(lab: np.ndarray) -> float:
    """The deviation of the picture's grain in Lab units, as the median of what a small blur takes away."""
    return 1.5 * float(np.median(squared_length(lab - cv2.blur(lab, (5, 5))))) ** 0.5


def shadow_factor(lab: np.ndarray, colour: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How dark a pixel is beside its backdrop, k = (L + 16) / (L_b + 16), and its distance from such a shadow's hue."""
    light, a, b = cv2.split(lab)
    light_behind, a_behind, b_behind = cv2.split(colour)
    k = (light + 16) / (light_behind + 16)
    return k, cv2.magnitude(a - k * a_behind, b - k * b_behind)


def squared_length(field: np.ndarray) -> np.ndarray:
    """(H, W) of (H, W, 3), both float32; many times faster than NumPy's sum over a short last axis."""
    return cv2.transform(cv2.multiply(field, field), np.ones((1, 3), np.float32))


def shadow_like(lab: np.ndarray, colour: np.ndarray, noise: float) -> np.ndarray:
    """(H, W) bool: of the backdrop's hue and as light as it or darker, down to a contact shadow."""
    k, hue = shadow_factor(lab, colour)
    bright = lab[..., 0] - colour[..., 0]
    return (hue < _HUE_TOLERANCE + noise) & (k > _DARKEST_SHADOW) & (bright < _BRIGHTEST + 2 * noise)


def visible(lab: np.ndarray, models: list[np.ndarray], noise: float, seeds: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """(H, W) bool: the backdrop or its shadow, reached from the seeds without crossing an outline.

    Narrow gaps do not let through: through those a thing of the backdrop's own colour would leak away. `slope` is the
    `steepness` of `lab`.
    """
    like = np.zeros(lab.shape[:2], bool)
    for model in models:
        like |= shadow_like(lab, model, noise)
    calm = (like & (slope < max(_SMOOTH_STEP + 2 * noise, _CALMEST))).astype(np.uint8)
    wide = cv2.erode(calm, _CROSS, iterations=2, borderValue=1)
    reached = touching(wide > 0, seeds).astype(np.uint8)
    for _ in range(3):
        reached = cv2.dilate(reached, _CROSS) & calm
    passing = (calm > 0) & _exact(lab, models[-1])
    reached = touching(passing | (reached > 0), reached > 0).astype(np.uint8)
    return (cv2.dilate(reached, _CROSS) > 0) & like


def _exact(lab: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """(H, W) bool: the backdrop's very colour, which also passes narrow gaps."""
    return squared_length(lab - colour) < _EXACT**2


def contact_shadow(lab: np.ndarray, lit: np.ndarray, noise: float, seen: np.ndarray, half_width: float) -> np.ndarray:
    """(H, W) bool: where a shadow already seen goes on, quickly darker, to the foot of the thing that casts it.

    A band wider than twice `half_width` pixels must have a thing of another hue above it: else it is a grey thing.
    """
    k, hue = shadow_factor(lab, lit)
    shade = (hue < _SHADE_HUE + noise) & (k < _SHADE_LIGHTEST) & (k > _SHADE_DARKEST)
    near = cv2.dilate(seen.astype(np.uint8), _disc(3 * half_width)) > 0
    closed = np.ones((seen.shape[0] + 2, seen.shape[1] + 2), np.uint8)
    closed[1:-1, 1:-1] = ~(shade & near)
    down, up = (_SHADE_STEP, 3.0, 3.0), (_SMOOTH_STEP + 2 * noise, 3.0, 3.0)
    flags = 4 | cv2.FLOODFILL_MASK_ONLY | (2 << 8)
    _, labels = cv2.connectedComponents((seen & shade).astype(np.uint8), connectivity=4)
    _, first = np.unique(labels, return_index=True)
    for start in first[1:]:
        row, column = divmod(int(start), seen.shape[1])
        if closed[row + 1, column + 1] == 0:
            cv2.floodFill(lab, closed, (column, row), 0, down, up, flags)
    gained = (closed[1:-1, 1:-1] == 2) & ~seen
    broad = touching(gained, cv2.erode(gained.astype(np.uint8), _disc(half_width), borderValue=0) > 0)
    unlike = cv2.dilate((~seen & (hue > _UNLIKE)).astype(np.uint8), _disc(2)) > 0
    return _lying_below(gained & (~broad | _hanging_below(gained, unlike)), seen)


def _hanging_below(shade: np.ndarray, unlike: np.ndarray) -> np.ndarray:
    """The shadow's pixels with a thing of another hue straight above, which casts it."""
    kept = shade.copy()
    kept[0] = False
    for row in range(1, len(shade)):
        kept[row] &= kept[row - 1] | unlike[row - 1]
    return kept


def _lying_below(shade: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """The shadow's pixels with the backdrop straight below; what stands on a part of the thing is the thing's own."""
    kept = shade.copy()
    kept[-1] = False
    for row in range(len(shade) - 2, -1, -1):
        kept[row] &= kept[row + 1] | seen[row + 1]
    return kept


def _disc(radius: float) -> np.ndarray:
    size = 2 * max(1, round(radius)) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))


def steepness(lab: np.ndarray) -> np.ndarray:
    """(H, W) the greatest change a pixel towards a neighbour, in Lab units."""
    slope = np.array([[-0.5, 0.0, 0.5]], np.float32)
    across = cv2.filter2D(lab, -1, slope, borderType=cv2.BORDER_REPLICATE)
    down = cv2.filter2D(lab, -1, slope.T, borderType=cv2.BORDER_REPLICATE)
    return np.sqrt(np.maximum(squared_length(across), squared_length(down)))


def touching(mask: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """(H, W) bool: the connected parts of a mask that hold a seed."""
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    keep = np.zeros(count, bool)
    keep[labels[seeds & mask]] = True
    keep[0] = False
    return keep[labels]


def carried_behind(lab: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """(H, W, 3) the seen backdrop's colour carried on behind the things."""
    inner = cv2.erode(seen.astype(np.uint8), _CROSS, borderValue=1)
    return pull_push(lab, inner.astype(np.float32))


def _nearest_model(lab: np.ndarray, models: list[np.ndarray]) -> np.ndarray:
    """Of several surfaces the one whose own or shaded colour each pixel is nearest to (H, W, 3)."""
    best, lit = None, models[0]
    for model in models:
        k, hue = shadow_factor(lab, model)
        distance = hue + 20 * np.abs(1 - k)
        if best is None:
            best = distance
        else:
            lit = np.where((distance < best)[..., None], model, lit)
            best = np.minimum(distance, best)
    return lit


def _fitted(lab: np.ndarray, layer: np.ndarray) -> np.ndarray:
    """The layer's colour (H, W, 3), a quadratic over the picture fitted to its border and then to all it explains."""
    height, width = lab.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)
    use = layer
    for tolerance in (8.0, 6.0, 6.0):
        model = terms @ _robust_fit(terms, lab, use)
        near = squared_length(lab - model) < tolerance**2
        use = touching(near, layer) | layer
    return model


def _robust_fit(terms: np.ndarray, lab: np.ndarray, use: np.ndarray) -> np.ndarray:
    """(6, 3) float32 by least squares over the pixels in use, reweighted by Tukey's biweight so that a thing cut off by
    the border does not bend the surface.
    """
    pixels = np.flatnonzero(use)
    pixels = pixels[:: max(1, len(pixels) // 4000)]
    terms, values = (field.reshape(use.size, -1)[pixels].astype(np.float64) for field in (terms, lab))
    ridge = np.diag([0, 1, 1, 1, 1, 1]) * 1e-3 * len(terms)  # a border alone says little about the curvature inside
    weight = np.ones(len(terms))
    for _ in range(6):
        weighted = terms * weight[:, None]
        solution = np.linalg.solve(weighted.T @ terms + ridge, weighted.T @ values)
        residual = np.linalg.norm(terms @ solution - values, axis=1)
        scale = 4.7 * max(1.48 * float(np.median(residual)), 0.4)
        weight = np.clip(1 - (residual / scale) ** 2, 0, None) ** 2
    return solution.astype(np.float32)  # pyright: ignore[reportPossiblyUnboundVariable]  # the loop runs six times
