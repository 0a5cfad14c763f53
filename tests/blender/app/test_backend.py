"""The real backend, killed in each stage, cancelled, and ended with the extension."""

from __future__ import annotations

import os
import signal
import time

import bpy
import pytest

pytestmark = pytest.mark.usefixtures("own_backend")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return True


def _tick_until(owner, condition, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        owner.pump.tick()
        time.sleep(0.005)


def _start(values, photo, names="red ball, green box, blue ball"):
    values.photo, values.names, values.seed = str(photo), names, 1
    assert bpy.ops.img23d.generate() == {"FINISHED"}


STAGES = ("starting", "locate", "matte", "shape", "paint")


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
@pytest.mark.parametrize("stage", STAGES)
def test_killed_in_each_stage(values, photo, owner, as_with_a_window, stage):
    _start(values, photo)
    session = owner.session
    job = session.jobs[0]

    def has_come() -> bool:
        return stage == "starting" or any(stage in (t.stage, job.stage) for t in job.targets)

    _tick_until(owner, lambda: session.hello is not None and has_come() or job.is_over)
    assert not job.is_over, "killed too late"
    os.kill(session.hello.pid, signal.SIGKILL)
    killed = time.monotonic()
    _tick_until(owner, lambda: job.is_over)
    assert time.monotonic() - killed < 2.0
    assert job.state.name == "FAILED" and job.error and "Traceback" not in job.error
    _tick_until(owner, lambda: not owner.applier.is_busy)
    placed = [target for target in job.targets if target.main]
    meshes = [obj for obj in bpy.data.objects if obj.type == "MESH"]
    assert len(meshes) == len(placed), "what was finished stays"
    _start(values, photo, "red ball")
    _tick_until(owner, lambda: owner.session.jobs[0].is_over and not owner.applier.is_busy)
    assert owner.session.jobs[0].state.name == "DONE"


def test_cancel(values, photo, owner, as_with_a_window):
    _start(values, photo)
    job = owner.session.jobs[0]
    _tick_until(owner, lambda: any(target.cutout for target in job.targets))
    bpy.ops.img23d.cancel()
    asked = time.monotonic()
    _tick_until(owner, lambda: job.is_over)
    assert job.state.name == "CANCELLED" and time.monotonic() - asked < 5.5
    assert bpy.ops.img23d.generate.poll()


def test_ticks_are_measured(values, photo, owner, as_with_a_window):
    owner.pump.tick_seconds.clear()
    _start(values, photo, "red ball")
    _tick_until(owner, lambda: owner.session.jobs[0].is_over and not owner.applier.is_busy)
    quiet = sorted(owner.pump.tick_seconds)
    assert len(quiet) > 20
    assert quiet[len(quiet) // 2] < 0.005


@pytest.mark.skipif(os.name == "nt", reason="no signals to ask with")
def test_disabling_ends_the_backend_and_leaves_nothing(values, photo, owner):
    from conftest import PACKAGE, part

    values.photo, values.names, values.texture = str(photo), "red ball", False
    bpy.ops.img23d.generate()
    pid = owner.session.hello.pid
    assert _is_alive(pid)
    handlers = {name: len(getattr(bpy.app.handlers, name)) for name in ("load_post", "undo_post", "redo_post")}
    for _ in range(3):
        bpy.ops.preferences.addon_disable(module=PACKAGE)
        assert part("core.session.app").installed() is None
        assert not [name for name in dir(bpy.types) if name.startswith("IMG23D")]
        assert not hasattr(bpy.types.Scene, "img23d") and not hasattr(bpy.types.WindowManager, "img23d")
        for name, count in handlers.items():
            assert len(getattr(bpy.app.handlers, name)) == count - 1
        for menu in (bpy.types.VIEW3D_MT_add, bpy.types.VIEW3D_MT_object):
            assert not [f for f in menu.draw._draw_funcs if PACKAGE in f.__module__]
        bpy.ops.preferences.addon_enable(module=PACKAGE)
    end = time.monotonic() + 5
    while _is_alive(pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert not _is_alive(pid)


def test_free_memory(values, photo, owner):
    values.photo, values.names, values.texture = str(photo), "red ball", False
    bpy.ops.img23d.generate()
    assert bpy.ops.img23d.free_memory() == {"FINISHED"}
