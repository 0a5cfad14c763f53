"""Small valid pictures of each format and variant, as seeds for mutations. Pillow and the standard library make them, not our code."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageCms

WIDTH, HEIGHT = 40, 24


def seeds() -> dict[str, bytes]:
    """Name, of which the part before the first hyphen is the format, to the bytes of a file that opens."""
    return {**_png(), **_apng(), **_jpeg(), **_webp(), **_gif(), **_tiff(), **_bmp()}


# --- what is shown ----------------------------------------------------------------------------------------------------


def _rgb(step: int = 0) -> Image.Image:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return Image.fromarray(np.stack([x * 6, y * 10, (x * y + 9 * step) % 256], axis=-1).astype(np.uint8))


def _rgba() -> Image.Image:
    picture = _rgb().convert("RGBA")
    picture.putalpha(Image.fromarray((np.mgrid[0:HEIGHT, 0:WIDTH][1] * 6).astype(np.uint8)))
    return picture


def _palette() -> Image.Image:
    return _rgb().quantize(16)


def _frames() -> list[Image.Image]:
    return [_rgb(step) for step in range(3)]


def _exif(orientation: int = 6) -> Image.Exif:
    exif = Image.Exif()
    exif[274] = orientation
    exif.get_ifd(0x8769).update({0xA405: 26, 0xA002: WIDTH, 0xA003: HEIGHT})
    return exif


def _profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


# --- PNG --------------------------------------------------------------------------------------------------------------


def _png() -> dict[str, bytes]:
    return {
        "png-rgb": _saved(_rgb(), "PNG"),
        "png-rgba": _saved(_rgba(), "PNG"),
        "png-grey": _saved(_rgb().convert("L"), "PNG"),
        "png-grey_alpha": _saved(_rgba().convert("LA"), "PNG"),
        "png-1_bit": _saved(_rgb().convert("1"), "PNG"),
        "png-palette": _saved(_palette(), "PNG"),
        "png-palette_transparent": _saved(_palette(), "PNG", transparency=bytes([0, 128] + [255] * 14)),
        "png-16_bit": _png_of(16, 2, _samples(6)),
        "png-16_bit_alpha": _png_of(16, 6, _samples(8)),
        "png-interlaced": _png_of(8, 2, _interlaced(3), interlace=1),
        "png-exif_profile": _saved(_rgb(), "PNG", exif=_exif(), icc_profile=_profile()),
        "png-gamma": _png_of(8, 2, _samples(3), before=[(b"gAMA", struct.pack(">I", 100000))]),
    }


def _png_of(bits: int, color: int, raw: bytes, interlace: int = 0, before: list[tuple[bytes, bytes]] | None = None) -> bytes:
    """PNG (third edition): signature, IHDR, `before`, IDAT, IEND."""
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, bits, color, 0, 0, interlace)
    chunks = [(b"IHDR", header), *(before or []), (b"IDAT", zlib.compress(raw)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*one) for one in chunks)


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG, with its length and checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _samples(pixel_bytes: int) -> bytes:
    """Rows of noise, each with another filter."""
    noise = np.random.default_rng(3).integers(0, 256, (HEIGHT, WIDTH * pixel_bytes), np.uint8)
    return b"".join(bytes([y % 5]) + noise[y].tobytes() for y in range(HEIGHT))


def _interlaced(pixel_bytes: int) -> bytes:
    """The seven passes of Adam7."""
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    pixels = np.random.default_rng(4).integers(0, 256, (HEIGHT, WIDTH, pixel_bytes), np.uint8)
    rows = [row for x, y, across, down in passes for row in pixels[y::down, x::across]]
    return b"".join(b"\0" + row.tobytes() for row in rows)


def _apng() -> dict[str, bytes]:
    first, *others = _frames()
    return {
        "apng-rgb": _saved(first, "PNG", save_all=True, append_images=others, duration=100),
        "apng-default_apart": _saved(first, "PNG", save_all=True, append_images=others, default_image=True, duration=100),
        "apng-rgba": _saved(_rgba(), "PNG", save_all=True, append_images=[_rgba().rotate(180)], duration=100, blend=1),
    }


# --- the others -------------------------------------------------------------------------------------------------------


def _jpeg() -> dict[str, bytes]:
    return {
        "jpeg-plain": _saved(_rgb(), "JPEG"),
        "jpeg-progressive": _saved(_rgb(), "JPEG", progressive=True),
        "jpeg-444_restart": _saved(_rgb(), "JPEG", subsampling=0, restart_marker_rows=1),
        "jpeg-grey": _saved(_rgb().convert("L"), "JPEG"),
        "jpeg-cmyk": _saved(_rgb().convert("CMYK"), "JPEG"),
        "jpeg-exif_profile": _saved(_rgb(), "JPEG", exif=_exif(), icc_profile=_profile()),
    }


def _webp() -> dict[str, bytes]:
    first, *others = _frames()
    return {
        "webp-lossy": _saved(_rgb(), "WEBP"),
        "webp-lossless": _saved(_rgb(), "WEBP", lossless=True),
        "webp-lossy_alpha": _saved(_rgba(), "WEBP"),
        "webp-lossless_alpha": _saved(_rgba(), "WEBP", lossless=True, exact=True),
        "webp-exif_profile": _saved(_rgb(), "WEBP", exif=_exif(), icc_profile=_profile()),
        "webp-animated": _saved(first, "WEBP", save_all=True, append_images=others, duration=100),
        "webp-animated_alpha": _saved(_rgba(), "WEBP", save_all=True, append_images=[_rgba().rotate(180)], duration=100),
    }


def _gif() -> dict[str, bytes]:
    first, *others = _frames()
    return {
        "gif-palette": _saved(_palette(), "GIF"),
        "gif-interlaced": _saved(_rgb().convert("L"), "GIF", interlace=True),
        "gif-transparent": _saved(_palette(), "GIF", transparency=3),
        "gif-animated": _saved(first, "GIF", save_all=True, append_images=others, duration=100),
    }


def _tiff() -> dict[str, bytes]:
    return {
        "tiff-rgb": _saved(_rgb(), "TIFF"),
        "tiff-lzw": _saved(_rgb(), "TIFF", compression="tiff_lzw"),
        "tiff-lzw_predictor": _saved(_rgb(), "TIFF", compression="tiff_lzw", tiffinfo={317: 2}),
        "tiff-deflate": _saved(_rgb(), "TIFF", compression="tiff_adobe_deflate", tiffinfo={317: 2}),
        "tiff-packbits": _saved(_rgb(), "TIFF", compression="packbits"),
        "tiff-jpeg": _saved(_rgb(), "TIFF", compression="jpeg"),
        "tiff-fax": _saved(_rgb().convert("1"), "TIFF", compression="group4"),
        "tiff-rgba": _saved(_rgba(), "TIFF"),
        "tiff-cmyk": _saved(_rgb().convert("CMYK"), "TIFF"),
        "tiff-lab": _saved(Image.merge("LAB", _rgb().split()), "TIFF"),
        "tiff-palette": _saved(_palette(), "TIFF"),
        "tiff-1_bit": _saved(_rgb().convert("1"), "TIFF"),
        "tiff-16_bit": _saved(Image.fromarray(np.arange(WIDTH * HEIGHT, dtype=np.uint16).reshape(HEIGHT, WIDTH) * 60), "TIFF"),
        "tiff-float": _saved(Image.fromarray(np.linspace(0, 1, WIDTH * HEIGHT, dtype=np.float32).reshape(HEIGHT, WIDTH)), "TIFF"),
        "tiff-pages": _saved(_rgb(), "TIFF", save_all=True, append_images=_frames()),
        "tiff-exif_profile": _saved(_rgb(), "TIFF", exif=_exif(), icc_profile=_profile()),
        "tiff-big_endian": _tiff_of(">", big=False),
        "tiff-bigtiff": _tiff_of("<", big=True),
    }


def _tiff_of(order: str, *, big: bool) -> bytes:
    """TIFF 6.0, or BigTIFF by libtiff's description: one strip of 8-bit RGB, stored as it is."""
    pixels = np.asarray(_rgb()).tobytes()
    start = 16 if big else 8
    short, long = ("H", "Q") if big else ("H", "I")
    bits = struct.pack(order + "3H", 8, 8, 8)
    inline = 8 if big else 4
    directory = start + len(pixels) + len(bits)
    entries = [
        (256, 3, 1, struct.pack(order + short, WIDTH)),
        (257, 3, 1, struct.pack(order + short, HEIGHT)),
        (258, 3, 3, bits if big else struct.pack(order + "I", start + len(pixels))),
        (259, 3, 1, struct.pack(order + short, 1)),
        (262, 3, 1, struct.pack(order + short, 2)),
        (273, 16 if big else 4, 1, struct.pack(order + long, start)),
        (277, 3, 1, struct.pack(order + short, 3)),
        (278, 3, 1, struct.pack(order + short, HEIGHT)),
        (279, 16 if big else 4, 1, struct.pack(order + long, len(pixels))),
    ]
    mark = b"II" if order == "<" else b"MM"
    if big:
        head = mark + struct.pack(order + "HHHQ", 43, 8, 0, directory)
        table = struct.pack(order + "Q", len(entries))
    else:
        head = mark + struct.pack(order + "HI", 42, directory)
        table = struct.pack(order + "H", len(entries))
    for tag, kind, count, value in entries:
        table += struct.pack(order + "HH" + long, tag, kind, count) + value.ljust(inline, b"\0")
    return head + pixels + bits + table + struct.pack(order + long, 0)


def _bmp() -> dict[str, bytes]:
    return {
        "bmp-24_bit": _saved(_rgb(), "BMP"),
        "bmp-32_bit": _saved(_rgba(), "BMP"),
        "bmp-palette": _saved(_palette(), "BMP"),
        "bmp-1_bit": _saved(_rgb().convert("1"), "BMP"),
        "bmp-rle8": _bmp_rle8(),
        "bmp-565": _bmp_565(),
    }


def _bmp_of(bits: int, compression: int, after_header: bytes, rows: bytes) -> bytes:
    """A BITMAPINFOHEADER, what follows it, and the rows from the bottom."""
    offset = 14 + 40 + len(after_header)
    info = struct.pack("<IiiHHIIiiII", 40, WIDTH, HEIGHT, 1, bits, compression, len(rows), 2835, 2835, 0, 0)
    return struct.pack("<2sIHHI", b"BM", offset + len(rows), 0, 0, offset) + info + after_header + rows


def _bmp_rle8() -> bytes:
    """Each row: a run, an absolute stretch with its padding, another run, the end of the line; the end of the bitmap at last."""
    palette = b"".join(bytes([i, 255 - i, i // 2, 0]) for i in range(256))
    stretch = bytes([0, 5, 10, 20, 30, 40, 50, 0])
    rows = b"".join(bytes([20, y * 9 % 256]) + stretch + bytes([WIDTH - 25, 255 - y, 0, 0]) for y in range(HEIGHT))
    return _bmp_of(8, 1, palette, rows[:-2] + b"\0\1")


def _bmp_565() -> bytes:
    masks = struct.pack("<III", 0xF800, 0x07E0, 0x001F)
    noise = np.random.default_rng(5).integers(0, 65536, (HEIGHT, WIDTH), np.uint16)
    return _bmp_of(16, 3, masks, noise.astype("<u2").tobytes())
