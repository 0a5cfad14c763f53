"""Charts into one square: outlines as coarse bitmaps, each set where the least room is lost, largest first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from .bitmap_packing import CELLS, TINY, place
from .winding import windings

_GAP = 1.0  # cells between two charts: 4 texels at 1024, 8 at 2048, so that two mip levels stay clean
_USUAL = 0.72  # share of the square that charts may come to fill; tried first
_SHRINK, _REFINEMENTS = 0.94, 2  # the scale is lowered until all fits, then halved in on twice


@dataclass(frozen=True, kw_only=True)
class Packing:
    """Where charts lie in the unit square: `scale`, `offset` (C, 2), and `turns` (C,), how many quarter turns each made."""

    scale: float
    offset: np.ndarray
    turns: np.ndarray

    def place(self, xy: np.ndarray, chart: np.ndarray) -> np.ndarray:
        """Corners (F, 3, 2) in the charts' unit to the square."""
        return _turned(xy, self.turns[chart][:, None]) * self.scale + self.offset[chart][:, None]


def pack(
    xy: np.ndarray,
    chart: np.ndarray,
    rim: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    *,
    report: Callable[[], None],
    start: float | None = None,
    least: float = 0.0,
) -> Packing | None:
    """Place charts as large as they fit.

    `xy` (F, 3, 2) corners of each face in its chart's unit, `chart` (F,), `rim` (F, 3) the edges (from each corner to the
    next) on a chart's outline, `low` and `high` (C, 2) the charts' bounds. `start` is a scale to begin from; None is
    returned where it would get below `least`. `report` is called before each try.
    """
    greatest = widest(low, high) * CELLS if start is None else start * CELLS
    scale = min(_roomy_scale(xy), greatest)
    tight, found = min(scale / _SHRINK, greatest), None
    packer = _make_packer(xy, chart, rim, low, high, tight)
    while found is None:
        if scale < least * CELLS:
            return None
        report()
        found, shrink = packer.packed(scale)
        if found is None:
            tight, scale = scale, scale * shrink
    for _ in range(_REFINEMENTS if tight > scale else 0):
        report()
        between = float(np.sqrt(scale * tight))
        better, _ = packer.packed(between)
        if better is None:
            tight = between
        else:
            scale, found = between, better
    return found


def widest(low: np.ndarray, high: np.ndarray) -> float:
    """The scale at which the longest chart is as long as the square."""
    return (CELLS - 4) / CELLS / max(float((high - low).max()), 1e-30)


def shelve(sizes: np.ndarray) -> tuple[np.ndarray, int, int]:
    """Rectangles (N, 2) of whole width and height on shelves: their corners (N, 2), and the sheet's width and height."""
    width = max(int(sizes[:, 0].max()), int(np.sqrt(float(np.prod(sizes, axis=1).sum()))) + 1)
    corners = np.empty_like(sizes)
    x = y = shelf = 0
    for index in np.argsort(-sizes[:, 1], kind="stable").tolist():
        w, h = sizes[index].tolist()
        if x + w > width:
            x, y, shelf = 0, y + shelf, 0
        corners[index] = x, y
        x += w
        shelf = max(shelf, h)
    return corners, width, y + shelf


@dataclass(frozen=True, kw_only=True)
class _Packer:
    """The charts to be packed, each from its own corner, in the charts' unit. `outline` (M, 2) are points on the outlines, half
    a cell apart or less at the largest scale, and `start` and `end` (E, 2) the outlines' edges, around their faces; with the
    chart of each.
    """

    low: np.ndarray
    extent: np.ndarray
    outline: tuple[np.ndarray, np.ndarray]
    start: np.ndarray
    end: np.ndarray
    chart: np.ndarray

    def packed(self, scale: float) -> tuple[Packing | None, float]:
        """The charts at a scale in cells a unit; or None, and by how much to shrink it."""
        bitmaps = self._bitmaps(scale)
        filled = sum(int(np.count_nonzero(bitmap)) for bitmap in bitmaps) / CELLS**2
        if filled > 0.97:
            return None, min(_SHRINK, float(np.sqrt(0.9 / filled)))
        placed = place(bitmaps)
        if placed is None:
            return None, _SHRINK
        spots, turns = placed
        sizes = np.array([bitmap.shape[::-1] for bitmap in bitmaps], dtype=np.float64)
        inset = _turned(_GAP / 2 - self.low * scale, turns) + _turned_corner(sizes, turns)
        return Packing(scale=scale / CELLS, offset=(spots + inset) / CELLS, turns=turns), 1.0

    def _bitmaps(self, scale: float) -> list[np.ndarray]:
        """For each chart the cells that it touches or comes nearer to than half the gap, uint8."""
        sizes = np.ceil(self.extent * scale + 1.5 * _GAP).astype(np.int64) + 1
        corner, width, height = shelve(sizes)
        sheet = np.zeros((height, width), dtype=np.uint8)
        shift = corner + _GAP / 2
        points, chart = self.outline
        outline = points * scale + shift[chart]
        for dx, dy in ((-1, -1), (1, -1), (-1, 1), (1, 1)):
            _mark(sheet.ravel(), width, outline + np.array([dx, dy]) * (_GAP / 2 - 1e-6))
        inset = shift[self.chart]
        _fill_outlines(sheet, self.start * scale + inset, self.end * scale + inset)
        boxes = zip(corner.tolist(), sizes.tolist(), strict=True)
        return [_trimmed(sheet[y : y + h, x : x + w]) for (x, y), (w, h) in boxes]


def _make_packer(xy: np.ndarray, chart: np.ndarray, rim: np.ndarray, low: np.ndarray, high: np.ndarray, largest: float) -> _Packer:
    face, corner = np.nonzero(rim)
    owner = chart[face]
    start, end = xy[face, corner] - low[owner], xy[face, (corner + 1) % 3] - low[owner]
    one, other = xy[face, 1] - xy[face, 0], xy[face, 2] - xy[face, 0]
    mirrored = (one[:, 0] * other[:, 1] < one[:, 1] * other[:, 0])[:, None]
    points, edge = along(start * largest, end * largest)
    return _Packer(
        low=low,
        extent=high - low,
        outline=(points / largest, owner[edge]),
        start=np.where(mirrored, end, start),
        end=np.where(mirrored, start, end),
        chart=owner,
    )


def _fill_outlines(sheet: np.ndarray, start: np.ndarray, end: np.ndarray) -> None:
    """Mark the cells (H, W) inside of outlines whose own cells are marked, by the edges (E, 2) around their faces: those
    cells that the edges left of their centres wind around.
    """
    turns, left_over = windings(start, end, width=sheet.shape[1], height=sheet.shape[0])
    inside = turns != 0
    if left_over.any():
        inside = _by_majority(inside, sheet)
    sheet |= inside


def _by_majority(inside: np.ndarray, sheet: np.ndarray) -> np.ndarray:
    """(H, W) `inside` as most of the cells that hang together have it. An outline that is not closed, as where the corners of
    neighbours differ by a rounding, is felt along the rest of its row.
    """
    count, area = cv2.connectedComponents(1 - sheet, connectivity=4)
    return (2 * np.bincount(area[inside], minlength=count) > np.bincount(area.ravel(), minlength=count))[area]


def _turned(xy: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """Points (..., 2) after quarter turns as `np.rot90` makes them: rotated, never mirrored."""
    x, y = xy[..., 0], xy[..., 1]
    return np.stack([np.choose(turns, (x, y, -x, -y)), np.choose(turns, (y, -x, -y, x))], axis=-1)


def _turned_corner(sizes: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """(C, 2) where a box of that size had its corner at 0, how far a turn has taken it out of the first quadrant."""
    width, height = sizes.T
    nothing = np.zeros_like(width)
    right, down = (nothing, nothing, width, height), (nothing, width, height, nothing)
    return np.stack([np.choose(turns, right), np.choose(turns, down)], axis=1)


def _roomy_scale(xy: np.ndarray) -> float:
    """Cells a unit at which the charts' own area is _USUAL of the square."""
    b, c = xy[:, 1] - xy[:, 0], xy[:, 2] - xy[:, 0]
    area = float(np.abs(b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]).sum()) / 2
    return CELLS * np.sqrt(_USUAL / max(area, 1e-30))


def _mark(sheet: np.ndarray, width: int, points: np.ndarray) -> None:
    cell = points.astype(np.int64)  # all positive, so this is the floor
    sheet[cell[:, 1] * width + cell[:, 0]] = 1


def _trimmed(bitmap: np.ndarray) -> np.ndarray:
    """Without empty rows below and empty columns to the right."""
    height = int(np.flatnonzero(bitmap.any(axis=1))[-1]) + 1
    width = int(np.flatnonzero(bitmap.any(axis=0))[-1]) + 1
    bitmap = bitmap[:height, :width]
    if max(height, width) <= TINY:
        return np.ones_like(bitmap)
    return bitmap


def along_edges(corners: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N, 2) points on the edges `which` (F, 3) of triangles (F, 3, 2), at most half a unit apart, and the face of each."""
    face, corner = np.nonzero(which)
    points, edge = along(corners[face, corner], corners[face, (corner + 1) % 3])
    return points, face[edge]


def along(start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N, 2) points on edges from `start` to `end` (E, 2), at most half a unit apart, and the edge of each."""
    step = end - start
    count = np.ceil(2.0 * np.maximum(np.abs(step[:, 0]), np.abs(step[:, 1]))).astype(np.int64).clip(min=1)
    index = np.repeat(np.arange(len(start)), count)
    at = (np.arange(len(index)) - np.repeat(np.cumsum(count) - count, count)) / count[index]
    return start[index] + step[index] * at[:, None], index
