"""A GLB divided: what its parts are as a second reader reads them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
import trimesh
from known_parts import THINGS
from PIL import Image
from scipy.spatial import cKDTree

from img23d_backend.evaluation.objects import OBJECTS
from img23d_backend.parts.division import Division, divide
from img23d_backend.parts.splitting.splitter import Wish
from img23d_backend.stages import Mesh

SILENT = Wish()


def saved(path: Path, mesh: Mesh, *, picture: Image.Image | None = None) -> trimesh.Trimesh:
    """As trimesh writes it."""
    one = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    if picture is not None:
        material = trimesh.visual.material.PBRMaterial(baseColorTexture=picture, name="clay", metallicFactor=0.25)
        uv = (one.vertices[:, :2] - one.vertices[:, :2].min(axis=0)) / np.ptp(one.vertices[:, :2], axis=0)
        one.visual = trimesh.visual.TextureVisuals(uv=uv, material=material)
    one.export(path)
    return one


def noise() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8))


def divided(tmp_path: Path, mesh: Mesh, *, picture: Image.Image | None = None, closes: bool = True) -> tuple[Division, trimesh.Trimesh]:
    whole = saved(tmp_path / "thing.glb", mesh, picture=picture)
    return divide(tmp_path / "thing.glb", tmp_path / "out", wish=SILENT, closes=closes), whole


def solid(path: Path) -> trimesh.Trimesh:
    """All of a file in one, in the world's axes, corners in the same place joined."""
    one = trimesh.load(path, force="mesh", process=False)
    one.merge_vertices(merge_tex=True, merge_norm=True)
    return one


def corners(mesh: trimesh.Trimesh) -> np.ndarray:
    """(F, 9) of each face its corners' places, rounded, in an order that does not depend on the file."""
    places = np.round(mesh.vertices[mesh.faces].reshape(-1, 9), 4) + 0.0
    return places[np.lexsort(places.T)]


def test_each_face_is_in_one_part_and_where_it_was(tmp_path: Path) -> None:
    division, whole = divided(tmp_path, THINGS["duck"](40).mesh, closes=False)
    parts = [trimesh.load(tmp_path / "out" / one.file, force="mesh", process=False) for one in division.parts]
    assert [len(one.faces) for one in parts] == [one.faces for one in division.parts]
    together = trimesh.util.concatenate([trimesh.Trimesh(one.vertices, one.faces, process=False) for one in parts])
    np.testing.assert_allclose(corners(together), corners(whole), atol=2e-4)
    assert sum(one.area for one in division.parts) == pytest.approx(whole.area, rel=1e-5)


@pytest.mark.parametrize("name", ["duck", "mug", "chair", "teapot"])
def test_closed_parts_are_closed_and_add_up(tmp_path: Path, name: str) -> None:
    division, whole = divided(tmp_path, THINGS[name](44).mesh)
    parts = [solid(tmp_path / "out" / one.file) for one in division.parts]
    assert len(parts) > 1 and all(part.is_watertight and part.is_winding_consistent for part in parts)
    assert all(part.volume > 0 for part in parts)
    np.testing.assert_allclose([part.volume for part in parts], [one.volume for one in division.parts], rtol=1e-4)
    assert sum(part.volume for part in parts) == pytest.approx(whole.volume, rel=0.02)  # the lids on both sides of a cut are the same


def test_loose_solids_stay_apart_and_the_largest_stays_as_it_was(tmp_path: Path) -> None:
    """A dog of eleven solids that reach into each other; what two share is left to the larger one."""
    division, whole = divided(tmp_path, OBJECTS["dog"]().mesh)
    whole.merge_vertices()
    whole.update_faces(whole.nondegenerate_faces())
    before = sorted(one.volume for one in whole.split(only_watertight=False))
    after = sorted(one.volume for one in division.parts)
    assert len(after) == len(before) and all(one.lids == 0 and one.is_closed for one in division.parts)
    assert after[-1] == pytest.approx(before[-1], rel=1e-3) and all(now < was * 1.001 for now, was in zip(after, before, strict=True))
    parts = [solid(tmp_path / "out" / one.file) for one in division.parts]
    assert all(part.is_watertight and part.is_winding_consistent for part in parts)
    np.testing.assert_allclose([part.volume for part in parts], [one.volume for one in division.parts], rtol=1e-3)


def box(size: tuple[float, float, float], *at: float) -> trimesh.Trimesh:
    one = trimesh.creation.box(extents=size)
    one.apply_translation(at)
    return one


def test_a_piece_of_a_face_has_what_the_face_has_there(tmp_path: Path) -> None:
    """A textured bar through a cube: u and v on it are still where they were, and its colours with them."""
    cube, bar = box((2, 2, 2), 0, 0, 0), box((0.4, 0.4, 3), 0.3, 0.2, 1.5)
    both = trimesh.util.concatenate([cube, bar])
    divided(tmp_path, Mesh(vertices=both.vertices.astype(np.float32), faces=both.faces.astype(np.int32)), picture=noise())
    low, extent = both.vertices[:, :2].min(axis=0), np.ptp(both.vertices[:, :2], axis=0)
    scene = trimesh.load(tmp_path / "out" / "02_part_2.glb", process=False)
    textured = [one for one in scene.geometry.values() if one.visual.material.name == "clay"]
    assert len(textured) == 2, "whole faces, and pieces"
    node, count = scene.graph.nodes_geometry[0], 0
    moved = scene.graph.get(node)[0][:3, 3]
    for one in textured:
        np.testing.assert_allclose(one.visual.uv, (one.vertices[:, :2] + moved[:2] - low) / extent, atol=1e-5)
        count += len(one.vertices)
    assert count > 100 and min(one.vertices[:, 2].min() + moved[2] for one in textured) == pytest.approx(1.0, abs=1e-3), "cut where it enters"


def test_texture_coordinates_and_material_stay(tmp_path: Path) -> None:
    division, whole = divided(tmp_path, THINGS["duck"](40).mesh, picture=noise(), closes=False)
    vertices = cKDTree(whole.vertices)
    for one in division.parts:
        part = trimesh.load(tmp_path / "out" / one.file, force="mesh", process=False)
        material = part.visual.material
        np.testing.assert_array_equal(np.asarray(material.baseColorTexture.convert("RGB")), np.asarray(whole.visual.material.baseColorTexture))
        assert (material.name, material.metallicFactor) == ("clay", 0.25)
        apart, vertex = vertices.query(part.vertices)
        assert apart.max() < 1e-6
        np.testing.assert_allclose(part.visual.uv, whole.visual.uv[vertex], atol=1e-6)


def test_lids_have_the_mean_colour(tmp_path: Path) -> None:
    divided(tmp_path, THINGS["duck"](40).mesh, picture=Image.new("RGB", (8, 8), (128, 255, 0)))
    scene = trimesh.load(tmp_path / "out" / "02_part_2.glb", process=False)
    (lid,) = [one for one in scene.geometry.values() if one.visual.material.name == "cut"]
    linear = np.array(lid.visual.material.baseColorFactor[:3]) / 255
    np.testing.assert_allclose(linear, (0.2159, 1, 0), atol=0.005)  # IEC 61966-2-1


def test_one_file_has_a_named_node_each_with_its_origin_in_the_middle(tmp_path: Path) -> None:
    division, _ = divided(tmp_path, THINGS["chair"](40).mesh)
    for file in ("parts.glb", "preview.glb"):
        scene = trimesh.load(tmp_path / "out" / file, process=False)
        for one in division.parts:
            matrix, _ = scene.graph.get(one.name)
            np.testing.assert_allclose(matrix[:3, 3], one.centre, atol=1e-6)
    colors = {
        "#" + "".join(f"{round(255 * (12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055)):02x}" for c in factor[:3])
        for factor in (material["pbrMetallicRoughness"]["baseColorFactor"] for material in document(tmp_path / "out" / "preview.glb")["materials"])
    }
    assert colors == {one.color for one in division.parts}


def document(path: Path) -> dict:
    data = path.read_bytes()
    return json.loads(data[20 : 20 + int.from_bytes(data[12:16], "little")])


def test_the_table(tmp_path: Path) -> None:
    division, whole = divided(tmp_path, THINGS["table"](40).mesh)
    table = json.loads((tmp_path / "out" / "parts.json").read_text(encoding="utf-8"))
    assert len(table["part_of_face"]) == len(whole.faces)
    assert np.bincount(table["part_of_face"]).tolist() == [one["faces"] for one in table["parts"]]
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"parts.json", "parts.glb", "preview.glb", *(one["file"] for one in table["parts"])}
    assert sorted(one["name"] for one in table["parts"]) == ["body", "left leg", "left leg 2", "right leg", "right leg 2"]
    left = next(one for one in table["parts"] if one["name"] == "left leg")
    assert left["centre"][0] > 0 and left["centre"][2] > 0  # in front: +z, and on the thing's own left: +x


def test_names_are_given_only_where_they_are_sure(tmp_path: Path) -> None:
    names = [[one.name for one in divided(tmp_path, THINGS[name](44).mesh)[0].parts] for name in ("mug", "snowman", "egg")]
    assert names == [["body", "handle"], ["body", "part 2", "part 3"], ["thing"]]


def test_nodes_are_where_the_scene_puts_them(tmp_path: Path) -> None:
    """One mesh used twice, the second time mirrored and scaled."""
    mesh = THINGS["egg"](24).mesh
    scene = trimesh.Scene()
    scene.add_geometry(trimesh.Trimesh(mesh.vertices, mesh.faces), node_name="one")
    mirrored = np.diag([-2.0, 2.0, 2.0, 1.0])
    mirrored[:3, 3] = (5, 1, 0)
    scene.add_geometry(trimesh.Trimesh(mesh.vertices, mesh.faces), node_name="two", transform=mirrored)
    (tmp_path / "two.glb").write_bytes(scene.export(file_type="glb"))
    division = divide(tmp_path / "two.glb", tmp_path / "out", wish=SILENT, closes=True)
    large, small = (solid(tmp_path / "out" / one.file) for one in division.parts)
    assert large.volume == pytest.approx(8 * small.volume, rel=1e-3) and small.volume > 0
    np.testing.assert_allclose(large.bounds.mean(axis=0), (5, 1, 0), atol=0.05)


def test_an_open_surface_is_closed_only_where_that_is_wished(tmp_path: Path) -> None:
    half = THINGS["egg"](32).mesh
    upper = Mesh(vertices=half.vertices, faces=half.faces[(half.vertices[half.faces][:, :, 1] > 0).all(axis=1)])
    for closes in (True, False):
        division, _ = divided(tmp_path, upper, closes=closes)
        assert [one.is_closed for one in division.parts] == [closes]
        assert solid(tmp_path / "out" / division.parts[0].file).is_watertight is closes


def test_a_picture_stays_a_file_of_its_own_kind(tmp_path: Path) -> None:
    """Its bytes are taken over as they are."""
    divided(tmp_path, THINGS["duck"](40).mesh, picture=noise(), closes=False)
    data = (tmp_path / "out" / "parts.glb").read_bytes()
    found = document(tmp_path / "out" / "parts.glb")
    (image,) = found["images"]
    view = found["bufferViews"][image["bufferView"]]
    start = 20 + int.from_bytes(data[12:16], "little") + 8 + view["byteOffset"]
    assert Image.open(io.BytesIO(data[start : start + view["byteLength"]])).size == (64, 64)


def test_a_picture_that_an_extension_names(tmp_path: Path) -> None:
    """WebP, by EXT_texture_webp; and a material's transform of its texture."""
    saved(tmp_path / "thing.glb", THINGS["duck"](40).mesh, picture=Image.new("RGB", (8, 8), (128, 255, 0)))
    data = (tmp_path / "thing.glb").read_bytes()
    length = int.from_bytes(data[12:16], "little")
    whole = json.loads(data[20 : 20 + length])
    whole["textures"][0] = {"extensions": {"EXT_texture_webp": {"source": whole["textures"][0]["source"]}}}
    whole["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"]["extensions"] = {"KHR_texture_transform": {"scale": [2, 2]}}
    whole["extensionsUsed"] = whole["extensionsRequired"] = ["EXT_texture_webp", "KHR_texture_transform"]
    text = json.dumps(whole).encode()
    text += b" " * (-len(text) % 4)
    rest = data[20 + length :]
    (tmp_path / "thing.glb").write_bytes(
        data[:8] + (20 + len(text) + len(rest)).to_bytes(4, "little") + len(text).to_bytes(4, "little") + b"JSON" + text + rest
    )
    divide(tmp_path / "thing.glb", tmp_path / "out", wish=SILENT, closes=True)
    made = document(tmp_path / "out" / "02_part_2.glb")
    assert made["extensionsUsed"] == made["extensionsRequired"] == ["EXT_texture_webp", "KHR_texture_transform"]
    assert made["textures"] == [{"extensions": {"EXT_texture_webp": {"source": 0}}}] and len(made["images"]) == 1
    (textured, cut) = (material["pbrMetallicRoughness"] for material in made["materials"])
    assert textured["baseColorTexture"]["extensions"] == {"KHR_texture_transform": {"scale": [2, 2]}}
    np.testing.assert_allclose(cut["baseColorFactor"], (0.2159, 1, 0, 1), atol=0.002)
