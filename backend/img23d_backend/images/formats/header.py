"""The header of a picture file, read before anything is decoded, and what may be wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Format(StrEnum):
    """What can be opened."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WebP"
    TIFF = "TIFF"
    BMP = "BMP"
    GIF = "GIF"


@dataclass(frozen=True, kw_only=True)
class Header:
    """`width` and `height` are pixels as decoded; `orientation` is Exif's 1..8, to be applied after that.

    `focal_35mm` is the lens's 35 mm equivalent in millimetres, where the file tells it; `profile` an ICC profile's bytes.
    `held` are the bytes that decoding keeps at once whatever it is reduced to, `worked` those that pass through it.
    """

    format: Format
    width: int
    height: int
    orientation: int = 1
    animated: bool = False
    pages: int = 1
    focal_35mm: float | None = None
    profile: bytes = b""
    is_cmyk: bool = False
    is_adobe_rgb: bool = False  # a camera's word where there is no profile
    held: int = 0
    worked: int = 0

    @property
    def upright_size(self) -> tuple[int, int]:
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)


class CutShort(ValueError):
    """The file ends before the picture does."""


class Damaged(ValueError):
    """The file is whole but wrong inside, or of a kind that no decoder here knows."""


class NotAPicture(ValueError):
    """Nothing that can be opened; the text says what it is instead, where that is known."""
