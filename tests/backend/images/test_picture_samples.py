"""Every kind of sample that a PNG or a TIFF can hold, made by the specification; Pillow or a formula says what it shows."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import hostile_pictures as files
import numpy as np
import pytest
from PIL import Image

from img23d_backend.images import load_photo
from img23d_backend.images.formats import png_rows
from img23d_backend.images.png_files import read_rgba, write_png
from img23d_backend.stages import Photo

WIDTH, HEIGHT = 29, 23
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
KINDS = [(color, bits) for color, depths in {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}.items() for bits in depths]
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def load(folder: Path, data: bytes) -> Photo:
    path = folder / "photo.bin"
    path.write_bytes(data)
    return load_photo(str(path))


def raw(color: int, bits: int, interlace: int) -> bytes:
    """Noise behind every filter in turn; what it shows is for the decoders to find out."""
    random = np.random.default_rng(color * 100 + bits)
    rows = b""
    for x, y, across, down in ADAM7 if interlace else ((0, 0, 1, 1),):
        width, height = -(-(WIDTH - x) // across), -(-(HEIGHT - y) // down)
        stride = (width * CHANNELS[color] * bits + 7) // 8
        rows += b"".join(bytes([row % 5]) + random.integers(0, 256, stride, np.uint8).tobytes() for row in range(height))
    return rows


def by_pillow(data: bytes, bits: int) -> np.ndarray:
    picture = Image.open(io.BytesIO(data))
    if picture.mode.startswith("I;16"):  # which Pillow would cut off at 255
        return np.repeat(np.rint(np.asarray(picture) / 257)[:, :, None], 3, axis=2)
    return np.asarray(picture.convert("RGBA")).astype(int)


@pytest.mark.parametrize("interlace", [0, 1])
@pytest.mark.parametrize(("color", "bits"), KINDS)
@pytest.mark.parametrize("band", [1, 1 << 22])
def test_png_of_every_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, color: int, bits: int, interlace: int, band: int) -> None:
    """Also row by row, where each band begins with the row above it."""
    monkeypatch.setattr(png_rows, "_BAND_BYTES", band)
    palette = [(b"PLTE", np.random.default_rng(1).integers(0, 256, 3 * 2**bits, np.uint8).tobytes())] if color == 3 else []
    data = files.png(WIDTH, HEIGHT, raw(color, bits, interlace), bits=bits, color=color, interlace=interlace, before=palette)
    photo, expected = load(tmp_path, data), by_pillow(data, bits)
    tolerance = 1 if bits == 16 else 0  # Pillow keeps the high byte
    assert np.abs(photo.rgb - expected[:, :, :3]).max() <= tolerance
    if color in (4, 6):
        assert photo.alpha is not None and np.abs(photo.alpha - expected[:, :, 3]).max() <= tolerance


@pytest.mark.parametrize(("color", "bits"), [(0, 8), (0, 16), (2, 8), (2, 16)])
def test_colour_of_a_png_that_is_clear(tmp_path: Path, color: int, bits: int) -> None:
    """tRNS holds one colour in 16 bits a sample."""
    channels, size = CHANNELS[color], bits // 8
    samples = np.random.default_rng(2).integers(0, 2**bits, (HEIGHT, WIDTH, channels))
    samples[5, 7] = samples[9, 3] = samples[0, 0]
    rows = b"".join(b"\0" + row.astype(f">u{size}").tobytes() for row in samples)
    key = (b"tRNS", samples[0, 0].astype(">u2").tobytes())
    photo = load(tmp_path, files.png(WIDTH, HEIGHT, rows, bits=bits, color=color, before=[key]))
    clear = (samples == samples[0, 0]).all(axis=2)
    assert clear.sum() >= 3 and photo.alpha is not None and np.array_equal(photo.alpha, np.where(clear, 0, 255))


def test_planes_of_a_tiff(tmp_path: Path) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    planes = np.ascontiguousarray(np.moveaxis(pixels, 2, 0)).tobytes()
    size = WIDTH * HEIGHT
    places, sizes = struct.pack("<3I", *(8 + i * size for i in range(3))), struct.pack("<3I", *[size] * 3)
    data = tiff_with(planes, [(284, 3, 1, struct.pack("<H", 2)), (273, 4, 3, places), (279, 4, 3, sizes)])
    assert np.array_equal(load(tmp_path, data).rgb, pixels)


def test_tiles_of_a_tiff(tmp_path: Path) -> None:
    """Of 16 by 16, the last ones of each row and column only partly inside."""
    pixels = np.random.default_rng(4).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    padded = np.zeros((32, 32, 3), np.uint8)
    padded[:HEIGHT, :WIDTH] = pixels
    tiles = b"".join(padded[y : y + 16, x : x + 16].tobytes() for y in (0, 16) for x in (0, 16))
    places, sizes = struct.pack("<4I", *(8 + i * 768 for i in range(4))), struct.pack("<4I", *[768] * 4)
    side = struct.pack("<H", 16)
    data = tiff_with(tiles, [(322, 3, 1, side), (323, 3, 1, side), (324, 4, 4, places), (325, 4, 4, sizes)], without={273, 278, 279})
    assert np.array_equal(load(tmp_path, data).rgb, pixels)


def tiff_with(body: bytes, tags: list[tuple[int, int, int, bytes]], without: set[int] | None = None) -> bytes:
    """A page of 8-bit RGB whose usual tags are replaced (TIFF 6.0)."""
    usual = {
        256: (3, 1, struct.pack("<H", WIDTH)),
        257: (3, 1, struct.pack("<H", HEIGHT)),
        258: (3, 3, struct.pack("<3H", 8, 8, 8)),
        259: (3, 1, struct.pack("<H", 1)),
        262: (3, 1, struct.pack("<H", 2)),
        277: (3, 1, struct.pack("<H", 3)),
        278: (3, 1, struct.pack("<H", HEIGHT)),
    }
    values = {tag: value for tag, value in usual.items() if tag not in (without or set())} | {tag: (kind, count, value) for tag, kind, count, value in tags}
    entries = b""
    for tag, (kind, count, value) in sorted(values.items()):
        if len(value) > 4:
            place, body = struct.pack("<I", 8 + len(body)), body + value
        else:
            place = value.ljust(4, b"\0")
        entries += struct.pack("<HHI", tag, kind, count) + place
    return b"II*\0" + struct.pack("<I", 8 + len(body)) + body + struct.pack("<H", len(values)) + entries + bytes(4)


@pytest.mark.parametrize("associated", [False, True])
def test_alpha_of_a_tiff_is_straight(tmp_path: Path, associated: bool) -> None:
    """ExtraSamples 1 are colours that were multiplied by alpha, 2 such that were not."""
    random = np.random.default_rng(5)
    colors, alpha = random.integers(0, 256, (HEIGHT, WIDTH, 3)), random.integers(128, 256, (HEIGHT, WIDTH, 1))
    stored = np.concatenate([np.rint(colors * alpha / 255) if associated else colors, alpha], axis=2).astype(np.uint8)
    kind = (338, 3, 1, struct.pack("<H", 1 if associated else 2))
    photo = load(tmp_path, files.tiff(WIDTH, HEIGHT, stored.tobytes(), bits=(8,) * 4, extra=[kind]))
    assert np.abs(photo.rgb - colors).max() <= (1 if associated else 0)
    assert photo.alpha is not None and np.array_equal(photo.alpha, alpha[:, :, 0])


def test_cut_out_that_became_an_animation_is_not_decoded(tmp_path: Path) -> None:
    path = tmp_path / "cutout.png"
    rgba = np.random.default_rng(6).integers(0, 256, (HEIGHT, WIDTH, 4), np.uint8)
    write_png(path, rgba)
    assert np.array_equal(read_rgba(path), rgba)
    path.write_bytes(files.apng_with_a_first_frame_outside())
    with pytest.raises(OSError, match="no RGBA PNG"):
        read_rgba(path)
