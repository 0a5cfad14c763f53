"""One folder for runs and two Blenders, old runs that make room, and an artist's own files in between."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import bpy
import pytest
from conftest import PACKAGE, part
from test_disk import base, generate  # noqa: F401  (base is a fixture)

OTHER = """
import sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from blender_img23d.core.runs.folder_marks import FolderMarks
FolderMarks(Path(sys.argv[2])).tell([Path(name) for name in sys.argv[3:]])
print("told", flush=True)
time.sleep(60)
"""
ROOT = Path(__file__).resolve().parents[3]


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
    tags = part("scene.file.tags")
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
    marks = part("core.runs.folder_marks")
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
