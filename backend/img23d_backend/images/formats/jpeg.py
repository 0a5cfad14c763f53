"""JPEG: segments read, and a file without the others written for the decoder. Sources: ITU T.81; ICC.1:2022, annex B.4."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..metadata.exif import Exif, read_exif
from . import opencv
from .header import CutShort, Damaged, Format, Header

_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # SOF0..SOF15 without DHT, JPG and DAC
_READABLE_FRAMES = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}  # baseline, extended, progressive, and the latter two with arithmetic coding
_PROGRESSIVE = {0xC2, 0xCA}
_TABLES = {0xC4, 0xCC, 0xDB, 0xDD}  # DHT, DAC, DQT, DRI
_ALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length
_SCAN, _END = 0xDA, 0xD9
_SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # neither a stuffed byte nor a restart marker
_WORK_A_SAMPLE = 100  # samples of a further scan that take as long as a byte that is decoded


@dataclass(frozen=True, kw_only=True)
class Parts:
    """`body` are the segments that make the picture, between the first marker and the last."""

    width: int
    height: int
    components: int
    share: float  # samples of all components a sample of the largest one
    is_progressive: bool
    scans: int
    body: bytes
    exif: bytes
    profile: bytes


def read_header(data: bytes) -> Header:
    parts = read_parts(data)
    exif = read_exif(parts.exif, parts.width, parts.height) if parts.exif else Exif()
    samples = int(parts.width * parts.height * parts.share)
    return Header(
        format=Format.JPEG,
        width=parts.width,
        height=parts.height,
        orientation=exif.orientation,
        focal_35mm=exif.focal_35mm,
        profile=parts.profile,
        is_cmyk=parts.components == 4,
        is_adobe_rgb=exif.is_adobe_rgb,
        held=2 * samples if parts.is_progressive or parts.scans > 1 else 0,  # all coefficients, 16 bits each
        worked=samples * parts.scans // _WORK_A_SAMPLE,
    )


def decode(data: bytes, factor: int) -> np.ndarray:
    """(H, W, 3) uint8, not turned; a half, a quarter or an eighth of the sides where the factor allows it."""
    import cv2

    reduced = {8: cv2.IMREAD_REDUCED_COLOR_8, 4: cv2.IMREAD_REDUCED_COLOR_4, 2: cv2.IMREAD_REDUCED_COLOR_2, 1: cv2.IMREAD_COLOR}
    flag = next(flag for side, flag in reduced.items() if side <= factor)
    body = read_parts(data).body
    return opencv.in_rgb_order(opencv.decode(b"\xff\xd8" + body + b"\xff\xd9", "JPEG", flag | cv2.IMREAD_IGNORE_ORIENTATION))


def read_parts(data: bytes) -> Parts:
    """Raises CutShort or Damaged."""
    frame: tuple[int, bytes] | None = None
    kept: list[bytes] = []
    exif, profiles, scans = b"", {}, 0
    for marker, start, end in _segments(data):
        content = data[start:end]
        if marker in _FRAMES:
            if frame is not None:
                raise Damaged("two frames in one picture")
            frame = marker, content
        elif marker == 0xE1 and content.startswith(b"Exif\0\0") and not exif:
            exif = content[6:]
        elif marker == 0xE2 and content.startswith(b"ICC_PROFILE\0") and len(content) > 14:
            profiles.setdefault(content[12], content[14:])
        scans += marker == _SCAN
        if marker in _FRAMES | _TABLES | {_SCAN} or _says_colors(marker, content):
            following = data[end : _scan_end(data, end)] if marker == _SCAN else b""
            kept += [struct.pack(">BBH", 0xFF, marker, 2 + len(content)), content, following]
    if frame is None or not scans:
        raise CutShort("no frame header" if frame is None else "no scan")
    profile = b"".join(profiles[number] for number in sorted(profiles))
    return _parts(*frame, scans=scans, body=b"".join(kept), exif=exif, profile=profile)


def _parts(marker: int, frame: bytes, *, scans: int, body: bytes, exif: bytes, profile: bytes) -> Parts:
    """By the frame's header (T.81, B.2.2)."""
    if len(frame) < 6:
        raise Damaged("a short frame header")
    precision, height, width, components = struct.unpack_from(">BHHB", frame)
    if marker not in _READABLE_FRAMES or precision != 8 or components not in (1, 3, 4) or not (width and height):
        raise Damaged(f"frame {marker:#x} with {components} components of {precision} bits")
    factors = [(factor >> 4, factor & 15) for factor in frame[7 : 6 + 3 * components : 3]]
    if len(factors) != components or not all(1 <= side <= 4 for factor in factors for side in factor):
        raise Damaged("impossible sampling factors")
    largest = max(across for across, _ in factors) * max(down for _, down in factors)
    return Parts(
        width=width,
        height=height,
        components=components,
        share=sum(across * down for across, down in factors) / largest,
        is_progressive=marker in _PROGRESSIVE,
        scans=scans,
        body=body,
        exif=exif,
        profile=profile,
    )


def _says_colors(marker: int, content: bytes) -> bool:
    """Without these two the decoder has to guess whether the components are YCbCr, RGB, CMYK or YCCK."""
    return (marker == 0xE0 and content.startswith(b"JFIF\0")) or (marker == 0xEE and content.startswith(b"Adobe"))


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start, end) of each segment's content up to the end-of-image marker; CutShort where there is none."""
    position = 2
    while True:
        position = data.find(b"\xff", position)
        if position < 0 or position + 1 >= len(data):
            raise CutShort("no end-of-image marker")
        marker = data[position + 1]
        if marker == 0xFF:  # a fill byte
            position += 1
            continue
        position += 2
        if marker == _END:
            return
        if marker in _ALONE or marker == 0:
            continue
        if position + 2 > len(data):
            raise CutShort("a segment without its length")
        length = struct.unpack_from(">H", data, position)[0]
        if length < 2:
            raise Damaged(f"segment {marker:#x} has a length of {length}")
        end = position + length
        if end > len(data):
            raise CutShort("a segment runs past the end")
        yield marker, position + 2, end
        position = _scan_end(data, end) if marker == _SCAN else end


def _scan_end(data: bytes, start: int) -> int:
    found = _SCAN_END.search(data, start)
    if found is None:
        raise CutShort("no end-of-image marker")
    return found.start()
