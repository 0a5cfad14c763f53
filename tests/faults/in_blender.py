"""A Blender in a process of its own that works on the user folder where the extension was installed.

For the children of `batch` in Blender's Python, and for scripts: `begin()` first, before anything else of Blender is imported.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

PACKAGE = "bl_ext.user_default.img23d"
BLENDER_TESTS = Path(__file__).resolve().parents[1] / "blender"


def begin() -> None:
    """Enables the extension as Blender's start does, and makes the helpers of tests/blender importable."""
    import bpy  # noqa: I001  (brings the path of the next one)
    import addon_utils

    bpy.ops.wm.read_homefile(use_empty=True)
    if not addon_utils.enable(PACKAGE, default_set=True):
        raise RuntimeError("the extension cannot be enabled")
    sys.path.append(str(BLENDER_TESTS))
    spec = importlib.util.spec_from_file_location("conftest", BLENDER_TESTS / "conftest.py")
    assert spec is not None and spec.loader is not None
    sys.modules["conftest"] = importlib.util.module_from_spec(spec)
    resources = os.environ["BLENDER_USER_RESOURCES"]
    spec.loader.exec_module(sys.modules["conftest"])
    os.environ["BLENDER_USER_RESOURCES"] = resources  # which it changes for the tests' own Blender


def part(name: str) -> Any:
    """A module of the installed extension."""
    return importlib.import_module(f"{PACKAGE}.{name}")


def owner() -> Any:
    return part("core.session.app").current()


def rehearsal() -> Any:
    """A session whose backend says what it is told to, as with a window: operators return at once."""
    from scripted import Rehearsal

    part("app.outcome").must_wait = lambda: False
    return Rehearsal(owner(), SimpleNamespace(setattr=setattr))


def refused(operator: Any, **arguments: Any) -> str:
    """The operator's own sentence where it refuses, empty where it does not. Raises AssertionError where it broke."""
    try:
        operator(**arguments)
    except RuntimeError as error:
        sentence = str(error).removeprefix("Error: ").strip()
        assert "Traceback" not in sentence, sentence
        assert sentence, "refused without a word"
        return sentence
    return ""
