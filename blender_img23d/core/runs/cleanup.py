"""Deletes old runs beyond the newest ones, which Past Runs shows, by age and by what they take of the disk.

A run stays where anything in its folder is not ours, where its record cannot be read, and where any living Blender uses it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from ...shared.img23d_protocol import Img23DError
from ...shared.img23d_protocol.files.whole_files import passing_for
from ..job_list import JOBS_KEPT
from .folder_marks import FolderMarks, used_elsewhere
from .folders import DELETED, check_deletable, delete_run, delete_unrecorded, finish_deletion
from .history import RECORD_NAME, is_stamped, list_runs

log = logging.getLogger(__name__)

_DAY = 86400.0  # seconds
_PAUSE = 0.003  # seconds between two records, in which Blender's own thread goes on


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """What stays: so many of the newest runs in any case; of the others those of so many days, as long as they take no more
    than `size` bytes together. 0 is no limit.
    """

    runs: int = JOBS_KEPT
    days: float
    size: int


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    runs: int = 0
    size: int = 0  # bytes


@dataclass(frozen=True, kw_only=True)
class _Old:
    folder: Path
    size: int
    age: float  # seconds since its record changed


def clean_up(
    base: Path,
    keeping: Keeping,
    *,
    in_use: Collection[Path] = (),
    marks: FolderMarks | None = None,
    now: float | None = None,
) -> Cleaned:
    """Deletes old runs in `<base>/runs` and says what went. `in_use` are this Blender's own folders, `marks` its marks.

    Looks at many files: not for Blender's main thread. What cannot be deleted stays until the next time.
    """
    now = time.time() if now is None else now
    elsewhere = used_elsewhere(base, marks)
    if elsewhere is None:
        return Cleaned()
    _finish_deletions(base / "runs")
    _drop_leftovers(base / "photos", now)
    used, listed = {folder.name for folder in (*elsewhere, *in_use)}, list_runs(base)
    _drop_unrecorded([folder for folder in listed if folder.name not in used], now)
    free = [folder for folder in listed[keeping.runs :] if folder.name not in used]
    found = [old for folder in free if (old := _old(folder, base, now)) is not None]  # the newest first
    deleted = [old for old in _to_delete(found, keeping) if _delete(old.folder, base, marks)]
    return Cleaned(runs=len(deleted), size=sum(old.size for old in deleted))


def _old(folder: Path, base: Path, now: float) -> _Old | None:
    """None where it has to stay."""
    time.sleep(_PAUSE)
    try:
        found = check_deletable(folder, base, now=now)
        age = now - (folder / RECORD_NAME).stat().st_mtime
    except (Img23DError, OSError):
        return None
    return None if found.others else _Old(folder=folder, size=found.size, age=age)


def _to_delete(found: list[_Old], keeping: Keeping) -> list[_Old]:
    """A run of the last day stays, whatever it takes: somebody is at work with it."""
    chosen, total = [], 0
    for old in found:
        is_too_old = keeping.days > 0 and old.age > keeping.days * _DAY
        is_too_much = keeping.size > 0 and total + old.size > keeping.size and old.age > _DAY
        if is_too_old or is_too_much:
            chosen.append(old)
        else:
            total += old.size
    return chosen


def _delete(folder: Path, base: Path, marks: FolderMarks | None) -> bool:
    elsewhere = used_elsewhere(base, marks)  # another Blender may have opened its file by now
    if elsewhere is None or folder in elsewhere:
        return False
    try:
        return delete_run(folder, base)
    except Img23DError as error:
        log.info("%s stays: %s", folder, error.detail or error.sentence)
        return False


def _drop_unrecorded(folders: list[Path], now: float) -> None:
    """Meshes that the scene wrote for a painting which was refused before it had a record."""
    for folder in folders:
        with contextlib.suppress(OSError):
            if is_stamped(folder) and not (folder / RECORD_NAME).exists() and _changed(folder) < now - _DAY:
                delete_unrecorded(folder)


def _changed(folder: Path) -> float:
    """When the newest of its files did, in seconds since 1970. Raises OSError."""
    with os.scandir(folder) as entries:
        return max((entry.stat(follow_symlinks=False).st_mtime for entry in entries), default=0.0)


def _drop_leftovers(folder: Path, now: float) -> None:
    """Files that a Blender which was ended had begun to write."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if passing_for(entry.name) and entry.stat(follow_symlinks=False).st_mtime < now - _DAY:
                os.unlink(entry.path)


def _finish_deletions(runs: Path) -> None:
    """Of folders that a Blender which was ended had begun to delete."""
    with contextlib.suppress(OSError), os.scandir(runs) as entries:
        for entry in entries:
            if entry.name.startswith(DELETED) and entry.is_dir(follow_symlinks=False):
                finish_deletion(Path(entry.path))
