"""The focal length in a photo's file, written by Pillow in each format that can hold it."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from img23d_backend.images import load_photo
from img23d_backend.stages import Photo

WIDTH, HEIGHT = 80, 60
PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8))
EXIF_DIRECTORY = 0x8769
FOCAL_LENGTH, FOCAL_35MM, ACROSS, DOWN, X_RESOLUTION, UNIT = 0x920A, 0xA405, 0xA002, 0xA003, 0xA20E, 0xA210
FORMATS = ("JPEG", "PNG", "WebP", "TIFF")


def load(folder: Path, kind: str, tags: dict[int, object], orientation: int = 1) -> Photo:
    exif = Image.Exif()
    exif[274] = orientation
    exif.get_ifd(EXIF_DIRECTORY).update(tags)
    path = folder / f"photo.{kind.lower()}"
    PICTURE.save(path, kind, exif=exif.tobytes())
    return load_photo(str(path))


def widths(millimetres: float, width: int, height: int) -> float:
    return millimetres / 43.27 * math.hypot(width, height) / width


@pytest.mark.parametrize("kind", FORMATS)
def test_35_mm_equivalent_becomes_photo_widths(tmp_path: Path, kind: str) -> None:
    """By the diagonal: 43.27 mm for 100 pixels of 80 x 60."""
    assert load(tmp_path, kind, {FOCAL_35MM: 26}).focal == pytest.approx(26 / 43.27 * 100 / 80)


@pytest.mark.parametrize("kind", FORMATS)
def test_upright_photo_is_narrower_and_its_focal_length_in_widths_longer(tmp_path: Path, kind: str) -> None:
    photo = load(tmp_path, kind, {FOCAL_35MM: 26, ACROSS: WIDTH, DOWN: HEIGHT}, orientation=6)
    assert (photo.width, photo.height) == (HEIGHT, WIDTH)
    assert photo.focal == pytest.approx(widths(26, HEIGHT, WIDTH))


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
@pytest.mark.parametrize(("unit", "per_millimetre"), [(2, 25.4), (3, 10.0)])
def test_sensor_tells_the_lens_where_the_equivalent_is_missing(tmp_path: Path, kind: str, unit: int, per_millimetre: float) -> None:
    """4000 pixels on 22.3 mm behind a lens of 50 mm, in a copy of 80 pixels."""
    rational = TiffImagePlugin.IFDRational
    tags = {FOCAL_LENGTH: rational(50, 1), ACROSS: 4000, DOWN: 3000, UNIT: unit, X_RESOLUTION: rational(round(4000 / 22.3 * per_millimetre * 1000), 1000)}
    assert load(tmp_path, kind, tags).focal == pytest.approx(50 / 22.3, rel=1e-3)


def test_lens_without_a_sensor_says_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, "JPEG", {FOCAL_LENGTH: TiffImagePlugin.IFDRational(42, 10)}).focal is None


def test_picture_that_was_cropped_says_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, "JPEG", {FOCAL_35MM: 26, ACROSS: 4000, DOWN: 3000}).focal is not None
    assert load(tmp_path, "JPEG", {FOCAL_35MM: 26, ACROSS: 4000, DOWN: 2250}).focal is None


@pytest.mark.parametrize("millimetres", [0, 2, 40000])
def test_impossible_lens_says_nothing(tmp_path: Path, millimetres: int) -> None:
    assert load(tmp_path, "JPEG", {FOCAL_35MM: millimetres}).focal is None


def test_photo_without_exif_says_nothing(tmp_path: Path) -> None:
    PICTURE.save(tmp_path / "plain.png")
    assert load_photo(str(tmp_path / "plain.png")).focal is None


@pytest.mark.parametrize("seed", range(8))
def test_damaged_exif_does_not_cost_the_photo(tmp_path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    exif = Image.Exif()
    exif.get_ifd(EXIF_DIRECTORY).update({FOCAL_35MM: 26, FOCAL_LENGTH: TiffImagePlugin.IFDRational(5, 0)})
    buffer = io.BytesIO()
    PICTURE.save(buffer, "JPEG", exif=exif)
    data = bytearray(buffer.getvalue())
    start, length = data.index(b"Exif\0\0") + 6, len(exif.tobytes()) - 6
    for place in random.integers(start, start + length, 6):
        data[place] = random.integers(256)
    (tmp_path / "damaged.jpg").write_bytes(data)
    assert load_photo(str(tmp_path / "damaged.jpg")).rgb.shape[2] == 3
