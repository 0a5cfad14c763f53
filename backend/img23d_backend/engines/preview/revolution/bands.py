"""Whether a thing's colours run around an upright axis, as those of something turned do, or show a front."""

from __future__ import annotations

import cv2
import numpy as np

from ..outline.outline import Outline
from .revolve import Core

# Lab units, means over the core: more detail than the first, or than the second where that is a large share of all contrast,
# and the same on both sides of the axis, is a front.
FRONT, FAINT_FRONT = 9.0, 2.5
CONTRAST_SHARE, LEAST_CONTRAST = 0.22, 2.0
RELIEF, RELIEF_ALIKE = 1.2, 0.7  # Lab units in the mean, and the correlation of both sides, from which on it is a carved front
SIDE = 64  # samples of the chart: from the left edge to the right, from the first row to the last
RIM = 0.85  # of the half width; beyond, colours are foreshortened and mix with what is behind
TILTS = (-0.15, -0.08, 0.0, 0.08, 0.16, 0.25)  # of the half width: how far a ring around the axis sags, seen from above
SMOOTHEST = 3  # degree of what shading may do along a ring
LEAST = 24  # pixels; a smaller core shows too little


def is_front(rgba: np.ndarray, outline: Outline, core: Core) -> bool:
    """Whether a cut-out (h, w, 4) uint8 shows a front within the core.

    Paint runs around something turned in rings, and shading changes slowly along them; a print or a reflection is on one
    side. So what is left of a ring's colours after a smooth curve, and is there on the other side of the axis too, is the
    sign of a thing with a left and a right.
    """
    rows = (core.last - core.first) / outline.scale
    if min(rows, float((core.right - core.left).max()) / outline.scale) < LEAST:
        return False
    chart, width = chart_of(rgba, outline, core)
    charts = [chart_along_rings(chart, width, tilt) for tilt in TILTS]
    if all(_is_relief(one) for one in charts):
        return True
    detail = min(_mirrored_detail(one, width) for one in charts)
    contrast = float(np.linalg.norm(chart - chart.mean(axis=(0, 1)), axis=2).mean()) + LEAST_CONTRAST
    return detail > FRONT or detail > max(FAINT_FRONT, CONTRAST_SHARE * contrast)


def chart_of(rgba: np.ndarray, outline: Outline, core: Core) -> tuple[np.ndarray, np.ndarray]:
    """A core's colours: (SIDE, SIDE, 3) Lab by row and by place between the core's edges, and each row's width (SIDE, 1), 1 at most."""
    rows = np.linspace(core.first + 0.5, core.last - 0.5, SIDE)
    at = np.arange(core.first, core.last + 1)
    left, right = (np.interp(rows, at, edge)[:, None] for edge in (core.left, core.right))
    columns = left + (right - left) * (np.arange(SIDE)[None, :] + 0.5) / SIDE
    x = ((columns + 0.5) / outline.scale + outline.left - 0.5).astype(np.float32)
    y = ((rows + 0.5) / outline.scale + outline.top - 0.5).astype(np.float32)
    lab = cv2.cvtColor(rgba[..., :3], cv2.COLOR_RGB2LAB).astype(np.float32) * np.array([100 / 255, 1, 1], np.float32)
    lab = cv2.GaussianBlur(lab, (0, 0), max(0.5 * len(at) / SIDE / outline.scale, 0.3))
    chart = cv2.remap(lab, x, np.repeat(y[:, None], SIDE, axis=1), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return chart, (right - left) / (right - left).max()


def chart_along_rings(chart: np.ndarray, width: np.ndarray, tilt: float) -> np.ndarray:
    """The chart along rings that are seen as half ellipses."""
    across = ring_places()
    sag = tilt * SIDE * width * np.sqrt(1 - across**2)
    rows = np.arange(SIDE)[:, None] + sag - sag.mean(axis=1, keepdims=True)
    columns = np.repeat(np.arange(SIDE, dtype=np.float32)[None, :], SIDE, axis=0)
    return cv2.remap(chart, columns, np.clip(rows, 0, SIDE - 1).astype(np.float32), cv2.INTER_LINEAR)


def _is_relief(chart: np.ndarray) -> bool:
    """Whether what smooth shading leaves of the rings is nearly the same on both sides of the axis, as a carved head's is.

    What is the same in all rings is none of it: a long reflection on something turned.
    """
    left_over = _left_over(chart)
    left_over = left_over - np.median(left_over, axis=0)
    size = np.linalg.norm(left_over, axis=2).mean()
    alike = float((left_over * left_over[:, ::-1]).sum() / max((left_over**2).sum(), 1e-9))
    return size > RELIEF and alike > RELIEF_ALIKE


def _left_over(chart: np.ndarray) -> np.ndarray:
    """(SIDE, n, 3) what the rings have beyond smooth shading, without the rim."""
    across = ring_places()
    inner = np.abs(across) < RIM
    curves = across[inner, None] ** np.arange(SMOOTHEST + 1)
    smooth = curves @ np.linalg.pinv(curves)
    rings = chart[:, inner]
    return rings - np.einsum("ij,rjc->ric", smooth, rings)


def _mirrored_detail(chart: np.ndarray, width: np.ndarray) -> float:
    """What rings have beyond smooth shading, alike on both sides of the axis: Lab units, mean over the core's area."""
    left_over = _left_over(chart)
    mirrored = left_over[:, ::-1]
    weaker = np.minimum(np.linalg.norm(left_over, axis=2), np.linalg.norm(mirrored, axis=2))
    alike = np.where((left_over * mirrored).sum(axis=2) > 0, weaker, 0)
    return float((alike.mean(axis=1) * width[:, 0]).sum() / width.sum())


def ring_places() -> np.ndarray:
    """(SIDE,) places on a ring, from -1 to 1."""
    return (np.arange(SIDE) + 0.5) / SIDE * 2 - 1
