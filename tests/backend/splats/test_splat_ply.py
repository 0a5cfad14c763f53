"""The run's PLY of splats, byte by byte as the format's readers expect it (Turk, 1994; properties of Kerbl et al., 2023)."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import numpy as np
import pytest

from img23d_backend.splats.ply import read_ply, write_ply
from img23d_backend.stages import Splats
from img23d_protocol import ErrorCode, Img23DError

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
    write_ply(tmp_path / "a.ply", Splats(**splats))
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
    write_ply(tmp_path / "a.ply", Splats(**splats), scale=2.0, offset=np.array((0.0, 1.0, 0.0)))
    for index, row in enumerate(opened(tmp_path / "a.ply")):
        assert row["y"] == pytest.approx(-2.0 * (splats["positions"][index][1] + 1.0), rel=1e-5)
        assert math.exp(row["scale_1"]) == pytest.approx(2.0 * splats["scales"][index][1], rel=1e-5)


@pytest.mark.parametrize(("name", "value"), [("opacities", 1.0), ("opacities", 0.0), ("scales", 0.0), ("rotations", 0.0)])
def test_what_lies_at_an_end_is_still_a_number(tmp_path: Path, name: str, value: float) -> None:
    splats = some()
    splats[name][2] = value
    write_ply(tmp_path / "a.ply", Splats(**splats))
    assert np.isfinite([list(row.values()) for row in opened(tmp_path / "a.ply")]).all()


@pytest.mark.parametrize("name", ["positions", "scales", "rotations", "opacities", "colors"])
def test_what_is_no_number_is_not_written(tmp_path: Path, name: str) -> None:
    splats = some()
    splats[name][2] = math.nan
    with pytest.raises(ValueError, match="finite"):
        write_ply(tmp_path / "a.ply", Splats(**splats))
    assert not list(tmp_path.iterdir())


# --- read ---------------------------------------------------------------------------------------------------------------


def closed(rows: list[dict[str, float]], names: list[str] = NAMES, kind: str = "float") -> bytes:
    """A file as a trainer writes it, of these values."""
    lines = ("ply", "format binary_little_endian 1.0", f"element vertex {len(rows)}", *(f"property {kind} {name}" for name in names), "end_header", "")
    return "\n".join(lines).encode("ascii") + b"".join(struct.pack(f"<{len(names)}f", *(row[name] for name in names)) for row in rows)


def one_row() -> dict[str, float]:
    """A red splat, half as opaque as can be, one wide and two deep, a quarter of a turn about the file's y."""
    harmonic = 2 * math.sqrt(math.pi)
    values = {"x": 1.0, "y": -2.0, "z": 3.0, "f_dc_0": 0.5 * harmonic, "f_dc_1": -0.5 * harmonic, "f_dc_2": -0.5 * harmonic}
    sizes = {"scale_0": 0.0, "scale_1": -3.0, "scale_2": math.log(2.0)}
    return dict.fromkeys(NAMES, 0.0) | values | sizes | {"rot_0": 2.0, "rot_2": 2.0}


@pytest.mark.parametrize("names", [NAMES, [*NAMES[:9], "f_rest_0", "f_rest_1", "f_rest_2", *NAMES[9:]], NAMES[::-1]], ids=["plain", "higher bands", "reversed"])
def test_a_file_is_read_in_the_axes_of_a_mesh(tmp_path: Path, names: list[str]) -> None:
    row = one_row() | dict.fromkeys(("f_rest_0", "f_rest_1", "f_rest_2"), 9.0)
    (tmp_path / "a.ply").write_bytes(closed([row, row], names))
    splats = read_ply(tmp_path / "a.ply")
    assert len(splats) == 2 and splats.positions[1] == pytest.approx([1.0, 2.0, -3.0])
    assert splats.colors[0] == pytest.approx([1.0, 0.0, 0.0], abs=1e-6) and splats.opacities[0] == pytest.approx(0.5)
    assert splats.scales[0] == pytest.approx([1.0, math.exp(-3.0), 2.0])
    axes = matrix(*splats.rotations[0]) * splats.scales[0]
    assert np.allclose(axes @ axes.T, np.diag((4.0, math.exp(-6.0), 1.0)), atol=1e-5), "what was deep is wide"
    for name in ("positions", "colors", "opacities", "scales", "rotations"):
        assert getattr(splats, name).dtype == np.float32, name


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"ply",
        b"ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nend_header\n1\n",
        closed([]),
        closed([one_row()])[:-3],
        closed([one_row()], NAMES[:-1]),
        closed([one_row()], kind="double"),
        closed([one_row() | {"y": math.nan}]),
        closed([one_row() | {"opacity": math.inf}]),
        closed([one_row()] * 2)[: -4 * len(NAMES)],
        closed([one_row()]).replace(b"element vertex 1", b"element vertex -1"),
        closed([one_row()]).replace(b"element vertex 1", b"element vertex " + b"9" * 40),
        closed([one_row()]).replace(b"element vertex 1", b"element vertex"),
        closed([one_row()]).replace(b"element vertex 1", b"element vertex 1\nelement face 1"),
        closed([one_row()]).replace(b"property float nx", b"property float"),
        closed([one_row()]).replace(b"property float nx", b"property"),
    ],
    ids=[
        "empty",
        "cut",
        "text",
        "none",
        "half a row",
        "no rotation",
        "double",
        "NaN",
        "infinite",
        "a row too few",
        "negative count",
        "count of forty digits",
        "no count",
        "faces as well",
        "no name",
        "no property",
    ],
)
def test_what_is_no_such_file_ends_in_a_sentence(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.ply").write_bytes(data)
    with pytest.raises(Img23DError) as caught:
        read_ply(tmp_path / "a.ply")
    assert caught.value.code is ErrorCode.MESH_UNREADABLE and caught.value.sentence.startswith("The splats of this mesh could not be read")


@pytest.mark.filterwarnings("error")
def test_mutated_files_are_read_or_end_in_a_sentence(tmp_path: Path) -> None:
    """Bytes of the header and of the rows in turn, some files cut as well."""
    whole, random, path = closed([one_row()] * 20), np.random.default_rng(0), tmp_path / "a.ply"
    rows, ends = whole.index(b"end_header") + 11, {"read": 0, "sentence": 0}
    for number in range(1000):
        data = bytearray(whole)
        for place in random.integers(*((0, rows) if number % 2 else (rows, len(data))), size=1 + number % 5):
            data[place] = random.integers(256)
        path.write_bytes(data[: random.integers(len(data))] if number % 7 == 0 else data)
        try:
            splats = read_ply(path)
        except Img23DError:
            ends["sentence"] += 1
            continue
        ends["read"] += 1
        assert all(np.isfinite(getattr(splats, name)).all() for name in ("positions", "colors", "opacities", "scales", "rotations"))
    assert min(ends.values()) > 200, ends


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Img23DError):
        read_ply(tmp_path / "gone.ply")
