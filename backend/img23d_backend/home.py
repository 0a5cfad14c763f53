"""Where things lie on this machine by default, for the command line; the extension says it in its own words.

IMG23D_HOME moves both folders, IMG23D_MODELS the models alone, such as onto a larger disk.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def environment_folder(chosen: str = "") -> Path:
    """The private environment's: the one that was chosen, otherwise below the home."""
    return Path(chosen).expanduser().absolute() if chosen else _home() / "environment"


def models_folder(chosen: str = "") -> Path:
    """The weights': the one that was chosen, otherwise the one that IMG23D_MODELS names, otherwise below the home."""
    chosen = chosen or os.environ.get("IMG23D_MODELS", "")
    return Path(chosen).expanduser().absolute() if chosen else _home() / "models"


def server_folder() -> Path:
    """The HTTP server's: its jobs and its token."""
    return _home() / "server"


def _home() -> Path:
    """Short on Windows, where many programs end at paths of 260 characters."""
    chosen = os.environ.get("IMG23D_HOME")
    if chosen:
        return Path(chosen).expanduser().absolute()
    home = Path.home()
    folder = {
        "win32": Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local"),
        "darwin": home / "Library" / "Application Support",
    }.get(sys.platform, Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share"))
    return folder / "img23d"
