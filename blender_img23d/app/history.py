"""The runs on disk, taken into the session's list piece by piece, and what made the active object."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ..core.job_list import JOBS_KEPT
from ..core.runs.history import list_runs, read_run
from ..core.runs.recipe import Recipe, recipe_of_job, recipe_of_part, recipe_of_tags, words_of
from ..scene.file.folders import runs_base
from ..scene.file.tags import RUN, RUN_FOLDER, TARGET
from ..shared.img23d_protocol.messages import Paint

if TYPE_CHECKING:
    from ..core.jobs import Job
    from ..core.session.session import Session
    from .thumbnails import Thumbnails

_READING = 0.001  # seconds a tick; the run that is begun within them is read to its end
_PICTURES = 4  # loaded a tick


@dataclass(frozen=True, kw_only=True)
class Making:
    """What the panel says about an object: `words` are labels and values of the settings."""

    recipe: Recipe
    words: tuple[tuple[str, str], ...]


class History:
    """Main thread only; reads nothing before the tab was open, and nothing while a job runs."""

    def __init__(self, session: Session, thumbnails: Thumbnails) -> None:
        self._session = session
        self._thumbnails = thumbnails
        self._is_wanted = False
        self._base: Path | None = None  # that the runs were listed from
        self._unread: deque[Path] = deque()
        self._object: tuple = ()  # what identifies the object that was asked for last, and its result
        self._making: Making | None = None
        self._folder = ""  # of that object's run, until it was read
        self._has_more_pictures = False

    @property
    def is_loading(self) -> bool:
        return self._is_wanted and bool(self._unread or self._folder or self._has_more_pictures)

    def want(self) -> None:
        """The tab is open: whoever draws it needs to know the runs."""
        self._is_wanted = True

    def step(self, context: bpy.types.Context) -> bool:
        """Read the next runs and pictures. True where there is something new to draw."""
        if not self._is_wanted or self._session.active is not None:
            return False
        base = runs_base(context)
        has_changed = self._begin(base) if base != self._base else self._read_some()
        has_changed |= self._read_object()
        return self._load_pictures() or has_changed

    def making(self, obj: bpy.types.Object) -> Making:
        """For `draw`: what made this object, from its tags until its run's folder has been read."""
        self._is_wanted = True
        run, index = obj.get(RUN), obj.get(TARGET)
        # A list among a .blend's properties is a reference, which must not be kept
        known = (obj.session_uid, run if isinstance(run, str) else "", index if type(index) is int else None)
        if known != self._object or self._making is None:
            self._object, self._folder = known, str(obj.get(RUN_FOLDER, ""))
            self._making = _making(recipe_of_tags(_tags(obj)))
        return self._making

    @property
    def runs(self) -> list[Job]:
        """For `draw`: all that made or painted something, this session's included, the newest first."""
        return [job for job in self._session.jobs if job.is_over and (job.is_generation or isinstance(job.request, Paint))]

    def picture(self, job: Job) -> str:
        """For `draw`: the path of a small picture of it, empty where there is none."""
        pictures = (target.preview or target.cutout for target in job.targets)
        return next((path for path in pictures if path), job.texture)

    def forget(self, job: Job) -> None:
        """Its folder was deleted."""
        if job in self._session.jobs:
            self._session.jobs.remove(job)
        self._making = None

    # --- steps ------------------------------------------------------------------------------------------------------

    def _begin(self, base: Path) -> bool:
        """Another folder: what was read from the one before goes, what was made in this session stays."""
        self._base, self._unread = base, deque(list_runs(base))
        before = len(self._session.jobs)
        self._session.jobs[:] = [job for job in self._session.jobs if not job.is_past]
        return len(self._session.jobs) != before

    def _read_some(self) -> bool:
        jobs, start, before = self._session.jobs, time.perf_counter(), len(self._session.jobs)
        known = {getattr(job.request, "run_folder", "") for job in jobs}
        while self._unread and time.perf_counter() - start < _READING:
            if len(jobs) >= JOBS_KEPT:
                self._unread.clear()
                break
            folder = self._unread.popleft()
            job = read_run(folder) if str(folder) not in known else None
            if job is not None and all(other.id != job.id for other in jobs):
                jobs.append(job)
        return len(jobs) != before

    def _read_object(self) -> bool:
        if not self._folder:
            return False
        folder, self._folder = Path(self._folder), ""
        _, run, index = self._object
        recipe = _recipe_in(folder, run, index)
        if recipe is None:
            return False
        self._making = _making(recipe)
        return True

    def _load_pictures(self) -> bool:
        paths = [self.picture(job) for job in self.runs]
        paths += [self._making.recipe.cutout, self._making.recipe.photo] if self._making is not None else []
        loaded = 0
        for path in paths:
            loaded += self._thumbnails.load(path)
            if loaded >= _PICTURES:
                break
        self._has_more_pictures = loaded >= _PICTURES
        return loaded > 0


def recipe_of(obj: bpy.types.Object) -> Recipe:
    """Reads the run's folder; where that is gone, the object's tags are enough. Not for `draw`."""
    made = _recipe_in(Path(str(obj.get(RUN_FOLDER, ""))), obj.get(RUN), obj.get(TARGET))
    return made or recipe_of_tags(_tags(obj))


def _making(recipe: Recipe) -> Making:
    return Making(recipe=recipe, words=tuple(words_of(recipe)))


def _recipe_in(folder: Path, run: object, index: object) -> Recipe | None:
    """None where the folder is gone, or holds another run by now."""
    job = read_run(folder)
    if job is None or type(index) is not int or job.id not in (run, folder.name):  # the oldest records do not name the run
        return None
    if job.is_split:
        return recipe_of_part(job, index) if index >= 0 and job.targets else None
    return recipe_of_job(job, index) if job.is_generation and 0 <= index < len(job.targets) else None


def _tags(obj: bpy.types.Object) -> dict[str, object]:
    return {key: obj[key] for key in obj.keys() if key.startswith("img23d_")}
