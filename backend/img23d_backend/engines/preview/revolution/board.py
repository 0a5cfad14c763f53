"""Whether an outline with four sides is that of a board, such as a book or a box's front, or of something round, such as a can.

Seen from above, the ends of a can are arcs, level and bent outwards; those of a board are straight, tilted as it is turned, with
a bend where a second face begins. Where both would be straight, at the height of the eye, the colours tell: along a can's side
they fall off towards both edges, on a face they do not.
"""

from __future__ import annotations

import cv2
import numpy as np

from ..outline.outline import Outline
from .bands import chart_of
from .revolve import find_core, row_extents

FOUR_SIDED = 0.88  # intersection over union with the best quadrangle
CORNERS = 0.86  # of the half width: beyond, an end is rounded
TILTED = 0.012  # of the width: so much farther off an arc than off two lines are the ends of a board
BENT = 0.015  # of the width: an arc that sags so much is that of a can
BENT_OFF = 0.004  # of the width: how much farther off an arc than off two lines the ends of a can may be
FALLS_OFF = 0.022  # of the lightness: how much darker than its middle a can's edges are
FEWEST = 24  # columns and rows; a smaller thing shows neither
_MIDDLE, _EDGES = 0.25, (0.6, 0.82)  # of the half width: where both are looked at
_TRIED = np.linspace(0.01, 0.08, 15)  # of the hull's perimeter: how far a quadrangle may be off
_KINKS = np.linspace(-0.8, 0.8, 17)


def is_board(rgba: np.ndarray, outline: Outline) -> bool | None:
    """Whether what a cut-out (h, w, 4) uint8 shows is a board; None where its outline has no four sides."""
    if four_sided(outline.inside) < FOUR_SIDED:
        return None
    ends = [_end(edge) for edge in _ends(outline.inside)]
    if not ends:
        return None
    worse = sum(off_arc - off_lines for off_arc, off_lines, _ in ends)
    if worse > TILTED:
        return True
    if worse < BENT_OFF and max(sag for *_, sag in ends) > BENT:
        return False
    return not _falls_off(rgba, outline)


def is_aslant(outline: Outline) -> bool:
    """Whether the ends are tilted, as those of a board that is turned away: then what its sides' photos show is not its thickness."""
    return sum(off_arc - off_lines for off_arc, off_lines, _ in map(_end, _ends(outline.inside))) > TILTED


def four_sided(inside: np.ndarray) -> float:
    """How well the best quadrangle covers a mask (rows, columns) bool: intersection over union."""
    contours, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = cv2.convexHull(max(contours, key=len))
    length, best = cv2.arcLength(hull, True), 0.0
    for share in _TRIED:
        corners = cv2.approxPolyDP(hull, share * length, True)
        if len(corners) == 4:
            covered = cv2.fillConvexPoly(np.zeros(inside.shape, np.uint8), corners, 1) > 0
            best = max(best, float((covered & inside).sum() / (covered | inside).sum()))
    return best


def _ends(inside: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """The upper and the lower end: places across (-1..1) and how far out the outline is there, in widths."""
    columns, first, last = row_extents(inside.T)
    width = len(columns)
    if min(width, int(last.max() - first.min())) < FEWEST:
        return []
    across = (np.arange(width) + 0.5) / width * 2 - 1
    kept = np.abs(across) < CORNERS
    return [(across[kept], out[kept] / width) for out in (-first, last)]


def _end(edge: tuple[np.ndarray, np.ndarray]) -> tuple[float, float, float]:
    """How far an end is off a level arc and off two lines, root mean square, and how much that arc sags."""
    across, out = edge
    level = np.ones_like(across)
    arc = np.stack([level, np.sqrt(1 - across**2)], axis=1)
    (_, sag), off_arc = _fitted(arc, out)
    if sag < 0:
        sag, off_arc = 0.0, float(out.std())
    lines = (np.stack([level, across, np.maximum(across - kink, 0)], axis=1) for kink in _KINKS)
    return off_arc, min(_fitted(two, out)[1] for two in lines), float(sag)


def _fitted(curves: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, float]:
    shares = np.linalg.lstsq(curves, values, rcond=None)[0]
    return shares, float(np.sqrt(np.mean((curves @ shares - values) ** 2)))


def _falls_off(rgba: np.ndarray, outline: Outline) -> bool:
    """Whether the colours grow darker from the middle to both edges, as around something turned."""
    core = find_core(outline.distance, forced=True)
    if core is None:
        return False
    chart, _ = chart_of(rgba, outline, core)
    light = np.log(np.clip(chart[..., 0], 3.0, None))
    across = (np.arange(light.shape[1]) + 0.5) / light.shape[1] * 2 - 1
    rows = slice(light.shape[0] // 10, -(light.shape[0] // 10))
    along = np.median(light[rows] - np.median(light[rows], axis=1, keepdims=True), axis=0)
    middle = np.median(along[np.abs(across) <= _MIDDLE])
    edges = [np.median(along[(_EDGES[0] <= side) & (side <= _EDGES[1])]) for side in (across, -across)]
    return bool(middle - sum(edges) / 2 > FALLS_OFF)
