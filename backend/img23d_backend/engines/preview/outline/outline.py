"""From a cut-out's soft alpha to a clean outline: one piece, no specks, sub-pixel exact."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from img23d_protocol import ErrorCode, Img23DError

from .planes import Planes

MARGIN = 5  # cells around the outline
SPECK_SHARE = 0.01  # of the whole area; smaller loose parts are dropped, larger ones are tied to the rest
HOLE_SHARE = 0.0003  # smaller holes are noise of the matte
THINNEST = 2.5  # cells; thinner parts are drawn that wide, lest they break
THIN_WANTED = 4.5  # cells across the thinnest part, for which the grid is made finer
FINEST = 2.5  # times the cells asked for: it is made no finer than that
THIN_SHARE = 0.004  # of the whole area; less is no part of its own
MOST_ENLARGED = 24.0  # cells a pixel
SMOOTHING = 0.7  # cells
MORE_ROWS = 16  # pixels
MIRRORED = 0.35  # of a plane's cut: how far the outline goes on beyond it, as its mirror image


@dataclass(frozen=True, kw_only=True)
class Outline:
    """`distance` (rows, columns) float64: signed distance to the outline in cells, positive inside.

    `uncut`, of the same shape, is that to the outline continued by its mirror image beyond each plane that cuts it off.
    Sample (row, column) lies on the cut-out's pixel (`left` + (column + 0.5) / `scale`, `top` + (row + 0.5) / `scale`).
    """

    distance: np.ndarray
    uncut: np.ndarray
    scale: float  # cells a pixel
    left: float
    top: float

    @property
    def inside(self) -> np.ndarray:
        return self.distance > 0


def trace_outline(alpha: np.ndarray, *, cells: int, coarser: float = 1.0, planes: Planes = Planes()) -> Outline:
    """The outline of a (h, w) uint8 alpha on a grid whose longer side spans about `cells`, cut straight at the planes.

    `coarser` > 1 smooths the outline and fills holes that much more. Raises Img23DError(EMPTY_CUTOUT) when no pixel is
    at least half opaque.
    """
    mask = alpha >= 128
    if not mask.any():
        raise Img23DError(
            ErrorCode.EMPTY_CUTOUT,
            "Nothing was left of this object after cutting it out: draw a box around it or use a picture with a plainer background.",
        )
    mask = _within(_without_specks(mask), planes)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    hard = mask[top:bottom, left:right].astype(np.uint8)
    scale = min(_cells_for_thin(hard, cells) / max(hard.shape), MOST_ENLARGED)
    pad = int(np.ceil((MARGIN + 2 * coarser) / scale)) + 1
    near = cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8))
    soft = np.where(near > 0, alpha, 0).astype(np.float32)[top:bottom, left:right] / 255
    beyond = _mirrored_rows(hard, planes, pad)
    soft, hard = (_padded(cv2.copyMakeBorder(image, *beyond, cv2.BORDER_REFLECT), pad) for image in (soft, hard))
    scale = max(round(soft.shape[1] * scale), 8) / soft.shape[1]
    more = _more_rows(soft.shape[0], scale)
    soft, hard = (cv2.copyMakeBorder(image, 0, more, 0, 0, cv2.BORDER_CONSTANT) for image in (soft, hard))
    level = _level(soft, hard > 0, scale)
    scale, top, left = level.shape[1] / soft.shape[1], float(top - pad - beyond[0]), float(left - pad - beyond[2])
    uncut = _without_stairs(_distance_in_one_piece(level, coarser), step=float(np.clip(0.5 * scale, 0.5, 2.0)))
    distance = _cut(uncut, planes, scale, left, top)
    if planes and cv2.connectedComponents((distance > 0).astype(np.uint8), connectivity=4)[0] != 2:
        return trace_outline(alpha, cells=cells, coarser=coarser)  # it hangs together only beyond a plane
    return Outline(distance=distance, uncut=uncut, scale=scale, left=left, top=top)


def _within(mask: np.ndarray, planes: Planes) -> np.ndarray:
    kept = np.zeros_like(mask)
    part = slice(planes.top, planes.bottom), slice(planes.left, planes.right)
    kept[part] = mask[part]
    return kept


def _mirrored_rows(hard: np.ndarray, planes: Planes, least: int) -> tuple[int, int, int, int]:
    """How many lines of the mirror image follow above, below, left and right of a cropped mask (h, w)."""
    lines = ((planes.top, hard[0]), (planes.bottom, hard[-1]), (planes.left, hard[:, 0]), (planes.right, hard[:, -1]))
    counts = (0 if plane is None else max(round(MIRRORED * int(np.count_nonzero(line))), least) for plane, line in lines)
    above, below, left, right = (min(count, side) for count, side in zip(counts, (*hard.shape[:1] * 2, *hard.shape[1:] * 2), strict=True))
    return above, below, left, right


def _padded(image: np.ndarray, pad: int) -> np.ndarray:
    return cv2.copyMakeBorder(image, pad, pad, pad, pad, cv2.BORDER_CONSTANT)


def _more_rows(rows: int, scale: float) -> int:
    """How many more rows come to about a whole number of cells, so that the grid is not stretched."""
    cells = (rows + np.arange(MORE_ROWS)) * scale
    return int(np.argmin(np.abs(cells - np.round(cells))))


def _cut(distance: np.ndarray, planes: Planes, scale: float, left: float, top: float) -> np.ndarray:
    """The signed distance cut off at the planes; `left` and `top` are the pixel at the grid's corner."""
    rows, columns = (np.arange(count)[shape] for count, shape in zip(distance.shape, ((..., None), (None, ...)), strict=True))
    for lines, first, last, origin in ((columns, planes.left, planes.right, left), (rows, planes.top, planes.bottom, top)):
        if first is not None:
            distance = np.minimum(distance, lines - ((first - origin) * scale - 0.5))
        if last is not None:
            distance = np.minimum(distance, (last - origin) * scale - 0.5 - lines)
    return distance


def _has_soft_edge(soft: np.ndarray) -> bool:
    """Whether most of the edge's pixels are partly covered."""
    mask = (soft > 0.5).astype(np.uint8)
    edge = mask - cv2.erode(mask, np.ones((3, 3), np.uint8))
    return ((soft > 0.1) & (soft < 0.9)).sum() > 0.4 * edge.sum()


def _distance_in_one_piece(level: np.ndarray, coarser: float) -> np.ndarray:
    """Signed distance of the smoothed level; where smoothing has parted a thin link, it is tied again."""
    for _ in range(4):
        level = cv2.GaussianBlur(_connected(level, coarser), (0, 0), SMOOTHING * coarser)
        distance = _signed_distance(level)
        count, labels = cv2.connectedComponents((distance > 0).astype(np.uint8), connectivity=4)
        if count == 2:
            return distance
        coarser = 1.0
    largest = 1 + int(np.argmax(np.bincount(labels.ravel())[1:])) if count > 2 else 0  # pyright: ignore[reportPossiblyUnboundVariable]  # tried four times
    return np.where((labels == largest) | (distance <= 0), distance, -0.5)  # pyright: ignore[reportPossiblyUnboundVariable]  # as above


def _without_specks(mask: np.ndarray) -> np.ndarray:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if count <= 2:
        return mask
    areas = stats[:, cv2.CC_STAT_AREA]
    keep = areas >= SPECK_SHARE * areas[1:].sum()
    keep[1 + int(np.argmax(areas[1:]))] = True
    keep[0] = False
    return keep[labels]


def _level(soft: np.ndarray, hard: np.ndarray, scale: float) -> np.ndarray:
    """Coverage 0..1 on the work grid; the outline is at 0.5. Thin parts are kept at a least width."""
    size = (max(round(soft.shape[1] * scale), 8), max(round(soft.shape[0] * scale), 8))
    if scale > 1:
        soft = cv2.GaussianBlur(soft, (0, 0), 0.3 if _has_soft_edge(soft) else 0.8)  # pixels; takes a hard mask's stairs off
    level = cv2.resize(soft, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    thin = _thin_parts(hard.astype(np.uint8), THINNEST / scale)
    if not thin.any():
        if (level > 0.5).any():
            return level
        thin = hard
    return np.maximum(level, _drawn_thin(thin, size))


def _drawn_thin(thin: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Coverage of strips THINNEST cells wide along the middle of thin parts (h, w) bool, on a grid of `size` (w, h)."""
    depth = cv2.distanceTransform(thin.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    ridge = thin & (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8)) - 0.3)
    scale = size[0] / thin.shape[1]
    if scale > 1:
        middle = cv2.resize(ridge.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    else:
        middle = np.zeros(size[::-1], np.uint8)
        middle[tuple(((np.argwhere(ridge) + 0.5) * scale).astype(int).clip(max=np.subtract(middle.shape, 1)).T)] = 1
    away = cv2.distanceTransform(1 - middle, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.clip(1 + max(THINNEST - max(scale, 1), 0) / 2 - away, 0, 1).astype(np.float32)


def _cells_for_thin(hard: np.ndarray, cells: int) -> int:
    """How many cells the longer side of a cropped mask (h, w) uint8 needs, lest its thin parts be only a cell or two wide."""
    pixel = max(hard.shape) / cells  # of a cell
    thin = _thin_parts(hard, THIN_WANTED * pixel)
    if np.count_nonzero(thin) < THIN_SHARE * np.count_nonzero(hard):
        return cells
    depth = cv2.distanceTransform(hard, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    width = max(4 * float(depth[thin].mean()) - 1, 1.0)  # a strip's mean depth is a quarter of its width, and half a pixel
    return int(np.clip(THIN_WANTED * max(hard.shape) / width, cells, FINEST * cells))


def _thin_parts(hard: np.ndarray, width: float) -> np.ndarray:
    """(h, w) bool: parts of a mask narrower than `width` pixels and longer than a tip or a corner."""
    reach = max(int(np.ceil((width - 1) / 2)), 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2)
    thin = hard & ~cv2.morphologyEx(hard, cv2.MORPH_OPEN, kernel) & 1
    _, labels, stats, _ = cv2.connectedComponentsWithStats(thin, connectivity=8)
    real = stats[:, cv2.CC_STAT_AREA] > 10 * kernel.shape[0]
    real[0] = False
    return real[labels]


def _connected(level: np.ndarray, coarser: float) -> np.ndarray:
    """One piece: specks go, larger loose parts get a thin bridge, holes of noise are filled."""
    inside = (level > 0.5).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(inside, connectivity=4)
    areas = stats[1:, cv2.CC_STAT_AREA]
    order = 1 + np.argsort(-areas, kind="stable")
    level = level.copy()
    for label in order[areas[order - 1] < SPECK_SHARE * areas.sum()]:
        level[labels == label] = 0
    body = labels == order[0]
    loose = [int(label) for label in order[1:] if areas[label - 1] >= SPECK_SHARE * areas.sum()]
    while loose:
        body = _bridge_nearest(level, labels, body, loose)
    return _fill_small_holes(level, coarser)


def _bridge_nearest(level: np.ndarray, labels: np.ndarray, body: np.ndarray, loose: list[int]) -> np.ndarray:
    """Tie the loose part that is nearest to the body to it (changes `level` and `loose`); returns the new body."""
    away = cv2.distanceTransform((~body).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    nearest = min(loose, key=lambda label: float(away[labels == label].min()))
    loose.remove(nearest)
    part = labels == nearest
    at = np.argwhere(part)
    start = at[np.argmin(away[part])]
    body_at = np.argwhere(body)
    end = body_at[np.argmin(((body_at - start) ** 2).sum(axis=1))]
    width = int(np.clip(0.12 * np.sqrt(min(part.sum(), body.sum())), 4, 24))
    cv2.line(level, start[::-1].tolist(), end[::-1].tolist(), 1.0, width)
    return body | part


def _fill_small_holes(level: np.ndarray, coarser: float) -> np.ndarray:
    outside = (level <= 0.5).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(outside, connectivity=8)
    small = stats[:, cv2.CC_STAT_AREA] < coarser**2 * max(HOLE_SHARE * (outside == 0).sum(), 12)
    small[0] = False
    return np.where(small[labels], 1.0, level).astype(np.float32)


def _signed_distance(level: np.ndarray) -> np.ndarray:
    """Distance to the 0.5 level: exact to a fraction of a cell near it, Euclidean further away."""
    gy, gx = np.gradient(level.astype(np.float64))
    slope = np.maximum(np.hypot(gx, gy), 0.05)
    near = (level - 0.5) / slope
    inside = level > 0.5
    foot_x = np.arange(level.shape[1])[None, :] - np.clip(near, -1.5, 1.5) * gx / slope
    foot_y = np.arange(level.shape[0])[:, None] - np.clip(near, -1.5, 1.5) * gy / slope
    distance = np.where(inside, _to_foot(inside, foot_x, foot_y), -_to_foot(~inside, foot_x, foot_y))
    weight = np.clip(1.5 - np.abs(near), 0, 1)
    return cv2.GaussianBlur(weight * near + (1 - weight) * distance, (0, 0), 0.6)


def _without_stairs(distance: np.ndarray, step: float) -> np.ndarray:
    """Even out the pixels' stairs on long edges: unevenness up to `step` cells goes, what is larger or thin stays."""
    wide = 4.0 * max(step, 1.0)
    strong = cv2.GaussianBlur(distance, (0, 0), wide / 2)
    off = distance - strong
    even = strong + np.sign(off) * np.maximum(np.abs(off) - step, 0)
    window = np.ones((2 * int(wide) + 1,) * 2, np.uint8)
    roomy = (cv2.dilate(distance, window) > wide) & (cv2.erode(distance, window) < -wide)
    weight = cv2.GaussianBlur(roomy.astype(np.float64), (0, 0), wide / 4)
    return weight * even + (1 - weight) * distance


def _to_foot(region: np.ndarray, foot_x: np.ndarray, foot_y: np.ndarray) -> np.ndarray:
    """For samples of the region, the distance to the outline's foot point at their nearest sample outside it."""
    _, labels = cv2.distanceTransformWithLabels(region.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL)
    outside = np.flatnonzero(~region.ravel())
    of_label = np.zeros(labels.max() + 1, dtype=np.int64)
    of_label[labels.ravel()[outside]] = outside
    nearest = of_label[labels]
    dx = np.arange(region.shape[1])[None, :] - foot_x.ravel()[nearest]
    dy = np.arange(region.shape[0])[:, None] - foot_y.ravel()[nearest]
    return np.hypot(dx, dy)
