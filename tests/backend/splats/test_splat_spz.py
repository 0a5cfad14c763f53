"""The run's SPZ of splats, byte by byte as the format's own page tells it (Niantic, github.com/nianticlabs/spz)."""

from __future__ import annotations

import gzip
import math
import struct
from pathlib import Path

import numpy as np
import pytest

from img23d_backend.splats.spz import write_spz
from img23d_backend.stages import Splats

COUNT = 200


def some(spread: float = 1.0) -> dict[str, np.ndarray]:
    chance = np.random.default_rng(7)
    return {
        "positions": (spread * chance.normal(size=(COUNT, 3))).astype(np.float32),
        "scales": np.exp(chance.uniform(-8.0, -1.0, (COUNT, 3))).astype(np.float32),
        "rotations": chance.normal(size=(COUNT, 4)).astype(np.float32),  # of any length
        "opacities": chance.uniform(0.0, 1.0, COUNT).astype(np.float32),
        "colors": chance.uniform(0.0, 1.0, (COUNT, 3)).astype(np.float32),
    }


def opened(path: Path) -> dict[str, np.ndarray]:
    """Version 3: positions of 24 bits, opacity and colours of 8, logarithms of scales, the largest component of xyzw left out."""
    data = gzip.decompress(path.read_bytes())
    magic, version, count, degree, fractional, flags, reserved = struct.unpack_from("<4sIIBBBB", data)
    assert (magic, version, count, degree, flags, reserved) == (b"NGSP", 3, COUNT, 0, 0, 0)
    assert len(data) == 16 + count * (9 + 1 + 3 + 3 + 4)
    at = 16
    positions = []
    for number in range(3 * count):
        value = int.from_bytes(data[at + 3 * number : at + 3 * number + 3], "little", signed=True)
        positions.append(value / (1 << fractional))
    at += 9 * count
    opacities = [value / 255 for value in data[at : at + count]]
    at += count
    constants = [(value / 255 - 0.5) / 0.15 for value in data[at : at + 3 * count]]
    at += 3 * count
    scales = [math.exp(value / 16 - 10) for value in data[at : at + 3 * count]]
    at += 3 * count
    rotations = [rotation(code) for (code,) in struct.iter_unpack("<I", data[at:])]
    return {
        "positions": np.array(positions).reshape(-1, 3),
        "opacities": np.array(opacities),
        "colors": 0.5 + np.array(constants).reshape(-1, 3) / (2 * math.sqrt(math.pi)),
        "scales": np.array(scales).reshape(-1, 3),
        "rotations": np.array(rotations),
    }


def rotation(code: int) -> list[float]:
    """w, x, y, z. The two highest bits are the largest one's place; the others follow from the last on, nine bits and above them a sign."""
    xyzw, largest = [0.0] * 4, code >> 30
    for place in (3, 2, 1, 0):
        if place != largest:
            part = (code & 511) / 511 * math.sqrt(0.5)
            xyzw[place] = -part if code >> 9 & 1 else part
            code >>= 10
    xyzw[largest] = math.sqrt(max(0.0, 1 - sum(part * part for part in xyzw)))
    return [xyzw[3], *xyzw[:3]]


def test_each_number_stands_where_it_belongs(tmp_path: Path) -> None:
    splats = some()
    write_spz(tmp_path / "a.spz", Splats(**splats))
    found = opened(tmp_path / "a.spz")
    assert np.abs(found["positions"] - splats["positions"]).max() < 1e-5  # right, up, back: the axes of a mesh
    assert np.abs(found["opacities"] - splats["opacities"]).max() <= 0.5 / 255 + 1e-6
    assert np.abs(found["colors"] - splats["colors"]).max() < 0.5 / 255 / 0.15 * 0.2821 + 1e-6
    assert np.abs(np.log(found["scales"] / splats["scales"])).max() <= 1 / 32 + 1e-5
    turns = splats["rotations"] / np.linalg.norm(splats["rotations"], axis=1, keepdims=True)
    assert np.abs((found["rotations"] * turns).sum(axis=1)).min() > math.cos(math.radians(0.15))


def test_it_is_moved_and_scaled_as_a_mesh_is(tmp_path: Path) -> None:
    splats = some()
    write_spz(tmp_path / "a.spz", Splats(**splats), scale=2.0, offset=np.array((0.0, 1.0, 0.0)))
    found = opened(tmp_path / "a.spz")
    assert np.abs(found["positions"] - 2 * (splats["positions"] + (0, 1, 0))).max() < 1e-4
    assert np.abs(np.log(found["scales"] / splats["scales"] / 2)).max() <= 1 / 32 + 1e-5


@pytest.mark.parametrize(("spread", "off"), [(1e-3, 1e-5), (1.0, 1e-5), (1e3, 1e-3), (1e5, 0.1)])
def test_small_and_large_things_fit(tmp_path: Path, spread: float, off: float) -> None:
    splats = some(spread)
    write_spz(tmp_path / "a.spz", Splats(**splats))
    assert np.abs(opened(tmp_path / "a.spz")["positions"] - splats["positions"]).max() < off


def test_the_same_splats_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.spz", "b.spz"):
        write_spz(tmp_path / name, Splats(**some()))
    assert (tmp_path / "a.spz").read_bytes() == (tmp_path / "b.spz").read_bytes()


@pytest.mark.parametrize("name", ["positions", "scales", "rotations", "opacities", "colors"])
def test_what_is_no_number_is_not_written(tmp_path: Path, name: str) -> None:
    splats = some()
    splats[name][2] = math.nan
    with pytest.raises(ValueError, match="finite"):
        write_spz(tmp_path / "a.spz", Splats(**splats))
    assert not list(tmp_path.iterdir())
