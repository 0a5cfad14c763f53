"""Disk and permissions: a file is written, renamed and deleted in each folder that the program works in."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from img23d_protocol.messages import Action, Diagnose, Finding, Level

from ..engines import Engines
from ..weights.disk import free_bytes

_LITTLE = 5 * 10**9  # bytes: a few dozen runs with large textures, or the smallest set of models
_NEXT_TO_NOTHING = 500 * 10**6  # bytes: not enough for one run


@dataclass(frozen=True, kw_only=True)
class _Place:
    what: str
    folder: Path
    action: Action


def findings(request: Diagnose, engines: Engines) -> Iterator[Finding]:
    """One a folder."""
    places = [_Place(what="Folder for models", folder=engines.weights.folder, action=Action.PREFERENCES)]
    if request.run_folder:
        places.insert(0, _Place(what="Folder for results", folder=Path(request.run_folder), action=Action.CHOOSE_FOLDER))
    for place in places:
        yield _looked(place)
    yield _temporary()


def why_not_writable(folder: Path) -> str:
    """The reason in the system's words, empty where all goes well. A folder that is not there yet is judged by its parent."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    first, second = (folder / f".img23d-{secrets.token_hex(4)}{end}" for end in (".new", ".tmp"))
    try:
        first.write_bytes(b"img23d")
        os.replace(first, second)
        second.unlink()
    except OSError as error:
        for path in (first, second):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        return error.strerror or type(error).__name__
    return ""


def _temporary() -> Finding:
    """Python tries several folders itself."""
    try:
        folder = Path(tempfile.gettempdir())
    except OSError as error:
        sentence = "There is no folder for temporary files that can be written to: make room on the disk, then restart Blender."
        return Finding(what="Temporary folder", level=Level.PROBLEM, sentence=sentence, detail=str(error))
    return _looked(_Place(what="Temporary folder", folder=folder, action=Action.NONE))


def _looked(place: _Place) -> Finding:
    reason = why_not_writable(place.folder)
    if reason:
        sentence = f"“{place.folder}” cannot be written to ({reason}): choose another folder, or change its permissions."
        return Finding(what=place.what, level=Level.PROBLEM, sentence=sentence, action=place.action)
    free = free_bytes(place.folder)
    sentence = f"It can be written to, {free / 1e9:.1f} GB are free."
    if free >= _LITTLE:
        return Finding(what=place.what, level=Level.GOOD, sentence=sentence, detail=str(place.folder))
    level = Level.PROBLEM if free < _NEXT_TO_NOTHING else Level.WARNING
    sentence = f"Only {free / 1e9:.1f} GB are free on its disk: make room, or choose a folder on another one."
    return Finding(what=place.what, level=level, sentence=sentence, action=place.action, detail=str(place.folder))
