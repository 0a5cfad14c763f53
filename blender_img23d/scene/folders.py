"""Where files are: the artist's own, and ours, which are never beside the code."""

from __future__ import annotations

import os
from pathlib import Path

import bpy

from ..properties import ROOT_PACKAGE, preferences_of


def absolute(path: str) -> str:
    """A path that begins with // is relative to the .blend."""
    return str(Path(bpy.path.abspath(path))) if path.strip() else ""


def runs_base(context: bpy.types.Context) -> Path:
    """The folder that holds `runs`: the artist's choice, else the one that Blender reserves for the extension."""
    return _chosen(preferences_of(context).runs_folder) or _reserved()


def models_folder(context: bpy.types.Context) -> Path:
    """Where the file sets of the models lie, each in a folder of its own."""
    return _chosen(preferences_of(context).models_folder) or _reserved() / "models"


def environment_folder(context: bpy.types.Context) -> Path:
    return _chosen(preferences_of(context).environment_folder) or _reserved() / "environment"


def chosen_python(context: bpy.types.Context) -> Path | None:
    """A Python that the artist has set up already; the environment variable is for studios and for tests."""
    return _chosen(os.environ.get("IMG23D_PYTHON", "")) or _chosen(preferences_of(context).chosen_python)


def _chosen(path: str) -> Path | None:
    """Absolute, since the backend works in a folder of its own; links stay, since a virtual environment's Python is one."""
    return Path(absolute(path)).absolute() if path.strip() else None


def _reserved() -> Path:
    """Blender deletes it together with the extension."""
    return Path(bpy.utils.extension_path_user(ROOT_PACKAGE, create=True))


def log_folder() -> Path:
    return Path(bpy.utils.extension_path_user(ROOT_PACKAGE, path="logs", create=True))
