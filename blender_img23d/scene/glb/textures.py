"""Where a result's picture is kept: in the .blend, or as a file beside it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import bpy

from ...properties import preferences_of
from ...shared.img23d_protocol.files.disk_errors import is_full
from ...shared.img23d_protocol.files.filenames import safe_stem
from ...shared.img23d_protocol.files.whole_files import whole_file

_log = logging.getLogger(__name__)

FOLDER = "textures"  # beside the .blend
_UNSAVED = "The textures are packed into the .blend, since it was never saved: save it first to have them beside it."
_UNWRITABLE = "The textures are packed into the .blend, since the folder “{folder}” beside it cannot be written: see whether you may write there."
_FULL = "The textures are packed into the .blend, since the disk of the folder “{folder}” beside it is full: make room there."


def keep(image: bpy.types.Image, name: str, tell: Callable[[str], None]) -> None:
    """Pack the picture, or save it as `//textures/<name>.png` where the preferences say so; no other file is overwritten.

    `tell` takes a sentence where it had to be packed instead. On disk it survives an undo, so that redo finds it again.
    """
    if image.packed_file is None:
        image.pack()
    if preferences_of(bpy.context).textures == "PACKED":
        return
    if not bpy.data.filepath:
        tell(_UNSAVED)
        return
    folder = Path(bpy.data.filepath).parent / FOLDER
    try:
        path = _write_new(folder, safe_stem(name, "texture"), image.packed_file.data)
    except OSError as error:
        _log.exception("saving a texture into %s", folder)
        tell((_FULL if is_full(error) else _UNWRITABLE).format(folder=FOLDER))
        return
    image.filepath_raw = f"//{FOLDER}/{path.name}"
    image.unpack(method="REMOVE")  # from the .blend; the file is there already


def _write_new(folder: Path, stem: str, data: bytes) -> Path:
    """Under the first name that is free. Raises OSError, and leaves nothing half written then."""
    folder.mkdir(exist_ok=True)
    path, number = folder / f"{stem}.png", 1
    while path.exists() or not _is_written(path, data):
        number += 1
        path = folder / f"{stem}-{number}.png"
    return path


def _is_written(path: Path, data: bytes) -> bool:
    """False where another Blender has just taken that name. Raises OSError."""
    is_ours = False
    try:
        with whole_file(path, durable=True) as draft:
            draft.write_bytes(data)
            path.open("xb").close()  # it is ours from here on
            is_ours = True
    except FileExistsError:
        return False
    except OSError:
        if is_ours:
            path.unlink(missing_ok=True)
        raise
    return True
