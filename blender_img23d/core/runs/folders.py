"""Deleting a run with its files: only what is ours, only where runs are kept, and never by way of a link."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from ...shared.img23d_protocol import ErrorCode, Img23DError
from ...shared.img23d_protocol.errors import bad_request
from ..jobs import Job
from ..requests import STAMPED_NAME
from .files import FolderContents, folder_contents
from .history import RECORD_NAME, read_run

DELETED = ".deleted-"  # what the name of a folder begins with while it is being deleted
_RUN_WHEN_OPENED = {".app", ".bundle", ".workflow", ".action", ".prefpane", ".service"}  # folders that macOS starts
_MAY_STILL_RUN = 600.0  # seconds since the last word in its record; a long step says nothing for minutes


def check_deletable(folder: Path, base_folder: Path, *, now: float | None = None) -> FolderContents:
    """What would be deleted. Raises Img23DError (BAD_REQUEST, or FOLDER_UNWRITABLE where it cannot be looked at)."""
    if not _is_directly_in(folder, base_folder / "runs"):
        raise bad_request("This run lies outside the folder for runs: delete it in your file browser.")
    job = _run_in(folder)
    try:
        age = (time.time() if now is None else now) - (folder / RECORD_NAME).stat().st_mtime
        found = folder_contents(folder, job)
    except OSError as error:
        raise _refusal(folder, error) from error
    if job.was_interrupted and age < _MAY_STILL_RUN:
        raise bad_request("This run was worked on until just now, perhaps by another Blender: try again in ten minutes.")
    return found


def check_openable(folder: Path, base_folder: Path) -> None:
    """Before a path that stands in a .blend or a record is handed to the system, which may run what it names.

    Only a real folder that holds a run: directly in `<base>/runs`, or with the name of a run in another folder for runs.
    Raises Img23DError(BAD_REQUEST).
    """
    try:
        is_folder = folder.is_dir() and folder != Path()
        is_kept = is_folder and _is_directly_in(folder, base_folder / "runs")
        is_named = is_folder and STAMPED_NAME.fullmatch(folder.name) and folder.parent.name == "runs" and _is_directly_in(folder, folder.parent)
    except (OSError, ValueError):  # ValueError: a NUL in the path
        is_folder = is_kept = is_named = False
    if not is_folder:
        raise bad_request("This run's folder is no longer there.")
    if not (is_kept or is_named) or folder.suffix.lower() in _RUN_WHEN_OPENED or read_run(folder) is None:
        raise bad_request("This is no folder of a run, so it is not opened: look at it in your file browser.")


def delete_run(folder: Path, base_folder: Path) -> bool:
    """True where the folder is gone, False where something of the artist's own keeps it.

    Raises Img23DError; where a file is in use, nothing has been deleted yet, or not the record.
    """
    found = check_deletable(folder, base_folder)
    try:
        if found.others:
            _unlink(folder, found)
            return False
        renamed = folder.with_name(f"{DELETED}{folder.name}")
        os.rename(folder, renamed)  # Windows refuses while a file in it is open
        return _delete_whole(renamed, found)
    except OSError as error:
        raise _refusal(folder, error) from error


def delete_unrecorded(folder: Path) -> None:
    """A folder that holds what the scene wrote for a job which never began, and nothing else. Raises OSError."""
    found = folder_contents(folder, None)
    if found.ours and not found.others and RECORD_NAME not in found.ours:
        _unlink(folder, found)
        os.rmdir(folder)


def finish_deletion(renamed: Path) -> None:
    """Of a folder whose deletion was cut off. What is not ours stays in it. Raises OSError."""
    job = read_run(renamed)
    if job is not None:
        _unlink(renamed, folder_contents(renamed, job))
    with contextlib.suppress(OSError):  # not empty
        os.rmdir(renamed)


def _run_in(folder: Path) -> Job:
    job = read_run(folder)
    if job is None:
        raise bad_request("This folder holds no run of Img23D that can be read: delete it in your file browser.")
    return job


def _delete_whole(renamed: Path, found: FolderContents) -> bool:
    """Raises OSError."""
    _unlink(renamed, found)
    try:
        os.rmdir(renamed)
    except FileNotFoundError:  # another Blender that found it half deleted was quicker
        return True
    except OSError:  # somebody put something into it at this moment
        os.rename(renamed, renamed.with_name(renamed.name.removeprefix(DELETED)))
        return False
    return True


def _unlink(folder: Path, found: FolderContents) -> None:
    for name in found.ours:
        (folder / name).unlink(missing_ok=True)


def _is_directly_in(folder: Path, runs: Path) -> bool:
    """True for a real folder in the real `runs`, not for a link that stands there."""
    real, wanted = os.path.realpath(folder), os.path.join(os.path.realpath(runs), folder.name)
    return os.path.normcase(real) == os.path.normcase(wanted)


def _refusal(folder: Path, error: OSError) -> Img23DError:
    sentence = f"The folder “{folder.name}” cannot be deleted: close what has one of its files open, and try again."
    return Img23DError(ErrorCode.FOLDER_UNWRITABLE, sentence, str(error))
