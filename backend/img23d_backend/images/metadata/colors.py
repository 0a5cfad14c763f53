"""Colour spaces of files, converted to sRGB: a curve a channel, then a matrix, then sRGB's own curve.

Sources: IEC 61966-2-1 (sRGB), Adobe RGB (1998), ITU-T H.273 (cICP's numbers), ICC.1:2022 (the connection space is XYZ under D50),
CIE 15 (L*a*b*); adaptation after Bradford (Lam 1985).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

D50 = np.array([0.9642, 1.0, 0.8249])
_D65 = (0.3127, 0.3290)
_SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
_ADOBE_RGB = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
_ADOBE_GAMMA = 563 / 256
_PRIMARIES = {  # H.273, table 2
    1: _SRGB,
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_STEPS = 65535  # linear values that sRGB's curve is tabulated for, beside 0
_ROWS_AT_ONCE = 1 << 18  # pixels
_UNSEEN = 2.5  # levels of 255: what may differ in an sRGB profile of another maker

_LEVELS = np.arange(256) / 255


@dataclass(frozen=True, kw_only=True, eq=False)
class ColorSpace:
    """`curves` (3, 256) float32 from a byte to linear light, `to_srgb` (3, 3) float32 from there to linear sRGB."""

    curves: np.ndarray
    to_srgb: np.ndarray

    def convert(self, pixels: np.ndarray) -> None:
        """(H, W, 3 or 4) uint8, in place; alpha stays."""
        step = max(1, _ROWS_AT_ONCE // pixels.shape[1])
        shown = _shown_table()
        for top in range(0, len(pixels), step):
            part = pixels[top : top + step, :, :3]
            part[:] = self._converted(part, shown)

    def is_srgb(self) -> bool:
        """Whether its colours and those of sRGB cannot be told apart by eye."""
        axis = np.arange(0, 256, 17, dtype=np.uint8)
        probes = np.stack(np.meshgrid(axis, axis, axis), axis=-1).reshape(1, -1, 3)
        return bool(np.abs(self._converted(probes, _shown_table()).astype(int) - probes).max() <= _UNSEEN)

    def _converted(self, pixels: np.ndarray, shown: np.ndarray) -> np.ndarray:
        import cv2

        linear = cv2.LUT(np.ascontiguousarray(pixels), np.ascontiguousarray(self.curves.T[:, None]))
        return np.take(shown, _in_steps(cv2.transform(linear, self.to_srgb * _STEPS)))


def color_space(curves: Sequence[np.ndarray], to_xyz: np.ndarray) -> ColorSpace | None:
    """`curves` of 256 values each, `to_xyz` (3, 3) from linear light to XYZ under D50. None where they are no colours."""
    table = np.clip(np.nan_to_num(np.stack(list(curves)), nan=0.0), 0.0, 1.0)
    if not np.isfinite(to_xyz).all() or not 0.5 < to_xyz[1].sum() < 1.5:
        return None
    to_srgb = np.linalg.inv(_to_xyz(_SRGB, _D65)) @ to_xyz
    return ColorSpace(curves=table.astype(np.float32), to_srgb=to_srgb.astype(np.float32))


def adobe_rgb() -> ColorSpace | None:
    return color_space([_LEVELS**_ADOBE_GAMMA] * 3, _to_xyz(_ADOBE_RGB, _D65))


def space_of_png(chunks: dict[bytes, bytes]) -> ColorSpace | None:
    """By gAMA and cHRM, or the numbers in cICP; None is sRGB."""
    coded = chunks.get(b"cICP", b"")
    if len(coded) == 4 and coded[0] in _PRIMARIES and coded[1] in (1, 4, 8, 13):
        curve = {1: _bt709, 4: lambda x: x**2.2, 8: lambda x: x, 13: srgb_to_linear}[coded[1]](_LEVELS)
        return color_space([curve] * 3, _to_xyz(_PRIMARIES[coded[0]], _D65))
    if coded or b"sRGB" in chunks or len(chunks.get(b"gAMA", b"")) != 4:
        return None
    gamma = struct.unpack(">I", chunks[b"gAMA"])[0] / 100_000
    if not 0.05 < gamma < 5:
        return None
    curve = srgb_to_linear(_LEVELS) if abs(gamma - 0.45455) < 0.005 else _LEVELS ** (1 / gamma)
    white, primaries = _D65, _SRGB
    if len(chunks.get(b"cHRM", b"")) == 32:
        values = np.frombuffer(chunks[b"cHRM"], ">u4").reshape(4, 2) / 100_000
        white, primaries = tuple(values[0]), tuple(map(tuple, values[1:]))
    try:
        return color_space([curve] * 3, _to_xyz(primaries, white))
    except (np.linalg.LinAlgError, ZeroDivisionError):
        return None


def srgb_to_linear(values: np.ndarray) -> np.ndarray:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(values: np.ndarray) -> np.ndarray:
    return np.where(values <= 0.0031308, 12.92 * values, 1.055 * np.maximum(values, 0.0) ** (1 / 2.4) - 0.055)


def lab_to_srgb(samples: np.ndarray, bits: int, *, is_signed: bool) -> np.ndarray:
    """(H, W, 3) samples of TIFF's CIELab (a and b signed) or ICCLab (from 0 upwards) to uint8 sRGB."""
    import cv2

    most = 255.0 if bits == 8 else 65535.0 if is_signed else 65280.0
    y = samples[:, :, 0] * np.float32(100 / most / 116) + np.float32(16 / 116)
    a, b = (_around_zero(samples[:, :, channel], bits, is_signed=is_signed) for channel in (1, 2))
    xyz = np.stack([_cube(y + a / 500), _cube(y), _cube(y - b / 200)], axis=-1)
    linear = cv2.transform(xyz, (np.linalg.inv(_to_xyz(_SRGB, _D65)) * D50 * _STEPS).astype(np.float32))
    return np.take(_shown_table(), _in_steps(linear))


def _around_zero(part: np.ndarray, bits: int, *, is_signed: bool) -> np.ndarray:
    """Float32 -128..128."""
    values = part.view(f"i{bits // 8}").astype(np.float32) if is_signed else part.astype(np.float32) - 2 ** (bits - 1)
    return values / np.float32(2 ** (bits - 8))


def cmyk_to_rgb(inks: np.ndarray) -> np.ndarray:
    """(H, W, 4) uint8, 255 is full ink, to (H, W, 3) uint8, as if inks were filters without faults."""
    light = 255 - inks.astype(np.uint16)
    return ((light[:, :, :3] * light[:, :, 3:] + 127) // 255).astype(np.uint8)


def _cube(values: np.ndarray) -> np.ndarray:
    return np.where(values > 6 / 29, values * values * values, np.float32(3 * (6 / 29) ** 2) * (values - np.float32(4 / 29)))


def _bt709(values: np.ndarray) -> np.ndarray:
    return np.where(values < 0.081, values / 4.5, ((values + 0.099) / 1.099) ** (1 / 0.45))


def _to_xyz(primaries: Sequence[Sequence[float]], white: Sequence[float]) -> np.ndarray:
    """(3, 3) from linear light to XYZ under D50, by the primaries' and the white's x and y."""
    columns = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in primaries]).T
    x, y = white
    from_white = np.array([x / y, 1.0, (1 - x - y) / y])
    scaled = columns * np.linalg.solve(columns, from_white)
    cones = (_BRADFORD @ D50) / (_BRADFORD @ from_white)
    return np.linalg.inv(_BRADFORD) @ np.diag(cones) @ _BRADFORD @ scaled


def _in_steps(values: np.ndarray) -> np.ndarray:
    """Float32 rounded to uint16; what lies outside becomes the first or the last step."""
    import cv2

    return cv2.multiply(values, 1.0, dtype=cv2.CV_16U)


def _shown_table() -> np.ndarray:
    """(_STEPS + 1) uint8."""
    return np.rint(linear_to_srgb(np.arange(_STEPS + 1) / _STEPS) * 255).astype(np.uint8)
