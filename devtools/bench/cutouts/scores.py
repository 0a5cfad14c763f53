"""Distance of a matte from the true one. Mattes are (H, W) float32 in 0..1 of the same picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

import cv2
import numpy as np

SOLID = 0.5  # alpha, from which a pixel belongs to the thing
TOLERANCE = 3  # pixels between two outlines that are the same to the boundary F-measure


@dataclass(frozen=True, kw_only=True)
class MatteScore:
    """`iou` is the soft one (Ružička): the sum of the lesser by the sum of the greater of both at each pixel; `hard_iou` that of
    the masks at SOLID; `error` the mean absolute difference over the whole picture; `boundary` the boundary F-measure.
    """

    iou: float
    hard_iou: float
    error: float
    boundary: float


NOTHING = MatteScore(iou=0.0, hard_iou=0.0, error=1.0, boundary=0.0)
MEASURES = tuple(one.name for one in fields(MatteScore))


def score(made: np.ndarray, truth: np.ndarray) -> MatteScore:
    solid, true_solid = made >= SOLID, truth >= SOLID
    return MatteScore(
        iou=_ratio(float(np.minimum(made, truth).sum()), float(np.maximum(made, truth).sum())),
        hard_iou=_ratio(np.count_nonzero(solid & true_solid), np.count_nonzero(solid | true_solid)),
        error=float(np.abs(made - truth).mean()),
        boundary=boundary_f(solid, true_solid),
    )


def boundary_f(made: np.ndarray, truth: np.ndarray, tolerance: float = TOLERANCE) -> float:
    """F-measure of the outlines of two masks (H, W) bool: the harmonic mean of the shares of either outline that lie within `tolerance`
    pixels of the other.

    Perazzi et al., A Benchmark Dataset and Evaluation Methodology for Video Object Segmentation, CVPR 2016, section 5, after Martin et
    al. 2004; they take 0.8% of the picture's diagonal as tolerance, which forgives more here. The picture's border is no outline.
    """
    mine, other = outline(made), outline(truth)
    if not mine.any() or not other.any():
        return float(mine.any() == other.any())
    precision, recall = _near(mine, other, tolerance), _near(other, mine, tolerance)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def outline(mask: np.ndarray) -> np.ndarray:
    """(H, W) bool: the mask's pixels with a neighbour beside, above or below that is not in it."""
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    return mask & (cv2.erode(mask.astype(np.uint8), cross, borderType=cv2.BORDER_CONSTANT, borderValue=1) == 0)


def _near(points: np.ndarray, other: np.ndarray, tolerance: float) -> float:
    distance = cv2.distanceTransform((~other).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return float(np.mean(distance[points] <= tolerance + 1e-3))


def _ratio(part: float, whole: float) -> float:
    """Of two empty masks 1: they are the same."""
    return part / whole if whole else 1.0


def mean(scores: Sequence[MatteScore]) -> dict[str, float]:
    rows = [asdict(one) for one in scores]
    return {key: float(np.mean([row[key] for row in rows])) for key in MEASURES}


def box_of(mask: np.ndarray) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom (right and bottom exclusive) of what is set; None of an empty mask."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def box_iou(first: Sequence[float], second: Sequence[float]) -> float:
    """Of two boxes left, top, right, bottom."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    common = max(width, 0) * max(height, 0)
    either = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)) - common
    return common / either if either else 0.0
