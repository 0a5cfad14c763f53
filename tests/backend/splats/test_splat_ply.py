"""The run's PLY of splats, byte by byte as the format's readers expect it (Turk, 1994; properties of Kerbl et al., 2023)."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import numpy as np
import pytest

from img23d_backend.splats.ply import write_ply

NAMES = "x y z nx ny nz f_dc_0 f_dc_1 f_dc_2 opacity scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3".split()
COUNT = 5


def some() -> dict[str, np.ndarray]:
    chance = np.random.default_rng(7)
    return {
        "positions": chance.normal(size=(COUNT, 3)).astype(np.float32),
        "scales": np.exp(chance.uniform(-6.0, -1.0, (COUNT, 3))).astype(np.float32),
        "rotations": chance.normal(size=(COUNT, 4)).astype(np.float32),  # of any length
        "opacities": chance.uniform(0.01, 0.99, COUNT).astype(np.float32),
        "colors": chance.uniform(0.0, 1.0, (COUNT, 3)).astype(np.float32),
    }


def opened(path: Path) -> list[dict[str, float]]:
    head, _, body = path.read_bytes().partition(b"end_header\n")
    assert head.decode("ascii").splitlines() == [
        *("ply", "format binary_little_endian 1.0", f"element vertex {COUNT}"),
        *(f"property float {name}" for name in NAMES),
    ]
    assert len(body) == 68 * COUNT
    return [dict(zip(NAMES, row, strict=True)) for row in struct.iter_unpack("<17f", body)]


def matrix(w: float, x: float, y: float, z: float) -> np.ndarray:
    """Of a quaternion of any length."""
    n = w * w + x * x + y * y + z * z
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + 2 / n * (w * cross + cross @ cross)


def test_each_number_stands_where_it_belongs(tmp_path: Path) -> None:
    splats = some()
    write_ply(tmp_path / "a.ply", **splats)
    down = np.diag((1.0, -1.0, -1.0))  # right, up, towards the viewer -> right, down, forward
    for index, row in enumerate(opened(tmp_path / "a.ply")):
        assert [row[name] for name in "xyz"] == pytest.approx(down @ splats["positions"][index], rel=1e-6)
        assert [row["nx"], row["ny"], row["nz"]] == [0.0, 0.0, 0.0]
        assert 1 / (1 + math.exp(-row["opacity"])) == pytest.approx(splats["opacities"][index], rel=1e-5)
        assert [0.5 + row[f"f_dc_{i}"] / (2 * math.sqrt(math.pi)) for i in range(3)] == pytest.approx(splats["colors"][index], abs=1e-6)
        turn = [row[f"rot_{i}"] for i in range(4)]
        assert math.hypot(*turn) == pytest.approx(1.0, abs=1e-6)
        axes = down @ matrix(*splats["rotations"][index]) * splats["scales"][index]
        found = matrix(*turn) * np.exp([row[f"scale_{i}"] for i in range(3)])
        assert np.allclose(found @ found.T, axes @ axes.T, rtol=1e-4, atol=1e-9)


def test_it_is_moved_and_scaled_as_a_mesh_is(tmp_path: Path) -> None:
    splats = some()
    write_ply(tmp_path / "a.ply", **splats, scale=2.0, offset=np.array((0.0, 1.0, 0.0)))
    for index, row in enumerate(opened(tmp_path / "a.ply")):
        assert row["y"] == pytest.approx(-2.0 * (splats["positions"][index][1] + 1.0), rel=1e-5)
        assert math.exp(row["scale_1"]) == pytest.approx(2.0 * splats["scales"][index][1], rel=1e-5)


@pytest.mark.parametrize(("name", "value"), [("opacities", 1.0), ("opacities", 0.0), ("scales", 0.0), ("rotations", 0.0)])
def test_what_lies_at_an_end_is_still_a_number(tmp_path: Path, name: str, value: float) -> None:
    splats = some()
    splats[name][2] = value
    write_ply(tmp_path / "a.ply", **splats)
    assert np.isfinite([list(row.values()) for row in opened(tmp_path / "a.ply")]).all()


@pytest.mark.parametrize("name", ["positions", "scales", "rotations", "opacities", "colors"])
def test_what_is_no_number_is_not_written(tmp_path: Path, name: str) -> None:
    splats = some()
    splats[name][2] = math.nan
    with pytest.raises(ValueError, match="finite"):
        write_ply(tmp_path / "a.ply", **splats)
    assert not list(tmp_path.iterdir())
