"""Every kind of picture file, made on the fly; Pillow says what the pixels should be."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from img23d_backend.images import limits, load_photo
from img23d_backend.stages import Photo
from img23d_protocol import ErrorCode, Img23DError

WIDTH, HEIGHT = 64, 48
Y, X = np.mgrid[0:HEIGHT, 0:WIDTH]
RGB = np.stack([X * 4, Y * 5, (X + Y) * 2], axis=-1).astype(np.uint8)
ALPHA = np.where(X < 20, 0, np.minimum(255, X * 4)).astype(np.uint8)
PICTURE = Image.fromarray(RGB)
RGBA_PICTURE = Image.fromarray(np.dstack([RGB, ALPHA]))


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def load(folder: Path, data: bytes, name: str = "photo.bin") -> Photo:
    path = folder / name
    path.write_bytes(data)
    return load_photo(str(path))


def assert_code(folder: Path, data: bytes, code: ErrorCode, name: str = "photo.bin") -> str:
    with pytest.raises(Img23DError) as caught:
        load(folder, data, name)
    assert caught.value.code == code
    assert name in caught.value.sentence and "\n" not in caught.value.sentence
    return caught.value.sentence


def assert_like(photo: Photo, data: bytes, tolerance: int = 1, alpha: bool = False) -> None:
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGBA")).astype(int)
    assert photo.rgb.dtype == np.uint8 and photo.rgb.flags.c_contiguous
    shown = expected[..., 3] > 0
    difference = np.abs(photo.rgb.astype(int) - expected[..., :3])[shown]
    assert photo.rgb.shape[:2] == expected.shape[:2] and difference.max() <= tolerance
    if alpha:
        assert photo.alpha is not None and np.abs(photo.alpha.astype(int) - expected[..., 3]).max() <= 1
    else:
        assert photo.alpha is None


# --- these just work ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_turn(tmp_path: Path, kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(PICTURE, kind, exif=exif, **options)
    assert_like(load(tmp_path, data), data)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_exif_turn_with_alpha(tmp_path: Path, kind: str) -> None:
    exif = Image.Exif()
    exif[274] = 6
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    data = encoded(RGBA_PICTURE, kind, exif=exif, **options)
    assert_like(load(tmp_path, data), data, alpha=True)


def test_broken_exif_does_not_cost_the_photo(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    data = encoded(PICTURE, "JPEG", exif=exif)
    start = data.index(b"Exif\0\0") + 6
    photo = load(tmp_path, data[:start] + b"\xff" * 12 + data[start + 12 :])
    assert (photo.width, photo.height) == (WIDTH, HEIGHT)


@pytest.mark.parametrize(
    ("picture", "kind", "options"),
    [
        (PICTURE.convert("L"), "JPEG", {}),
        (PICTURE.convert("CMYK"), "JPEG", {"quality": 95}),
        (PICTURE, "JPEG", {"progressive": True}),
        (PICTURE.convert("L"), "PNG", {}),
        (PICTURE.convert("1"), "PNG", {}),
        (PICTURE.quantize(16), "PNG", {}),
        (PICTURE, "WEBP", {"lossless": True}),
        (PICTURE, "BMP", {}),
        (PICTURE.quantize(16), "BMP", {}),
        (PICTURE.convert("1"), "BMP", {}),
        (PICTURE, "TIFF", {"compression": "tiff_lzw"}),
        (PICTURE, "TIFF", {"compression": "jpeg"}),
        (PICTURE.convert("CMYK"), "TIFF", {}),
        (PICTURE.quantize(16), "TIFF", {}),
        (PICTURE.convert("L"), "TIFF", {}),
        (PICTURE.quantize(16), "GIF", {}),
        (PICTURE.convert("L"), "GIF", {"interlace": True}),
        (PICTURE.convert("1"), "GIF", {}),
        (RGBA_PICTURE.convert("RGB").convert("RGBA"), "PNG", {}),  # a fully opaque alpha counts as none
    ],
)
def test_kinds_without_alpha(tmp_path: Path, picture: Image.Image, kind: str, options: dict[str, object]) -> None:
    data = encoded(picture, kind, **options)
    photo = load(tmp_path, data)
    assert_like(photo, data)
    assert bool(photo.notes) == (picture.mode == "CMYK")  # which is a guess


@pytest.mark.parametrize(
    ("picture", "kind", "options", "tolerance"),
    [
        (RGBA_PICTURE, "PNG", {}, 0),
        (RGBA_PICTURE.convert("LA"), "PNG", {}, 0),
        (PICTURE.quantize(16), "PNG", {"transparency": 3}, 0),
        (PICTURE.quantize(16), "PNG", {"transparency": bytes([0, 128] + [255] * 14)}, 0),
        (RGBA_PICTURE, "WEBP", {"lossless": True, "exact": True}, 0),
        (RGBA_PICTURE, "TIFF", {}, 3),  # premultiplied in 8 bits by libtiff
        (PICTURE.quantize(16), "GIF", {"transparency": 3}, 0),
    ],
)
def test_kinds_with_alpha(tmp_path: Path, picture: Image.Image, kind: str, options: dict[str, object], tolerance: int) -> None:
    data = encoded(picture, kind, **options)
    assert_like(load(tmp_path, data), data, tolerance=tolerance, alpha=True)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("ending", [".png", ".tif"])
def test_16_bits(tmp_path: Path, ending: str, channels: int) -> None:
    rgba = np.dstack([RGB[..., ::-1], ALPHA])[..., :channels].astype(np.uint16) * 257
    photo = load(tmp_path, cv2.imencode(ending, rgba)[1].tobytes())
    expected = np.repeat(RGB[..., 2:], 3, axis=2) if channels == 1 else RGB
    assert np.array_equal(photo.rgb, expected)
    assert photo.alpha is None if channels < 4 else np.array_equal(photo.alpha, ALPHA)


def test_floating_point_tiff(tmp_path: Path) -> None:
    photo = load(tmp_path, encoded(Image.fromarray((X / 63).astype(np.float32)), "TIFF"))
    assert photo.rgb[0, 0].tolist() == [0, 0, 0] and photo.rgb[0, -1].tolist() == [255, 255, 255]


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_animation_gives_its_first_frame(tmp_path: Path, kind: str) -> None:
    frames = [Image.fromarray(np.roll(RGB, 9 * step, axis=1)) for step in range(3)]
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100, **options)
    photo = load(tmp_path, data)
    assert_like(photo, data)
    assert "first" in photo.notes[0]


def test_gif_of_a_real_size_with_few_colors(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 4, (300, 400), np.uint8)  # makes the code table fill up and clear
    picture = Image.fromarray(noise, "P")
    picture.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255])
    data = encoded(picture, "GIF")
    assert_like(load(tmp_path, data), data, tolerance=0)


def test_spaces_and_every_alphabet_in_the_path(tmp_path: Path) -> None:
    folder = tmp_path / "мои фото 写真 📷"
    folder.mkdir()
    assert load(folder, encoded(PICTURE, "PNG"), "la tasse d’été.v2.png").name == "la tasse d’été.v2"


def test_huge_photos_are_scaled_down_with_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_PIXELS", 2000)
    monkeypatch.setattr(limits, "SCALED_PIXELS", 500)
    for kind in ("JPEG", "PNG", "GIF"):
        photo = load(tmp_path, encoded(PICTURE, kind))
        assert 400 <= photo.width * photo.height <= 520 and "scaled down" in photo.notes[0]
        reference = cv2.resize(RGB, (photo.width, photo.height), interpolation=cv2.INTER_AREA)
        assert np.abs(photo.rgb.astype(int) - reference).mean() < 6


# --- one clear sentence each ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "code"), [("", ErrorCode.PHOTO_MISSING), ("  ", ErrorCode.PHOTO_MISSING)])
def test_no_photo(path: str, code: ErrorCode) -> None:
    with pytest.raises(Img23DError) as caught:
        load_photo(path)
    assert caught.value.code == code


def test_gone_folder_and_odd_paths(tmp_path: Path) -> None:
    for path, code in (
        (tmp_path / "gone.png", ErrorCode.PHOTO_NOT_FOUND),
        (tmp_path, ErrorCode.PHOTO_IS_FOLDER),
        ("null\0character.png", ErrorCode.PHOTO_UNREADABLE),
        ("x" * 5000, ErrorCode.PHOTO_NOT_FOUND),
    ):
        with pytest.raises(Img23DError) as caught:
            load_photo(str(path))
        assert caught.value.code in (code, ErrorCode.PHOTO_NOT_FOUND)


def test_empty_file(tmp_path: Path) -> None:
    assert_code(tmp_path, b"", ErrorCode.PHOTO_EMPTY_FILE)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"dear diary", ""),
        (bytes(1000), ""),
        (struct.pack(">I4s4sI", 24, b"ftyp", b"heic", 0) + bytes(100), "HEIC"),
        (struct.pack(">I4s4sI", 24, b"ftyp", b"avif", 0) + bytes(100), "AVIF"),
        (struct.pack(">I4s4sI", 24, b"ftyp", b"isom", 0) + bytes(100), "video"),
        (b"%PDF-1.7 " + bytes(100), "PDF"),
    ],
)
def test_not_a_picture_says_what_to_do(tmp_path: Path, data: bytes, what: str) -> None:
    sentence = assert_code(tmp_path, data, ErrorCode.PHOTO_UNREADABLE)
    assert what in sentence and ("export it as JPEG or PNG" if what else "choose a JPEG, PNG") in sentence


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"])
@pytest.mark.parametrize("kept", [0.03, 0.5, 0.99])
def test_truncated(tmp_path: Path, kind: str, kept: float) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (100, 120, 3), np.uint8))
    data = encoded(noise, kind)
    assert_code(tmp_path, data[: int(len(data) * kept)], ErrorCode.PHOTO_TRUNCATED)


def test_jpeg_with_a_thumbnail_and_an_end_of_zeros_is_truncated(tmp_path: Path) -> None:
    thumbnail = encoded(PICTURE, "JPEG")
    segment = b"\xff\xe1" + struct.pack(">H", 2 + len(thumbnail)) + thumbnail  # has an end marker of its own
    data = encoded(PICTURE, "JPEG")
    data = data[:2] + segment + data[2:]
    assert load(tmp_path, data).width == WIDTH
    half = len(segment) + (len(data) - len(segment)) * 2 // 3
    assert_code(tmp_path, data[:half] + bytes(len(data) - half), ErrorCode.PHOTO_TRUNCATED)


def test_damaged_png(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = bytearray(encoded(PICTURE, "PNG"))
    data[len(data) // 2] ^= 0xFF
    assert "damaged" in assert_code(tmp_path, bytes(data), ErrorCode.PHOTO_UNREADABLE)
    assert capfd.readouterr().err == ""  # libpng would print


@pytest.mark.parametrize("size", [(1, 1), (7, 400), (400, 7)])
def test_too_small(tmp_path: Path, size: tuple[int, int]) -> None:
    sentence = assert_code(tmp_path, encoded(Image.new("RGB", size), "PNG"), ErrorCode.PHOTO_TOO_SMALL)
    assert f"{size[0]} × {size[1]}" in sentence


def test_a_claim_of_gigapixels_is_refused_before_decoding(tmp_path: Path) -> None:
    data = bytearray(encoded(PICTURE, "PNG"))
    data[16:24] = struct.pack(">II", 60_000, 60_000)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    assert "3,600 megapixels" in assert_code(tmp_path, bytes(data), ErrorCode.PHOTO_UNREADABLE)


def test_fully_transparent(tmp_path: Path) -> None:
    clear = Image.fromarray(np.dstack([RGB, np.full_like(ALPHA, 2)]))
    assert_code(tmp_path, encoded(clear, "PNG"), ErrorCode.PHOTO_TRANSPARENT)


def test_uniform(tmp_path: Path) -> None:
    assert_code(tmp_path, encoded(Image.new("RGB", (60, 40), (200, 30, 31)), "JPEG"), ErrorCode.PHOTO_UNIFORM)
    flat_with_shape = np.dstack([np.full_like(RGB, 90), ALPHA])
    assert load(tmp_path, encoded(Image.fromarray(flat_with_shape), "PNG")).alpha is not None
