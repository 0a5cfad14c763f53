"""What enabling the extension does at Blender's start, and that nothing has to happen before it can be used."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import bpy
import pytest
from conftest import PACKAGE

# Runs in a Blender of its own, right after its start; `own` are the extension's modules that the start has loaded.
PROLOGUE = f"""
import json, sys
import bpy, addon_utils
PACKAGE = {PACKAGE!r}
assert addon_utils.enable(PACKAGE, default_set=True)
own = [name.removeprefix({PACKAGE + "."!r}) for name in sys.modules if name.startswith({PACKAGE!r})]
"""
LATE = {"shared.img23d_protocol.messages", "shared.img23d_protocol.codec", "core.session.session", "core.jobs", "app.pump", "scene.placement.placer"}

# All of the panels that the start reads: the classes, without what draws them
DECLARED = {"panels.tab", "panels.late", "panels.menus", "panels.image_editor", "panels.image_editor.tools"}


def in_a_fresh_blender(code: str, answer: str, *arguments: str):
    """The value of the expression `answer` after `code`."""
    script = f"{PROLOGUE}\n{code}\nprint(); print('@@@' + json.dumps({answer}))"
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env={**os.environ, "BLENDER_USER_RESOURCES": bpy.utils.resource_path("USER")},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.rpartition("@@@")[2])


@pytest.fixture
def own(installed) -> set[str]:
    return set(in_a_fresh_blender("", "own"))


def test_the_start_loads_only_what_blender_must_know(own):
    assert "registration" in own and "panels.tab" in own
    assert not own & LATE
    assert {name for name in own if name.startswith("panels.")} == DECLARED
    assert not [name for name in own if name.startswith("process")]


def test_the_start_compiles_no_dataclass(installed):
    """Each would take longer than the module that it is in; `values.Value` takes a twentieth of that."""
    code = """
import dataclasses
classes = {one for name in own for one in vars(sys.modules.get(PACKAGE + "." + name, sys)).values() if isinstance(one, type)}
generated = sorted(one.__name__ for one in classes if dataclasses.is_dataclass(one) and one.__dataclass_params__.init)
"""
    assert in_a_fresh_blender(code, "generated") == []


def test_the_first_thing_done_may_be_generate(installed, photo):
    code = """
values = bpy.context.scene.img23d
values.photo, values.names, values.seed = sys.argv[1], "red ball", 3
outcome = bpy.ops.img23d.generate()
"""
    outcome, names = in_a_fresh_blender(code, "[list(outcome), [obj.name for obj in bpy.data.objects]]", str(photo))
    assert outcome == ["FINISHED"] and "red ball" in names


def test_what_can_be_done_before_anything_was_done(installed):
    possible = ["generate", "find_targets", "free_memory", "open_log", "copy_report", "add_target"]
    impossible = ["cancel", "show_result", "browse_runs"]
    polls = f"[getattr(bpy.ops.img23d, name).poll() for name in {possible + impossible}]"
    assert in_a_fresh_blender("", polls) == [True] * len(possible) + [False] * len(impossible)


def test_disabled_before_it_was_used_and_enabled_again(installed):
    code = """
addon_utils.disable(sys.argv[1])
gone = not hasattr(bpy.types.Scene, "img23d")
addon_utils.enable(sys.argv[1])
bpy.ops.img23d.add_target()
"""
    assert in_a_fresh_blender(code, "[gone, len(bpy.context.scene.img23d.targets)]", PACKAGE) == [True, 1]
