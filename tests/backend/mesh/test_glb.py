"""The GLB as others read it, and as its specification wants it."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
import trimesh

from img23d_backend.mesh.glb import write_glb
from img23d_backend.stages import Mesh

NAMES = ["cup", "чашка", "茶壶 🫖", 'a "quoted" \\ name/with\nlines', "x" * 300]


def tetrahedron() -> tuple[Mesh, np.ndarray]:
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=np.float32)
    faces = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]], dtype=np.int32)
    uv = points[faces][:, :, :2] * 0.5
    uv[3] += 0.5  # the last face is an island of its own
    return Mesh(vertices=points, faces=faces), uv.astype(np.float32)


def write(path: Path, name: str = "cup", textured: bool = True) -> tuple[Mesh, np.ndarray, np.ndarray]:
    mesh, uv = tetrahedron()
    texture = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    write_glb(
        path,
        mesh=mesh,
        name=name,
        uv=uv if textured else None,
        texture=texture if textured else None,
        base_color=(0.5, 0.25, 1.0),
        scale=2.0,
        offset=np.array([1.0, 0.0, -1.0]),
    )
    return mesh, uv, texture


def parts(path: Path) -> tuple[dict, bytes]:
    data = path.read_bytes()
    magic, version, length = struct.unpack_from("<4sII", data)
    assert (magic, version, length) == (b"glTF", 2, len(data))
    json_length, json_kind = struct.unpack_from("<II", data, 12)
    assert json_kind == 0x4E4F534A and json_length % 4 == 0
    start = 20 + json_length
    binary_length, binary_kind = struct.unpack_from("<II", data, start)
    assert binary_kind == 0x004E4942 and start + 8 + binary_length == len(data)
    return json.loads(data[20:start]), data[start + 8 :]


def vectors(path: Path, kind: str) -> np.ndarray:
    document, binary = parts(path)
    accessor = document["accessors"][document["meshes"][0]["primitives"][0]["attributes"][kind]]
    offset = document["bufferViews"][accessor["bufferView"]]["byteOffset"]
    return np.frombuffer(binary, "<f4", accessor["count"] * 3, offset).reshape(-1, 3)


@pytest.mark.parametrize("name", NAMES)
def test_names_and_geometry_come_back(tmp_path: Path, name: str) -> None:
    path = tmp_path / "чашка 1.glb"
    mesh, _, _ = write(path, name)
    document, _ = parts(path)
    kinds = ("nodes", "meshes", "materials", "images")
    assert all(document[kind][0]["name"] == name for kind in kinds)
    loaded = trimesh.load(path, force="mesh", process=False)
    corners = (mesh.vertices[mesh.faces] + [1.0, 0.0, -1.0]) * 2.0
    np.testing.assert_allclose(loaded.vertices[loaded.faces], corners, atol=1e-6)


def test_texture_and_uv_come_back(tmp_path: Path) -> None:
    path = tmp_path / "cup.glb"
    _, uv, texture = write(path)
    loaded = trimesh.load(path, force="mesh", process=False)
    np.testing.assert_array_equal(np.asarray(loaded.visual.material.baseColorTexture.convert("RGB")), texture)
    found = loaded.visual.uv[loaded.faces]
    np.testing.assert_allclose(np.stack([found[..., 0], 1.0 - found[..., 1]], -1), uv, atol=1e-6)
    assert loaded.visual.material.metallicFactor == 0.0


def test_vertices_are_doubled_at_seams_only_and_keep_their_normal(tmp_path: Path) -> None:
    path = tmp_path / "cup.glb"
    write(path)
    points, normals = (vectors(path, kind) for kind in ("POSITION", "NORMAL"))
    assert len(points) == 4 + 3
    for place in np.unique(points, axis=0):
        here = normals[(points == place).all(axis=1)]
        np.testing.assert_allclose(here, here[:1].repeat(len(here), 0), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1.0, atol=1e-5)
    outward = points - points.mean(axis=0)
    assert ((normals * outward).sum(axis=1) > 0).all()


def test_without_texture_the_colour_is_linear(tmp_path: Path) -> None:
    path = tmp_path / "cup.glb"
    write(path, textured=False)
    document, _ = parts(path)
    assert not {"images", "textures", "samplers"} & document.keys()
    factor = document["materials"][0]["pbrMetallicRoughness"]["baseColorFactor"]
    np.testing.assert_allclose(factor, [0.21404, 0.05088, 1.0, 1.0], atol=1e-5)
    assert document["accessors"][0]["count"] == 4


@pytest.mark.parametrize("textured", [True, False])
def test_buffers_are_as_the_specification_wants(tmp_path: Path, textured: bool) -> None:
    path = tmp_path / "cup.glb"
    write(path, textured=textured)
    document, binary = parts(path)
    assert document["buffers"] == [{"byteLength": len(binary)}]
    sizes = {"SCALAR": 1, "VEC2": 2, "VEC3": 3}
    for accessor in document["accessors"]:
        view = document["bufferViews"][accessor["bufferView"]]
        assert view["byteLength"] == accessor["count"] * sizes[accessor["type"]] * 4
    for view in document["bufferViews"]:
        assert view["byteOffset"] % 4 == 0 and view["byteOffset"] + view["byteLength"] <= len(binary)
    position = document["accessors"][document["meshes"][0]["primitives"][0]["attributes"]["POSITION"]]
    points = vectors(path, "POSITION")
    np.testing.assert_array_equal(points.min(axis=0), np.float32(position["min"]))
    np.testing.assert_array_equal(points.max(axis=0), np.float32(position["max"]))


def test_the_same_mesh_gives_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path / "a.glb")
    write(tmp_path / "b.glb")
    assert (tmp_path / "a.glb").read_bytes() == (tmp_path / "b.glb").read_bytes()


def test_the_mean_colour_stands_beside_the_texture(tmp_path: Path) -> None:
    path = tmp_path / "cup.glb"
    mesh, uv = tetrahedron()
    texture = np.zeros((64, 64, 3), dtype=np.uint8)
    texture[:33, :33] = 255, 0, 188  # 188 / 255 is 0.5 in scene linear light
    texture[32:, 32:] = 255, 0, 188
    more = {"base_color": (1.0, 1.0, 1.0), "scale": 1.0, "offset": np.zeros(3)}
    write_glb(path, mesh=mesh, name="cup", uv=uv, texture=texture, **more)
    document, _ = parts(path)
    np.testing.assert_allclose(document["materials"][0]["extras"]["img23d_mean_color"], [1.0, 0.0, 0.5], atol=0.005)
    write(path, textured=False)
    assert "extras" not in parts(path)[0]["materials"][0]
