"""A small picture of each photo and of what was made of it, for the report."""

from __future__ import annotations

import logging
from pathlib import Path

import cv2
import numpy as np

from img23d_protocol import Img23DError
from img23d_protocol.files.whole_files import write_whole

from ..images import load_photo
from ..images.png_files import read_rgba
from .manifest import Row

log = logging.getLogger(__name__)

SIDE = 96  # pixels
_MOST_THINGS = 5  # beside the photo
_QUALITY = 80  # of JPEG
_GROUND = 255


def write_strip(row: Row, folder: Path, path: Path) -> bool:
    """The photo and its things (in `folder`) side by side as a JPEG of some kilobytes; whether anything could be shown. Raises OSError where it
    cannot be written.
    """
    tiles = [tile for tile in (_photo(row.path), *(_preview(folder / one.preview) for one in row.things[:_MOST_THINGS] if one.preview)) if tile is not None]
    if not tiles:
        return False
    data = cv2.imencode(".jpg", np.hstack(tiles), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
    write_whole(path, data.tobytes())
    return True


def _photo(path: str) -> np.ndarray | None:
    try:
        photo = load_photo(path)
    except Img23DError:
        return None
    return _tile(photo.rgb)


def _preview(path: Path) -> np.ndarray | None:
    try:
        rgba = read_rgba(path).astype(np.float32)
    except (OSError, Img23DError, ValueError) as error:
        log.info("no picture of %s: %s", path, error)
        return None
    alpha = rgba[:, :, 3:] / 255
    return _tile((rgba[:, :, :3] * alpha + _GROUND * (1 - alpha)).round().astype(np.uint8))


def _tile(rgb: np.ndarray) -> np.ndarray:
    """(SIDE, SIDE, 3) uint8 in OpenCV's order of colours, with the whole picture in its middle."""
    height, width = rgb.shape[:2]
    scale = SIDE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    tile = np.full((SIDE, SIDE, 3), _GROUND, np.uint8)
    top, left = (SIDE - size[1]) // 2, (SIDE - size[0]) // 2
    tile[top : top + size[1], left : left + size[0]] = small
    return tile[:, :, ::-1]
