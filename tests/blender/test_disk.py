"""What lies on disk: two Blenders on one folder, a disk that fills up, old runs that make room, and an artist's own files."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import bpy
import numpy as np
import pytest
from conftest import PACKAGE, part

OTHER = """
import sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from blender_img23d.core.folder_marks import FolderMarks
FolderMarks(Path(sys.argv[2])).tell([Path(name) for name in sys.argv[3:]])
print("told", flush=True)
time.sleep(60)
"""
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def base(owner, tmp_path):
    """The folder that holds `runs`, for this test only."""
    preferences = bpy.context.preferences.addons[PACKAGE].preferences
    preferences.runs_folder = str(tmp_path / "base")
    yield tmp_path / "base"
    preferences.runs_folder = ""


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 2 MiB."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only the superuser of a Linux can mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@contextlib.contextmanager
def another_blender(base, *folders):
    command = [sys.executable, "-c", OTHER, str(ROOT), str(base), *map(str, folders)]
    other = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert other.stdout.readline() == b"told\n"
        yield other
    finally:
        other.kill()
        other.wait()
        other.stdout.close()


def fill(folder, leaving=0):
    path, free = folder / "somebody's video", os.statvfs(folder)
    with contextlib.suppress(OSError), open(path, "wb", buffering=0) as file:
        file.write(b"x" * (free.f_bavail * free.f_bsize))
    os.truncate(path, max(0, path.stat().st_size - leaving))


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


def find(photo, names: str) -> Path:
    """The folder of the search."""
    values = bpy.context.scene.img23d
    values.photo, values.names = str(photo), names
    assert bpy.ops.img23d.find_targets() == {"FINISHED"}
    return Path(values.targets[0].cutout).parent


def copies(folder: Path, count: int) -> list[Path]:
    """Of a run's or a search's folder, a minute apart and long ago."""
    made = [folder.with_name(f"20250101-{number // 60:02d}{number % 60:02d}00-copy-0000") for number in range(count)]
    for path in made:
        shutil.copytree(folder, path)
        os.utime(path / "run.json", (1.7e9, 1.7e9))
    return made


def wait_for_cleaning(owner):
    owner.in_use.wants_cleaning = True
    owner.in_use._begin_cleaning(bpy.context)
    owner.in_use._thread.join(30)
    return owner.in_use.step(bpy.context)


# --- pictures that Blender writes ---------------------------------------------------------------------------------------


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
    files = part("scene.picture_files")
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
    sources = part("scene.photo_sources")
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
    capture = part("scene.capture")
    bpy.ops.mesh.primitive_uv_sphere_add(segments=200, ring_count=100)
    fill(small_disk, leaving=100_000)
    path = small_disk / "runs" / "one" / "mesh.npz"
    obj, view = bpy.context.object, np.eye(4)
    with pytest.raises(part("shared.img23d_protocol").Img23DError) as caught:
        capture._write(obj, obj.data, view + np.diag([0, 0, 0, 9.0]), path, None)
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
    part("scene.logs").newest_log()  # for the report, which is wanted now most of all
    assert owner.in_use.step(bpy.context) in (True, False)


# --- runs and searches --------------------------------------------------------------------------------------------------


def test_an_artists_picture_survives_the_deletion_of_a_run(owner, base, photo):
    generate(photo, "red ball")
    folder = Path(owner.session.jobs[0].request.run_folder)
    (folder / "my favourite.png").write_bytes(b"mine")
    assert bpy.ops.img23d.delete_run() == {"FINISHED"}
    assert os.listdir(folder) == ["my favourite.png"] and owner.session.jobs == []


def test_a_run_that_another_blender_uses_is_not_deleted(owner, base, photo):
    generate(photo, "red ball")
    folder = Path(owner.session.jobs[0].request.run_folder)
    with another_blender(base, folder):
        with pytest.raises(RuntimeError, match="Another Blender"):
            bpy.ops.img23d.delete_run()
        assert (folder / "run.json").is_file()
    assert bpy.ops.img23d.delete_run() == {"FINISHED"} and not folder.exists()


def test_old_runs_make_room_and_those_in_use_stay(owner, base, photo, monkeypatch):
    generate(photo, "red ball, blue ball")
    first = Path(owner.session.jobs[0].request.run_folder)
    old = copies(first, 57)
    tags = part("scene.tags")
    bpy.data.objects[0][tags.RUN_FOLDER] = str(old[0])  # of a file that was opened
    image = bpy.data.images.load(str(next(old[1].glob("*.png"))))
    image.use_fake_user = True
    (old[2] / "mine.png").write_bytes(b"x")
    owner.in_use.is_due = True
    with another_blender(base, old[3]):
        assert wait_for_cleaning(owner)
    assert [path.name for path in old if not path.exists()] == [path.name for path in old[4:8]], "58 runs, 50 of them kept in any case"
    assert first.is_dir() and owner.session.notice.startswith("4 old runs were deleted")


def test_an_artist_who_keeps_all_runs_keeps_them(owner, base, photo):
    preferences = bpy.context.preferences.addons[PACKAGE].preferences
    before = preferences.keep_days, preferences.keep_gigabytes
    generate(photo, "red ball")
    old = copies(Path(owner.session.jobs[0].request.run_folder), 55)
    preferences.keep_days = preferences.keep_gigabytes = 0
    try:
        assert not wait_for_cleaning(owner)
        assert all(path.is_dir() for path in old)
    finally:
        preferences.keep_days, preferences.keep_gigabytes = before
    assert before[0] >= 30


def test_the_searches_of_another_blender_stay(owner, base, photo):
    folder = find(photo, "red ball, blue ball")
    others = copies(folder, 25)
    with another_blender(base, others[0]):
        find(photo, "green box")
        assert others[0].is_dir() and folder.is_dir() and not others[1].exists()
    find(photo, "red ball")
    assert not others[0].exists()


def test_what_this_blender_uses_is_told_to_the_others_and_no_more_at_its_end(owner, base, photo):
    marks = part("core.folder_marks")
    folder = find(photo, "red ball")
    generate(photo, "red ball")
    owner.pump.tick()
    run = Path(owner.session.jobs[0].request.run_folder)
    assert {folder, run} <= marks.used_elsewhere(base)
    owner.in_use.close()
    assert marks.used_elsewhere(base) == frozenset() and os.listdir(base / ".in-use") == []


def test_telling_is_quick(owner, base, photo):
    """With a scene of thousands of objects; it is done when a job or a file changes, not at each tick."""
    for number in range(3000):
        obj = bpy.data.objects.new(f"o{number}", None)
        obj["img23d_run_folder"] = str(base / "runs" / f"r{number % 60}")
    begun = time.perf_counter()
    owner.in_use.is_due = True
    owner.in_use.step(bpy.context)
    assert time.perf_counter() - begun < 0.25
    begun = time.perf_counter()
    for _ in range(100):
        owner.in_use.step(bpy.context)
    assert time.perf_counter() - begun < 0.02
