"""What a camera wrote into a picture: how it was held, and how long its lens was.

Sources: TIFF 6.0 (directories), Exif 2.32 (tags), CIPA DCG-001 (35 mm equivalents compare diagonal angles of view).
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

FULL_FRAME_DIAGONAL = 43.27  # mm, of 36 x 24

ORIENTATION = 0x0112
_EXIF_DIRECTORY = 0x8769
_FOCAL_LENGTH, _FOCAL_LENGTH_35MM = 0x920A, 0xA405
_PIXELS_ACROSS, _PIXELS_DOWN = 0xA002, 0xA003  # of the picture as the camera, or an honest editor, left it
_PLANE_X_RESOLUTION, _PLANE_UNIT = 0xA20E, 0xA210
_UNIT_MILLIMETRES = {2: 25.4, 3: 10.0, 4: 1.0, 5: 0.001}  # 4 and 5 are not in the standard, but are written
_SHORTEST, _LONGEST = 8.0, 1500.0  # mm that a lens may have; anything else is a slip of the pen
_SAME_SHAPE = 0.01  # of the sides' ratio

_TYPES = {1: ("B", 1), 3: ("H", 1), 4: ("I", 1), 5: ("I", 2)}  # what a value is made of

Tags = dict[int, tuple[float, ...]]


@dataclass(frozen=True, kw_only=True)
class Exif:
    """`orientation` is 1..8; `focal_35mm` is the focal length on a full frame with the same diagonal angle of view, or None."""

    orientation: int = 1
    focal_35mm: float | None = None


def read_exif(block: bytes, width: int, height: int) -> Exif:
    """The Exif block (a TIFF file in itself) of a picture of that size as stored. A damaged one must not cost the photo."""
    order = byte_order(block)
    try:
        tags = tiff_tags(block, order)
    except (struct.error, IndexError):
        return Exif()
    value = int(tags.get(ORIENTATION, (1,))[0])
    return Exif(orientation=value if 1 <= value <= 8 else 1, focal_35mm=focal_35mm(block, tags, width, height))


def focal_35mm(data: bytes, tags: Tags, width: int, height: int) -> float | None:
    """By the tags of a TIFF's first directory; None where they do not tell, or speak of a picture of another shape.

    A picture that was cropped without a trace cannot be told from a whole one.
    """
    try:
        (directory,) = tags[_EXIF_DIRECTORY]
        lens = tiff_tags(data, byte_order(data), int(directory))
    except (KeyError, ValueError, struct.error, IndexError):
        return None
    across, down = (_number(lens, tag) for tag in (_PIXELS_ACROSS, _PIXELS_DOWN))
    if across and down and width and height and not _is_same_shape((across, down), (width, height)):
        return None
    focal = _number(lens, _FOCAL_LENGTH_35MM) or _focal_from_sensor(lens, across, down)
    return focal if _SHORTEST <= focal <= _LONGEST else None


def focal_in_widths(millimetres: float, width: float, height: float) -> float:
    """A 35 mm equivalent in widths of the upright photo."""
    return millimetres / FULL_FRAME_DIAGONAL * math.hypot(1.0, height / width)


def byte_order(data: bytes) -> str:
    return "<" if data.startswith(b"II") else ">"


def tiff_tags(data: bytes, order: str, directory: int | None = None) -> Tags:
    """The numbers of a directory, the first one if none is named; a rational is its quotient.

    Raises struct.error or IndexError where the data ends before the directory does.
    """
    if directory is None:
        (directory,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, directory)
    tags: Tags = {}
    for entry in range(directory + 2, directory + 2 + 12 * count, 12):
        tag, kind, length = struct.unpack_from(order + "HHI", data, entry)
        if kind not in _TYPES:
            continue
        letter, parts = _TYPES[kind]
        layout = f"{order}{length * parts}{letter}"
        size = struct.calcsize(layout)
        start = entry + 8 if size <= 4 else struct.unpack_from(order + "I", data, entry + 8)[0]
        if start + size > len(data):
            raise struct.error("a tag runs past the end")
        values = struct.unpack_from(layout, data, start)
        tags[tag] = values if parts == 1 else tuple(map(_quotient, values[::2], values[1::2]))
    return tags


def _focal_from_sensor(lens: Tags, across: float, down: float) -> float:
    """From the lens's own length and the sensor's pixels a millimetre; 0 where something is missing."""
    millimetres, resolution = _number(lens, _FOCAL_LENGTH), _number(lens, _PLANE_X_RESOLUTION)
    unit = _UNIT_MILLIMETRES.get(int(_number(lens, _PLANE_UNIT) or 2))
    if not (millimetres and resolution and unit and across and down):
        return 0.0
    pixels = millimetres * resolution / unit
    return FULL_FRAME_DIAGONAL * pixels / math.hypot(across, down)


def _is_same_shape(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return abs((min(one) / max(one)) / (min(other) / max(other)) - 1) < _SAME_SHAPE


def _quotient(above: int, below: int) -> float:
    return above / below if below else 0.0


def _number(tags: Tags, tag: int) -> float:
    values = tags.get(tag, ())
    return float(values[0]) if values else 0.0
