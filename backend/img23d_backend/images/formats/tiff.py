"""The first page of a TIFF or BigTIFF in RGB. Sources: TIFF 6.0; Adobe's Photoshop TIFF notes and technical note 3 (predictors)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..metadata.colors import cmyk_to_rgb, lab_to_srgb
from ..metadata.exif import exif_of
from ..metadata.tiff_directory import Directory, byte_order, read_directory
from .bands import Bands
from .header import CutShort, Damaged, Format, Header, NotAPicture
from .samples import DIVISOR_OF_16_BITS, looked_up, to_8_bits
from .tiff_blocks import Blocks, read_blocks

_SUBFILE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 254, 256, 257, 258, 259, 262
_FILL_ORDER, _STRIPS, _SAMPLES, _ROWS, _STRIP_BYTES, _PLANAR = 266, 273, 277, 278, 279, 284
_PREDICTOR, _COLOR_MAP, _TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_BYTES = 317, 320, 322, 323, 324, 325
_EXTRA, _SAMPLE_FORMAT, _JPEG_TABLES, _SUBSAMPLING, _PROFILE, _FAX_OPTIONS = 338, 339, 347, 530, 34675, (292, 293)
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _CMYK, _YCBCR, _CIELAB, _ICCLAB = 0, 1, 2, 3, 5, 6, 8, 9
_COLORS = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _PALETTE: 1, _CMYK: 4, _YCBCR: 3, _CIELAB: 3, _ICCLAB: 3}
_JPEG = 7
_ASSOCIATED, _STRAIGHT = 1, 2  # alpha, in the tag of the extra samples
_INTEGER, _SIGNED, _FLOAT, _UNDEFINED = 1, 2, 3, 4
_MOST_PAGES = 1000
_REDUCED = 1  # a bit of the subfile's kind: a smaller copy of another page
_MASK = 4
_BAND_SAMPLES = 1 << 21
_EFFORT = {_CIELAB: 8, _ICCLAB: 8, _CMYK: 4}  # of a pixel's conversion, against a byte that is unpacked
_KINDS = {_INTEGER: "u", _SIGNED: "i", _FLOAT: "f"}


@dataclass(frozen=True, kw_only=True)
class Page:
    """`alpha` is the extra sample's meaning, 0 where there is none."""

    blocks: Blocks
    photometric: int
    sample_format: int
    alpha: int
    color_map: np.ndarray
    directory: Directory


def read_header(data: bytes) -> Header:
    if data[8:10] == b"CR" or b"DNGVersion" in data[:4096]:
        raise NotAPicture("a camera raw file")
    page = read_page(data)
    blocks = page.blocks
    exif = exif_of(page.directory, blocks.width, blocks.height)
    pixels = blocks.width * blocks.height
    whole = 5 * _shown(page) if page.sample_format == _FLOAT or blocks.bits == 32 else 0
    return Header(
        format=Format.TIFF,
        width=blocks.width,
        height=blocks.height,
        orientation=exif.orientation,
        pages=_pages(data, page.directory),
        focal_35mm=exif.focal_35mm,
        profile=page.directory.content(_PROFILE),
        is_cmyk=page.photometric == _CMYK,
        is_adobe_rgb=exif.is_adobe_rgb,
        held=blocks.held + whole * pixels,
        # Those of 16 bits go through twice where their values turn out to end at 255.
        worked=max(blocks.count * blocks.largest_bytes * (2 if blocks.bits == 16 else 1), pixels * _EFFORT.get(page.photometric, 1)),
    )


def decode(data: bytes, factor: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """(H, W, 3 or 4) uint8, not turned, and what there is to say. Raises CutShort or Damaged."""
    page = read_page(data)
    if page.sample_format == _FLOAT or page.blocks.bits == 32:
        return _decode_wide(data, page, factor), ()
    pixels, brightest = _decode(data, page, factor, DIVISOR_OF_16_BITS)
    if page.blocks.bits < 16 or brightest > 255 or page.photometric not in (_BLACK_IS_ZERO, _RGB):
        return pixels, ()
    note = "The picture is said to have 16 bits but its values end at 255, so they were taken as 8 bits."
    return _decode(data, page, factor, 1)[0], (note,)


def read_page(data: bytes) -> Page:
    """The first one. Raises CutShort, Damaged or struct.error."""
    directory = read_directory(data)
    photometric = directory.number(_PHOTOMETRIC, _BLACK_IS_ZERO)
    blocks = _blocks(data, directory, photometric)
    extra = directory.numbers(_EXTRA)
    has_alpha = blocks.samples > _COLORS[photometric]
    sample_format = directory.number(_SAMPLE_FORMAT, _INTEGER)
    depths = {_INTEGER: (1, 2, 4, 8, 16, 32), _SIGNED: (8, 16, 32), _FLOAT: (16, 32, 64), _UNDEFINED: (1, 2, 4, 8, 16)}
    is_lab = photometric in (_CIELAB, _ICCLAB)
    if blocks.bits not in depths.get(sample_format, ()) or is_lab and (blocks.bits not in (8, 16) or sample_format == _FLOAT):
        raise Damaged(f"samples of {blocks.bits} bits in format {sample_format}")
    return Page(
        blocks=blocks,
        photometric=photometric,
        sample_format=sample_format,
        alpha=(extra[0] if extra else _STRAIGHT) if has_alpha else 0,
        color_map=directory.array(_COLOR_MAP),
        directory=directory,
    )


def _blocks(data: bytes, directory: Directory, photometric: int) -> Blocks:
    width, height = directory.number(_WIDTH), directory.number(_HEIGHT)
    bits, samples = directory.numbers(_BITS) or (1,), directory.number(_SAMPLES, 1)
    if not (width > 0 and height > 0):
        raise CutShort("no size")
    if photometric not in _COLORS or len(set(bits)) != 1 or not _COLORS[photometric] <= samples <= 16:
        raise Damaged(f"a pixel of {samples} samples of {bits} bits as photometric {photometric}")
    compression = directory.number(_COMPRESSION, 1)
    if photometric == _YCBCR and compression != _JPEG and directory.numbers(_SUBSAMPLING) != (1, 1):
        raise Damaged("subsampled YCbCr")
    is_tiled = _TILES in directory.entries
    offsets, counts = (directory.array(tag) for tag in ((_TILES, _TILE_BYTES) if is_tiled else (_STRIPS, _STRIP_BYTES)))
    if not len(counts) and len(offsets) == 1:
        counts = np.array([len(data) - int(offsets[0])])  # an old habit for a single strip
    rows = directory.number(_ROWS, height)
    return Blocks(
        width=width,
        height=height,
        bits=bits[0],
        samples=samples,
        is_planar=directory.number(_PLANAR, 1) == 2 and samples > 1,
        block_width=directory.number(_TILE_WIDTH) if is_tiled else width,
        block_height=directory.number(_TILE_HEIGHT) if is_tiled else min(rows or height, height),
        offsets=offsets,
        counts=counts,
        compression=compression,
        predictor=directory.number(_PREDICTOR, 1),
        order=byte_order(data),
        is_reversed=directory.number(_FILL_ORDER, 1) == 2,
        fax_options=(directory.number(_FAX_OPTIONS[0]), directory.number(_FAX_OPTIONS[1])),
        jpeg_tables=directory.content(_JPEG_TABLES),
        is_ycc=photometric == _YCBCR,
    )


def _pages(data: bytes, first: Directory) -> int:
    """Without smaller copies and masks of other pages."""
    count, seen, following = 1, set(), first.following
    while following and following not in seen and len(seen) < _MOST_PAGES:
        seen.add(following)
        try:
            directory = read_directory(data, following)
        except struct.error:
            break
        count += not directory.number(_SUBFILE) & (_REDUCED | _MASK)
        following = directory.following
    return count


# --- samples to colours -----------------------------------------------------------------------------------------------


def _shown(page: Page) -> int:
    """Samples that are looked at: the colours and one alpha."""
    return _COLORS[page.photometric] + bool(page.alpha)


def _bands(data: bytes, page: Page) -> Iterator[np.ndarray]:
    """(H, W, colours and alpha): a strip may be the whole page, which would take a multiple of its size in one piece."""
    shown = _shown(page)
    step = max(1, _BAND_SAMPLES // (page.blocks.width * page.blocks.samples))
    for rows in read_blocks(data, page.blocks):
        for top in range(0, len(rows), step):
            yield rows[top : top + step, :, :shown]


def _decode(data: bytes, page: Page, factor: int, divisor: int) -> tuple[np.ndarray, int]:
    """And the largest sample of a colour."""
    bands, brightest = Bands(page.blocks.width, page.blocks.height, factor), 0
    palette = _palette(page)
    colors = _COLORS[page.photometric]
    for band in _bands(data, page):
        if page.sample_format == _SIGNED and page.photometric != _CIELAB:
            band = band ^ band.dtype.type(1 << (page.blocks.bits - 1))  # from the smallest number upwards
        if page.blocks.bits == 16:
            brightest = max(brightest, int(band[:, :, :colors].max()))
        bands.add(_painted(band, page, palette, divisor))
    return bands.picture(), brightest


def _painted(band: np.ndarray, page: Page, palette: np.ndarray | None, divisor: int) -> np.ndarray:
    """(H, W, samples) unsigned to (H, W, 3 or 4) uint8."""
    bits, count = page.blocks.bits, _COLORS[page.photometric]
    alpha = to_8_bits(band[:, :, count:], bits, divisor)
    if palette is not None:
        colors = looked_up(palette, band[:, :, 0])
    elif page.photometric in (_CIELAB, _ICCLAB):
        colors = lab_to_srgb(band[:, :, :3], bits, is_signed=page.photometric == _CIELAB)
    else:
        colors = _plain(to_8_bits(band[:, :, :count], bits, divisor), page)
    if not page.alpha:
        return colors
    return np.concatenate([_straight(colors, alpha) if page.alpha == _ASSOCIATED else colors, alpha], axis=2)


def _plain(colors: np.ndarray, page: Page) -> np.ndarray:
    if page.photometric == _CMYK:
        return cmyk_to_rgb(colors)
    if page.photometric == _YCBCR and page.blocks.compression != _JPEG:
        import cv2

        return cv2.cvtColor(np.ascontiguousarray(colors[:, :, [0, 2, 1]]), cv2.COLOR_YCrCb2RGB)
    if page.photometric == _WHITE_IS_ZERO:
        colors = 255 - colors
    return np.repeat(colors, 3, axis=2) if colors.shape[2] == 1 else colors


def _straight(colors: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Colours that were multiplied by alpha, divided by it again."""
    return np.rint(colors * (255 / np.maximum(alpha, 1).astype(np.float32))).clip(0, 255).astype(np.uint8)


def _palette(page: Page) -> np.ndarray | None:
    """(N, 3) uint8 from 16 bits; the map holds all reds, then all greens, then all blues."""
    if page.photometric != _PALETTE:
        return None
    count = 2 ** min(page.blocks.bits, 16)
    if len(page.color_map) < 3 * count:
        raise Damaged("a short colour map")
    table = page.color_map[: 3 * count].reshape(3, count).T.astype(np.uint16)
    return np.ascontiguousarray(table >> 8 if table.max() > 255 else table).astype(np.uint8)  # some writers fill in bytes


def _decode_wide(data: bytes, page: Page, factor: int) -> np.ndarray:
    """Floating point and 32 bits: white is 1, or the brightest value where that is above; whole numbers end at their type's."""
    if page.photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB):
        raise Damaged(f"samples of {page.blocks.bits} bits as photometric {page.photometric}")
    bands = Bands(page.blocks.width, page.blocks.height, factor)
    for band in _bands(data, page):
        # A number beyond float32 is one that shows nothing.
        with np.errstate(over="ignore"):
            values = band.view(f"{_KINDS[page.sample_format]}{band.itemsize}").astype(np.float32)
        bands.add(np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0).clip(0))
    values = bands.picture().reshape(-(-page.blocks.height // factor), -(-page.blocks.width // factor), -1)
    count = _COLORS[page.photometric]
    whites = [max(1.0, float(values[:, :, channels].max(initial=0.0))) for channels in (slice(count), slice(count, None))]
    if page.sample_format == _FLOAT:
        whites[1] = 1.0
    painted = Bands(values.shape[1], values.shape[0], 1)
    step = max(1, _BAND_SAMPLES // values.shape[1])
    for top in range(0, len(values), step):
        part = values[top : top + step]
        colors, alpha = (
            np.rint(part[:, :, channels].clip(0, white) * (255 / white)).astype(np.uint8)
            for channels, white in zip((slice(count), slice(count, None)), whites, strict=True)
        )
        painted.add(np.concatenate([_plain(colors, page), alpha], axis=2))
    return painted.picture()
