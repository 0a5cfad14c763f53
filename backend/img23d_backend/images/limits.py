"""How large a picture may be before it is decoded, by what it really holds and by how many bytes it came in.

A small file can claim any size: deflate packs zeros a thousand to one, other formats ten thousand to one. No file under 1 MB
takes more than 600 MB or 5 s. A photo in the poorest JPEG has 50 pixels a byte.
"""

from __future__ import annotations

from .formats.header import Header

MIN_SIDE = 8  # pixels
MAX_SIDE = 1 << 20  # OpenCV reads no wider row
MAX_PIXELS = 100_000_000  # above, a photo is scaled down to SCALED_PIXELS
SCALED_PIXELS = 25_000_000
_MOST_PIXELS = 1_000_000_000  # what OpenCV decodes at most is 2**30
_FREE_PIXELS, _PIXELS_A_BYTE = 250_000_000, 250  # that many whatever the file's size, above it by its bytes
_FREE_HELD, _HELD_A_BYTE = 300_000_000, 300  # bytes in memory
_FREE_WORK, _WORK_A_BYTE = 300_000_000, 300  # bytes that pass through a decoder
_EARLY = 0.25  # of a step: else four times SCALED_PIXELS would have to be held in full
_DETAIL = 50  # pixels a byte of the file; what has more holds no detail that scaling down could lose


def is_too_large(header: Header, file_bytes: int) -> bool:
    """Whether decoding would take more memory or time than such a file is worth."""
    pixels = header.width * header.height
    return (
        pixels > min(_MOST_PIXELS, max(_FREE_PIXELS, _PIXELS_A_BYTE * file_bytes))
        or header.held > max(_FREE_HELD, _HELD_A_BYTE * file_bytes)
        or header.worked > max(_FREE_WORK, _WORK_A_BYTE * file_bytes)
        or max(header.width, header.height) > MAX_SIDE
    )


def largest_kept(file_bytes: int) -> int:
    """Pixels of a picture that is worked on as it is; a larger one is scaled down to SCALED_PIXELS."""
    return min(MAX_PIXELS, max(SCALED_PIXELS, _DETAIL * file_bytes))


def reduction(header: Header, file_bytes: int) -> int:
    """By which whole number the sides may be divided while decoding, so that three quarters of SCALED_PIXELS are left."""
    pixels = header.width * header.height
    return 1 if pixels <= largest_kept(file_bytes) else max(1, int((pixels / SCALED_PIXELS) ** 0.5 + _EARLY))
