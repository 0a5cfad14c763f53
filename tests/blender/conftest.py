"""The extension as an artist gets it: the built zip (IMG23D_ZIP), installed by Blender's own operator into an empty user
folder. Needs `bpy` as a module; each test starts in an empty file."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from pathlib import Path

import pytest

_USER_FOLDER = tempfile.TemporaryDirectory(prefix="img23d_test_", ignore_cleanup_errors=True)
os.environ["BLENDER_USER_RESOURCES"] = _USER_FOLDER.name

import bpy  # noqa: E402  (reads the variable above when it is imported)

# The tests lie in rooms by what they are about; what several need lies here, and some go on from what another room has
_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE), *sorted(str(room) for room in _HERE.iterdir() if room.is_dir())]

PACKAGE = "bl_ext.user_default.img23d"


def part(name: str):
    """A module of the installed extension."""
    return importlib.import_module(f"{PACKAGE}.{name}")


def quick_settings():
    """The scene's settings, with the light-weight cut-out: the network's look takes seconds, and is tested where it matters.
    A new file, and a start of the extension, have the network's again."""
    values = bpy.context.scene.img23d
    values.cutter = part("shared.img23d_protocol.options.preview").LIGHT_CUTTER
    return values


@pytest.fixture(scope="session")
def installed():
    zip_file = os.environ.get("IMG23D_ZIP")
    assert zip_file, "IMG23D_ZIP names the zip to test: python3 build_addon.py build"
    done = bpy.ops.extensions.package_install_files(filepath=zip_file, repo="user_default", enable_on_install=True)
    assert done == {"FINISHED"}
    assert PACKAGE in bpy.context.preferences.addons
    yield
    bpy.ops.preferences.addon_disable(module=PACKAGE)


@pytest.fixture(scope="session")
def shelf(installed):
    """Idle backends that go on with the next test."""
    import warm_backend

    shelf = warm_backend.Shelf()
    yield shelf
    shelf.clear()


@pytest.fixture
def own_backend(shelf):
    """For tests of how a backend starts, lives and ends: each gets new ones, which end with it."""
    with shelf.closed():
        yield


@pytest.fixture(scope="session")
def empty_file(installed) -> str:
    path = str(Path(_USER_FOLDER.name) / "empty.blend")
    bpy.ops.wm.read_homefile(use_empty=True)
    quick_settings()
    bpy.ops.wm.save_as_mainfile(filepath=path)
    return path


@pytest.fixture
def owner(empty_file, shelf):
    """The extension's owner object, in an empty file, without older jobs and without a backend."""
    bpy.ops.wm.open_mainfile(filepath=empty_file)
    owner = part("core.session.app").current()
    owner.session.jobs.clear()
    owner.refusal = ""
    shelf.serve(owner.session)
    yield owner
    shelf.keep_backend_of(owner.session)
    owner.session.shutdown()
    owner.session.tick()
    owner.applier.queue.stop()
    owner.applier.queue.clear()
    owner.applier.queue.setbacks.clear()


@pytest.fixture
def values(owner):
    return bpy.context.scene.img23d


@pytest.fixture
def untouched(values):
    """Of a scene in which nothing was set: with the network's cut-out."""
    values.property_unset("cutter")
    return values


@pytest.fixture(scope="session")
def pictures() -> Path:
    """A folder with a blank inside its name, since artists have such folders."""
    import photos

    folder = Path(_USER_FOLDER.name) / "my photos"
    folder.mkdir()
    photos.write_png(folder / "three.png", photos.three_things())
    return folder


@pytest.fixture
def photo(pictures) -> Path:
    """A red disc, a green box and a blue disc on light ground, from left to right."""
    return pictures / "three.png"


@pytest.fixture
def as_with_a_window(monkeypatch):
    """Operators return at once, as they do when Blender has a window; the test ticks instead of the timer."""
    monkeypatch.setattr(part("app.outcome"), "must_wait", lambda: False)


@pytest.fixture
def rehearsal(owner, monkeypatch, as_with_a_window):
    """A backend that the test speaks for."""
    from scripted import Rehearsal

    return Rehearsal(owner, monkeypatch)


@pytest.fixture
def whole(owner) -> bpy.types.Object:
    """A sphere to be divided, with two materials in use and a UV map, moved, turned and scaled."""
    bpy.ops.mesh.primitive_uv_sphere_add(segments=24, ring_count=16, location=(1, 2, 3), rotation=(0.3, 0.4, 0.5), scale=(1, 2, 0.5))
    obj = bpy.context.object
    for name in ("lower", "unused", "upper"):
        obj.data.materials.append(bpy.data.materials.new(name))
    for polygon in obj.data.polygons:
        polygon.material_index = 2 if polygon.center.z > 0 else 0
    return obj
