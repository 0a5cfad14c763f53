"""A picture file as a `Photo`: upright, 8 bits a channel, RGB, or one clear sentence about why not."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from img23d_protocol import ErrorCode, Img23DError

from .exif import focal_in_widths
from .image_formats import CutShort, Damaged, Format, Header, NotAPicture, read_header
from .stages import Photo

MIN_SIDE = 8  # pixels
MAX_PIXELS = 100_000_000  # above, a photo is scaled down to SCALED_PIXELS
SCALED_PIXELS = 25_000_000
_REFUSED_PIXELS = 1_000_000_000  # what OpenCV decodes at most is 2**30
_UNIFORM_RANGE = 4  # of 255: what JPEG's rounding can make of one colour
_OPAQUE, _TRANSPARENT = 252, 8  # alpha at and above, at and below
_MAX_FILE_BYTES = 2**31 - 1  # OpenCV counts a buffer's bytes in 32 bits


def load_photo(path: str) -> Photo:
    """Read a picture file. Raises Img23DError with one of the PHOTO_* codes, or MemoryError."""
    return decode_photo(read_file(path), path)


def decode_photo(data: bytes, path: str) -> Photo:
    """The picture in a file's bytes; `path` only gives it its name."""
    name = Path(path).name
    header, notes = _read_checked_header(data, name)
    pixels, decode_notes = _decode(data, header, name)
    rgb, alpha = _split_alpha(pixels)
    _refuse_empty(rgb, alpha, name)
    focal = None if header.focal_35mm is None else focal_in_widths(header.focal_35mm, *header.upright_size)
    return Photo(rgb=rgb, alpha=alpha, name=Path(path).stem, focal=focal, notes=notes + decode_notes)


def photo_size(path: str) -> tuple[int, int]:
    """Width and height in pixels of the upright photo, before any scaling down. Raises as `load_photo` does."""
    return _read_checked_header(read_file(path), Path(path).name)[0].upright_size


def read_file(path: str) -> bytes:
    """The bytes of the file that the artist chose."""
    if not path.strip():
        raise Img23DError(ErrorCode.PHOTO_MISSING, "No photo is chosen: choose one first.")
    name = Path(path).name or path
    try:
        if os.path.isdir(path):
            raise Img23DError(ErrorCode.PHOTO_IS_FOLDER, f"“{name}” is a folder: choose a picture in it.", path)
        if not os.path.exists(path):
            raise Img23DError(
                ErrorCode.PHOTO_NOT_FOUND, f"“{name}” is not there (any more): choose the photo again.", path
            )
        if not os.path.isfile(path) or os.path.getsize(path) > _MAX_FILE_BYTES:
            raise _not_a_picture(name)
        data = Path(path).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise Img23DError(
            ErrorCode.PHOTO_UNREADABLE, f"“{name}” cannot be read: look at its permissions or copy it elsewhere.", str(error)
        ) from error
    if not data:
        raise Img23DError(ErrorCode.PHOTO_EMPTY_FILE, f"“{name}” is an empty file of 0 bytes: choose another copy.", path)
    return data


def _read_checked_header(data: bytes, name: str) -> tuple[Header, tuple[str, ...]]:
    try:
        header = read_header(data)
    except CutShort as error:
        raise _truncated(name, str(error)) from error
    except Damaged as error:
        raise _damaged(name, str(error)) from error
    except NotAPicture as error:
        raise _not_a_picture(name, str(error)) from error
    _check_size(header.width, header.height, name)
    notes = ("Only the first picture of the animation is used.",) if header.animated else ()
    return header, notes


def _check_size(width: int, height: int, name: str) -> None:
    if min(width, height) < MIN_SIDE:
        raise Img23DError(
            ErrorCode.PHOTO_TOO_SMALL,
            f"“{name}” has only {width} × {height} pixels: at least {MIN_SIDE} a side are needed, better 500 and more.",
        )
    if width * height > _REFUSED_PIXELS:
        raise Img23DError(
            ErrorCode.PHOTO_UNREADABLE,
            f"“{name}” has {width * height // 1_000_000:,} megapixels, too many to open: save a smaller copy.",
        )


# --- decoding -------------------------------------------------------------------------------------------------------


def _decode(data: bytes, header: Header, name: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """(H, W, 3 or 4) uint8, RGB(A), upright, and what there is to say about it."""
    try:
        pixels, notes = _decode_gif(data) if header.format is Format.GIF else (_decode_with_opencv(data, header, name), ())
        pixels, scale_notes = _scaled_down(pixels, header)
    except CutShort as error:
        raise _truncated(name, str(error)) from error
    _check_size(pixels.shape[1], pixels.shape[0], name)
    return np.ascontiguousarray(_upright(pixels, header.orientation)), notes + scale_notes


def _decode_gif(data: bytes) -> tuple[np.ndarray, tuple[str, ...]]:
    from .gif import read_first_frame

    frame = read_first_frame(data)
    return frame.rgba, ("Only the first picture of the animation is used.",) if frame.animated else ()


def _decode_with_opencv(data: bytes, header: Header, name: str) -> np.ndarray:
    import cv2

    try:
        stored = cv2.imdecode(np.frombuffer(data, np.uint8), _decode_flags(header))
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            raise MemoryError(str(error)) from error
        raise _damaged(name, str(error)) from error
    if stored is None:
        raise _damaged(name, f"a {header.format} that cannot be decoded")
    pixels = _to_rgb(_to_8_bits(stored))
    return _unpremultiplied(pixels) if _is_premultiplied(stored, header) else pixels


def _decode_flags(header: Header) -> int:
    """Everything as it is stored; a huge JPEG at a half, quarter or eighth, which its decoder does in little memory."""
    import cv2

    if header.format is not Format.JPEG or header.width * header.height <= MAX_PIXELS:
        return cv2.IMREAD_UNCHANGED
    halvings = {4: cv2.IMREAD_REDUCED_COLOR_2, 16: cv2.IMREAD_REDUCED_COLOR_4, 64: cv2.IMREAD_REDUCED_COLOR_8}
    wanted = header.width * header.height / SCALED_PIXELS
    return max((f for f in halvings.items() if f[0] <= wanted), default=(1, cv2.IMREAD_COLOR))[1] | cv2.IMREAD_IGNORE_ORIENTATION


def _to_8_bits(stored: np.ndarray) -> np.ndarray:
    import cv2

    if stored.dtype == np.uint8:
        return stored
    if stored.dtype == np.uint16:
        return cv2.convertScaleAbs(stored, alpha=1 / 257)
    # Floating point and 32-bit TIFFs: white is 1, or the brightest value where that is above.
    finite = np.nan_to_num(stored.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    return np.rint(finite.clip(0) * (255 / max(1.0, float(finite.max())))).astype(np.uint8)


def _to_rgb(stored: np.ndarray) -> np.ndarray:
    import cv2

    if stored.ndim == 2 or stored.shape[2] == 1:
        return cv2.cvtColor(stored, cv2.COLOR_GRAY2RGB)
    return cv2.cvtColor(stored, cv2.COLOR_BGRA2RGBA if stored.shape[2] == 4 else cv2.COLOR_BGR2RGB)


def _is_premultiplied(stored: np.ndarray, header: Header) -> bool:
    # libtiff's RGBA reader, which OpenCV uses for 8 bits, multiplies the colours by alpha.
    return header.format is Format.TIFF and stored.dtype == np.uint8 and stored.ndim == 3 and stored.shape[2] == 4


def _unpremultiplied(pixels: np.ndarray) -> np.ndarray:
    alpha = pixels[:, :, 3:].astype(np.float32)
    colors = np.rint(pixels[:, :, :3] * (255 / np.maximum(alpha, 1))).clip(0, 255).astype(np.uint8)
    return np.concatenate([colors, pixels[:, :, 3:]], axis=2)


def _scaled_down(pixels: np.ndarray, header: Header) -> tuple[np.ndarray, tuple[str, ...]]:
    if header.width * header.height <= MAX_PIXELS:
        return pixels, ()
    import cv2

    height, width = pixels.shape[:2]
    scale = min(1.0, (SCALED_PIXELS / (width * height)) ** 0.5)
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


# --- content --------------------------------------------------------------------------------------------------------


def _split_alpha(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    if pixels.shape[2] == 3:
        return pixels, None
    alpha = np.ascontiguousarray(pixels[:, :, 3])
    return np.ascontiguousarray(pixels[:, :, :3]), None if alpha.min() >= _OPAQUE else alpha


def _refuse_empty(rgb: np.ndarray, alpha: np.ndarray | None, name: str) -> None:
    if alpha is not None:
        if alpha.max() <= _TRANSPARENT:
            raise Img23DError(
                ErrorCode.PHOTO_TRANSPARENT, f"“{name}” is fully transparent: choose a picture that shows something."
            )
        return
    if all(int(channel.max()) - int(channel.min()) <= _UNIFORM_RANGE for channel in np.moveaxis(rgb, 2, 0)):
        raise Img23DError(
            ErrorCode.PHOTO_UNIFORM, f"“{name}” is one plain colour: choose a photo in which a thing can be seen."
        )


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
