"""`parts` on the command line: what it says, and with which code it ends."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from img23d_backend.cli.commands import run

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def keep_interrupt() -> object:
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def two_balls(tmp_path: Path) -> Path:
    balls = [trimesh.creation.icosphere(subdivisions=2, radius=radius) for radius in (1.0, 0.5)]
    balls[1].apply_translation((4, 0, 0))
    path = tmp_path / "balls.glb"
    trimesh.util.concatenate(balls).export(path)
    return path


def parts(mesh: Path, *options: str) -> int:
    return run(["parts", str(mesh), "--out", str(mesh.parent / "out"), *options])


def test_what_it_says(two_balls: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert parts(two_balls) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["part 1: 01_part_1.glb, 320 faces", "part 2: 02_part_2.glb, 320 faces"] and lines[2].endswith("out (2 parts)")


@pytest.mark.parametrize(("options", "number"), [(["--parts", "1"], 1), (["--parts", "5"], 5), (["--fewer"], 2), (["--fewer", "3"], 2), (["--more", "0.5"], 2)])
def test_how_many(two_balls: Path, options: list[str], number: int) -> None:
    assert parts(two_balls, *options) == 0
    table = json.loads((two_balls.parent / "out" / "parts.json").read_text(encoding="utf-8"))
    assert len(table["parts"]) == number


def test_more_parts_than_there_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thing.glb").write_bytes(triangles(FACE))
    assert parts(tmp_path / "thing.glb", "--parts", "3") == 0
    assert "Only 1 of 3 parts can be told apart." in capsys.readouterr().out


def test_open_parts_have_no_lids(two_balls: Path) -> None:
    assert parts(two_balls, "--parts", "4", "--open") == 0
    table = json.loads((two_balls.parent / "out" / "parts.json").read_text(encoding="utf-8"))
    assert [(one["lids"], one["closed"], one["volume"]) for one in table["parts"]] == [(0, False, None)] * 4


@pytest.mark.parametrize("options", [["--parts", "0"], ["--parts", "65"], ["--parts", "two"], ["--more", "4"], ["--fewer", "nan"], ["--more", "--fewer"]])
def test_numbers_that_make_no_sense(two_balls: Path, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parts(two_balls, *options)
    assert ended.value.code == 2 and len(capsys.readouterr().err.splitlines()) == 1


def glb(document: dict, binary: bytes = b"") -> bytes:
    """Of the specification's section 4."""
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def triangles(positions: np.ndarray, **primitive: object) -> bytes:
    """One primitive without indices."""
    data = positions.astype("<f4").tobytes()
    accessor = {"bufferView": 0, "componentType": 5126, "count": len(positions), "type": "VEC3"}
    document = {
        "asset": {"version": "2.0"},
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, **primitive}]}],
        "accessors": [accessor],
        "bufferViews": [{"buffer": 0, "byteLength": len(data)}],
        "buffers": [{"byteLength": len(data)}],
    }
    return glb(document, data)


FACE = np.eye(3)
NOT_A_NUMBER = np.array([[0, 0, 0], [1, 0, 0], [0, np.nan, 0]])
EMPTY = {"asset": {"version": "2.0"}, "scenes": [{"nodes": []}]}
BAD = {
    "empty file": (b"", "is empty"),
    "a text": (b"hello, this is no mesh", "is no GLB file"),
    "a glTF of text": (b'{"asset": {"version": "2.0"}}', "is no GLB file"),
    "cut short": (triangles(FACE)[:-20], "is damaged"),
    "only a head": (b"glTF\x02\0\0\0", "is damaged"),
    "no JSON": (glb({})[:20] + b"x" * 40, "is damaged"),
    "no scene": (glb(EMPTY), "has no faces"),
    "points": (triangles(FACE, mode=0), "has no faces"),
    "lines": (triangles(FACE, mode=1), "has no faces"),
    "not a number": (triangles(NOT_A_NUMBER), "is not a number"),
    "infinite": (triangles(np.full((3, 3), np.inf)), "is not a number"),
    "one place": (triangles(np.ones((3, 3))), "lie in one place"),
    "compressed": (triangles(FACE, extensions={"KHR_draco_mesh_compression": {}}), "is compressed (KHR_draco_mesh_compression)"),
    "compressed views": (glb({**EMPTY, "bufferViews": [{"extensions": {"EXT_meshopt_compression": {}}}]}), "is compressed (EXT_meshopt_compression)"),
    "in other files": (glb({**EMPTY, "buffers": [{"byteLength": 4, "uri": "x.bin"}]}), "keeps data in other files"),
    "wrong numbers": (triangles(FACE, indices=7), "is damaged"),
    "a node in itself": (glb({**EMPTY, "scenes": [{"nodes": [0]}], "nodes": [{"children": [0]}]}), "is damaged"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_one_sentence(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    data, sentence = BAD[name]
    (tmp_path / "thing.glb").write_bytes(data)
    assert parts(tmp_path / "thing.glb") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "thing.glb" in line and sentence in line and not (tmp_path / "out").exists()


def test_what_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert parts(tmp_path / "none.glb") == 2 and parts(tmp_path) == 2
    missing, folder = capsys.readouterr().err.splitlines()
    assert "There is no file “none.glb”" in missing and "is a folder" in folder


def test_too_many_faces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from img23d_backend.parts.files import source

    monkeypatch.setattr(source, "MOST_FACES", 1)
    (tmp_path / "thing.glb").write_bytes(triangles(np.concatenate([FACE, FACE + 1])))
    assert parts(tmp_path / "thing.glb") == 2 and "has 2 faces, and at most 1" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written(two_balls: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (two_balls.parent / "out").write_text("a file")
    assert parts(two_balls) == 1 and "cannot be written" in capsys.readouterr().err


def test_ctrl_c_ends_it(two_balls: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The signal comes in the middle of the work."""
    from img23d_backend.parts.splitting import splitter

    first_pieces = splitter.spectral_pieces

    def interrupted(*arguments: object) -> np.ndarray:
        signal.raise_signal(signal.SIGINT)
        return first_pieces(*arguments)

    monkeypatch.setattr(splitter, "spectral_pieces", interrupted)
    assert parts(two_balls) == 130
    assert capsys.readouterr().out == "Cancelled; what was finished stays.\n" and not (two_balls.parent / "out").exists()


def test_of_a_photo_a_mesh_is_made_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A disc on plain ground becomes a ball."""
    y, x = np.mgrid[:120, :120]
    rgba = np.where(((x - 60) ** 2 + (y - 60) ** 2 < 45**2)[:, :, None], (200, 60, 40, 255), 0).astype(np.uint8)
    Image.fromarray(rgba).save(tmp_path / "disc.png")
    assert parts(tmp_path / "disc.png") == 0
    assert capsys.readouterr().out.startswith("00_disc: 01_00_disc.glb, ")
    record = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert (record["kind"], record["engine"], record["state"]) == ("generate", "preview", "finished")
    whole = trimesh.load(tmp_path / "out" / "00_disc.glb", force="mesh")
    part = trimesh.load(tmp_path / "out" / "01_00_disc.glb", force="mesh")
    assert len(part.faces) == len(whole.faces) and part.visual.material.baseColorTexture is not None


def test_a_photo_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.new("RGB", (80, 80), "white").save(tmp_path / "white.png")
    assert parts(tmp_path / "white.png") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "white.png" in line and not (tmp_path / "out").exists()


def test_a_damaged_photo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert parts(tmp_path / "photo.png") == 2 and len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("options", [["--mask", "m.png"], ["--picture", "p.png"]])
def test_the_built_in_one_looks_at_no_picture(two_balls: Path, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert parts(two_balls, *options) == 2 and "splits by the shape alone" in capsys.readouterr().err


def test_the_program_itself(two_balls: Path) -> None:
    """A process of its own; parts are numbered by area, faces as in the file."""
    path = os.pathsep.join(map(str, (ROOT / "backend", ROOT / "blender_img23d" / "shared")))
    command = [sys.executable, "-m", "img23d_backend", "parts", two_balls, "--out", two_balls.parent / "out"]
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    table = json.loads((two_balls.parent / "out" / "parts.json").read_text(encoding="utf-8"))
    assert table["part_of_face"] == [0] * 320 + [1] * 320
