"""How a name that an artist typed becomes part of a file's name: the same in Blender and in the backend."""

from __future__ import annotations

import os
import re
from typing import NewType

FileName = NewType("FileName", str)  # of a file in the run's folder: no path, nothing that leads out of it

CUTOUT_ENDING = "_cutout.png"
EDITED_ENDING = "_edited.png"  # of a cut-out that a model has edited
_CLEANED = "_cleaned"  # at the end of a photo's name
LONGEST = 48  # characters; 4 bytes each at most, so that prefix and suffix fit into the 255 bytes of most file systems

# Compiled at their first use: Blender's start does not need them. Windows forbids these and the control characters; "/" and NUL are forbidden everywhere.
_FORBIDDEN = r'[<>:"/\\|?*%\s_]+'
# Device names of Windows, with any suffix: "con.png" cannot be opened.
_RESERVED = r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)"


def safe_stem(text: str, fallback: str = "object") -> str:
    """`'red "mug"/2 '` -> `red_mug_2`: valid on Windows, macOS and Linux; letters of any script stay.

    Not unique: two names may become one. `fallback` is used where nothing is left.
    """
    import unicodedata  # late: Blender's start waits for this module, which needs it only here

    readable = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode("utf-8"))  # no lone surrogates
    visible = "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") else c for c in readable)
    stem = re.sub(_FORBIDDEN, "_", visible)[:LONGEST].strip("._ ")
    if not stem:
        return fallback
    return f"_{stem}" if re.match(_RESERVED, stem) else stem


def is_file_name(text: str) -> bool:
    """Whether it names a file in a folder on every system, whatever else it may lack: no separator, no drive, no stream, no folder."""
    return 0 < len(text) <= 255 and text not in (".", "..") and not any(sign in text for sign in "/\\:\0")


def edited_name(photo: str) -> str:
    """Of the picture that a model has made of a photo, by the photo's name without its ending."""
    return safe_stem(photo, "photo").removesuffix(_CLEANED) + _CLEANED + ".png"


def in_folder(folder: str, name: FileName) -> str:
    """The path of an announced file."""
    return os.path.join(folder, name)


def form_path(cutout: str, kind: str) -> str:
    """The picture of what a kind makes of a cut-out, by the cut-out's path."""
    return cutout.removesuffix(CUTOUT_ENDING).removesuffix(EDITED_ENDING) + "_form_" + kind + ".png"
