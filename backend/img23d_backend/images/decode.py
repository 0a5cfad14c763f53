"""A picture file as a `Photo`: upright, 8 bits a channel of sRGB, or one clear sentence about why not."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from img23d_protocol import ErrorCode, Img23DError

from ..stages import Photo
from . import limits
from .file import read_file, shown_name
from .formats import detection, png
from .formats.header import CutShort, Damaged, Format, Header, NotAPicture
from .metadata.colors import ColorSpace, adobe_rgb, space_of_png
from .metadata.exif import focal_in_widths
from .metadata.icc import NotReadable, read_profile

_UNIFORM_RANGE = 4  # of 255: what JPEG's rounding can make of one colour
_OPAQUE, _TRANSPARENT = 252, 8  # alpha at and above, at and below


def load_photo(path: str) -> Photo:
    """Read a picture file. Raises Img23DError with one of the PHOTO_* codes, or MemoryError."""
    return decode_photo(read_file(path), path)


def decode_photo(data: bytes, path: str) -> Photo:
    """The picture in a file's bytes; `path` only gives it its name."""
    name = shown_name(path)
    header = _checked_header(data, name)
    pixels, notes = _decode(data, header, name)
    notes = _first_only(header) + notes + _to_srgb(pixels, data, header)
    pixels = np.ascontiguousarray(_upright(pixels, header.orientation))
    rgb, alpha = _split_alpha(pixels)
    _refuse_empty(rgb, alpha, name)
    focal = None if header.focal_35mm is None else focal_in_widths(header.focal_35mm, *header.upright_size)
    return Photo(rgb=rgb, alpha=alpha, name=Path(path).stem, focal=focal, notes=notes)


def photo_size(path: str) -> tuple[int, int]:
    """Width and height in pixels of the upright photo, before any scaling down. Raises as `load_photo` does."""
    return _checked_header(read_file(path), shown_name(path)).upright_size


def _checked_header(data: bytes, name: str) -> Header:
    try:
        header = detection.read_header(data)
    except CutShort as error:
        raise _truncated(name, str(error)) from error
    except Damaged as error:
        raise _damaged(name, str(error)) from error
    except NotAPicture as error:
        raise _not_a_picture(name, str(error)) from error
    _check_size(header.width, header.height, name)
    if limits.is_too_large(header, len(data)):
        raise Img23DError(
            ErrorCode.PHOTO_UNREADABLE,
            f"“{name}” has {header.width * header.height / 1e6:,.0f} megapixels, too many to open: save a smaller copy.",
            f"{header.format}, {header.width} x {header.height}, {len(data)} bytes, {header.held} held, {header.worked} worked",
        )
    return header


def _check_size(width: int, height: int, name: str) -> None:
    if min(width, height) < limits.MIN_SIDE:
        raise Img23DError(
            ErrorCode.PHOTO_TOO_SMALL,
            f"“{name}” has only {width} × {height} pixels: at least {limits.MIN_SIDE} a side are needed, better 500 and more.",
        )


def _first_only(header: Header) -> tuple[str, ...]:
    if header.pages > 1:
        return (f"Only the first of the file's {header.pages} pages is used.",)
    return ("Only the first picture of the animation is used.",) if header.animated else ()


# --- decoding -------------------------------------------------------------------------------------------------------


def _decode(data: bytes, header: Header, name: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """(H, W, 3 or 4) uint8, RGB(A), not turned, and what there is to say about it."""
    try:
        pixels, notes = detection.decode(data, header, limits.reduction(header, len(data)))
    except CutShort as error:
        raise _truncated(name, str(error)) from error
    except Damaged as error:
        raise _damaged(name, str(error)) from error
    pixels, scale_notes = _scaled_down(pixels, header, limits.largest_kept(len(data)))
    _check_size(pixels.shape[1], pixels.shape[0], name)
    return pixels, notes + scale_notes


def _scaled_down(pixels: np.ndarray, header: Header, largest: int) -> tuple[np.ndarray, tuple[str, ...]]:
    if header.width * header.height <= largest:
        return pixels, ()
    import cv2

    height, width = pixels.shape[:2]
    scale = min(1.0, (limits.SCALED_PIXELS / (width * height)) ** 0.5)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    before, after = header.width * header.height / 1e6, size[0] * size[1] / 1e6
    note = f"The photo was scaled down from {before:.0f} to {after:.0f} megapixels."
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), (note,)


def _upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Exif 2.32, tag 274: 2..4 mirror or turn, 5..8 swap the axes as well."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    flip_rows = orientation in (3, 4, 7, 8)
    flip_columns = orientation in (2, 3, 6, 7)
    return pixels[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1]


# --- colours --------------------------------------------------------------------------------------------------------


def _to_srgb(pixels: np.ndarray, data: bytes, header: Header) -> tuple[str, ...]:
    """In place; what could not be done is said."""
    if header.is_cmyk:
        return ("It is a picture for print (CMYK), whose colours can only be guessed: export it as RGB for the right ones.",)
    try:
        space = _meant(data, header)
    except NotReadable:
        return ("Its colour profile is of a kind that cannot be applied: export it with the profile sRGB if its colours are off.",)
    if space is not None and not space.is_srgb():
        space.convert(pixels)
    return ()


def _meant(data: bytes, header: Header) -> ColorSpace | None:
    """None is sRGB, which is also what a picture means that says nothing. Raises NotReadable."""
    chunks = png.colorimetry(data) if header.format is Format.PNG else {}
    if header.profile and b"cICP" not in chunks:
        return read_profile(header.profile)
    return space_of_png(chunks) if chunks else adobe_rgb() if header.is_adobe_rgb else None


# --- content --------------------------------------------------------------------------------------------------------


def _split_alpha(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    if pixels.shape[2] == 3:
        return pixels, None
    alpha = np.ascontiguousarray(pixels[:, :, 3])
    return np.ascontiguousarray(pixels[:, :, :3]), None if alpha.min() >= _OPAQUE else alpha


def _refuse_empty(rgb: np.ndarray, alpha: np.ndarray | None, name: str) -> None:
    if alpha is not None:
        if alpha.max() <= _TRANSPARENT:
            raise Img23DError(ErrorCode.PHOTO_TRANSPARENT, f"“{name}” is fully transparent: choose a picture that shows something.")
        return
    if all(int(channel.max()) - int(channel.min()) <= _UNIFORM_RANGE for channel in np.moveaxis(rgb, 2, 0)):
        raise Img23DError(ErrorCode.PHOTO_UNIFORM, f"“{name}” is one plain colour: choose a photo in which a thing can be seen.")


def _truncated(name: str, detail: str) -> Img23DError:
    sentence = f"“{name}” is cut off, its end is missing: copy or download it again."
    return Img23DError(ErrorCode.PHOTO_TRUNCATED, sentence, detail)


def _damaged(name: str, detail: str) -> Img23DError:
    sentence = f"“{name}” is damaged or of an unusual kind: copy it again, or export it anew as JPEG or PNG."
    return Img23DError(ErrorCode.PHOTO_UNREADABLE, sentence, detail)


def _not_a_picture(name: str, kind: str = "") -> Img23DError:
    if kind:
        sentence = f"“{name}” is {kind}, which cannot be opened: export it as JPEG or PNG."
    else:
        sentence = f"“{name}” is not a picture that can be opened: choose a JPEG, PNG, WebP, TIFF, BMP or GIF file."
    return Img23DError(ErrorCode.PHOTO_UNREADABLE, sentence)
