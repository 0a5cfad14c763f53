"""Deleting a run with its files: only what is ours, only where runs are kept, and never by way of a link."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from ..shared.img23d_protocol import ErrorCode, Img23DError
from ..shared.img23d_protocol.errors import bad_request
from .history import RECORD_NAME, read_run
from .requests import STAMPED_NAME

_RUN_WHEN_OPENED = {".app", ".bundle", ".workflow", ".action", ".prefpane", ".service"}  # folders that macOS starts
_OURS = {".png", ".glb", ".npz", ".npy", ".json", ".part"}  # what runs write
_OF_THE_SYSTEM = {".ds_store", "thumbs.db", "desktop.ini"}  # what file browsers leave behind
_MAY_STILL_RUN = 600.0  # seconds since the last word in its record; a long step says nothing for minutes


@dataclass(frozen=True, kw_only=True)
class Contents:
    files: int
    size: int  # bytes


def contents(folder: Path) -> Contents:
    """Raises OSError."""
    with os.scandir(folder) as entries:
        sizes = [entry.stat(follow_symlinks=False).st_size for entry in entries]
    return Contents(files=len(sizes), size=sum(sizes))


def check_deletable(folder: Path, base_folder: Path, *, now: float | None = None) -> None:
    """Raises Img23DError (BAD_REQUEST, or FOLDER_UNWRITABLE where it cannot be looked at)."""
    if not _is_directly_in(folder, base_folder / "runs"):
        raise bad_request("This run lies outside the folder for runs: delete it in your file browser.")
    job = read_run(folder)
    if job is None:
        raise bad_request("This folder holds no run of Img23D that can be read: delete it in your file browser.")
    try:
        age = (time.time() if now is None else now) - (folder / RECORD_NAME).stat().st_mtime
        foreign = _foreign(folder)
    except OSError as error:
        raise _refusal(folder, error) from error
    if job.was_interrupted and age < _MAY_STILL_RUN:
        raise bad_request("This run was worked on until just now, perhaps by another Blender: try again in ten minutes.")
    if foreign:
        raise bad_request(f"“{foreign}” in this run's folder is not from Img23D: move it somewhere else first.")


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


def delete_run(folder: Path, base_folder: Path) -> None:
    """Raises Img23DError; where a file is in use, nothing has been deleted yet."""
    check_deletable(folder, base_folder)
    doomed = folder.with_name(f".deleted-{folder.name}")
    try:
        os.rename(folder, doomed)  # Windows refuses while a file in it is open
        shutil.rmtree(doomed)  # deletes links themselves, not what they point to
    except OSError as error:
        raise _refusal(folder, error) from error


def _is_directly_in(folder: Path, runs: Path) -> bool:
    """True for a real folder in the real `runs`, not for a link that stands there."""
    real, wanted = os.path.realpath(folder), os.path.join(os.path.realpath(runs), folder.name)
    return os.path.normcase(real) == os.path.normcase(wanted)


def _foreign(folder: Path) -> str:
    """The first thing in it that no run writes. Raises OSError."""
    with os.scandir(folder) as entries:
        for entry in entries:
            is_ours = Path(entry.name).suffix.lower() in _OURS or entry.name.lower() in _OF_THE_SYSTEM
            if not (is_ours and entry.is_file(follow_symlinks=False)):
                return entry.name
    return ""


def _refusal(folder: Path, error: OSError) -> Img23DError:
    sentence = f"The folder “{folder.name}” cannot be deleted: close what has one of its files open, and try again."
    return Img23DError(ErrorCode.FOLDER_UNWRITABLE, sentence, str(error))
