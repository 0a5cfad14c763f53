"""Open Folder hands the system nothing but the folder of a run, whatever a .blend says."""

from __future__ import annotations

import shutil
from pathlib import Path

import bpy
import pytest
from conftest import part
from test_history import base as base  # base is a fixture
from test_history import choose_folder, generate


@pytest.fixture
def opened(monkeypatch):
    """What would have been handed to the system."""
    paths: list[str] = []

    class Operators:
        def __getattr__(self, name):
            return getattr(bpy.ops.wm, name)

        def path_open(self, *, filepath):
            paths.append(filepath)
            return {"FINISHED"}

    class Ops:
        wm = Operators()

        def __getattr__(self, name):
            return getattr(bpy.ops, name)

    for module in ("operators.results.made", "operators.setup.diagnose"):
        stand_in = type("Bpy", (), {"ops": Ops(), "types": bpy.types, "app": bpy.app})()
        monkeypatch.setattr(part(module), "bpy", stand_in)
    return paths


def open_folder_of(obj) -> None:
    bpy.context.view_layer.objects.active = obj
    bpy.ops.img23d.open_made_folder()


def test_the_folder_of_a_run_is_opened(owner, base, photo, opened):
    (obj,) = generate(photo, "red ball")
    open_folder_of(obj)
    bpy.ops.img23d.open_run_folder()
    assert opened == [owner.session.jobs[0].request.run_folder] * 2


def test_the_folder_of_a_run_that_lies_in_another_results_folder_is_opened(owner, base, photo, opened, tmp_path):
    (obj,) = generate(photo, "red ball")
    choose_folder(tmp_path / "other")
    open_folder_of(obj)
    assert len(opened) == 1


@pytest.mark.parametrize("kind", ["a file", "a program", "any folder", "a bundle", "a link", "the parent", "nothing", "an address"])
def test_nothing_but_the_folder_of_a_run_is_opened(owner, base, photo, opened, tmp_path, kind):
    (obj,) = generate(photo, "red ball")
    folder = Path(obj["img23d_run_folder"])
    target = tmp_path / "target"
    match kind:
        case "a file":
            target = folder / "run.json"
        case "a program":
            target.write_text("#!/bin/sh\ntouch /tmp/it-ran\n", encoding="utf-8")
            target.chmod(0o755)
        case "any folder":
            target.mkdir()
        case "a bundle":  # what some systems run when it is opened
            target = tmp_path / "runs" / "20260102-030405-desk-abcd.app"
            shutil.copytree(folder, target)
        case "a link":
            target = tmp_path / "runs" / "20260102-030405-desk-abcd"
            target.symlink_to(tmp_path)
        case "the parent":
            target = folder / ".." / ".."
        case "an address":
            target = "https://example.com/runs/20260102-030405-desk-abcd"
    obj["img23d_run_folder"] = str(target)
    with pytest.raises(RuntimeError) as raised:
        open_folder_of(obj)
    assert opened == [] and "Traceback" not in str(raised.value) and owner.refusal
