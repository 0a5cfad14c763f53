"""Starts queued jobs one after the other, each in the scene that it was asked for in."""

from __future__ import annotations

import errno
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_rpt as _

from ...core.queue.queue import Queue, QueueStep, StepState
from ...core.queue.queued_jobs import QueuedJob, check_picture
from ...core.queue.store import QueueStore
from ...scene.file.file_state import FileState
from ...scene.file.folders import runs_base
from ...scene.file.tags import piece_of
from ...scene.file.windows import Workplace, why_not_now, workplace_of_object
from ...scene.placement.placer import Placer
from ...scene.placement.replacement import Home
from ...shared.img23d_protocol import Img23DError
from ...shared.img23d_protocol.errors import bad_request
from ...shared.img23d_protocol.files.disk_errors import disk_error
from .queued import is_open, object_of, scene_of
from .result_rows import show_next
from .retexturing import Retexturer
from .splitting import Divider

if TYPE_CHECKING:
    from ...core.jobs import Job
    from ...core.session.session import Session

_log = logging.getLogger(__name__)

_LEFT = "These were waiting when Blender ended. Go On begins them."


class QueueRunner:
    """Main thread only. Keeps no reference to anything in bpy.data."""

    def __init__(self, files: FileState, session: Session, placer: Placer, failures: dict[tuple[str, int], str]) -> None:
        """`failures` are the sentences that the result list shows, by job and target."""
        self.queue = Queue(self._keep)
        self.retexturer = Retexturer(files, session, self.queue)
        self.divider = Divider(files, session, self.queue)
        self._files = files
        self._session = session
        self._placer = placer
        self._failures = failures
        self._store: QueueStore | None = None

    # --- what the artist does ---------------------------------------------------------------------------------------

    def press(self, job: QueuedJob) -> Job | None:
        """What has begun; None where it waits now, or does already since the button was double-clicked. Raises Img23DError."""
        is_new = self.queue.press(job)
        try:
            if not self.is_busy and self._next() is None:
                return self._begin_now(job)
            if is_new:
                self.queue.add(job)
            return None
        finally:
            self.queue.pressed()

    def take_over(self) -> None:
        """What Blenders that are gone have left waiting is listed, and waits for the artist."""
        try:
            self._store = self._store or QueueStore(runs_base(bpy.context))
            left = self._store.take_over(self.queue.waiting)
        except (Img23DError, OSError) as error:
            _log.warning("what waited before cannot be read: %s", error)
            return
        self.queue.hold_on(left.jobs, _LEFT)
        if left.lists:
            self.queue.trouble = "A list of waiting jobs was damaged and could not be read: press the buttons again for what it held."
        elif left.unread:
            text = _("{count} of the waiting jobs were damaged and could not be read: press their buttons again.")
            self.queue.trouble = text.format(count=left.unread)

    def close(self) -> None:
        """What waits is left for the next Blender."""
        if self._store is not None:
            self._store.close()
            self._store = None

    # --- what is begun ----------------------------------------------------------------------------------------------

    @property
    def is_busy(self) -> bool:
        return self._session.active is not None or self.queue.is_busy

    @property
    def has_due(self) -> bool:
        """Something is to be begun as soon as nothing runs, or as Blender can take it."""
        return any(not job.meshes or is_open(job.where, self._files) for job in self.queue.due)

    def why_wait(self) -> str:
        """A sentence where the next one is a mesh that Blender cannot give at this moment, else an empty one."""
        if self._session.active is not None:
            return ""
        step = self.queue.next_step()
        if step is not None:
            return self._why_not(step)
        if self.queue.is_busy or self._next() is not None:
            return ""
        return next(filter(None, map(self._why_not_begin, self.queue.due)), "")

    def start_next(self) -> bool:
        """Begin what is due. False where nothing is, or another job runs, or a mesh cannot be taken from the scene now."""
        if self._session.active is not None:
            return False
        step = self.queue.next_step()
        if step is None and not self.queue.is_busy and (job := self._next()) is not None:
            self._begin(job)
            step = self.queue.next_step()
        if step is None or self._why_not(step):
            return False
        if self._must_go_back(step):
            self.queue.put_back()
        else:
            self._try(step)
        return True

    def fail_next(self, sentence: str) -> None:
        step = self.queue.next_step()
        if step is not None:
            self._fail(step, sentence)

    # --- steps ------------------------------------------------------------------------------------------------------

    def _begin(self, job: QueuedJob) -> None:
        self.queue.begin(job)
        self.retexturer.begin()

    def _begin_now(self, job: QueuedJob) -> Job:
        """Raises Img23DError where no part of it can be begun."""
        self._begin(job)
        first: Img23DError | None = None
        while (step := self.queue.next_step()) is not None:
            try:
                return self._start(step)
            except Img23DError as error:
                self.queue.fail(step, error.sentence, is_told=True)
                first = first or error
        self.queue.forget()
        assert first is not None
        raise first

    def _next(self) -> QueuedJob | None:
        """The first that can begin now: one that Blender cannot begin at this moment does not keep the others waiting."""
        return next((job for job in self.queue.due if self._can_begin(job)), None)

    def _can_begin(self, job: QueuedJob) -> bool:
        return not job.meshes or (is_open(job.where, self._files) and not self._why_not_begin(job))

    def _why_not_begin(self, job: QueuedJob) -> str:
        """Empty, too, where its meshes are gone: that is said when its turn comes."""
        objects = (object_of(job.where, self._files, mesh.name, mesh.uid) for mesh in job.meshes)
        obj = next(filter(None, objects), None)
        return why_not_now(workplace_of_object(obj)) if obj is not None else ""

    def _why_not(self, step: QueueStep) -> str:
        place = self._workplace(step)
        return why_not_now(place) if place is not None else ""

    def _workplace(self, step: QueueStep) -> Workplace | None:
        """Of what it takes from the scene; None where that is nothing, or gone."""
        if self.queue.running.splitting is not None:
            return self.divider.workplace(step)
        return self.retexturer.workplace(step) if self.queue.running.painting is not None else None

    def _must_go_back(self, step: QueueStep) -> bool:
        """The artist has opened another file, and may open this one again."""
        job = self.queue.running
        is_away = bool(job.meshes) and bool(job.where.file) and not is_open(job.where, self._files)
        return is_away and step.state is StepState.WAITING

    def _try(self, step: QueueStep) -> None:
        try:
            self._start(step)
        except Img23DError as error:
            self.queue.refuse(step, error)
            if step.sentence and step.job is not None:
                self._failures[step.job.id, 0] = step.sentence

    def _fail(self, step: QueueStep, sentence: str) -> None:
        self.queue.fail(step, sentence)
        if step.job is not None:
            self._failures[step.job.id, 0] = sentence

    def _start(self, step: QueueStep) -> Job:
        """Raises Img23DError."""
        if self.queue.running.painting is not None:
            self.retexturer.start(step)
        elif self.queue.running.splitting is not None:
            self.divider.start(step)
        else:
            self._make(self.queue.running, step)
        return step.job

    def _make(self, job: QueuedJob, step: QueueStep) -> None:
        """Its results come into the scene that it was asked for in, or wait in the list. Raises Img23DError."""
        check_picture(job.photo)
        home, scene = self._home(job), scene_of(job.where, self._files)
        key = self._files.key if is_open(job.where, self._files) else job.where.file_key
        run = self._session.submit(job.making, key)
        if home is not None:
            self._placer.make_at(run, home)
        elif scene is not None:
            self._placer.choose_spot(run, scene, job.where)
        self.queue.ran(step, run)
        show_next(bpy.context.window_manager, self._session.jobs)

    def _home(self, job: QueuedJob) -> Home | None:
        """None where no object is made again, or its file is not open. Raises Img23DError where the object is gone."""
        host = job.host
        if host is None or not is_open(job.where, self._files):
            return None
        obj = object_of(job.where, self._files, host.name, host.uid)
        if obj is None or obj.type != "MESH":
            raise bad_request(_("“{name}” is no longer in this file, so it was not made again.").format(name=host.name))
        return Home(
            uid=obj.session_uid,
            piece=piece_of(obj),
            is_instead=host.is_instead,
            fingerprint=host.fingerprint,
            height=host.height,
            is_choice=host.is_choice,
            is_replaced_later=host.is_replaced_later,
            comparison=host.comparison,
        )

    def _keep(self, jobs: Sequence[QueuedJob]) -> None:
        """Never raises: what waits goes on without."""
        try:
            self._keep_in(jobs)
            self.queue.trouble = ""
        except Img23DError as error:
            self.queue.trouble = error.sentence
        except OSError as error:
            self.queue.trouble = _why_not_kept(error, self._store)

    def _keep_in(self, jobs: Sequence[QueuedJob]) -> None:
        """Raises OSError, Img23DError. Where the preferences name another folder by now, the list moves there."""
        if self._store is None and not jobs:
            return
        base, before = runs_base(bpy.context), self._store
        if before is None or before.base != base:
            self._store = QueueStore(base)
        self._store.keep(jobs)
        if before is not None and before is not self._store:
            before.keep(())
            before.close()


def _why_not_kept(error: OSError, store: QueueStore | None) -> str:
    _log.warning("what waits cannot be kept: %s", error)
    if error.errno == errno.ENOLCK:
        return "What waits is not kept for a restart of Blender, since the disk of the folder for runs cannot lock files."
    known = disk_error(error, store.base) if store is not None else None
    return known.sentence if known is not None else "What waits cannot be kept for a restart of Blender: the folder for runs cannot be written."
