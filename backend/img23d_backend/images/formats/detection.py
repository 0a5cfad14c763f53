"""Which format a file is of, its header, and its pixels. Other kinds of files are told by what they begin with."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np

from . import bmp, gif, jpeg, png, tiff, webp
from .header import CutShort, Format, Header, NotAPicture

_READERS: dict[bytes, Callable[[bytes], Header]] = {
    b"\xff\xd8\xff": jpeg.read_header,
    b"\x89PNG\r\n\x1a\n": png.read_header,
    b"RIFF": webp.read_header,
    b"II*\0": tiff.read_header,
    b"MM\0*": tiff.read_header,
    b"II+\0": tiff.read_header,
    b"MM\0+": tiff.read_header,
    b"BM": bmp.read_header,
    b"GIF87a": gif.read_header,
    b"GIF89a": gif.read_header,
}
_FOREIGN_BRANDS = {b"avif": "an AVIF picture", b"avis": "an AVIF picture", b"qt  ": "a video", b"crx ": "a camera raw file"}
_HEIF_BRANDS = (b"hei", b"hev", b"mif", b"msf")
_FOREIGN_MAGIC = {
    b"%PDF": "a PDF document",
    b"8BPS": "a Photoshop file",
    b"BLENDER": "a Blender file",
    b"\xff\x0a": "a JPEG XL picture",
    b"\0\0\0\x0cJXL ": "a JPEG XL picture",
    b"\0\0\0\x0cjP  ": "a JPEG 2000 picture",
    b"v/1\x01": "an OpenEXR picture",
    b"#?RADIANCE": "an HDR picture",
    b"\x1aE\xdf\xa3": "a video",
    b"FUJIFILMCCD-RAW": "a camera raw file",
    b"IIU\0": "a camera raw file",
    b"IIRO": "a camera raw file",
    b"IIRS": "a camera raw file",
    b"<svg": "an SVG drawing",
}


def read_header(data: bytes) -> Header:
    """The header of a whole file's bytes. Raises CutShort, Damaged or NotAPicture."""
    for magic, reader in _READERS.items():
        if data.startswith(magic):
            try:
                return reader(data)
            except struct.error as error:
                raise CutShort(str(error)) from error
    raise NotAPicture(_foreign_kind(data))


def decode(data: bytes, header: Header, factor: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """(H, W, 3 or 4) uint8, not turned, its sides divided by the factor or by less, and what there is to say about it.

    Raises CutShort, Damaged or MemoryError.
    """
    match header.format:
        case Format.JPEG:
            return jpeg.decode(data, factor), ()
        case Format.PNG:
            return png.decode(data, factor)
        case Format.WEBP:
            return webp.decode(data), ()
        case Format.TIFF:
            return tiff.decode(data, factor)
        case Format.BMP:
            return bmp.decode(data, factor), ()
        case Format.GIF:
            return gif.decode(data, factor), ()


def _foreign_kind(data: bytes) -> str:
    for magic, kind in _FOREIGN_MAGIC.items():
        if data.startswith(magic):
            return kind
    if data[4:8] == b"ftyp":
        brand = data[8:12]
        return "a HEIC picture" if brand[:3] in _HEIF_BRANDS else _FOREIGN_BRANDS.get(brand, "a video")
    return ""
