"""The pipeline with the preview engine, from photo to GLB."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import trimesh
from pipeline_case import TWO, files, only, photo, record, request, run  # noqa: F401  (photo is a fixture)
from small_engine import BLOCK, CORNERS

from img23d_backend.jobs import working_size
from img23d_backend.stages import View
from img23d_protocol import ErrorCode
from img23d_protocol.messages import (
    Cancelled,
    CutoutReady,
    Finished,
    Located,
    Paint,
    PaintReady,
    ResultReady,
    Settings,
    Wanted,
)


@pytest.mark.usefixtures("each_pass_once")
def test_preview_from_photo_to_closed_textured_meshes(photo: Path) -> None:
    told = run(request(photo, Wanted(name="red disc"), Wanted(name="plate"), engine="preview", settings=Settings.of(faces=3000)))
    assert type(told[-1]) is Finished and told[-1].made == 2, told[-1]
    assert [target.name for target in only(told, Located)[0].targets] == ["red disc", "plate"]
    for message, path in zip(only(told, ResultReady), files(told, ResultReady), strict=True):
        mesh = trimesh.load(path, force="mesh", process=False)
        mesh.merge_vertices(merge_tex=True, merge_norm=True)
        assert mesh.is_watertight and mesh.is_winding_consistent and mesh.volume > 0
        assert 0 < message.count <= 3000 and len(mesh.faces) == message.count
    textures = [trimesh.load(path, force="mesh").visual.material.baseColorTexture for path in files(told, ResultReady)[2:]]
    assert [texture.size for texture in textures] == [(1024, 1024)] * 2


def test_preview_is_the_same_for_the_same_seed(photo: Path) -> None:
    contents = []
    for folder in ("a", "b"):
        job = request(photo, engine="preview", run_folder=str(photo.parent / folder), settings=Settings.of(faces=1000))
        assert run(job)[-1].made == 1
        contents.append([path.read_bytes() for path in sorted((photo.parent / folder).glob("*.[gp][ln][bg]"))])
    assert len(contents[0]) == 5 and contents[0] == contents[1]


@pytest.mark.usefixtures("each_pass_once")
def test_repaint_an_artists_mesh(photo: Path) -> None:
    corners = np.arange(BLOCK.size, dtype=np.int32).reshape(-1, 3)
    mesh = photo.parent / "mesh.npz"
    np.savez(mesh, vertices=CORNERS, triangles=BLOCK, corners=corners, corner_count=np.int32(BLOCK.size), view=np.eye(4))
    job = Paint(job="j", mesh=str(mesh), picture=str(photo), run_folder=str(photo.parent / "run"), name="crate")
    told = run(job)
    (ready,) = only(told, PaintReady)
    assert (told[-1].made, told[-1].failed) == (1, 0)
    uv = np.load(os.path.join(told.folder, ready.uv))
    assert uv.shape == (BLOCK.size, 2) and uv.dtype == np.float32 and 0 <= uv.min() and uv.max() <= 1
    texture = cv2.imdecode(np.fromfile(os.path.join(told.folder, ready.texture), np.uint8), cv2.IMREAD_UNCHANGED)
    assert texture.shape == (1024, 1024, 3) and texture.std() > 1
    assert record(photo)["targets"][0]["files"] == {"texture": "00_crate_texture.png", "uv": "00_crate_uv.npy"}


@pytest.mark.usefixtures("each_pass_once")
def test_repaint_of_a_broken_mesh_file(photo: Path) -> None:
    (photo.parent / "mesh.npz").write_bytes(b"PK nonsense")
    job = Paint(job="j", mesh=str(photo.parent / "mesh.npz"), picture=str(photo), run_folder=str(photo.parent / "run"))
    assert run(job)[-1].code == ErrorCode.MESH_UNREADABLE


def test_cancel_reaches_the_preview_engine_quickly(photo: Path) -> None:
    told = run(request(photo, engine="preview"), is_cancelled=lambda: True)
    assert [type(message) for message in told] == [Cancelled]


def test_a_huge_thing_is_worked_on_at_a_smaller_size_and_stays_in_its_place(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working_size, "MAX_SIDE", 60)
    told = run(request(photo, *TWO))
    assert told[-1].made == 2
    data = record(photo)
    for index, center in enumerate(((60, 70), (180, 80))):
        target = data["targets"][index]
        assert target["cutout_share"] == pytest.approx(0.5 * 2**0.5 / 2)  # 160 to at most 60
        cutout = cv2.imdecode(np.fromfile(files(told, CutoutReady)[index], np.uint8), cv2.IMREAD_UNCHANGED)
        assert max(cutout.shape[:2]) <= 60
        mesh = trimesh.load(files(told, ResultReady)[2 + index], force="mesh", process=False)
        corners = View(matrix=np.array(target["view"])).project(np.array(mesh.bounds))
        assert corners[:, :2].mean(axis=0) == pytest.approx(center, abs=3)
    assert mesh.extents[1] == pytest.approx(1.0) and data["pixels_per_metre"] == pytest.approx(100, rel=0.06)


@pytest.mark.usefixtures("each_pass_once")
def test_the_preview_engine_at_a_working_size(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = run(request(photo, Wanted(name="plate"), engine="preview", settings=Settings.of(texture=False)))
    monkeypatch.setattr(working_size, "MAX_SIDE", 70)
    small = run(request(photo, Wanted(name="plate"), engine="preview", settings=Settings.of(texture=False)))
    sizes = [trimesh.load(files(told, ResultReady)[0], force="mesh").extents for told in (full, small)]
    assert sizes[1] == pytest.approx(sizes[0], rel=0.1)
