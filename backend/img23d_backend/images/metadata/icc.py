"""ICC profiles of version 2 and 4 that are three curves and a matrix, or one curve for grey. Source: ICC.1:2022.

Those of cameras, screens and phones are of this kind. Profiles of printers and some scanners are tables in four or more dimensions,
which are not read.
"""

from __future__ import annotations

import struct

import numpy as np

from .colors import D50, ColorSpace, color_space

_INPUTS = np.arange(256) / 255
_COLORANTS, _CURVES, _GREY_CURVE = (b"rXYZ", b"gXYZ", b"bXYZ"), (b"rTRC", b"gTRC", b"bTRC"), b"kTRC"
_PARAMETERS = (1, 3, 4, 5, 7)  # of the five kinds of parametric curves
_MOST_TAGS = 1000


class NotReadable(ValueError):
    """A profile of another kind, or a damaged one."""


def read_profile(profile: bytes) -> ColorSpace:
    """Raises NotReadable."""
    try:
        space = _space(profile)
    except (struct.error, KeyError, IndexError, OverflowError) as error:
        raise NotReadable(str(error)) from error
    if space is None:
        raise NotReadable("values that are no colours")
    return space


def _space(profile: bytes) -> ColorSpace | None:
    kind, connection = profile[16:20], profile[20:24]
    tags = _tags(profile)
    if profile[36:40] != b"acsp" or connection != b"XYZ " and kind != b"GRAY":
        raise NotReadable(f"from {kind!r} to {connection!r}")
    if kind == b"GRAY":
        return color_space([_curve(tags[_GREY_CURVE])] * 3, _grey_axis())
    if kind != b"RGB ":
        raise NotReadable(f"{kind!r}")
    to_xyz = np.array([_xyz(tags[name]) for name in _COLORANTS]).T
    return color_space([_curve(tags[name]) for name in _CURVES], to_xyz)


def _grey_axis() -> np.ndarray:
    """Equal amounts of all three are white."""
    return np.outer(D50, np.full(3, 1 / 3))


def _tags(profile: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", profile, 128)
    tags: dict[bytes, bytes] = {}
    for entry in range(min(count, _MOST_TAGS)):
        name, start, size = struct.unpack_from(">4sII", profile, 132 + 12 * entry)
        if name in (*_COLORANTS, *_CURVES, _GREY_CURVE):
            tags[name] = profile[start : start + size]
    return tags


def _xyz(content: bytes) -> tuple[float, ...]:
    return tuple(value / 65536 for value in struct.unpack_from(">3i", content, 8))


def _curve(content: bytes) -> np.ndarray:
    """(256,) linear light."""
    if content[:4] == b"curv":
        return _sampled(content)
    if content[:4] == b"para":
        return _parametric(content)
    raise NotReadable(f"a curve of kind {content[:4]!r}")


def _sampled(content: bytes) -> np.ndarray:
    """10.6: nothing is a straight line, one number a gamma, more are samples."""
    (count,) = struct.unpack_from(">I", content, 8)
    if count == 0:
        return _INPUTS
    if count == 1:
        return _INPUTS ** (struct.unpack_from(">H", content, 12)[0] / 256)
    if 12 + 2 * count > len(content):
        raise NotReadable("a curve that runs past its end")
    return np.interp(_INPUTS, np.linspace(0, 1, count), np.frombuffer(content, ">u2", count, 12) / 65535)


def _parametric(content: bytes) -> np.ndarray:
    """10.18, table 68."""
    (kind,) = struct.unpack_from(">H", content, 8)
    values = [value / 65536 for value in struct.unpack_from(f">{_PARAMETERS[kind]}i", content, 12)]
    g, a, b, c, d, e, f = (*values, *(0.0,) * (7 - len(values)))
    if kind == 0:
        return _INPUTS**g
    with np.errstate(all="ignore"):  # the curve is defined by two branches, each of them only where it holds
        power = np.maximum(a * _INPUTS + b, 0.0) ** g
        start = -b / a if kind in (1, 2) and a else d
        below, lift = {1: (0.0, 0.0), 2: (c, c), 3: (c * _INPUTS, 0.0), 4: (c * _INPUTS + f, e)}[kind]
        return np.where(_INPUTS >= start, power + lift, below)
