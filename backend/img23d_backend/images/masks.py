"""Masks that tell the parts of a picture apart: a PNG whose every value, or colour, but the background's is a part."""

from __future__ import annotations

import numpy as np

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.errors import bad_request
from img23d_protocol.options.parts.splitter import MOST_PARTS

from . import limits
from .file import read_file, shown_name
from .formats import png
from .formats.detection import read_header
from .formats.header import CutShort, Damaged, Format, NotAPicture

_MOST_STRETCH = 1.02  # of its width against its height, to the picture's: rounding


def read_mask(path: str, *, width: int, height: int) -> np.ndarray:
    """(height, width) uint8: 0 is background, the parts are 1 and up in the order of their values in the file.

    The values are the places in a palette, or grey; of a picture in colours each colour is one, and black or what is clear the background.
    `width` and `height` are those of the picture that it lies over; it may be larger or smaller as a whole.
    Raises Img23DError: PHOTO_*, or BAD_REQUEST for one that tells nothing or too much apart, or has another form.
    """
    import cv2

    values = _numbered(_read(path), shown_name(path))
    stretch = values.shape[1] / values.shape[0] / (width / height)
    if not 1 / _MOST_STRETCH <= stretch <= _MOST_STRETCH:
        raise bad_request(
            f"The mask “{shown_name(path)}” has {values.shape[1]} × {values.shape[0]} pixels and the picture {width} × {height}: "
            "paint it on the picture itself, or scale it to the same form."
        )
    return cv2.resize(values, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)


def _read(path: str) -> np.ndarray:
    """(H, W, channels)"""
    data, name = read_file(path), shown_name(path)
    try:
        header = read_header(data)
        if header.format is not Format.PNG:
            raise NotAPicture(header.format)
        if limits.is_too_large(header, len(data)) or header.width * header.height > limits.MAX_PIXELS:
            raise bad_request(f"The mask “{name}” has {header.width * header.height / 1e6:,.0f} megapixels, too many to open: save it smaller.")
        return png.samples(data)
    except NotAPicture as error:
        raise bad_request(f"The mask “{name}” is no PNG: save it as one, with a palette or in grey.") from error
    except (CutShort, Damaged) as error:
        raise Img23DError(ErrorCode.PHOTO_UNREADABLE, f"The mask “{name}” is damaged: save it again.", str(error)) from error


def _numbered(samples: np.ndarray, name: str) -> np.ndarray:
    """(H, W) uint8"""
    values = _values(samples)
    known = np.unique(values)
    parts = known[known > 0]
    if not len(parts):
        raise bad_request(f"Nothing is painted on the mask “{name}”: paint each part in a colour of its own.")
    if len(parts) > MOST_PARTS:
        raise bad_request(
            f"The mask “{name}” tells {len(parts):,} parts apart, and at most {MOST_PARTS} can be made: paint with fewer colours and a hard brush."
        )
    return np.where(values > 0, np.searchsorted(parts, values) + 1, 0).astype(np.uint8)


def _values(samples: np.ndarray) -> np.ndarray:
    """(H, W) int64 of any number of channels: a grey or palette value, or the three of a colour in one; 0 where alpha is nothing."""
    values = samples.astype(np.int64)
    alpha = values[:, :, -1] if values.shape[2] in (2, 4) else None
    whole = values[:, :, 0]
    for channel in range(1, values.shape[2] if alpha is None else values.shape[2] - 1):
        whole = (whole << 16) | values[:, :, channel]
    return whole if alpha is None else np.where(alpha > 0, whole, 0)
