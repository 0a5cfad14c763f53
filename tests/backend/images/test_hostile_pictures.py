"""Files that were made to hurt: each in a process of its own, whose end, memory and processor seconds are counted."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import hostile_pictures as hostile
import numpy as np
import pytest
from picture_child import ROOT, Outcome, open_in_child
from PIL import Image

from img23d_backend.images import file, load_photo, photo_size
from img23d_protocol import ErrorCode, Img23DError

MOST_MEGABYTES, MOST_SECONDS = 600, 5  # for a file under 1 MB
PHOTO = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)


def jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(PHOTO).save(buffer, "JPEG")
    return buffer.getvalue()


def opened(folder: Path, data: bytes) -> Outcome:
    path = folder / "photo.bin"
    path.write_bytes(data)
    return open_in_child(path)


def assert_modest(outcome: Outcome) -> None:
    assert outcome.status == 0, outcome.error
    assert outcome.megabytes < MOST_MEGABYTES and outcome.seconds < MOST_SECONDS, outcome


def refusal(folder: Path, data: bytes, name: str = "photo.bin") -> Img23DError:
    path = folder / name
    path.write_bytes(data)
    with pytest.raises(Img23DError) as caught:
        load_photo(str(path))
    assert name in caught.value.sentence and "\n" not in caught.value.sentence
    return caught.value


# --- animations -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [hostile.apng_with_a_frame_outside, hostile.apng_with_a_first_frame_outside])
def test_bad_frame_control_of_an_animation_costs_nothing(tmp_path: Path, make: object) -> None:
    """The still picture is whole, so it is what is opened."""
    outcome = opened(tmp_path, make())
    assert_modest(outcome)
    assert outcome.size == (32, 32) and outcome.corner == (0, 40, 80) and "first picture" in outcome.notes[0]


@pytest.mark.parametrize("filter", [5, 77, 255])
def test_bad_filter_of_an_animation_is_said(tmp_path: Path, filter: int) -> None:
    outcome = opened(tmp_path, hostile.apng_with_a_bad_filter(filter=filter))
    assert_modest(outcome)
    assert outcome.code == ErrorCode.PHOTO_UNREADABLE and "damaged" in outcome.sentence


@pytest.mark.parametrize("interlace", [0, 1])
def test_bad_filter_of_a_still_picture_is_said(tmp_path: Path, interlace: int) -> None:
    raw = hostile.rows(16, 16, filter=9) * 3  # more than enough rows for the passes, too
    assert "damaged" in refusal(tmp_path, hostile.png(16, 16, raw, interlace=interlace)).sentence


def test_png_whose_rows_are_missing_is_cut_short(tmp_path: Path) -> None:
    data = hostile.png(32, 32, hostile.rows(32, 30))
    assert refusal(tmp_path, data).code == ErrorCode.PHOTO_TRUNCATED


# --- memory and time --------------------------------------------------------------------------------------------------

GREEDY = {
    "JPEG with overlapping tags": lambda: hostile.with_segment(jpeg(), hostile.exif_of_overlapping_tags()),
    "TIFF with overlapping tags": hostile.tiff_of_overlapping_tags,
    "PNG of 900 megapixels of one bit": hostile.png_of_one_bit,
    "PNG of 64 megapixels of 16 bits": lambda: hostile.png_of_nothing(8000, 8000, bits=16, color=6),
    "GIF with a frame of 400 megapixels": hostile.gif_of_nothing,
    "JPEG of 975 megapixels": lambda: hostile.jpeg_of_nothing(65_000, 15_000),
    "progressive JPEG": lambda: hostile.jpeg_of_nothing(20_000, 20_000, frame=0xC2),
    "JPEG of 3000 scans": lambda: hostile.jpeg_of_nothing(9000, 9000, frame=0xC2, scans=3000),
    "TIFF of overlapping strips": lambda: hostile.tiff_of_nothing(20_000, 20_000, rows_a_strip=1000),
    "TIFF of one strip": lambda: hostile.tiff_of_nothing(10_000, 9_999, rows_a_strip=9_999),
    "WebP of 268 megapixels": lambda: hostile.webp_of_nothing(16_383, 16_383),
    "BMP of 900 megapixels": hostile.bmp_of_nothing,
}
LARGEST_ALLOWED = {
    "PNG of one bit": lambda: hostile.png_of_nothing(15_800, 15_800, bits=1, color=0),
    "PNG with alpha": lambda: hostile.png_of_nothing(8650, 8650, bits=8, color=6),
    "progressive JPEG of many scans": lambda: hostile.jpeg_of_nothing(7000, 7000, frame=0xC2, scans=200),
    "TIFF of one strip": lambda: hostile.tiff_of_nothing(4990, 4990, rows_a_strip=4990),
    "WebP": lambda: hostile.webp_of_nothing(6100, 6100),
    "GIF": lambda: hostile.gif_of_nothing(64, 7700),
    "BMP": lambda: hostile.bmp_of_nothing(9990, 9990),
}


@pytest.mark.parametrize("name", GREEDY)
def test_small_file_that_would_take_gigabytes_or_minutes_is_modest(tmp_path: Path, name: str) -> None:
    data = GREEDY[name]()
    assert len(data) < 1_000_000
    outcome = opened(tmp_path, data)
    assert_modest(outcome)
    assert outcome.size == (64, 64) or outcome.code == ErrorCode.PHOTO_UNREADABLE
    assert outcome.size == (64, 64) or "megapixels, too many" in outcome.sentence or "damaged" in outcome.sentence


@pytest.mark.parametrize("name", LARGEST_ALLOWED)
def test_largest_that_a_small_file_may_hold_is_modest(tmp_path: Path, name: str) -> None:
    """Just below the bounds: it is decoded, and all but the uniform ones become a photo."""
    data = LARGEST_ALLOWED[name]()
    assert len(data) < 1_000_000
    outcome = opened(tmp_path, data)
    assert_modest(outcome)
    assert outcome.size != (0, 0) or outcome.code in (ErrorCode.PHOTO_UNIFORM, ErrorCode.PHOTO_TRANSPARENT)


# --- slips of headers -------------------------------------------------------------------------------------------------


def test_segment_without_a_length_is_said(tmp_path: Path) -> None:
    assert "damaged" in refusal(tmp_path, hostile.with_segment(jpeg(), b"\xff\xe2\0\0")).sentence


def test_orientation_without_a_value_is_upright(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(hostile.with_segment(jpeg(), hostile.exif_with_an_empty_orientation()))
    assert load_photo(str(path)).width == 64


@pytest.mark.parametrize("read", [load_photo, photo_size])
@pytest.mark.parametrize("data", [hostile.webp_with_a_short_header(), hostile.riff((b"VP8X", bytes(4)))])
def test_short_chunk_of_a_webp_is_said(tmp_path: Path, read: object, data: bytes) -> None:
    path = tmp_path / "photo.webp"
    path.write_bytes(data)
    with pytest.raises(Img23DError) as caught:
        read(str(path))
    assert "damaged" in caught.value.sentence or "cut off" in caught.value.sentence


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
def test_bigtiff_opens_like_a_tiff(tmp_path: Path, order: str, big: bool) -> None:
    path = tmp_path / "photo.tif"
    path.write_bytes(hostile.tiff(64, 64, PHOTO.tobytes(), order=order, big=big))
    assert np.array_equal(load_photo(str(path)).rgb, PHOTO)


def test_sixteen_bits_that_end_at_255_are_taken_as_eight(tmp_path: Path) -> None:
    expected = np.stack(
        [np.arange(32)[None] * 8 + 0 * np.arange(32)[:, None], np.arange(32)[:, None] * 8 + 0 * np.arange(32)[None], np.full((32, 32), 128)], axis=-1
    )
    shorts = expected.astype("<u2").tobytes()
    for data in (hostile.png_of_16_bits_up_to_255(), hostile.tiff(32, 32, shorts, bits=(16, 16, 16))):
        path = tmp_path / "photo.bin"
        path.write_bytes(data)
        photo = load_photo(str(path))
        assert np.array_equal(photo.rgb, expected) and "16 bits" in photo.notes[0]


@pytest.mark.parametrize(("width", "height"), [(30_000, 8), (8, 30_000)])
def test_narrow_picture_opens(tmp_path: Path, width: int, height: int) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(hostile.png(width, height, hostile.rows(width, height)))
    photo = load_photo(str(path))
    assert (photo.width, photo.height) == (width, height)


def test_only_the_first_page_is_used_and_said(tmp_path: Path) -> None:
    path = tmp_path / "photo.tif"
    path.write_bytes(hostile.tiff(64, 64, PHOTO.tobytes(), pages=3))
    assert load_photo(str(path)).notes == ("Only the first of the file's 3 pages is used.",)


# --- what is no file --------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with a name are of POSIX")
def test_pipe_or_device_never_stops_anything(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "photo.png")
    (tmp_path / "link.png").symlink_to(tmp_path / "photo.png")
    for path in (tmp_path / "photo.png", tmp_path / "link.png", "/dev/zero", "/dev/stdin"):
        outcome = open_in_child(path, timeout=20)
        assert outcome.code == ErrorCode.PHOTO_UNREADABLE and "pipe" in outcome.sentence, path


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with a name are of POSIX")
def test_file_that_becomes_a_pipe_never_stops_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at it and its opening."""
    os.mkfifo(tmp_path / "photo.png")
    (tmp_path / "file.png").write_bytes(b"x")
    real = os.stat(tmp_path / "file.png")
    monkeypatch.setattr(file, "os", SimpleNamespace(**{**vars(os), "stat": lambda path: real}))
    errors: list[Img23DError] = []

    def read() -> None:
        try:
            load_photo(str(tmp_path / "photo.png"))
        except Img23DError as error:
            errors.append(error)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive() and "pipe" in errors[0].sentence


@pytest.mark.parametrize("path", ["a\0b.png", "\0", "\udcff.png", "x" * 300 + ".png"])
def test_odd_path_is_said_without_its_odd_characters(path: str) -> None:
    with pytest.raises(Img23DError) as caught:
        load_photo(path)
    caught.value.sentence.encode()
    assert "\0" not in caught.value.sentence


# --- the command line -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("short.webp", hostile.riff((b"VP8X", bytes(4)))),
        ("frame.png", hostile.apng_with_a_bad_filter()),
        ("scan.jpg", hostile.with_segment(jpeg(), b"\xff\xe2\0\0")),
        ("pixel.tif", hostile.tiff_of_overlapping_tags(3000)),
        ("frame.gif", b"GIF89a" + bytes(4)),
    ],
)
def test_command_line_says_one_sentence(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    command = [
        sys.executable,
        "-m",
        "img23d_backend",
        "generate",
        str(tmp_path / name),
        "--names",
        "cup",
        "--box",
        "cup=1,1,5,5",
        "--out",
        str(tmp_path / "out"),
    ]
    roots = os.pathsep.join([str(ROOT / "backend"), str(ROOT / "blender_img23d" / "shared")])
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env={**os.environ, "PYTHONPATH": roots})
    assert done.returncode not in (0, -11) and "Traceback" not in done.stderr + done.stdout
    assert name in done.stderr + done.stdout
