"""Marks of the folders that a Blender uses, for the other Blenders that share its base folder, so that none deletes them.

They stand in `<base>/.in-use`, relative to the base, in a file of each Blender's own (see `owned_files`).
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterable
from pathlib import Path

from ...shared.img23d_protocol.files.os_lock import LockState
from .owned_files import DATA, OwnedFile, claim, locks_in, remove

log = logging.getLogger(__name__)

FOLDER = ".in-use"
_TRUSTED = 7 * 86400.0  # seconds that a list counts on file systems without locks
_KINDS = ("runs", "searches")


class FolderMarks:
    """This Blender's own in one base folder. Nothing is made before there is something to mark."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self._file = OwnedFile(base / FOLDER)
        self._told: list[str] | None = None

    @property
    def name(self) -> str:
        return self._file.name

    def tell(self, folders: Iterable[Path]) -> None:
        """Mark these, and no others any more; what is no run's and no search's is left out. Never raises OSError.

        Their own names are enough, since a .blend may know the base folder by another path.
        """
        used = sorted({f"{path.parent.name}/{path.name}" for path in folders if path.parent.name in _KINDS})
        if used == self._told or (not used and self._told is None):
            return
        try:
            self._file.write(json.dumps(used).encode())
            self._told = used
        except OSError as error:  # a read-only folder is nobody's to clean either
            log.info("the folders in use cannot be told: %s", error)

    def close(self) -> None:
        self._file.close()
        self._told = None


def used_elsewhere(base: Path, own: FolderMarks | None = None) -> frozenset[Path] | None:
    """The folders that other Blenders use; None where that cannot be known. The marks of those that are gone are removed."""
    used: set[Path] = set()
    try:
        for lock in locks_in(base / FOLDER):
            if (own is None or lock.stem != own.name) and _is_alive(lock):
                used.update(base / Path(folder) for folder in _listed(lock.with_suffix(DATA)))
    except (FileNotFoundError, NotADirectoryError):
        return frozenset(used)
    except (OSError, ValueError, TypeError) as error:
        log.warning("what other Blenders use cannot be read: %s", error)
        return None
    return frozenset(used)


def _is_alive(lock: Path) -> bool:
    """Raises OSError."""
    try:
        state, descriptor = claim(lock)
    except FileNotFoundError:  # it has just ended
        return False
    os.close(descriptor)
    if state is LockState.UNKNOWN:
        return _changed(lock.with_suffix(DATA)) > time.time() - _TRUSTED
    if state is LockState.TAKEN:
        remove(lock, lock.with_suffix(DATA))
    return state is LockState.HELD


def _listed(path: Path) -> list[str]:
    """Raises ValueError, TypeError, OSError."""
    try:
        return [str(Path(name)) for name in json.loads(path.read_bytes())]
    except FileNotFoundError:  # it has not told yet
        return []


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
