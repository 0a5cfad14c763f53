"""A dish seen from above, empty or with a cup on it: one body turned about an upright axis at which the photo looks down.

From the side such an outline is that of a pot with a neck. What tells them apart is the cup's rim: seen from above it is an
ellipse as round as the dish's, of which the near half lies inside the outline, as an edge of the colours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from .revolve import row_extents
from .seen_rings import Axis, Ring, axis_of

FEWEST = 16  # rows and columns: a smaller thing shows no ellipse
SIDE = 160  # pixels of the longer side that the fit works at
FLATTEST, ROUNDEST = 0.22, 0.9  # height over width of the dish's ellipse: seen from lower it is a line, from higher a circle
ONE_ROUND = 0.95  # intersection over union with a single ellipse, from which on nothing stands on it
FIT = 0.93  # intersection over union of the outline and the body's
OFF_AXIS = 0.2  # of the dish's radius: a cup that stands farther from its middle is none
CUP = (0.25, 0.97)  # its radius in those of the dish
TALL = (0.25, 3.0)  # the height of a cup's rim over that of the dish, in its own radii
SEEN_RIM = 0.45  # share of the near rim that is an edge of the colours
SEEN_RING = 0.7  # and of a ring within an empty dish
EDGE = 0.35  # of the cut-out's strong gradients: what counts as an edge
NEAR = 0.035  # of the cut-out's side: how far from the ellipse that edge may lie
FEET, BULGES = (0.4, 0.55, 0.7, 0.85), (0.35, 0.6, 1.0)  # of a cup: radius at its foot in those of its rim, exponent of its side
LESS_ROUND = np.array([0.74, 0.78, 0.82, 0.86, 0.9, 0.95, 1.0])  # a cup's rim than the dish, since it is nearer to the eye's height
CLOSELY, OUTLINE = 8, 6.0  # how many cups are tried with all their sides, and what the whole outline counts beside the rim
USUAL_BULGE, UNUSUAL = 0.6, 0.003  # another one has to fit better by so much
# Of a dish, in its radii: the height of its rim and of its middle, the radius of its foot and of its well
RIM_HEIGHT, WELL_HEIGHT, FOOT, WELL = 0.12, 0.05, 0.5, 0.6
WALL = 0.08  # of a cup, in its radii
DEEPEST, IN_SIGHT = 0.6, 0.5  # how deep a cup is: of its height, and of what its rim lets the photo see


@dataclass(frozen=True, kw_only=True)
class Dish:
    """`rim` of the dish and, where one stands on it, `cup`, the rim of a cup with its `foot` and `bulge`; pixels of the cut-out."""

    rim: Ring
    cup: Ring | None = None
    foot: float = 0.0
    bulge: float = 0.0

    @property
    def axis(self) -> Axis:
        """With its foot in the middle of the dish's rim."""
        return axis_of(self.rim, self.cup)

    def profile(self, sides: int = 12) -> np.ndarray:
        """(n, 2) height over the dish's rim and radius of the rings from the foot's middle to the upper one, in pixels.

        A cup's side has `sides` rings.
        """
        axis = self.axis
        a = axis.lower
        ground, low, floor = -RIM_HEIGHT * a, -0.7 * RIM_HEIGHT * a, (WELL_HEIGHT - RIM_HEIGHT) * a
        dish = [(ground, 0), (ground, FOOT * a), (low, 0.75 * a), (-0.02 * a, a), (0, 0.985 * a), (-0.04 * a, 0.85 * a)]
        if self.cup is None:
            return np.array([*dish, (floor, WELL * a), (floor, 0)])
        top, radius = axis.height, axis.upper
        up, wall = np.linspace(0, 1, sides), WALL * radius
        heights, radii = floor + (top - floor) * up, radius * (self.foot + (1 - self.foot) * up**self.bulge)
        bottom = top - min(DEEPEST * (top - floor), IN_SIGHT * radius * np.tan(np.arcsin(self.cup.ratio)))
        well = [(floor, WELL * a)] if WELL * a > radii[0] else []
        outer = [*zip(heights, radii, strict=True), (top + wall / 3, radius - wall / 2)]
        inner = [(height, one - wall) for height, one in zip(heights[::-1], radii[::-1], strict=True) if height > bottom]
        return np.array([*dish, *well, *outer, *inner, (bottom, float(np.interp(bottom, heights, radii)) - wall), (bottom, 0)])

    def covers(self, shape: tuple[int, int]) -> np.ndarray:
        """(h, w) bool: the outline of the body in the cut-out."""
        mask = np.zeros(shape, np.uint8)
        for height, radius in self.profile():
            _fill(mask, self.axis.ellipse(height, radius))
        return cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)) > 0  # between rings that are far apart


def find_dish(rgba: np.ndarray) -> Dish | None:
    """The dish that a cut-out (h, w, 4) uint8 shows from above, if it does."""
    seen = _small(rgba)
    if seen is None:
        return None
    small, scale, left, top = seen
    solid = _largest(small[..., 3] >= 128)
    rim = _rim_of(solid)
    if rim is None:
        return None
    edges = _Edges(small, solid)
    found = _with_cup(solid, rim, edges) or _empty(solid, rim, edges)
    if found is None:
        return None
    rim, cup = (None if ring is None else ring.moved(1 / scale, left, top) for ring in (found.rim, found.cup))
    return replace(found, rim=rim, cup=cup)


def _small(rgba: np.ndarray) -> tuple[np.ndarray, float, int, int] | None:
    """The solid part at the size that the fit works at, its scale and its first pixel; None where there is too little of it."""
    solid = rgba[..., 3] >= 128
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    if min(len(rows), len(columns)) < FEWEST:
        return None
    top, left = int(rows[0]), int(columns[0])
    part = rgba[top : rows[-1] + 1, left : columns[-1] + 1]
    scale = min(1.0, SIDE / max(part.shape[:2]))
    small = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1.0 else part
    return np.pad(small, ((4, 4), (4, 4), (0, 0))), scale, round(left - 4 / scale), round(top - 4 / scale)


def _largest(solid: np.ndarray) -> np.ndarray:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid.astype(np.uint8))
    return labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])) if count > 1 else solid


def _rim_of(solid: np.ndarray) -> Ring | None:
    """The ellipse in which the outline ends at its sides and below."""
    rows, left, right = row_extents(solid)
    if len(rows) < FEWEST:
        return None
    half, middle = (right - left + 1) / 2, (right + left) / 2
    reach, last = float(half.max()), rows[-1] + 0.5
    widest = float(rows[half > 0.985 * reach].mean())
    best, least = None, np.inf
    for y in widest + np.linspace(-0.12, 0.12, 13) * reach:
        below = rows > y - 0.1 * reach
        for bottom in last + np.linspace(-0.02, 0.02, 5) * reach:
            b = bottom - y
            if not FLATTEST * reach <= b <= ROUNDEST * reach:
                continue
            ellipse = reach * np.sqrt(np.maximum(1 - ((rows[below] - y) / b) ** 2, 0))
            error = float(np.abs(half[below] - ellipse).mean()) / reach
            if error < least:
                x = float(np.median(middle[below]))
                best, least = Ring(x=x, y=float(y), radius=reach, ratio=float(b / reach)), error
    return best if least < 0.03 else None


class _Edges:
    """Where the colours of a cut-out have an edge."""

    def __init__(self, rgba: np.ndarray, solid: np.ndarray) -> None:
        lab = cv2.cvtColor(rgba[..., :3], cv2.COLOR_RGB2LAB).astype(np.float32)
        lab = cv2.GaussianBlur(lab, (0, 0), 1.2)
        self._slopes = [cv2.Sobel(lab, cv2.CV_32F, *order, scale=0.125) for order in ((1, 0), (0, 1))]  # across, down
        self.inner = cv2.erode(solid.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
        strong = np.hypot(*(np.linalg.norm(slope, axis=2) for slope in self._slopes))[self.inner]
        self.strong = float(np.percentile(strong, 95)) if len(strong) else 0.0
        self._near = NEAR * max(solid.shape)

    def along(self, ring: Ring, angles: np.ndarray) -> tuple[float, float]:
        """The share of an ellipse's points with an edge along it close by, and how strong it is just there, in the mean; 1 is as
        strong as the cut-out's strong ones are."""
        if self.strong < 1.0:
            return 0.0, 0.0
        normal = np.stack([np.cos(angles) * ring.ratio, np.sin(angles)], axis=1)
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        steps = np.linspace(-self._near, self._near, 7)
        at = ring.points(angles)[:, None] + steps[None, :, None] * normal[:, None]
        x, y = at[..., 0].astype(np.float32), at[..., 1].astype(np.float32)
        slope = sum(
            cv2.remap(along_axis, x, y, cv2.INTER_LINEAR) * normal[:, None, axis, None].astype(np.float32) for axis, along_axis in enumerate(self._slopes)
        )
        inside = cv2.remap(self.inner.astype(np.float32), x, y, cv2.INTER_NEAREST) > 0
        strength = np.where(inside, np.linalg.norm(slope, axis=2), 0)
        share = float((strength.max(axis=1) > EDGE * self.strong).mean())
        return share, float(np.minimum(strength[:, len(steps) // 2] / self.strong, 1).mean())


_BELOW, _ALL_AROUND = np.radians(np.arange(20, 161, 4)), np.radians(np.arange(0, 360, 8))


def _with_cup(solid: np.ndarray, rim: Ring, edges: _Edges) -> Dish | None:
    """The cup whose upper rim is the outline's top, and whose near rim is an edge."""
    top = float(np.flatnonzero(solid.any(axis=1))[0])
    if top > rim.y - 1.04 * rim.radius * rim.ratio or _is_one_ellipse(solid):
        return None
    above = np.arange(solid.shape[0]) < rim.y - rim.radius * rim.ratio
    columns = np.flatnonzero(solid[above].any(axis=0))
    middle = (columns[0] + columns[-1]) / 2
    cups = []
    for radius in np.linspace(*CUP, 37) * rim.radius:
        for ratio in rim.ratio * LESS_ROUND:
            for x in middle + np.array([-0.06, -0.03, 0, 0.03, 0.06]) * rim.radius:
                cup = Ring(x=float(x), y=top + radius * ratio, radius=float(radius), ratio=float(ratio))
                tall = (rim.y - cup.y) / np.sqrt(1 - rim.ratio**2)
                if not TALL[0] * radius <= tall <= TALL[1] * radius or abs(cup.x - rim.x) > OFF_AXIS * rim.radius:
                    continue
                seen, strength = edges.along(cup, _BELOW)
                if seen >= SEEN_RIM:
                    cups.append((seen + strength + 2 * _upper_fit(solid, cup, rim), cup))
    best = sorted(cups, key=lambda one: -one[0])[:CLOSELY]
    dishes = [(worth, Dish(rim=rim, cup=cup, foot=foot, bulge=bulge)) for worth, cup in best for foot in FEET for bulge in BULGES]
    scores = [(_overlap(one.covers(solid.shape), solid), worth, one) for worth, one in dishes]
    scores = [one for one in scores if one[0] >= FIT]
    usual = [one[0] - UNUSUAL * (one[2].bulge != USUAL_BULGE) + one[1] / OUTLINE for one in scores]
    return scores[int(np.argmax(usual))][2] if scores else None


def _is_one_ellipse(solid: np.ndarray) -> bool:
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    width, height = columns[-1] + 1 - columns[0], rows[-1] + 1 - rows[0]
    whole = np.zeros(solid.shape, np.uint8)
    _fill(whole, Ring(x=columns[0] + width / 2, y=rows[0] + height / 2, radius=width / 2, ratio=height / width))
    return _overlap(whole > 0, solid) >= ONE_ROUND


def _upper_fit(solid: np.ndarray, cup: Ring, rim: Ring) -> float:
    """How well the cup's far rim is the outline, where it stands out above the dish: 1 best."""
    upper = np.zeros(solid.shape, np.uint8)
    _fill(upper, cup)
    rows = slice(0, max(int(min(cup.y, rim.y - rim.radius * rim.ratio)), 1))
    return _overlap(upper[rows] > 0, solid[rows])


def _empty(solid: np.ndarray, rim: Ring, edges: _Edges) -> Dish | None:
    """A dish alone, whose well or pattern runs around it in rings."""
    dish = Dish(rim=rim)
    if _overlap(dish.covers(solid.shape), solid) < FIT:
        return None
    rings = (replace(rim, radius=rim.radius * share) for share in np.linspace(0.45, 0.92, 20))
    return dish if max(edges.along(ring, _ALL_AROUND)[0] for ring in rings) >= SEEN_RING else None


def _overlap(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.count_nonzero(a & b) / max(np.count_nonzero(a | b), 1))


def _fill(mask: np.ndarray, ring: Ring) -> None:
    sub = 16
    centre = (round(ring.x * sub), round(ring.y * sub))
    axes = (max(round(ring.radius * sub), 1), max(round(ring.radius * ring.ratio * sub), 1))
    cv2.ellipse(mask, centre, axes, 0, 0, 360, 1, -1, cv2.LINE_8, 4)
