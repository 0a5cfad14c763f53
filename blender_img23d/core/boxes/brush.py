"""A brush stroke's path over the photo, simplified to few points."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from ...shared.img23d_protocol.job_requests import Stroke

Point = tuple[float, float]  # fractions of the upright photo's width and height

RADIUS_MIN, RADIUS_MAX = 0.001, 0.25  # of the photo's width
_LEAST_STEP = 0.15  # of the radius, between two points that are kept while the brush moves
_TOLERANCE = 0.05  # of the radius, by which the way may be changed


def is_further(last: Point, new: Point, radius: float, aspect: float) -> bool:
    """Whether the brush has moved enough for a point of its own. `aspect` is the photo's height over its width."""
    dx, dy = new[0] - last[0], (new[1] - last[1]) * aspect
    return dx * dx + dy * dy >= (_LEAST_STEP * radius) ** 2


def stroke_of(points: Sequence[Point], radius: float, aspect: float, *, adds: bool) -> Stroke:
    """One stroke through the points, or a dab where there is only one."""
    flat = [(x, y * aspect) for x, y in points]
    kept = [points[index] for index in _kept(flat, _TOLERANCE * radius)]
    return Stroke(xs=tuple(x for x, _ in kept), ys=tuple(y for _, y in kept), radius=radius, adds=adds)


def points_of(text: str) -> list[Point]:
    """`0.2 0.3, 0.25 0.3` as points; none where it is anything else."""
    try:
        pairs = [tuple(float(number) for number in pair.split()) for pair in text.split(",")]
    except ValueError:
        return []
    return [(pair[0], pair[1]) for pair in pairs] if all(len(pair) == 2 and all(map(isfinite, pair)) for pair in pairs) else []


def resized(radius: float, factor: float) -> float:
    return max(RADIUS_MIN, min(radius * factor, RADIUS_MAX))


def _kept(points: Sequence[Point], tolerance: float) -> list[int]:
    """The indices of the points that tell the way up to the tolerance: Ramer, An iterative procedure for the polygonal
    approximation of plane curves (1972)."""
    keep = {0, len(points) - 1}
    open_spans = [(0, len(points) - 1)]
    while open_spans:
        first, last = open_spans.pop()
        distances = [_distance(points[index], points[first], points[last]) for index in range(first + 1, last)]
        if distances and max(distances) > tolerance:
            middle = first + 1 + distances.index(max(distances))
            keep.add(middle)
            open_spans += [(first, middle), (middle, last)]
    return sorted(keep)


def _distance(point: Point, start: Point, end: Point) -> float:
    """From the point to the straight line between the two."""
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    to_x, to_y = point[0] - start[0], point[1] - start[1]
    length = along_x * along_x + along_y * along_y
    share = max(0.0, min(1.0, (to_x * along_x + to_y * along_y) / length)) if length else 0.0
    return ((to_x - share * along_x) ** 2 + (to_y - share * along_y) ** 2) ** 0.5
