"""The folders of searches: cut-outs for the list's small pictures, of which only the newest are kept."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from ...shared.img23d_protocol.files.whole_files import passing_for
from ..requests import STAMPED_NAME, stamped_name
from .folder_marks import FolderMarks, used_elsewhere

SEARCHES_KEPT = 20
_OUR_FILES = re.compile(
    r"\d{2,}_.+_(cutout|edited|side_[a-z]+|form_[a-z]+)\.png|.+_cleaned\.png|run\.json(\.part)?|regions\.npy", re.DOTALL
)  # as the backend names them


def new_search_folder(base_folder: Path, photo: str, now: datetime | None = None) -> Path:
    """`<base>/searches/<as a run's folder>`; a new name at each call, nothing is made on disk."""
    return base_folder / "searches" / stamped_name(photo, now)


def delete_old_searches(base_folder: Path, in_use: Collection[Path] = (), keep: int = SEARCHES_KEPT, marks: FolderMarks | None = None) -> None:
    """Deletes the oldest searches, but for the newest `keep`, those in use, and those that another Blender uses.

    A folder goes only where its name is one of ours and it holds nothing but a search's files; links are never followed.
    `marks` are this Blender's own.
    """
    searches, elsewhere = base_folder / "searches", used_elsewhere(base_folder, marks)
    if elsewhere is None:
        return
    try:
        with os.scandir(searches) as entries:
            ours = [entry.path for entry in entries if _is_folder(entry) and STAMPED_NAME.fullmatch(entry.name)]
    except OSError:  # no search yet
        return
    for path in sorted(ours, reverse=True)[keep:]:
        if Path(path) not in in_use and Path(path) not in elsewhere:
            with contextlib.suppress(OSError):  # another program has it open: it goes next time
                _delete_search(path)


def _delete_search(folder: str) -> None:
    """Raises OSError."""
    with os.scandir(folder) as entries:
        files = list(entries)
    if not files or not all(file.is_file(follow_symlinks=False) and _is_ours(file.name) for file in files):
        return
    for file in files:
        os.unlink(file.path)
    os.rmdir(folder)


def _is_ours(name: str) -> bool:
    return _OUR_FILES.fullmatch(passing_for(name) or name) is not None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False) and not _is_junction(entry)


def _is_junction(entry: os.DirEntry[str]) -> bool:
    """Windows' other kind of link; Python knows it from 3.12 on."""
    is_junction = getattr(entry, "is_junction", None)
    return is_junction is not None and is_junction()
