"""How a photo is turned, from its file."""

from __future__ import annotations

import os
import struct
import threading
import time
from pathlib import Path

import pytest

from blender_img23d.core.orientation import Orientation, photo_orientation


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
    assert photo_orientation(tmp_path / "photo") == Orientation(quarters=1)


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", jpeg(exif(6)[:12]), png(b""), webp(exif(9)), b"II*\0\xff\xff\xff\xff"])
def test_a_damaged_file_is_not_turned(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "photo").write_bytes(data)
    assert photo_orientation(tmp_path / "photo") == Orientation()
    assert photo_orientation(tmp_path / "missing") == Orientation()


def test_bigtiff_says_how_it_is_turned(tmp_path: Path) -> None:
    """libtiff's description of BigTIFF: places and counts of eight bytes."""
    for order, mark in (("<", b"II"), (">", b"MM")):
        entry = struct.pack(order + "HHQHHI", 274, 3, 1, 6, 0, 0)
        head = mark + struct.pack(order + "HHHQ", 43, 8, 0, 16)
        (tmp_path / "photo").write_bytes(head + struct.pack(order + "Q", 1) + entry + bytes(8))
        assert photo_orientation(tmp_path / "photo") == Orientation(quarters=1)


def test_orientation_without_a_value_is_no_turn(tmp_path: Path) -> None:
    (tmp_path / "photo").write_bytes(b"II*\0" + struct.pack("<IHHHII", 8, 1, 274, 3, 0, 6) + bytes(4))
    assert photo_orientation(tmp_path / "photo") == Orientation()


@pytest.mark.parametrize("length", [0, 1])
def test_segment_shorter_than_its_length_ends_the_reading(tmp_path: Path, length: int) -> None:
    segment = b"\xff\xe2" + struct.pack(">H", length)
    (tmp_path / "photo").write_bytes(b"\xff\xd8" + segment + jpeg(exif(6))[2:])
    assert photo_orientation(tmp_path / "photo") == Orientation()


def test_millions_of_empty_chunks_do_not_stop_the_window(tmp_path: Path) -> None:
    (tmp_path / "photo").write_bytes(b"\x89PNG\r\n\x1a\n" + (bytes(4) + b"teXtcrc1") * 3_000_000)
    before = time.process_time()
    assert photo_orientation(tmp_path / "photo") == Orientation()
    assert time.process_time() - before < 0.3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with a name are of POSIX")
def test_pipe_does_not_stop_the_window(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "photo.jpg")
    turns: list[Orientation] = []
    thread = threading.Thread(target=lambda: turns.append(photo_orientation(tmp_path / "photo.jpg")), daemon=True)
    thread.start()
    thread.join(5)
    assert turns == [Orientation()]


def test_path_that_is_none_is_no_turn() -> None:
    assert photo_orientation("nul\0byte.jpg") == Orientation()
