"""A result that cannot be read is said in its row, and the rest comes: no file can stop the queue, or Blender."""

from __future__ import annotations

import json
import os
import random
import struct
import zlib
from pathlib import Path

import bpy
import numpy as np
import pytest
from conftest import part
from test_in_the_middle import glbs as glbs  # fixtures
from test_in_the_middle import run as run
from test_quick_glb import changed, imported


def written(path: Path, text: bytes, binary: bytes) -> Path:
    """A GLB of these two parts (glTF 2.0, section 4.4)."""
    text += b" " * (-len(text) % 4)
    header = struct.pack("<4sIIII", b"glTF", 2, 28 + len(text) + len(binary), len(text), 0x4E4F534A)
    path.write_bytes(header + text + struct.pack("<II", len(binary), 0x004E4942) + binary)
    return path


def parts(path: str) -> tuple[dict, bytes]:
    data = Path(path).read_bytes()
    (length,) = struct.unpack_from("<I", data, 12)
    return json.loads(data[20 : 20 + length]), data[28 + length :]


def deep(path: str, new: Path) -> Path:
    """The material's remarks are lists within lists, as deep as no program that calls itself can follow."""
    document, binary = parts(path)
    document["materials"][0]["extras"] = "HERE"
    text = json.dumps(document).replace('"HERE"', "[" * 100_000 + "]" * 100_000)
    return written(new, text.encode(), binary)


def with_numbers(path: str, new: Path, attribute: str, value: float) -> Path:
    """One number of that attribute is another one."""
    document, binary = parts(path)
    primitive = document["meshes"][0]["primitives"][0]
    index = primitive["indices"] if attribute == "indices" else primitive["attributes"][attribute]
    view = document["bufferViews"][document["accessors"][index]["bufferView"]]
    values = bytearray(binary)
    struct.pack_into("<I" if attribute == "indices" else "<f", values, view["byteOffset"] + 16, value)
    return written(new, json.dumps(document).encode(), bytes(values))


def with_picture(path: str, new: Path, picture: bytes) -> Path:
    document, binary = parts(path)
    binary += b"\0" * (-len(binary) % 4)
    document["bufferViews"].append({"buffer": 0, "byteOffset": len(binary), "byteLength": len(picture)})
    document["images"][0]["bufferView"] = len(document["bufferViews"]) - 1
    return written(new, json.dumps(document).encode(), binary + picture)


def png(width: int, height: int, *, depth: int = 8) -> bytes:
    """A sound picture without its rows (W3C PNG, section 5.3)."""
    header = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    body = b"".join(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks)
    return b"\x89PNG\r\n\x1a\n" + body


def put(*way, value):
    def change(document):
        for key in way[:-1]:
            document = document[key]
        document[way[-1]] = value

    return change


POSITION = ("accessors", 0)
DOCUMENTS = {
    "a name that is a list": put("meshes", 0, "name", value=["cup"]),
    "a name that is a number": put("meshes", 0, "name", value=7),
    "more vertices than there are": put(*POSITION, "count", value=10**7),
    "less than none": put(*POSITION, "count", value=-1),
    "a count of no number": put(*POSITION, "count", value="many"),
    "a count with a fraction": put(*POSITION, "count", value=3.5),
    "a count beyond all integers": put(*POSITION, "count", value=10**30),
    "a view that begins before the file": put("bufferViews", 0, "byteOffset", value=-400),
    "a view beyond the file": put("bufferViews", 0, "byteOffset", value=2**40),
    "a view that has no end": put("bufferViews", 0, "byteLength", value=-1),
    "an accessor counted from the end": put("meshes", 0, "primitives", 0, "attributes", "POSITION", value=-1),
    "an accessor that is not there": put("meshes", 0, "primitives", 0, "indices", value=99),
    "numbers of another kind": put(*POSITION, "componentType", value=5123),
    "no material": put("meshes", 0, "primitives", 0, "material", value=12),
    "materials that are no list": put("materials", value={"0": {}}),
    "a material that is no object": put("materials", 0, value="red"),
    "remarks that are no object": put("materials", 0, "extras", value=[1]),
    "a mean colour of text": put("materials", 0, "extras", value={"img23d_mean_color": ["a", "b", "c"]}),
    "a mean colour that is endless": put("materials", 0, "extras", value={"img23d_mean_color": [float("inf")] * 3}),
    "meshes that are no list": put("meshes", value=7),
    "two meshes": lambda document: document["meshes"].append(document["meshes"][0]),
    "a generator that is no text": put("asset", "generator", value=["Img23D"]),
    "images that are no list": put("images", value={"a": 1}),
    "a picture of another place": put("images", 0, "bufferView", value=0),
}


@pytest.mark.parametrize("case", DOCUMENTS)
def test_a_document_that_does_not_hold_together_is_a_sentence(owner, glbs, tmp_path, case):
    path = changed(glbs[1], tmp_path / "odd.glb", DOCUMENTS[case])
    with pytest.raises(part("shared.img23d_protocol").Img23DError, match="Generate again"):
        imported(path)
    assert not bpy.data.objects and not bpy.data.meshes and not bpy.data.materials


MADE = {
    "deep JSON": deep,
    "a position that is no number": lambda path, new: with_numbers(path, new, "POSITION", float("nan")),
    "a position that is endless": lambda path, new: with_numbers(path, new, "POSITION", float("-inf")),
    "a position beyond all measure": lambda path, new: with_numbers(path, new, "POSITION", 3e38),
    "a normal that is no number": lambda path, new: with_numbers(path, new, "NORMAL", float("nan")),
    "a UV that is endless": lambda path, new: with_numbers(path, new, "TEXCOORD_0", float("inf")),
    "a vertex that is not there": lambda path, new: with_numbers(path, new, "indices", 2**32 - 1),
    "a huge picture": lambda path, new: with_picture(path, new, png(60_000, 60_000)),
    "a picture of 16 bits": lambda path, new: with_picture(path, new, png(64, 64, depth=16)),
    "a picture with a wrong checksum": lambda path, new: with_picture(path, new, png(64, 64)[:-1] + b"x"),
    "a picture that is cut off": lambda path, new: with_picture(path, new, png(64, 64)[:-20]),
    "no picture at all": lambda path, new: with_picture(path, new, b"GIF89a" * 20),
}


@pytest.mark.parametrize("case", MADE)
def test_numbers_and_pictures_are_checked_before_blender_has_them(owner, glbs, tmp_path, case):
    path = MADE[case](glbs[1], tmp_path / "odd.glb")
    with pytest.raises(part("shared.img23d_protocol").Img23DError, match="Generate again"):
        imported(path)
    assert not bpy.data.objects and not bpy.data.meshes


def said(run) -> dict[int, str]:
    """The sentences about this run's results, by target."""
    return {target: text for (job, target), text in run.owner.applier.failures.items() if job == run.job.id}


@pytest.mark.parametrize("case", ["deep JSON", "a name", "a pipe", "gone"])
def test_a_result_that_cannot_be_read_is_said_and_the_rest_comes(run, glbs, tmp_path, case):
    path = tmp_path / "bad.glb"
    match case:
        case "deep JSON":
            deep(glbs[1], path)
        case "a name":
            changed(glbs[1], path, put("meshes", 0, "name", value={"a": "b"}))
        case "a pipe":
            os.mkfifo(path)  # whoever reads it waits for ever
    run.mesh(0, str(path), textured=True)
    run.mesh(1, glbs[1], textured=True)
    run.finish(2)
    assert bpy.data.objects.keys() == ["bowl"] and run.job.is_over
    ((target, sentence),) = said(run).items()
    assert target == 0 and "Generate again" in sentence
    assert not run.owner.applier.is_busy


def test_a_painted_mesh_that_is_damaged_leaves_the_plain_one(run, glbs, tmp_path):
    run.mesh(0, glbs[0], textured=False)
    run.mesh(0, str(with_numbers(glbs[1], tmp_path / "bad.glb", "POSITION", float("nan"))), textured=True)
    run.mesh(1, glbs[1], textured=True)
    run.finish(2)
    assert sorted(bpy.data.objects.keys()) == ["bowl", "cup"] and len(bpy.data.objects["cup"].data.polygons) > 100
    assert list(said(run)) == [0]


def test_a_result_of_another_program_is_a_sentence_that_says_where_it_can_be_imported(owner, glbs, tmp_path):
    path = changed(glbs[1], tmp_path / "other.glb", put("asset", "generator", value="Somebody's tool"))
    with pytest.raises(part("shared.img23d_protocol").Img23DError, match="File > Import"):
        imported(path)


def test_a_triangle_without_an_area_is_left_out(owner, glbs, tmp_path):
    document, binary = parts(glbs[1])
    whole = len(imported(glbs[1]).data.polygons)
    view = document["bufferViews"][document["accessors"][document["meshes"][0]["primitives"][0]["indices"]]["bufferView"]]
    values = bytearray(binary)
    start = view["byteOffset"]
    values[start : start + 4] = values[start + 4 : start + 8]
    obj = imported(written(tmp_path / "thin.glb", json.dumps(document).encode(), bytes(values)))
    assert len(obj.data.polygons) == whole - 1 and obj.data.validate() is False


def test_a_name_that_no_file_can_hold_is_mended(owner, glbs, tmp_path):
    obj = imported(changed(glbs[1], tmp_path / "odd.glb", put("meshes", 0, "name", value="cup \ud800\0 x")))
    assert obj.name.startswith("cup") and "x" in obj.name


def mutated(data: bytes, dice: random.Random) -> bytes:
    """One to eight changes, most of them in the JSON part, where one byte changes most."""
    (length,) = struct.unpack_from("<I", data, 12)
    changed = bytearray(data)
    for _ in range(dice.randint(1, 8)):
        place = dice.randrange(12, 20 + length) if dice.random() < 0.7 else dice.randrange(len(changed))
        match dice.randrange(4):
            case 0:
                changed[place] ^= 1 << dice.randrange(8)
            case 1:
                changed[place] = dice.choice(b'0123456789-eE{}[]",:')
            case 2:
                changed[place : place + 4] = dice.randbytes(4)
            case 3:
                changed[place] = 0xFF
    return bytes(changed[: dice.randrange(len(changed))] if dice.random() < 0.05 else changed)


def test_mutated_results_are_sentences_or_sound_meshes(owner, glbs, tmp_path):
    dice, path, counts = random.Random(11), tmp_path / "mutated.glb", {"read": 0, "refused": 0}
    data = [Path(one).read_bytes() for one in glbs]
    for number in range(400):
        path.write_bytes(mutated(data[number % 2], dice))
        try:
            obj = imported(path)
        except part("shared.img23d_protocol").Img23DError:
            counts["refused"] += 1
            continue
        counts["read"] += 1
        assert np.isfinite(obj.bound_box).all()
        assert not obj.data.validate(), "Blender had to repair it"
        bpy.data.batch_remove([obj.data])
    assert counts["refused"] > 100 and counts["read"] > 5, counts
