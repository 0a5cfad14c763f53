"""Where files are: the artist's own, and ours, which are never beside the code."""

from __future__ import annotations

import os
from pathlib import Path

import bpy
from bpy.app.translations import pgettext_rpt as _

from ...properties import ROOT_PACKAGE, preferences_of


def absolute(path: str) -> str:
    """A path that begins with // is relative to the .blend."""
    return str(Path(bpy.path.abspath(path))) if path.strip() else ""


def runs_base(context: bpy.types.Context) -> Path:
    """The folder that holds `runs`: the artist's choice, else the one that Blender reserves for the extension. Raises Img23DError."""
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


def log_folder(*, create: bool = True) -> Path:
    """Raises Img23DError where it cannot be made."""
    return _reserved("logs", create=create)


def upright_folder() -> Path:
    """Of copies of photos that are only looked at. Raises Img23DError."""
    return _reserved("upright")


def _reserved(inner: str = "", *, create: bool = True) -> Path:
    """Blender deletes it together with the extension. Raises Img23DError where it cannot be made."""
    try:
        return Path(bpy.utils.extension_path_user(ROOT_PACKAGE, path=inner, create=create))
    except OSError as error:
        from ...shared.img23d_protocol import ErrorCode, Img23DError
        from ...shared.img23d_protocol.files.disk_errors import disk_error

        folder = Path(bpy.utils.extension_path_user(ROOT_PACKAGE, path=inner))
        sentence = _("The folder “{folder}” cannot be made: choose another one in the preferences.").format(folder=folder)
        raise disk_error(error, folder) or Img23DError(ErrorCode.FOLDER_UNWRITABLE, sentence, str(error)) from error
