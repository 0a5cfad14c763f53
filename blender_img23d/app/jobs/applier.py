"""Applies the session's updates to the scene as soon as Blender can take them, one a tick, in their order."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from ...core.jobs import Job
from ...core.queue.queue import Queue
from ...scene.file.file_state import FileState
from ...scene.file.windows import Workplace, why_not_now
from ...scene.mesh.chosen import is_splats
from ...scene.photo.target_rows import TargetFiller
from ...scene.placement.importers import Importers
from ...scene.placement.placer import Placer
from ...scene.placement.result_status import IMPORTABLE, Standing
from ...scene.remesh.quads import quads_of
from ...scene.remesh.remesher import Remesher, RunsBeside
from ...scene.result_importer import Importer
from ...shared.img23d_protocol import Img23DError
from ...shared.img23d_protocol.messages import (
    Arranged,
    Cancelled,
    CutoutReady,
    DivisionReady,
    Failed,
    Finished,
    FormsReady,
    LidsReady,
    Located,
    PaintReady,
    PictureReady,
    Piece,
    Regions,
    ResultReady,
    TargetFailed,
)
from .picker import Picker
from .queue_runner import QueueRunner
from .retexturing import Retexturer
from .splitting import Divider

if TYPE_CHECKING:
    from ...core.session.session import Session, Update

_log = logging.getLogger(__name__)


class Applier:
    """Main thread only."""

    def __init__(self, session: Session, start_program: Callable[[list[str]], RunsBeside]) -> None:
        """`session` takes the jobs that wait; `start_program` is for `Remesher`."""
        self.files = FileState()
        self.placer = Placer(self.files)
        self.targets = TargetFiller(self.files)
        self.picker = Picker(self.files, session)
        self.waiting = ""  # a sentence that says what the next result waits for
        self.failures: dict[tuple[str, int], str] = {}  # sentences about results that could not be brought in
        self.runner = QueueRunner(self.files, session, self.placer, self.failures)
        self.remesher = Remesher(self.files, start_program)
        self._queue: deque[Update] = deque()

    @property
    def importers(self) -> Importers:
        return self.placer.importers

    @property
    def queue(self) -> Queue:
        return self.runner.queue

    @property
    def retexturer(self) -> Retexturer:
        return self.runner.retexturer

    @property
    def divider(self) -> Divider:
        return self.runner.divider

    @property
    def is_busy(self) -> bool:
        """Results are to be brought in, or a job that was begun goes on with its next mesh, or one is changed beside Blender."""
        return bool(self._queue) or self.queue.is_busy or self.remesher.is_busy

    def brings(self, job: Job, index: int) -> bool:
        """Whether a result comes by itself as soon as Blender can take it."""
        return bool(self._results(job, index))

    def standings(self, job: Job) -> dict[int, Standing]:
        """As the placer's, and which of those that are not in the scene come by themselves. Not for `draw`."""
        found = self.placer.standings(job)
        return {index: Standing.ON_ITS_WAY if one in IMPORTABLE and self.brings(job, index) else one for index, one in found.items()}

    def add(self, update: Update) -> None:
        match update.message:
            case ResultReady() if update.job.is_split:  # imported at the cut
                pass
            case ResultReady(target=target, piece=piece):
                self._drop_older(update.job, target, piece)
                importer, path = self._ahead(update)
                importer.begin(path)
                self._queue.append(update)
            case Arranged():
                self._drop_older_arrangement(update.job)
                self._queue.append(update)
            case Located(targets=found) if update.job.is_search:
                self.targets.on_located(update.job, found)
            case CutoutReady() if update.job.is_search:
                self.targets.on_cutout(update.job, update.message)
            case PictureReady(target=target) if update.job.is_search and target >= 0:
                self.targets.on_edited(update.job, update.message)
            case FormsReady() if update.job.is_search:
                self.targets.on_forms(update.job, update.message)
            case TargetFailed() if update.job.is_search:
                self.targets.on_failure(update.job, update.message)
            case Regions():
                self.picker.on_regions(update.job, update.message)
            case Finished() | Cancelled() | Failed() if update.job.is_pick:
                self.picker.on_end(update.job)
            case PaintReady() | DivisionReady() | LidsReady():
                self._queue.append(update)
            case Finished() | Cancelled() | Failed():
                self._queue.append(update)
                if update.job.is_generation:
                    self.queue.on_end(update.job, update.message)  # the next one need not wait until Blender can take this one's results

    def step(self) -> bool:
        """Apply the oldest thing where Blender can take it now, or begin with the next mesh. True when something changed."""
        has_news = self.targets.show_news()
        before, self.waiting = self.waiting, self._why_wait()
        if self.waiting or not self._queue:
            return self._begin_next() or self.remesher.step() or has_news or self.waiting != before
        importer, path = self._ahead(self._queue[0])
        if path:
            importer.begin(path)
        if importer.is_reading(path):
            return has_news or bool(before)
        if self._prepare(importer, path):
            return True
        self._apply(self._queue.popleft())
        return True

    # --- steps ------------------------------------------------------------------------------------------------------

    def _ahead(self, update: Update) -> tuple[Importer, str]:
        """What reads the update's file ahead, and its path: empty for what is no result."""
        message = update.message
        if not isinstance(message, ResultReady):
            return Importer(), ""
        return self.importers.of(message.piece.kind), update.job.file(message.files[0])

    def _drop_older(self, job: Job, target: int, piece: Piece) -> None:
        """The plain mesh need not be imported any more when the painted one has come."""
        for queued, message in self._results(job, target):
            if message.piece == piece:
                self._queue.remove(queued)
                importer, path = self._ahead(queued)
                importer.forget(path)

    def _results(self, job: Job, target: int) -> list[tuple[Update, ResultReady]]:
        """Of one thing, that wait to be brought in."""
        results = ((queued, queued.message) for queued in self._queue if queued.job is job)
        return [(queued, message) for queued, message in results if isinstance(message, ResultReady) and message.target == target]

    def _drop_older_arrangement(self, job: Job) -> None:
        for queued in list(self._queue):
            if queued.job is job and isinstance(queued.message, Arranged):
                self._queue.remove(queued)

    def _why_wait(self) -> str:
        if not self._queue:
            return self.runner.why_wait()
        place = self._workplace(self._queue[0].job)
        return why_not_now(place) if place is not None else ""

    def _workplace(self, job: Job) -> Workplace | None:
        return self.placer.workplace(job) or self.retexturer.workplace_for(job) or self.divider.workplace_for(job)

    def _apply(self, update: Update) -> None:
        job = update.job
        match update.message:
            case ResultReady(target=target, piece=piece):
                follows = any(queued.job is job and isinstance(queued.message, Arranged) for queued in self._queue)
                self._try(job, target, lambda: self.placer.on_result(job, target, piece, lays_out=not follows))
            case Arranged():
                self._try(job, -1, lambda: self.placer.on_arranged(job))
            case PaintReady():
                self._try(job, 0, lambda: self.retexturer.apply(job))
            case DivisionReady():
                self._try(job, 0, lambda: self.divider.on_divided(job))
            case LidsReady():
                self._try(job, 0, lambda: self.divider.on_lids(job))
            case Finished() | Cancelled() | Failed() if job.is_split or job.is_close:
                self._end_parts(job, update.message)
            case Finished() | Cancelled() | Failed():
                try:
                    self.placer.finish(job)
                finally:
                    self._end(job, update.message)
                self._make_quads(job)

    def _end(self, job: Job, last: Finished | Cancelled | Failed) -> None:
        if isinstance(last, Finished) and job.is_retexture:
            self.retexturer.on_laid_out(job)
        self.queue.on_end(job, last, failure=self.failures.get((job.id, 0), "") if job.is_retexture else "")

    def _end_parts(self, job: Job, last: Finished | Cancelled | Failed) -> None:
        """What a failure of the scene's side has left stands in the list."""
        before = self.failures.get((job.id, 0), "")
        self._try(job, 0, lambda: self.divider.on_ended(job))
        if before:
            self.failures.setdefault((job.id, 0), before)
        self.queue.on_end(job, last, failure=self.failures.get((job.id, 0), ""))

    def _make_quads(self, job: Job) -> None:
        """Of what a run has made, where that is wanted."""
        if not job.is_generation or not job.making.settings.common.quads:
            return
        for index in range(len(job.targets)):
            obj = self.placer.object_of(job, index)
            if obj is not None and obj.type == "MESH" and not is_splats(obj):
                self._try(job, index, lambda obj=obj: self.remesher.want(obj, quads_of(obj), job.add_notes))

    def _prepare(self, importer: Importer, path: str) -> bool:
        try:
            return importer.prepare(path)
        except Exception:  # the boundary: applied without, it fails in its own row, and the next one comes
            _log.exception("a mesh could not be made ahead of its object")
            return False

    def _begin_next(self) -> bool:
        try:
            return self.runner.start_next()
        except Exception:  # the boundary: one that waits must not take the others with it
            _log.exception("what waited could not be begun")
            self.runner.fail_next("This one could not be begun; the log says why.")
            return True

    def _try(self, job: Job, target: int, work: Callable[[], None]) -> None:
        self.failures.pop((job.id, target), None)
        try:
            work()
        except Img23DError as error:
            self.failures[job.id, target] = error.sentence
        except Exception:  # the boundary: one result must not take the others with it
            _log.exception("a result could not be brought in")
            self.failures[job.id, target] = "This result could not be brought into the scene; the log says why."
