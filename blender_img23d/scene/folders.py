"""Where files are: the artist's own, and ours, which are never beside the code."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..properties import ROOT_PACKAGE, preferences_of


def absolute(path: str) -> str:
    """A path that begins with // is relative to the .blend."""
    return str(Path(bpy.path.abspath(path))) if path.strip() else ""


def runs_base(context: bpy.types.Context) -> Path:
    """The folder that holds `runs`: the artist's choice, else the one that Blender reserves for the extension."""
    chosen = preferences_of(context).runs_folder
    return Path(bpy.path.abspath(chosen)) if chosen else Path(bpy.utils.extension_path_user(ROOT_PACKAGE, create=True))


def log_folder() -> Path:
    return Path(bpy.utils.extension_path_user(ROOT_PACKAGE, path="logs", create=True))
