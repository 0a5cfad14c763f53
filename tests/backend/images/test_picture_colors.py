"""Colours that a file means otherwise than sRGB. The second opinion is littlecms, which Pillow ships."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import hostile_pictures as files
import icc_profiles as icc
import numpy as np
import pytest
from PIL import Image, ImageCms

from img23d_backend.images import load_photo
from img23d_backend.stages import Photo

RNG = np.random.default_rng(7)
PIXELS = RNG.integers(0, 256, (48, 48, 3), np.uint8)
PIXELS[:4] = np.arange(4 * 48, dtype=np.uint8).reshape(4, 48, 1)  # greys, the dark ones too
SRGB = ImageCms.createProfile("sRGB")

PROFILES = {
    "Display P3 as phones write it": icc.rgb_profile(icc.DISPLAY_P3, icc.parametric(3, icc.SRGB_CURVE)),
    "Adobe RGB as cameras write it": icc.rgb_profile(icc.ADOBE_RGB, icc.gamma(563 / 256), version=2),
    "linear": icc.rgb_profile(icc.SRGB, b"curv" + bytes(8), version=2),
    "sampled": icc.rgb_profile(icc.DISPLAY_P3, icc.samples([round(65535 * (i / 63) ** 1.8) for i in range(64)]), version=2),
    "parametric of kind 0": icc.rgb_profile(icc.ADOBE_RGB, icc.parametric(0, [1.8])),
    "parametric of kind 4": icc.rgb_profile(icc.ADOBE_RGB, icc.parametric(4, [*icc.SRGB_CURVE, 0.0, 0.0])),
}


def load(folder: Path, data: bytes) -> Photo:
    path = folder / "photo.bin"
    path.write_bytes(data)
    return load_photo(str(path))


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def by_littlecms(pixels: np.ndarray, profile: bytes, mode: str = "RGB") -> np.ndarray:
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
    return np.asarray(ImageCms.profileToProfile(Image.fromarray(pixels, mode), source, SRGB, renderingIntent=intent, outputMode="RGB")).astype(int)


@pytest.mark.parametrize("name", PROFILES)
def test_profile_is_applied_as_littlecms_does(tmp_path: Path, name: str) -> None:
    photo = load(tmp_path, saved(Image.fromarray(PIXELS), "PNG", icc_profile=PROFILES[name]))
    expected = by_littlecms(PIXELS, PROFILES[name])
    assert np.abs(expected - PIXELS).max() > 20  # it matters
    # littlecms computes with 16 bits, and its sRGB curve is a table: two levels lie between two right answers
    assert np.abs(photo.rgb - expected).max() <= 2 and np.abs(photo.rgb - expected).mean() < 0.3
    assert photo.notes == ()


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "JPEG"])
def test_every_format_has_a_profile(tmp_path: Path, kind: str) -> None:
    profile = PROFILES["Display P3 as phones write it"]
    options = {"lossless": True} if kind == "WEBP" else {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    data = saved(Image.fromarray(PIXELS), kind, icc_profile=profile, **options)
    stored = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    assert np.abs(load(tmp_path, data).rgb - by_littlecms(stored, profile)).max() <= 3


def test_profile_in_several_segments_of_a_jpeg(tmp_path: Path) -> None:
    """ICC.1:2022, annex B.4: each segment has its number and how many there are; here they stand in the wrong order."""
    profile = icc.rgb_profile(icc.ADOBE_RGB, icc.samples([round(65535 * (i / 1000) ** 2.2) for i in range(1001)]), version=2)
    parts = [profile[at : at + 1000] for at in range(0, len(profile), 1000)]
    assert len(parts) > 2
    segments = [files.segment(0xE2, b"ICC_PROFILE\0" + bytes([i + 1, len(parts)]) + part) for i, part in enumerate(parts)]
    plain = saved(Image.fromarray(PIXELS), "JPEG", quality=100, subsampling=0)
    photo = load(tmp_path, files.with_segment(plain, b"".join(reversed(segments))))
    stored = np.asarray(Image.open(io.BytesIO(plain)))
    assert np.abs(photo.rgb - by_littlecms(stored, profile)).max() <= 3


def test_alpha_is_no_colour(tmp_path: Path) -> None:
    rgba = np.dstack([PIXELS, RNG.integers(0, 256, (48, 48), np.uint8)])
    photo = load(tmp_path, saved(Image.fromarray(rgba), "PNG", icc_profile=PROFILES["Adobe RGB as cameras write it"]))
    assert photo.alpha is not None and np.array_equal(photo.alpha, rgba[:, :, 3])
    assert np.abs(photo.rgb - by_littlecms(PIXELS, PROFILES["Adobe RGB as cameras write it"])).max() <= 2


def test_profile_of_grey(tmp_path: Path) -> None:
    grey = PIXELS[:, :, 0]
    profile = icc.grey_profile(icc.gamma(1.8))
    photo = load(tmp_path, saved(Image.fromarray(grey), "PNG", icc_profile=profile))
    assert np.abs(photo.rgb - by_littlecms(grey, profile, "L")).max() <= 2


def test_profile_of_srgb_changes_nothing(tmp_path: Path) -> None:
    for profile in (ImageCms.ImageCmsProfile(SRGB).tobytes(), icc.rgb_profile(icc.SRGB, icc.parametric(3, icc.SRGB_CURVE))):
        assert np.array_equal(load(tmp_path, saved(Image.fromarray(PIXELS), "PNG", icc_profile=profile)).rgb, PIXELS)


@pytest.mark.parametrize(
    "profile",
    [
        icc.profile(b"RGB ", {b"A2B0": b"mft2" + bytes(100)}, 2, b"scnr"),
        icc.rgb_profile(((0.0,) * 3,) * 3, icc.gamma(2.2)),
        icc.rgb_profile(icc.ADOBE_RGB, b"curv" + bytes(4) + struct.pack(">I", 0xFFFFFFFF)),
        icc.rgb_profile(icc.ADOBE_RGB, icc.parametric(9, [1.0] * 7)),
        b"no profile",
        PROFILES["linear"][:200],
    ],
)
def test_profile_that_cannot_be_applied_is_said(tmp_path: Path, profile: bytes) -> None:
    photo = load(tmp_path, saved(Image.fromarray(PIXELS), "PNG", icc_profile=profile))
    assert np.array_equal(photo.rgb, PIXELS) and "colour profile" in photo.notes[0]


def test_profile_that_unpacks_to_gigabytes_is_cut(tmp_path: Path) -> None:
    bomb = (b"iCCP", b"icc\0\0" + zlib.compress(bytes(200_000_000), 9))
    photo = load(tmp_path, files.png(48, 48, files.rows(48, 48), before=[bomb]))
    assert "colour profile" in photo.notes[0]


def test_camera_that_says_adobe_rgb_without_a_profile(tmp_path: Path) -> None:
    """DCF 2.0: the interoperability index R03 means the optional colour space."""
    inner = struct.pack("<H", 1) + files.entry(1, 2, 4, b"R03\0") + bytes(4)
    first = 8 + 2 + 12 + 4
    exif = struct.pack("<H", 1) + files.entry(0xA005, 4, 1, first + 2 + 12 + 4) + bytes(4)
    block = files.tiff_directory([files.entry(0x8769, 4, 1, first)]) + exif + inner
    plain = saved(Image.fromarray(PIXELS), "JPEG", quality=100, subsampling=0)
    photo = load(tmp_path, files.with_segment(plain, files.segment(0xE1, b"Exif\0\0" + block)))
    stored = np.asarray(Image.open(io.BytesIO(plain)))
    assert np.abs(photo.rgb - by_littlecms(stored, PROFILES["Adobe RGB as cameras write it"])).max() <= 3


def test_gamma_of_a_png(tmp_path: Path) -> None:
    """gAMA of 1: the samples are linear light, to which IEC 61966-2-1 gives the values of sRGB."""
    raw = b"".join(b"\0" + row.tobytes() for row in PIXELS)
    photo = load(tmp_path, files.png(48, 48, raw, before=[(b"gAMA", struct.pack(">I", 100_000))]))
    light = PIXELS / 255
    expected = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055) * 255
    assert np.abs(photo.rgb - expected).max() <= 0.51
    for usual in ([(b"gAMA", struct.pack(">I", 45_455))], [(b"sRGB", b"\0"), (b"gAMA", struct.pack(">I", 100_000))]):
        assert np.array_equal(load(tmp_path, files.png(48, 48, raw, before=usual)).rgb, PIXELS)


def test_coded_colours_of_a_png(tmp_path: Path) -> None:
    """cICP 12, 13, 0, 1: the primaries of P3 with sRGB's curve, whatever a profile beside it says."""
    raw = b"".join(b"\0" + row.tobytes() for row in PIXELS)
    other = (b"iCCP", b"icc\0\0" + zlib.compress(PROFILES["linear"]))
    photo = load(tmp_path, files.png(48, 48, raw, before=[(b"cICP", bytes([12, 13, 0, 1])), other]))
    assert np.abs(photo.rgb - by_littlecms(PIXELS, PROFILES["Display P3 as phones write it"])).max() <= 2


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("photometric", [8, 9])
def test_lab_of_a_tiff(tmp_path: Path, bits: int, photometric: int) -> None:
    """TIFF 6.0, section 23: L from 0 to 100, a and b signed; ICCLab's begin at -128."""
    seen = Image.fromarray(PIXELS[:8])  # colours that sRGB has
    space = ImageCms.createProfile("LAB", colorTemp=5000)
    coded = ImageCms.profileToProfile(seen, SRGB, space, renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC, outputMode="LAB")
    lab = np.asarray(coded) ^ np.array([0, 128, 128], np.uint8)  # Pillow gives a and b signed; here 128 is 0
    stored = lab.astype(np.int32)
    if bits == 16:
        stored = np.stack([np.rint(stored[:, :, 0] / 255 * (65535 if photometric == 8 else 65280)), *(stored[:, :, i] * 256 for i in (1, 2))], axis=-1)
    if photometric == 8:
        stored[:, :, 1:] -= 2 ** (bits - 1)
    data = (stored.astype(np.int64) % 2**bits).astype(f"<u{bits // 8}").tobytes()
    photo = load(tmp_path, files.tiff(48, 8, data, bits=(bits,) * 3, photometric=photometric))
    flags = ImageCms.Flags.NOOPTIMIZE  # else a coarse table stands for the formula
    intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
    shown = ImageCms.profileToProfile(coded, space, SRGB, renderingIntent=intent, outputMode="RGB", flags=flags)
    difference = np.abs(photo.rgb - np.asarray(shown).astype(int))
    assert difference.max() <= 3 and difference.mean() < 0.5


def test_print_colours_are_said_to_be_a_guess(tmp_path: Path) -> None:
    photo = load(tmp_path, saved(Image.fromarray(PIXELS).convert("CMYK"), "TIFF"))
    assert "CMYK" in photo.notes[0]
