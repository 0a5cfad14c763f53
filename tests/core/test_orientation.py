"""How a photo is turned, from its file."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from blender_img23d.core.orientation import Turn, photo_turn


def exif(orientation: int, order: str = "<") -> bytes:
    head = b"II*\0" if order == "<" else b"MM\0*"
    entries = struct.pack(order + "HHII", 256, 4, 1, 80) + struct.pack(order + "HHIHH", 274, 3, 1, orientation, 0)
    return head + struct.pack(order + "IH", 8, 2) + entries + bytes(4)


def jpeg(block: bytes) -> bytes:
    other = b"\xff\xe0" + struct.pack(">H", 7) + b"JFIF\0"
    return b"\xff\xd8" + other + b"\xff\xe1" + struct.pack(">H", len(block) + 8) + b"Exif\0\0" + block + b"\xff\xda\0\x02"


def png(block: bytes) -> bytes:
    data = struct.pack(">I", 3) + b"IDATxyzcrc1"
    return b"\x89PNG\r\n\x1a\n" + data + struct.pack(">I", len(block)) + b"eXIf" + block + b"crc2"


def webp(block: bytes) -> bytes:
    body = b"VP8 " + struct.pack("<I", 3) + b"abc\0" + b"EXIF" + struct.pack("<I", len(block)) + block
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("wrap", [jpeg, png, webp, bytes], ids=["jpeg", "png", "webp", "tiff"])
def test_every_format_says_how_it_is_turned(tmp_path: Path, wrap, order: str) -> None:
    (tmp_path / "photo").write_bytes(wrap(exif(6, order)))
    assert photo_turn(tmp_path / "photo") == Turn(quarters=1)


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", jpeg(exif(6)[:12]), png(b""), webp(exif(9)), b"II*\0\xff\xff\xff\xff"])
def test_a_damaged_file_is_not_turned(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "photo").write_bytes(data)
    assert photo_turn(tmp_path / "photo") == Turn()
    assert photo_turn(tmp_path / "missing") == Turn()
