"""Charts as bitmaps of cells, each set where the least room is lost, largest first."""

from __future__ import annotations

import cv2
import numpy as np

CELLS = 256  # a side of the square, whatever the texture's size
_CAREFULLY = 24  # charts that are tried in all four turns
TINY = 16  # cells a side up to which a chart counts as its bounding box
# About every fifth cell of an outline, in whatever direction it runs; and how many of the places that these leave are tried
_FEW = (np.add.outer(2 * np.arange(CELLS), np.arange(CELLS)) % 5 == 0).astype(np.uint8)
_TRIED = 16


def place(bitmaps: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray] | None:
    """(C, 2) cells of the charts' corners and (C,) quarter turns, or None where they do not fit."""
    taken = np.zeros((CELLS, CELLS), dtype=np.uint8)
    spots, turns = np.zeros((len(bitmaps), 2)), np.zeros(len(bitmaps), dtype=np.int64)
    searched: dict[tuple[int, int], int] = {}  # no room above that row for a box of that size
    lowest = 0  # all below is free
    for rank, index in enumerate(sorted(range(len(bitmaps)), key=lambda i: -bitmaps[i].size)):
        bitmap = bitmaps[index]
        tiny = max(bitmap.shape) <= TINY
        tries = 4 if rank < _CAREFULLY else 1
        spot, turn = (_tiny_spot(taken, bitmap, searched), 0) if tiny else best_spot(taken, lowest, bitmap, tries)
        if spot is None:
            return None
        x, y = spot
        bitmap = _quarter_turned(bitmap, turn)
        taken[y : y + bitmap.shape[0], x : x + bitmap.shape[1]] |= bitmap
        lowest = max(lowest, y + bitmap.shape[0])
        spots[index], turns[index] = spot, turn
    return spots, turns


def best_spot(taken: np.ndarray, lowest: int, bitmap: np.ndarray, tries: int) -> tuple[tuple[int, int] | None, int]:
    """The topmost place of the first `tries` quarter turns, and the turn. From row `lowest` on all is free."""
    best: tuple[int, int] | None = None
    best_turn = 0
    outline = bitmap - cv2.erode(bitmap, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    for turn in range(tries):
        turned, around = _quarter_turned(bitmap, turn), _quarter_turned(outline, turn)
        down = lowest if best is None else best[1]  # no need to look further
        spot = _spot(taken[: down + turned.shape[0]], turned, around)
        if spot is not None and (best is None or spot[::-1] < best[::-1]):
            best, best_turn = spot, turn
    return best, best_turn


def _quarter_turned(bitmap: np.ndarray, turn: int) -> np.ndarray:
    """As `np.rot90`, at less of a cost for few cells."""
    turned = (bitmap, bitmap.T[::-1], bitmap[::-1, ::-1], bitmap.T[:, ::-1])[turn]
    return np.ascontiguousarray(turned)


def _spot(taken: np.ndarray, bitmap: np.ndarray, outline: np.ndarray) -> tuple[int, int] | None:
    """The topmost, then leftmost place where the bitmap meets nothing that is taken.

    A few cells of the outline rule most places out, and the outline nearly all that the bitmap would meet: what is smaller, and could lie
    within, is placed later. Only a chart in several pieces, as of a torn surface, can have one of them inside of the outline.
    """
    high, wide = bitmap.shape
    height, width = taken.shape[0] - high + 1, taken.shape[1] - wide + 1
    if height <= 0 or width <= 0:
        return None
    for cells in (outline & _FEW[:high, :wide], outline, bitmap):
        place = np.flatnonzero(_free(taken, cells)[:height, :width])
        for index in place[:_TRIED].tolist():
            y, x = divmod(index, width)
            if not (taken[y : y + high, x : x + wide] & bitmap).any():
                return x, y
        if len(place) <= _TRIED:
            return None
    raise AssertionError("a place where the bitmap meets nothing is free")


def _free(taken: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """(H, W) where none of the `cells` from there on is taken."""
    return cv2.dilate(taken, cells, anchor=(0, 0), borderType=cv2.BORDER_CONSTANT, borderValue=0) == 0


def _tiny_spot(taken: np.ndarray, bitmap: np.ndarray, searched: dict[tuple[int, int], int]) -> tuple[int, int] | None:
    """As `_spot`, in bands and from where the last box of this size was set: there may be thousands."""
    height, width = bitmap.shape
    top = searched.get((width, height), 0)
    while top + height <= CELLS:
        spot = _spot(taken[top : top + height + TINY], bitmap, bitmap)
        if spot is not None:
            searched[(width, height)] = top + spot[1]
            return spot[0], top + spot[1]
        top += TINY + 1
    return None
