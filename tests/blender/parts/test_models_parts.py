"""Parts that a model made as meshes of their own: imported in place at the cut, merged ones as one object."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import bpy
import numpy as np
import pytest
from dividing import COLORS, by_height, cut, digest, make_parts, parts, press, world_points

NAMES = ("base", "stem", "top")
BOXES = ((2.4, 2.8), (2.8, 3.2), (3.2, 3.6))  # metres from the ground, from and to


def write_glb(path: Path, low: tuple[float, ...], high: tuple[float, ...]) -> Path:
    """A box in Blender's world axes as a GLB (glTF 2.0, 3.4 and 4.4): x is x, z is y, and y is -z."""
    corners = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])], np.float32)
    points = np.stack([corners[:, 0], corners[:, 2], -corners[:, 1]], axis=1).astype("<f4")
    faces = np.array(
        [(0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1), (2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3)], "<u4"
    )
    normals = points - points.mean(axis=0)
    normals = (normals / np.linalg.norm(normals, axis=1, keepdims=True)).astype("<f4")
    data = points.tobytes() + normals.tobytes() + faces.tobytes()
    document = {
        "asset": {"version": "2.0", "generator": "Img23D"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "materials": [{"pbrMetallicRoughness": {"baseColorFactor": [0.5, 0.5, 0.5, 1.0]}}],
        "meshes": [{"name": "part", "primitives": [{"attributes": {"POSITION": 0, "NORMAL": 1}, "indices": 2, "material": 0}]}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 8, "type": "VEC3", "min": points.min(axis=0).tolist(), "max": points.max(axis=0).tolist()},
            {"bufferView": 1, "componentType": 5126, "count": 8, "type": "VEC3"},
            {"bufferView": 2, "componentType": 5125, "count": 36, "type": "SCALAR"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteLength": 96},
            {"buffer": 0, "byteOffset": 96, "byteLength": 96},
            {"buffer": 0, "byteOffset": 192, "byteLength": 144},
        ],
        "buffers": [{"byteLength": len(data)}],
    }
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(data), b"BIN\0") + data
    path.write_bytes(struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks)
    return path


def tell_parts(rehearsal, count: int = 3) -> None:
    request, m = rehearsal.link.said[-1], rehearsal.messages
    folder = Path(request.run_folder)
    folder.mkdir(parents=True, exist_ok=True)
    for number, (low, high) in enumerate(BOXES[:count]):
        write_glb(folder / f"part_{number}.glb", (0.5, 1.5, low), (1.5, 2.5, high))
        piece = m.Piece(part=number)
        rehearsal.link.say(
            m.ResultReady(
                job=request.job, target=0, files=(f"part_{number}.glb",), piece=piece, stage=m.Stage.SPLIT, textured=False, count=12, name=NAMES[number]
            )
        )
        rehearsal.tick()


def tell_division(rehearsal) -> None:
    request, m = rehearsal.link.said[-1], rehearsal.messages
    labels = None
    if request.mesh:
        with np.load(request.mesh) as file:
            middles = file["vertices"][file["triangles"]].mean(axis=1)
        np.save(Path(request.run_folder) / "labels.npy", by_height(2.8, 3.2)(middles).astype(np.int32))
        labels = "labels.npy"
    infos = tuple(m.PartInfo(name=name, color=color, faces=12, area=1.0) for name, color in zip(NAMES, COLORS, strict=False))
    rehearsal.link.say(m.DivisionReady(job=request.job, labels=labels, parts=infos))
    rehearsal.tick()
    rehearsal.finish(3)


@pytest.fixture
def listed(rehearsal, whole) -> bpy.types.Object:
    press(rehearsal)
    tell_parts(rehearsal)
    tell_division(rehearsal)
    return whole


def test_nothing_is_imported_before_the_cut(listed):
    assert [obj.name for obj in bpy.data.objects] == ["Sphere"] and [row.name for row in listed.img23d_parts.rows] == list(NAMES)
    assert "img23d_parts" in listed.data.color_attributes


def test_the_meshes_come_to_their_place(listed):
    before = digest(listed.data)
    cut(closed=True)
    assert sorted(one.name for one in parts()) == sorted(NAMES) and listed.hide_viewport
    for name, (low, high) in zip(NAMES, BOXES, strict=True):
        points = world_points([bpy.data.objects[name]])
        assert np.allclose(points.min(axis=0), (0.5, 1.5, low), atol=1e-5) and np.allclose(points.max(axis=0), (1.5, 2.5, high), atol=1e-5)
    bpy.context.view_layer.objects.active = bpy.data.objects["stem"]
    bpy.ops.img23d.join_parts()
    assert [obj.name for obj in bpy.data.objects] == ["Sphere"] and not listed.hide_viewport
    assert set(digest(listed.data)) < set(before), "the preview is gone, and nothing else"


def test_merged_ones_are_one_object(listed):
    listed.img23d_parts.active = 2
    bpy.ops.img23d.mark_part(number=1)
    bpy.ops.img23d.merge_parts()
    cut()
    assert sorted(one.name for one in parts()) == ["base", "top"] and len(bpy.data.objects["top"].data.polygons) == 24
    points = world_points([bpy.data.objects["top"]])
    assert np.allclose((points[:, 2].min(), points[:, 2].max()), (2.8, 3.6), atol=1e-5)


def test_what_is_left_out_is_not_imported(listed):
    listed.img23d_parts.rows[0].use = False
    cut()
    assert sorted(one.name for one in parts()) == ["stem", "top"]


def test_a_file_that_is_gone_is_a_sentence_and_the_scene_stays(listed):
    Path(listed.img23d_parts.rows[1].files).unlink()
    with pytest.raises(RuntimeError):
        cut()
    assert [obj.name for obj in bpy.data.objects] == ["Sphere"] and not listed.hide_viewport and len(listed.img23d_parts.rows) == 3
    assert not bpy.data.collections


@pytest.mark.parametrize("ends", ["cancelled", "failed"])
def test_finished_parts_stay_whatever_becomes_of_the_others(rehearsal, whole, ends):
    press(rehearsal)
    tell_parts(rehearsal, count=2)
    if ends == "cancelled":
        bpy.ops.img23d.cancel()
    else:
        m = rehearsal.messages
        rehearsal.link.say(m.Failed(job=rehearsal.job.id, code="out_of_memory", sentence="There is not enough memory."))
    rehearsal.tick()
    assert [row.name for row in whole.img23d_parts.rows] == ["base", "stem"] and "stopped" in whole.img23d_parts.note
    cut()
    assert sorted(one.name for one in parts()) == ["base", "stem"]


def test_in_a_scene_of_other_units(rehearsal, whole):
    bpy.context.scene.unit_settings.scale_length = 0.01
    make_parts(rehearsal, by_height(2.8, 3.2))
    cut()
    assert len(parts()) == 3
