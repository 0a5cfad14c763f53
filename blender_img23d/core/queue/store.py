"""The jobs that wait, kept beside the runs so that a restart of Blender does not lose them.

<base>/queue/<name>.json    what waits in one Blender; with a lock beside it for as long as that Blender lives
<base>/queue/adopting       locked while one Blender takes over what others have left: never two of them the same job
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...shared.img23d_protocol import ProtocolError
from ...shared.img23d_protocol.files.os_lock import LockState
from ..runs.owned_files import DATA, OwnedFile, claim, locks_in, remove
from .queued_jobs import QueuedJob, from_json, to_json

log = logging.getLogger(__name__)

FOLDER = "queue"
_ADOPTING = "adopting"
_VERSION = 1
_LONGEST = 20_000_000  # bytes; a job with brush strokes has some ten thousand
_DAMAGED = ".damaged"


@dataclass(frozen=True, kw_only=True)
class Left:
    """What Blenders that are gone have left. `lists` and `unread` could not be read and are set aside: whole lists, single jobs."""

    jobs: tuple[QueuedJob, ...] = ()
    lists: int = 0
    unread: int = 0


class QueueStore:
    """This Blender's own list in one base folder. Nothing is made before something waits."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self._file = OwnedFile(base / FOLDER, needs_locks=True)
        self._kept: list[dict[str, Any]] = []

    def keep(self, jobs: Sequence[QueuedJob]) -> None:
        """These, in this order, and no others any more. Raises OSError: ENOLCK where the disk cannot say whose list it is."""
        data = [to_json(job) for job in jobs]
        if data == self._kept:
            return
        if data:
            text = json.dumps({"version": _VERSION, "jobs": data}, indent=1)
            self._file.write(text.encode())
        elif self._file.is_held:
            self._file.clear()
        self._kept = data

    def take_over(self, own: Sequence[QueuedJob]) -> Left:
        """What Blenders that are gone have left becomes this one's, before its `own`. Raises OSError."""
        try:
            with _alone(self.base / FOLDER) as is_alone:
                return self._take_over(own) if is_alone else Left()
        except (FileNotFoundError, NotADirectoryError):
            return Left()

    def close(self) -> None:
        """What waits is left for the next Blender."""
        self._file.close(keeps_data=bool(self._kept))
        self._kept = []

    # --- steps ------------------------------------------------------------------------------------------------------

    def _take_over(self, own: Sequence[QueuedJob]) -> Left:
        """The others' lists go only when their jobs stand in this one's: killed between the two, the next one finds them twice,
        which is seen by their ids.
        """
        found: dict[str, QueuedJob] = {}
        lists = unread = 0
        done: list[Path] = []
        for lock, descriptor in self._abandoned():
            try:
                left = _read(lock.with_suffix(DATA))
            finally:
                os.close(descriptor)
            lists, unread = lists + left.lists, unread + left.unread
            found.update({job.id: job for job in left.jobs if job.id not in found})
            done.append(lock)
        jobs = tuple(found.values())
        if jobs:
            known = {job.id for job in own}
            self.keep([*(job for job in jobs if job.id not in known), *own])
        for lock in done:
            remove(lock.with_suffix(DATA), lock)
        return Left(jobs=jobs, lists=lists, unread=unread)

    def _abandoned(self) -> list[tuple[Path, int]]:
        """The lists whose Blender is gone, locked now."""
        found = []
        for lock in locks_in(self.base / FOLDER):
            if lock.stem == self._file.name:
                continue
            with contextlib.suppress(OSError):
                state, descriptor = claim(lock)
                if state is LockState.TAKEN:
                    found.append((lock, descriptor))
                else:
                    os.close(descriptor)
        return found


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Yields whether no other Blender is taking anything over. Raises OSError, FileNotFoundError where nobody ever waited."""
    state, descriptor = claim(folder / _ADOPTING, create=folder.is_dir())
    try:
        yield state is LockState.TAKEN
    finally:
        os.close(descriptor)


def _read(path: Path) -> Left:
    """One that cannot be read, or not wholly, gets another name, so that somebody can look at it."""
    try:
        data = _load(path)
    except FileNotFoundError:  # nothing waited in the end
        return Left()
    except (OSError, ValueError, RecursionError) as error:
        log.warning("the waiting jobs in %s cannot be read: %s", path, error)
        _set_aside(path)
        return Left(lists=1)
    jobs, unread = [], 0
    for one in data:
        try:
            jobs.append(from_json(one))
        except (ProtocolError, RecursionError) as error:
            log.warning("a waiting job in %s cannot be read: %s", path, error)
            unread += 1
    if unread:
        _set_aside(path)
    return Left(jobs=tuple(jobs), unread=unread)


def _load(path: Path) -> list[Any]:
    """Raises OSError, ValueError, RecursionError."""
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode) or found.st_size > _LONGEST:  # a pipe would be read for ever
        raise ValueError("no list of jobs")
    data = json.loads(path.read_bytes())
    if not isinstance(data, dict) or not isinstance(data.get("jobs"), list):
        raise ValueError("no list of jobs")
    return data["jobs"]


def _set_aside(path: Path) -> None:
    with contextlib.suppress(OSError):
        os.replace(path, path.with_suffix(_DAMAGED))
