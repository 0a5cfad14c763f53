"""A contact sheet for people to look at: each thing in its photo, and beside it what each way cut out, on grey."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

SIDE = 200  # pixels of a cell's picture
_GAP, _TEXT = 6, 14  # pixels
_GROUPS = 3  # rows of things beside each other
_GREY, _GOOD, _BAD = 128, (70, 190, 90), (220, 70, 60)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """`photo` and `cut` (h, w, 3) uint8 of at most SIDE pixels; `said` is the verdict."""

    key: str
    way: str
    said: str
    good: bool
    photo: np.ndarray
    cut: np.ndarray

    @staticmethod
    def of(rgb: np.ndarray, alpha: np.ndarray | None, *, key: str, way: str, said: str, good: bool) -> Cell:
        """Of a photo (H, W, 3) uint8 and a matte (H, W) float32, None where nothing was found."""
        cover = np.zeros(rgb.shape[:2], np.float32) if alpha is None else alpha
        cut = np.rint(rgb * cover[..., None] + _GREY * (1 - cover[..., None])).astype(np.uint8)
        return Cell(key=key, way=way, said=said, good=good, photo=_small(rgb), cut=_small(cut))


def write_sheet(path: Path, cells: Sequence[Cell], labels: Sequence[str]) -> None:
    """One line a thing: the photo, then one cut-out a way in the order of `labels`."""
    keys = list(dict.fromkeys(cell.key for cell in cells))
    by_place = {(cell.key, cell.way): cell for cell in cells}
    columns, lines = 1 + len(labels), -(-len(keys) // _GROUPS)
    width, height = SIDE + _GAP, SIDE + _GAP + _TEXT
    sheet = Image.new("RGB", (_GROUPS * columns * width, lines * height + _TEXT), (_GREY - 60,) * 3)
    pen = ImageDraw.Draw(sheet)
    pen.text((_GAP, 1), "each: the photo, " + ", ".join(labels), fill="white")
    for number, key in enumerate(keys):
        left, top = (number // lines) * columns * width, _TEXT + (number % lines) * height
        for column, label in enumerate(("", *labels)):
            if (cell := by_place.get((key, label or labels[0]))) is not None:
                _draw(sheet, pen, cell, left + column * width, top, is_photo=not label)
    sheet.save(path)


def _draw(sheet: Image.Image, pen: ImageDraw.ImageDraw, cell: Cell, left: int, top: int, *, is_photo: bool) -> None:
    picture = cell.photo if is_photo else cell.cut
    sheet.paste(Image.fromarray(picture), (left, top))
    if not is_photo:
        pen.rectangle((left, top, left + picture.shape[1] - 1, top + picture.shape[0] - 1), outline=_GOOD if cell.good else _BAD, width=2)
    pen.text((left + 2, top + SIDE), (cell.key if is_photo else cell.said)[-32:], fill="white")


def _small(rgb: np.ndarray) -> np.ndarray:
    scale = SIDE / max(rgb.shape[:2])
    size = max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
