"""Find the part of an outline that is symmetric about an upright axis, and turn it about that axis."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

STEEPEST_AXIS = 0.2  # columns a row; a stronger lean is no upright axis
WHOLE_SYMMETRY = 0.93  # of the area must have its mirror partner
CORE_SYMMETRY = 0.94
LYING = 0.7  # of its half width: an ellipse less high than that lies
LYING_ABOVE = 0.6  # of its half height: how far up its sides are looked at
LYING_FIT = 0.022  # of its half width: how far an outline may be off, in the mean
CORE_SHARE = 0.5  # of the area must be core, or the core is only a detail
OPENING = 0.45  # of the largest inscribed radius: thinner parts are appendages
LEAN_COST = 0.4  # share of the mirrored area that a lean of one column a row costs
STAIR = 1.2  # cells; smaller unevenness of an edge is not carried around the body
END_ROUNDING = 0.04  # of the larger extent: the edge between side and base


@dataclass(frozen=True, kw_only=True)
class Core:
    """Rows `first`..`last` (inclusive) of an outline with the left and right edge (columns) of each row's circle.

    `own` (rows, columns) bool: false where something else stands on the axis, as a stalk does in the dent of an apple.
    """

    first: int
    last: int
    left: np.ndarray
    right: np.ndarray
    own: np.ndarray

    def covers(self, shape: tuple[int, int], grow: float = 0.0) -> np.ndarray:
        """(rows, columns) bool: samples between the edges."""
        columns = np.arange(shape[1])[None, :]
        covered = np.zeros(shape, dtype=bool)
        covered[self.first : self.last + 1] = (columns >= self.left[:, None] - grow) & (columns <= self.right[:, None] + grow)
        return covered & self.own

    def continued(self, *, top: bool, bottom: bool) -> Core:
        """The core and its mirror image beyond an end where a plane cuts it off."""
        rows = len(self.own)
        before = min(self.first, len(self.left)) if top else 0
        after = min(rows - 1 - self.last, len(self.left)) if bottom else 0
        left, right = (np.pad(edge, (before, after), mode="symmetric") for edge in (self.left, self.right))
        return replace(self, first=self.first - before, last=self.last + after, left=left, right=right)


def find_core(distance: np.ndarray, *, forced: bool = False) -> Core | None:
    """The symmetric body of an outline, if it has one: the whole of it, or what is left without thin appendages.

    `forced`: answer with the best core there is, whatever its symmetry.
    """
    inside = distance > 0
    body = _opened(distance, OPENING * distance.max())
    whole, bodied = _core_of(distance, inside), _core_of(distance, body)
    symmetric = bodied is not None and bodied.mirrored >= CORE_SYMMETRY and not _lies(body)
    if not symmetric and not forced:
        return None
    if whole is not None and whole.mirrored >= WHOLE_SYMMETRY and not _pierced(whole.core, inside):
        return whole.core
    if bodied is not None and not _pierced(bodied.core, inside):
        if body.sum() >= CORE_SHARE * inside.sum() or forced:
            return bodied.core
    return whole.core if forced and whole is not None else None


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    core: Core
    mirrored: float  # share of the body's area whose mirror image about the axis is body too


def revolved(distance: np.ndarray, core: Core) -> np.ndarray:
    """Squared half depth of the core turned about its axis, row by row a circle; negative outside.

    The edge where a flat end meets the side is rounded, so that the end closes within the outline.
    """
    columns = np.arange(distance.shape[1], dtype=np.float64)[None, :]
    depth_squared = np.full(distance.shape, -1.0)
    rows = slice(core.first, core.last + 1)
    spare = 0.5 * STAIR  # lets the outline itself, not the core's edge, be the rim
    depth_squared[rows] = (columns - core.left[:, None] + spare) * (core.right[:, None] + spare - columns)
    depth_squared[~core.own] = -1.0
    reach = max(np.ptp(core.right + core.left), core.last - core.first, (core.right - core.left).max())
    edge = max(END_ROUNDING * reach, 2.0)
    widest = float((core.right - core.left).max()) / 2
    ramp = np.clip(distance / edge, 0, 1)
    return np.minimum(depth_squared, (widest + spare) ** 2 * (1 - (1 - ramp) ** 2) + np.minimum(distance, 0))


def _opened(distance: np.ndarray, radius: float) -> np.ndarray:
    """Morphological opening of the inside by a disc."""
    kept = (distance > radius).astype(np.uint8)
    return cv2.distanceTransform(1 - kept, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) < radius


def _lies(body: np.ndarray) -> bool:
    """Whether a body ends, at its sides and below, in an ellipse much wider than high.

    It is a lemon on its side, or a plate or a saucer seen from above, which may have a cup on it.
    """
    rows, left, right = row_extents(_largest_piece(body))
    half = (right - left + 1) / 2
    reach = float(half.max())
    widest = float(rows[half > 0.985 * reach].mean())
    sag = float(rows[-1] + 0.5 - widest)
    if sag >= LYING * reach or rows[0] > widest - LYING_ABOVE * sag:
        return False
    there = rows > widest - LYING_ABOVE * sag
    ellipse = reach * np.sqrt(np.maximum(1 - ((rows[there] - widest) / sag) ** 2, 0))
    return float(np.abs(half[there] - ellipse).mean()) < LYING_FIT * reach


def _core_of(distance: np.ndarray, body: np.ndarray) -> _Candidate | None:
    """Axis and edges of each row of a body (all of the inside, or an opening of it)."""
    body = _largest_piece(body)
    rows, left, right = row_extents(body)
    if len(rows) < 8:
        return None
    offset, slope = _fit_axis(rows, left, right)
    if abs(slope) > STEEPEST_AXIS:
        return None
    axis = offset + slope * rows
    on_body = np.maximum(np.minimum(axis - left, right - axis), 0)
    before, after = _extension(distance, offset, slope, rows, on_body)
    all_rows = np.arange(rows[0] - before, rows[-1] + after + 1)
    axis = offset + slope * all_rows
    inside = distance[all_rows] > 0
    seen = _around_axis(inside, axis)
    seen[before : before + len(rows)] |= body[rows[0] : rows[-1] + 1]
    reach_left, reach_right = _reach(np.where(seen, distance[all_rows], np.minimum(distance[all_rows], -1e-3)), axis)
    limit = np.interp(all_rows, rows, on_body) + 0.15 * float(on_body.max())
    half = np.minimum(np.minimum(reach_left, reach_right), limit)
    even = np.maximum(reach_left, reach_right) <= half + 2.0 + 0.05 * half
    core = Core(
        first=int(all_rows[0]),
        last=int(all_rows[-1]),
        left=_smooth(axis - np.where(even, reach_left, half)),
        right=_smooth(axis + np.where(even, reach_right, half)),
        own=_without_stalk(distance, all_rows, axis, half),
    )
    mirrored = float(2 * on_body.sum() / body.sum())
    return _Candidate(core=core, mirrored=mirrored) if half.max() > 1.5 else None


def _largest_piece(body: np.ndarray) -> np.ndarray:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(body.astype(np.uint8), connectivity=4)
    stats[0, cv2.CC_STAT_AREA] = 0
    return labels == int(np.argmax(stats[:, cv2.CC_STAT_AREA])) if len(stats) > 1 else body


def row_extents(body: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rows of a body (without a gap, as it is one piece) and their first and last column."""
    rows = np.flatnonzero(body.any(axis=1))
    left = body[rows].argmax(axis=1).astype(np.float64)
    right = body.shape[1] - 1.0 - body[rows, ::-1].argmax(axis=1)
    return rows, left, right


def _around_axis(inside: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """In each row the run of inside samples that the axis goes through."""
    columns = np.arange(inside.shape[1])[None, :]
    at = np.clip(np.round(axis).astype(int), 1, inside.shape[1] - 2)[:, None]
    first_out = np.where(~inside & (columns >= at), columns, inside.shape[1]).min(axis=1, keepdims=True)
    last_out = np.where(~inside & (columns <= at), columns, -1).max(axis=1, keepdims=True)
    return (columns > last_out) & (columns < first_out)


def _fit_axis(rows: np.ndarray, left: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """The line column = offset + slope * row about which the runs have the largest mirrored area; a lean must pay off."""
    middle_row, reach = rows.mean(), 0.3 * (right.max() - left.min())
    center = float(np.median(0.5 * (left + right)))
    best, lean, offset_step, slope_step = (center, 0.0), 0.0, reach / 12, 0.02
    slopes = np.arange(-12, 13) * slope_step
    offsets = center + np.arange(-12, 13) * offset_step
    for _ in range(5):
        slope, offset = (grid.ravel() for grid in np.meshgrid(slopes, offsets))
        axis = offset[:, None] + slope[:, None] * (rows - middle_row)[None, :]
        mirrored = np.maximum(np.minimum(axis - left, right - axis), 0).sum(axis=1)
        worth = mirrored * (1 - LEAN_COST * np.abs(slope))
        at = int(np.argmax(worth))
        best, lean = (float(offset[at]), float(slope[at])), float(slope[at])
        offset_step, slope_step = offset_step / 4, slope_step / 4
        slopes = lean + np.arange(-4, 5) * slope_step
        offsets = best[0] + np.arange(-4, 5) * offset_step
    return best[0] - lean * middle_row, lean


def _without_stalk(distance: np.ndarray, rows: np.ndarray, axis: np.ndarray, half: np.ndarray) -> np.ndarray:
    """False on runs around the axis that are much narrower than the body in their row."""
    run = _around_axis(distance[rows] > 0, axis)
    own = np.ones(distance.shape, dtype=bool)
    own[rows] = ~(run & (run.sum(axis=1) < half)[:, None])
    return own


def _reach(line: np.ndarray, axis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Way from the axis to the outermost outline on both sides of each row, to a fraction of a cell; 0 if there is none.

    `line` is the signed distance in these rows. Outermost, so that a dent in an apple's top does not cut its body short.
    """
    width = line.shape[1]
    at = np.clip(np.round(axis).astype(int), 1, width - 2)
    within = line > 0
    columns = np.arange(width)[None, :]
    right = np.where(within & (columns >= at[:, None]), columns, -1).max(axis=1)
    left = np.where(within & (columns <= at[:, None]), columns, width).min(axis=1)
    row = np.arange(len(line))

    def crossing(inner: np.ndarray, step: int) -> np.ndarray:
        inner = np.clip(inner, 1, width - 2)
        d_in, d_out = line[row, inner], line[row, inner + step]
        return inner + step * np.clip(d_in / np.maximum(d_in - d_out, 1e-6), 0, 1)

    return (
        np.where(left == width, 0, np.maximum(axis - crossing(left, -1), 0)),
        np.where(right < 0, 0, np.maximum(crossing(right, 1) - axis, 0)),
    )


def _extension(distance: np.ndarray, offset: float, slope: float, rows: np.ndarray, half: np.ndarray) -> tuple[int, int]:
    """How many rows beyond the body's ends still belong to it: the opening has rounded its corners off."""

    def count(beyond: np.ndarray, half: float) -> int:
        if len(beyond) == 0:
            return 0
        axis = offset + slope * beyond
        line = np.where(_around_axis(distance[beyond] > 0, axis), distance[beyond], -1.0)
        stop = np.minimum(*_reach(line, axis)) < max(0.5 * half, 1.0)
        return int(np.argmax(stop)) if stop.any() else len(beyond)

    before = count(np.arange(rows[0] - 1, -1, -1), float(half[0]))
    return before, count(np.arange(rows[-1] + 1, len(distance)), float(half[-1]))


def _pierced(core: Core, inside: np.ndarray) -> bool:
    """Whether a hole or a deep dent of the outline goes into the core."""
    holes = core.covers(inside.shape, grow=-1.5) & ~inside
    return bool(holes.sum() > 0.02 * (core.right - core.left).sum())


def _smooth(values: np.ndarray) -> np.ndarray:
    """Even out small steps (the pixels' stairs, where a handle joins) over many rows, but keep what is larger."""
    light = cv2.GaussianBlur(values, (0, 0), 1.5, borderType=cv2.BORDER_REPLICATE).ravel()
    padded = np.pad(values, 40, mode="reflect", reflect_type="odd") if len(values) > 40 else np.pad(values, 40, mode="edge")
    strong = cv2.GaussianBlur(padded, (0, 0), 9.0).ravel()[40:-40]
    off = light - strong
    return strong + np.sign(off) * np.maximum(np.abs(off) - STAIR, 0)
