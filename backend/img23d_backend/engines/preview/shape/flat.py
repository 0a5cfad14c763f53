"""Which outlines are flat things, and their form: a slab with a rounded edge, or a puffed star."""

from __future__ import annotations

import cv2
import numpy as np

from .inflate import inflated

HALF_THICKNESS = {"wheel": 0.16, "board": 0.16, "leaf": 0.06}  # in radii of the disc of equal area
ROD = 0.06  # of the extent: an outline nowhere wider than twice that is a rod or a wire, and those are round
CORNER_TURN = np.radians(38)  # a turn this strong within CORNER_SPAN is a corner
CORNER_SPAN = 0.035  # of the perimeter
STAR_DEPTH = 0.8  # of the round depth
MOST_STAR_ARMS = 6  # with more it is a cog, a flower or a biscuit
ANGULAR = 0.6  # share of the outline's turning that lies in corners, for an angular outline


def flat_depth(distance: np.ndarray, kind: str, *, area: int) -> np.ndarray:
    """Squared half depth of one of the flat kinds over an outline given as signed distance; `area` is the thing's in cells.

    A slab with a rounded edge; but a star, which as a thing is more often puffed than cut from a board.
    """
    if kind == "star":
        return inflated(distance) * STAR_DEPTH**2
    half = HALF_THICKNESS[kind] * np.sqrt(area / np.pi)
    ramp = np.clip(distance / max(0.75 * half, 2.0), 0, 1)
    return half**2 * (1 - (1 - ramp) ** 2)


def flat_thing(distance: np.ndarray, *, board: bool | None = None) -> str:
    """What kind of flat thing an outline shows, in a plain word; empty for anything that may be round.

    `board`: what is known of it as a board; None where the outline alone has to tell.
    """
    outline = _longest_contour(distance)
    if distance.max() < ROD * np.ptp(outline, axis=0).max():
        return ""
    arms = _arms(outline, distance)
    if arms:
        return "wheel" if arms > MOST_STAR_ARMS else "star"
    if board:
        return "board"
    corners, outward, share, hull_share = _corners(outline)
    if board is None and corners == 4 and share > ANGULAR and hull_share > 0.93 and _straight_sides(outline):
        return "board"
    if corners == outward == 2 and share > 0.5 and hull_share > 0.9:
        return "leaf"
    return ""


def _longest_contour(distance: np.ndarray) -> np.ndarray:
    """(N, 2) evenly spaced points of the outer outline."""
    contours, _ = cv2.findContours((distance > 0).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    points = max(contours, key=len)[:, 0].astype(np.float64)
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0, append=points[:1]), axis=1))])
    at = np.linspace(0, length[-1], 400, endpoint=False)
    closed = np.concatenate([points, points[:1]])
    return np.column_stack([np.interp(at, length, closed[:, i]) for i in (0, 1)])


def _turning(outline: np.ndarray) -> np.ndarray:
    """Turn of the outline at each point, measured over CORNER_SPAN."""
    span = max(int(CORNER_SPAN * len(outline) / 2), 2)
    ahead = np.roll(outline, -span, axis=0) - outline
    behind = outline - np.roll(outline, span, axis=0)
    cross = behind[:, 0] * ahead[:, 1] - behind[:, 1] * ahead[:, 0]
    return np.arctan2(cross, (behind * ahead).sum(axis=1))


def _corners(outline: np.ndarray) -> tuple[int, int, float, float]:
    """Number of corners, of those that point outwards, their share in the whole turning (360 degrees), and how much of its
    hull the outline fills.
    """
    signed = _turning(outline)
    turn = np.abs(signed)
    reach = int(CORNER_SPAN * len(outline))
    peak = np.array([turn[i] >= np.take(turn, range(i - reach, i + reach + 1), mode="wrap").max() for i in range(len(turn))])
    strong = np.flatnonzero(peak & (turn > CORNER_TURN))
    apart = strong[np.diff(strong, prepend=strong[-1] - len(turn)) > reach] if len(strong) else strong
    points = outline.astype(np.float32)
    hull = cv2.contourArea(cv2.convexHull(points))
    outward = int(np.count_nonzero(signed[apart] * signed.sum() > 0))
    return len(apart), outward, float(turn[apart].sum() / (2 * np.pi)), cv2.contourArea(points) / max(hull, 1.0)


def _straight_sides(outline: np.ndarray) -> bool:
    """Whether a quadrangle follows the outline closely."""
    points = outline.astype(np.float32)[:, None]
    box = cv2.approxPolyDP(points, 0.025 * cv2.arcLength(points, True), True)
    if len(box) != 4:
        return False
    away = [abs(cv2.pointPolygonTest(box, (float(x), float(y)), True)) for x, y in outline[::4]]
    return float(np.mean(away)) < 0.008 * cv2.arcLength(points, True)


def _arms(outline: np.ndarray, distance: np.ndarray) -> int:
    """How often (5 to 12) the outline repeats around its middle, where strongly enough not to be a disc; 0 otherwise."""
    rows, columns = np.nonzero(distance > 0)
    aside, below = np.ascontiguousarray((outline - (columns.mean(), rows.mean())).T)  # contiguous: see arrange/fit.py
    angle, away = np.arctan2(below, aside), np.hypot(aside, below)
    order = np.argsort(angle)
    if (np.abs(np.diff(np.unwrap(angle)).sum()) < 5) or (away.min() < 2):
        return 0
    grid = np.linspace(-np.pi, np.pi, 360, endpoint=False)
    radius = np.interp(grid, angle[order], away[order], period=2 * np.pi)
    wave = radius / radius.mean() - 1
    power = np.abs(np.fft.rfft(wave)) ** 2
    if wave.std() < 0.08:
        return 0
    return next((n for n in range(5, 13) if power[n::n].sum() > 0.93 * power[1:].sum()), 0)
