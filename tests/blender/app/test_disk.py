"""What Blender writes on a disk that fills up, and beside another Blender: whole files with reasons, or none."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import bpy
import numpy as np
import pytest
from conftest import PACKAGE, part

from tests.small_disk import fill, mounted


@pytest.fixture
def base(owner, tmp_path):
    """The folder that holds `runs`, for this test only."""
    preferences = bpy.context.preferences.addons[PACKAGE].preferences
    preferences.runs_folder = str(tmp_path / "base")
    yield tmp_path / "base"
    preferences.runs_folder = ""


@pytest.fixture
def small_disk(tmp_path):
    with mounted(tmp_path / "disk", 2) as folder:
        yield folder


def noise(side: int) -> bpy.types.Image:
    """As a PNG it is nearly as large as its pixels."""
    image = bpy.data.images.new("noise", side, side, alpha=True)
    image.pixels.foreach_set(np.random.default_rng(1).random(side * side * 4, np.float32))
    image.update()
    return image


def generate(photo, names: str, *, texture: bool = False):
    values = bpy.context.scene.img23d
    values.photo, values.names, values.seed, values.texture = str(photo), names, 7, texture
    return bpy.ops.img23d.generate()


def test_a_picture_that_does_not_fit_leaves_nothing_that_counts_as_whole(owner, values, base, small_disk):
    preferences = bpy.context.preferences.addons[PACKAGE].preferences
    preferences.runs_folder = str(small_disk)
    (small_disk / "photos").mkdir()
    fill(small_disk, leaving=200_000)
    name = noise(300).name
    with pytest.raises(RuntimeError):
        bpy.ops.img23d.use_image("EXEC_DEFAULT", image=name)
    assert os.listdir(small_disk / "photos") == [], "half a picture would be taken for the whole one the next time"
    assert "is full" in owner.refusal and f"“{small_disk / 'photos'}”" in owner.refusal
    (small_disk / "somebody's video").unlink()
    assert bpy.ops.img23d.use_image("EXEC_DEFAULT", image=name) == {"FINISHED"}
    assert Path(values.photo).stat().st_size > 250_000


def test_an_upright_copy_that_does_not_fit_leaves_nothing(owner, small_disk):
    files = part("scene.photo.picture_files")
    fill(small_disk, leaving=100_000)
    with pytest.raises(part("shared.img23d_protocol").Img23DError) as caught:
        files.save_pixels(small_disk / "a.png", np.random.default_rng(1).random((300, 300, 4)).astype(np.float32))
    assert caught.value.code == "disk_full" and str(small_disk) in caught.value.sentence
    assert os.listdir(small_disk) == ["somebody's video"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_pictures_from_the_clipboard_and_the_renderer_are_their_owners_only(owner, values, base):
    bpy.ops.img23d.use_image("EXEC_DEFAULT", image=noise(8).name)
    assert stat.S_IMODE(Path(values.photo).stat().st_mode) == 0o600


def test_two_blenders_that_take_a_render_at_the_same_time_use_names_of_their_own(owner, values, base, monkeypatch):
    """What the other one writes meanwhile, under whatever name is fixed, must not become this one's picture."""
    sources = part("app.commands.photo_sources")
    names = []

    def save(scene, path):
        names.append(Path(path).name)
        image = noise(8)
        image.filepath_raw, image.file_format = str(path), "PNG"
        image.save()
        for other in Path(path).parent.iterdir():
            if "render" in other.name:
                other.write_bytes(b"the other Blender's")

    monkeypatch.setattr(sources, "save_render_result", save)
    paths = {sources.photo_of_render(bpy.context) for _ in range(3)}
    assert len(set(names)) == 3 and len(paths) == 1
    (path,) = paths
    assert Path(path).read_bytes().startswith(b"\x89PNG") and os.listdir(Path(path).parent) == [Path(path).name]


def test_a_texture_that_does_not_fit_beside_the_blend_is_packed(owner, values, photo, small_disk, base):
    preferences = bpy.context.preferences.addons[PACKAGE].preferences
    preferences.textures = "BESIDE"
    try:
        bpy.ops.wm.save_as_mainfile(filepath=str(small_disk / "scene.blend"))
        (small_disk / "textures").mkdir()
        fill(small_disk, leaving=8192)
        generate(photo, "red ball", texture=True)
    finally:
        preferences.textures = "PACKED"
    assert os.listdir(small_disk / "textures") == []
    (note,) = owner.session.jobs[0].notes
    assert "is full" in note
    assert all(image.packed_file for image in bpy.data.images if image.users and image.name.startswith("red"))


def test_a_mesh_that_does_not_fit_leaves_no_folder(owner, small_disk):
    write_mesh = part("scene.mesh.world_file").write_mesh
    bpy.ops.mesh.primitive_uv_sphere_add(segments=200, ring_count=100)
    fill(small_disk, leaving=100_000)
    path = small_disk / "runs" / "one" / "mesh.npz"
    obj, view = bpy.context.object, np.eye(4)
    with pytest.raises(part("shared.img23d_protocol").Img23DError) as caught:
        write_mesh(obj, obj.data, view + np.diag([0, 0, 0, 9.0]), path, None)
    assert caught.value.code == "disk_full" and str(small_disk / "runs") in caught.value.sentence
    assert os.listdir(small_disk / "runs") == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_reserved_folder_that_cannot_be_made_is_said_and_not_a_traceback(owner, values, photo, monkeypatch, number):
    real = bpy.utils.extension_path_user

    def refuse(package, *, path="", create=False):
        if create:
            raise OSError(number, os.strerror(number), real(package, path=path))
        return real(package, path=path)

    monkeypatch.setattr(bpy.utils, "extension_path_user", refuse)
    values.photo, values.names = str(photo), "red ball"
    with pytest.raises(RuntimeError, match="choose a|choose another"):
        bpy.ops.img23d.generate()
    assert "Traceback" not in owner.refusal and "“" in owner.refusal
    part("scene.file.logs").newest_log()  # for the report, which is wanted now most of all
    assert owner.in_use.step(bpy.context) in (True, False)


def test_the_last_words_of_a_log_that_has_just_begun_anew(owner, tmp_path):
    logs, log = part("scene.file.logs"), tmp_path / "backend-1.log"
    (tmp_path / "backend-1.log.1").write_text("".join(f"old {number}\n" for number in range(50)))
    log.write_text("new 0\nnew 1\n")
    assert logs.last_lines(log, 5) == ["old 47", "old 48", "old 49", "new 0", "new 1"]
    assert logs.last_lines(log, 2) == ["new 0", "new 1"] and logs.last_lines(tmp_path / "none", 5) == []
