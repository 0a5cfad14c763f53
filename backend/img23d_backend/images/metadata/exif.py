"""Exif metadata of a photo: orientation, focal length, and colour space.

Sources: Exif 2.32 (tags), DCF 2.0 (the optional colour space), CIPA DCG-001 (35 mm equivalents compare diagonal angles of view).
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

from .tiff_directory import Directory, read_directory

FULL_FRAME_DIAGONAL = 43.27  # mm, of 36 x 24

ORIENTATION = 0x0112
_EXIF_DIRECTORY, _INTEROPERABILITY = 0x8769, 0xA005
_FOCAL_LENGTH, _FOCAL_LENGTH_35MM = 0x920A, 0xA405
_PIXELS_ACROSS, _PIXELS_DOWN = 0xA002, 0xA003  # of the picture as the camera, or an honest editor, left it
_PLANE_X_RESOLUTION, _PLANE_UNIT = 0xA20E, 0xA210
_UNIT_MILLIMETRES = {2: 25.4, 3: 10.0, 4: 1.0, 5: 0.001}  # 4 and 5 are not in the standard, but are written
_SHORTEST, _LONGEST = 8.0, 1500.0  # mm that a lens may have; anything else was entered wrongly
_SAME_SHAPE = 0.01  # of the sides' ratio
_INDEX, _ADOBE_RGB = 1, b"R03"  # of the interoperability directory; R98 is sRGB


@dataclass(frozen=True, kw_only=True)
class Exif:
    """`orientation` is 1..8; `focal_35mm` is the focal length on a full frame with the same diagonal angle of view, or None."""

    orientation: int = 1
    focal_35mm: float | None = None
    is_adobe_rgb: bool = False


def read_exif(block: bytes, width: int, height: int) -> Exif:
    """The Exif block (a TIFF file in itself) of a picture of that size as stored. A damaged one must not cost the photo."""
    try:
        return exif_of(read_directory(block), width, height)
    except struct.error:
        return Exif()


def exif_of(first: Directory, width: int, height: int) -> Exif:
    """By a TIFF's first directory."""
    orientations = first.numbers(ORIENTATION)
    orientation = orientations[0] if len(orientations) == 1 else 1
    return Exif(
        orientation=orientation if 1 <= orientation <= 8 else 1,
        focal_35mm=_focal_35mm(first, width, height),
        is_adobe_rgb=_is_adobe_rgb(first),
    )


def focal_in_widths(millimetres: float, width: float, height: float) -> float:
    """A 35 mm equivalent in widths of the upright photo."""
    return millimetres / FULL_FRAME_DIAGONAL * math.hypot(1.0, height / width)


def _inner(directory: Directory, tag: int) -> Directory | None:
    offset = directory.number(tag)
    try:
        return read_directory(directory.data, offset) if offset else None
    except struct.error:
        return None


def _is_adobe_rgb(first: Directory) -> bool:
    camera = _inner(first, _EXIF_DIRECTORY)
    inner = camera and _inner(camera, _INTEROPERABILITY)
    return bool(inner) and inner.content(_INDEX).startswith(_ADOBE_RGB)


def _focal_35mm(first: Directory, width: int, height: int) -> float | None:
    """None where the tags do not tell, or speak of a picture of another shape.

    A picture that was cropped without a trace cannot be told from a whole one.
    """
    lens = _inner(first, _EXIF_DIRECTORY)
    if lens is None:
        return None
    across, down = lens.real(_PIXELS_ACROSS), lens.real(_PIXELS_DOWN)
    if across > 0 and down > 0 and width and height and not _is_same_shape((across, down), (width, height)):
        return None
    focal = lens.real(_FOCAL_LENGTH_35MM) or _focal_from_sensor(lens, across, down)
    return focal if _SHORTEST <= focal <= _LONGEST else None


def _focal_from_sensor(lens: Directory, across: float, down: float) -> float:
    """From the lens's own length and the sensor's pixels a millimetre; 0 where something is missing."""
    millimetres, resolution = lens.real(_FOCAL_LENGTH), lens.real(_PLANE_X_RESOLUTION)
    unit = _UNIT_MILLIMETRES.get(lens.number(_PLANE_UNIT, 2) or 2)
    if not (millimetres > 0 and resolution > 0 and unit and across > 0 and down > 0):
        return 0.0
    pixels = millimetres * resolution / unit
    return FULL_FRAME_DIAGONAL * pixels / math.hypot(across, down)


def _is_same_shape(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return abs((min(one) / max(one)) / (min(other) / max(other)) - 1) < _SAME_SHAPE
