"""Which folders a Blender uses, told to the other Blenders that share its base folder, so that none cleans them away.

    <base>/.in-use/<name>.lock    held by the operating system as long as that Blender lives; its end needs no word
    <base>/.in-use/<name>.json    the folders, relative to the base

A process number would not do: another process gets it after a while, and on a shared disk another machine has it as well.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import time
from collections.abc import Iterable
from pathlib import Path

from ..shared.img23d_protocol.os_lock import LockState, try_lock
from ..shared.img23d_protocol.whole_files import write_whole

log = logging.getLogger(__name__)

FOLDER = ".in-use"
_LOCK, _LIST = ".lock", ".json"
_TRUSTED = 7 * 86400.0  # seconds that a list counts on file systems without locks
_TRIES = 5
_KINDS = ("runs", "searches")


class FolderMarks:
    """This Blender's own in one base folder. Nothing is made before there is something to tell."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.name = secrets.token_hex(8)
        self._descriptor: int | None = None
        self._told: list[str] | None = None

    def tell(self, folders: Iterable[Path]) -> None:
        """These, and no others any more; what is no run's and no search's is left out. Never raises OSError.

        Their own names are enough, since a .blend may know the base folder by another path.
        """
        used = sorted({f"{path.parent.name}/{path.name}" for path in folders if path.parent.name in _KINDS})
        if used == self._told or (not used and self._told is None):
            return
        try:
            self._hold()
            write_whole(self._path(_LIST), json.dumps(used).encode(), private=True)
            self._told = used
        except OSError as error:  # a read-only folder is nobody's to clean either
            log.info("the folders in use cannot be told: %s", error)

    def close(self) -> None:
        if self._descriptor is None:
            return
        os.close(self._descriptor)
        self._descriptor, self._told = None, None
        _remove(self._path(_LOCK), self._path(_LIST))

    def _path(self, end: str) -> Path:
        return self.base / FOLDER / f"{self.name}{end}"

    def _hold(self) -> None:
        """Raises OSError."""
        if self._descriptor is not None:
            return
        path = self._path(_LOCK)
        path.parent.mkdir(parents=True, exist_ok=True)
        for _ in range(_TRIES):  # another Blender may take it for a dead one's until it is locked
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            if try_lock(descriptor) is not LockState.HELD and _is_there(path, descriptor):
                self._descriptor = descriptor
                return
            os.close(descriptor)
        raise OSError(f"{path} cannot be locked")


def used_elsewhere(base: Path, own: FolderMarks | None = None) -> frozenset[Path] | None:
    """The folders that other Blenders use; None where that cannot be known. The marks of those that are gone are removed."""
    used: set[Path] = set()
    try:
        locks = [entry.name for entry in os.scandir(base / FOLDER) if entry.name.endswith(_LOCK)]
        for name in locks:
            stem = name.removesuffix(_LOCK)
            if (own is None or stem != own.name) and _is_alive(base / FOLDER / name):
                used.update(base / Path(folder) for folder in _listed(base / FOLDER / f"{stem}{_LIST}"))
    except (FileNotFoundError, NotADirectoryError):
        return frozenset(used)
    except (OSError, ValueError, TypeError) as error:
        log.warning("what other Blenders use cannot be read: %s", error)
        return None
    return frozenset(used)


def _is_alive(lock: Path) -> bool:
    """Raises OSError."""
    try:
        descriptor = os.open(lock, os.O_RDWR)
    except FileNotFoundError:  # it has just ended
        return False
    try:
        state = try_lock(descriptor)
    finally:
        os.close(descriptor)
    if state is LockState.UNKNOWN:
        return _changed(lock.with_suffix(_LIST)) > time.time() - _TRUSTED
    if state is LockState.TAKEN:
        _remove(lock, lock.with_suffix(_LIST))
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


def _is_there(path: Path, descriptor: int) -> bool:
    """Whether the name still leads to the open file."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _remove(*paths: Path) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
