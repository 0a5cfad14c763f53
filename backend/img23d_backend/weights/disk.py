"""The models folder's disk: room, names that stay inside, moves and removals that a virus scanner delays, and what fails."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.files.disk_errors import is_full

_TRIES = 6  # a scanner looks at a new file for a second or two
_FIRST_WAIT = 0.05  # seconds, doubled each time


def free_bytes(folder: Path) -> int:
    """What is free on the disk that the folder is or will be on."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 50_000_000 else f"{count / 1e6:.1f} MB"


def is_inside(name: str) -> bool:
    """Whether a repository's path stays in the folder that it is joined to, on every system."""
    parts = name.split("/")
    return all(part not in ("", ".", "..") and not set(part) & set('\\:*?"<>|') for part in parts)


def replace(source: Path, target: Path) -> None:
    """Move a file over another one. Raises OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    _patiently(lambda: os.replace(source, target))


def remove(path: Path) -> None:
    """Remove a file, a link or a folder with all that is in it; a link's target is left alone. Raises OSError."""
    if path.is_dir() and not path.is_symlink():
        _patiently(lambda: shutil.rmtree(path))
    else:
        _patiently(lambda: path.unlink(missing_ok=True))


def _patiently(action: Callable[[], None]) -> None:
    for attempt in range(_TRIES):
        try:
            return action()
        except PermissionError:
            if attempt == _TRIES - 1:
                raise
            time.sleep(_FIRST_WAIT * 2**attempt)


@contextlib.contextmanager
def told_in_a_sentence(folder: Path) -> Iterator[None]:
    """Turns the OSErrors of the block into Img23DError(DISK_FULL, FILE_LOCKED, FOLDER_UNWRITABLE)."""
    try:
        yield
    except OSError as error:
        raise _as_disk_error(error, folder) from error


def _as_disk_error(error: OSError, folder: Path) -> Img23DError:
    detail = repr(error)
    if is_full(error):
        free = gigabytes(free_bytes(folder))
        sentence = f"The disk of the models folder is full ({free} free): make room and try again; it goes on where it stopped."
        return Img23DError(ErrorCode.DISK_FULL, sentence, detail)
    if isinstance(error, PermissionError) and _is_writable(folder):
        name = Path(error.filename).name if error.filename else "a file"
        sentence = f"Another program, often an antivirus, holds “{name}”: close it or wait a minute, then try again."
        return Img23DError(ErrorCode.FILE_LOCKED, sentence, detail)
    reason = error.strerror or "unknown reason"
    sentence = f"The models folder {folder} cannot be used ({reason}): choose another one in the preferences."
    return Img23DError(ErrorCode.FOLDER_UNWRITABLE, sentence, detail)


def _is_writable(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK)
