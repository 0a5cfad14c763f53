"""The runs and searches that this Blender uses: marked for others on the same folder, and kept when old ones are deleted."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_rpt as _

from ..core.runs.cleanup import Cleaned, Keeping, clean_up
from ..core.runs.folder_marks import FolderMarks
from ..core.runs.searches import delete_old_searches
from ..properties import own_parts, preferences_of
from ..scene.file.folders import runs_base
from ..scene.file.tags import RUN_FOLDER
from ..shared.img23d_protocol import Img23DError

if TYPE_CHECKING:
    from ..core.queue.queue import Queue
    from ..core.session.session import Session
    from ..scene.photo.target_rows import TargetFiller

_log = logging.getLogger(__name__)

_GIGABYTE = 10**9


class FoldersInUse:
    """Main thread only, but for reading the disk."""

    def __init__(self, session: Session, targets: TargetFiller, queue: Queue) -> None:
        self._session = session
        self._targets = targets
        self._queue = queue
        self.marks: FolderMarks | None = None  # in the base folder that was used last
        self.is_due = True  # what is used may have changed
        self.wants_cleaning = True  # once a session, and after each run
        self._thread: threading.Thread | None = None
        self._cleaned: Cleaned | None = None  # not told yet

    def step(self, context: bpy.types.Context) -> bool:
        """Write marks that are due, and begin to clean where it is wanted and nothing runs. True where there is news for the panel."""
        try:
            if self.is_due:
                self._tell(context)
            if self.wants_cleaning and self._session.active is None and not bpy.app.background:
                self._begin_cleaning(context)
        except Img23DError as error:  # no folder for runs: whoever wants to use it says so
            _log.info("what is used is not told: %s", error.sentence)
        cleaned, self._cleaned = self._cleaned, None
        if cleaned is None or not cleaned.runs:
            return False
        notice = _("{count} old runs were deleted, {size:.1f} GB are free again: the preferences say how many are kept.")
        self._session.notice = notice.format(count=cleaned.runs, size=cleaned.size / _GIGABYTE)
        return True

    def clean_searches(self, context: bpy.types.Context) -> None:
        """The oldest ones, when a new one begins."""
        used = self._tell(context)
        delete_old_searches(runs_base(context), used, marks=self.marks)

    def close(self) -> None:
        if self.marks is not None:
            self.marks.close()
            self.marks = None

    # --- steps ------------------------------------------------------------------------------------------------------

    def _tell(self, context: bpy.types.Context) -> set[Path]:
        self.is_due = False
        base, used = runs_base(context), set(self._used())
        if self.marks is None or self.marks.base != base:
            self.close()
            self.marks = FolderMarks(base)
        self.marks.tell(used)
        return used

    def _used(self) -> Iterator[Path]:
        """By jobs of this session and the list of past ones, by what waits, by objects, by rows, and by pictures that are not packed."""
        folders = {str(getattr(job.request, "run_folder", "")) for job in self._session.jobs}
        folders |= {str(obj.get(RUN_FOLDER, "")) for obj in bpy.data.objects}
        folders |= {parts.folder for obj in bpy.data.objects if (parts := own_parts(obj)) is not None and parts.rows}
        yield from (Path(folder) for folder in folders - {""})
        yield from (Path(picture.path).parent for job in self._queue.waiting for picture in job.pictures)
        yield from (Path(cutout).parent for cutout in self._targets.cutouts)
        for image in bpy.data.images:
            if image.filepath and image.packed_file is None:
                yield Path(os.path.abspath(bpy.path.abspath(image.filepath, library=image.library))).parent

    def _begin_cleaning(self, context: bpy.types.Context) -> None:
        if self._thread is not None and self._thread.is_alive():
            return
        self.wants_cleaning = False
        values = preferences_of(context)
        keeping = Keeping(days=values.keep_days, size=values.keep_gigabytes * _GIGABYTE)
        base, used = runs_base(context), self._tell(context)
        self._thread = threading.Thread(target=self._clean, args=(base, keeping, used), name="img23d-cleanup", daemon=True)
        self._thread.start()

    def _clean(self, base: Path, keeping: Keeping, used: set[Path]) -> None:
        try:
            self._cleaned = clean_up(base, keeping, in_use=used, marks=self.marks)
        except OSError:
            _log.exception("old runs could not be looked at")
