"""A `Pool` of the actors of a Ray cluster: whole photos, each by one actor, or stages on actors of their own."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from img23d_protocol import ErrorCode, Img23DError, decode
from img23d_protocol.files.disk_errors import disk_error
from img23d_protocol.messages import Cancelled, Failed, FromBackend, Settings, Stage
from img23d_protocol.options.settings import engine_named

from ..batch.pool import Told
from ..jobs.job import Caller as JobCaller
from ..stages import JobCancelled
from ..workers.pool import JobRequest
from .actors import MakeLoader, UsualEngines
from .files import Mark, Sent, inputs_of, keep
from .group import ActorGroup
from .joining import cluster_nodes, join
from .plan import Kind, Share, no_room, plan

log = logging.getLogger(__name__)

START_SECONDS = 180.0  # for the first worker: an actor imports what it needs, and a cluster may have to wake a machine
_MOST_SILENT = 8  # actors one after the other that end before they say a word of a job
_LOST = "The worker that made it ended in the middle."


class RayPool:
    """`out` is the folder below which the jobs' folders lie."""

    def __init__(self, shares: Sequence[Share], make_loader: MakeLoader, out: Path) -> None:
        """In the cluster that `ray.init` has joined. Raises OSError where nothing can be written to `out`."""
        self._mark = Mark(out)
        self._groups = {share.kind: ActorGroup(share, make_loader, self._mark) for share in shares}
        self._said: queue.SimpleQueue[Told] = queue.SimpleQueue()
        self._jobs: dict[str, _RunningJob] = {}
        self._changing = threading.Lock()
        self._depth: dict[str, bool] = {}  # by the engine's id: whether it measures depth
        self._started = time.monotonic()

    @property
    def capacity(self) -> int:
        """One job more than there are actors, so that none waits for the pipeline, or until the manifest says how its last photo ended."""
        return sum(group.ready for group in self._groups.values()) + 1

    def submit(self, request: JobRequest) -> None:
        job = _RunningJob(request)
        with self._changing:
            self._jobs[request.job] = job
        work = self._do_whole if Kind.PHOTO in self._groups else self._do_stages
        threading.Thread(target=work, args=(job,), name=request.job, daemon=True).start()

    def cancel(self, job: str, target: int = -1) -> None:
        with self._changing:
            running = self._jobs.get(job)
        if running is not None:
            running.cancel(target)

    def take(self, seconds: float) -> Told | None:
        self._require_workers()
        try:
            told = self._said.get(timeout=seconds)
        except queue.Empty:
            return None
        if told.is_last:
            with self._changing:
                self._jobs.pop(told.job, None)
        return told

    def close(self) -> None:
        for group in self._groups.values():
            group.close()
        self._mark.remove()

    def _require_workers(self) -> None:
        """Raises Img23DError where there will be none."""
        for group in self._groups.values():
            if group.error is not None:
                raise group.error
            if not group.ready and time.monotonic() - self._started > START_SECONDS:
                raise no_room(group.share)

    def _tell(self, job: str, message: FromBackend) -> None:
        self._said.put(Told(job=job, message=message))

    def _fail(self, job: str, error: Img23DError) -> None:
        self._tell(job, Failed(job=job, code=error.code, sentence=error.sentence, detail=error.detail))

    # --- the two ways to do a job, each in a thread of its own --------------------------------------------------------

    def _do_whole(self, job: _RunningJob) -> None:
        """An actor that was lost while nobody looked is no loss of this job: the next one is asked."""
        group = self._groups[Kind.PHOTO]
        for _ in range(_MOST_SILENT):
            try:
                actor = group.lend(job.check)
            except JobCancelled:
                self._tell(job.request.job, Cancelled(job=job.request.job))
                return
            except Img23DError as error:
                self._fail(job.request.job, error)
                return
            if self._do_on(actor, job):
                return
        self._fail(job.request.job, Img23DError(ErrorCode.BACKEND_DIED, _LOST))

    def _do_on(self, actor: Any, job: _RunningJob) -> bool:
        """Whether the caller has heard of it, in which case also its last word was said."""
        import ray

        request, group = job.request, self._groups[Kind.PHOTO]
        is_begun, is_card_lost = False, False
        try:
            shares_disk = group.welcome_of(actor).shares_disk
            job.begin(actor)
            for reference in actor.run.options(num_returns="streaming").remote(request, inputs_of(request), shares_disk):
                message = self._take(request, ray.get(reference))
                is_begun = True
                is_card_lost |= isinstance(message, Failed) and message.code == ErrorCode.DEVICE_LOST
        except ray.exceptions.RayError as error:
            group.lose(actor)
            if is_begun:
                self._fail(request.job, Img23DError(ErrorCode.BACKEND_DIED, _LOST, str(error)[-2000:]))
            return is_begun
        except (OSError, ValueError) as error:
            known = disk_error(error, Path(request.run_folder)) if isinstance(error, OSError) else None
            self._fail(request.job, known or Img23DError(ErrorCode.INTERNAL, f"What came from another machine could not be kept: {error}"))
            group.lose(actor)  # it is still at it
            return True
        if is_card_lost:
            group.lose(actor)  # only a new process can use the card again
        else:
            group.give_back(actor)
        return True

    def _take(self, request: JobRequest, said: str | Sent) -> FromBackend | None:
        """Told, or kept where it is a file. Raises OSError and ValueError where it cannot be."""
        if isinstance(said, Sent):
            keep(said, Path(request.run_folder), request)
            return None
        message = decode(said)
        assert isinstance(message, FromBackend), "an actor says what a backend says"
        self._tell(request.job, message)
        return message

    def _do_stages(self, job: _RunningJob) -> None:
        """The pipeline itself runs here: what it writes lies where it belongs."""
        from ..jobs.pipeline import run_job
        from .remote_engine import remote_editor, remote_engine

        request = job.request
        caller = JobCaller(
            emit=lambda message: self._tell(request.job, message),
            load_engine=lambda engine: remote_engine(engine, self._groups, self._depth, job.check),
            load_editor=lambda: remote_editor(self._groups, job.check),
            is_cancelled=job.is_cancelled.is_set,
            is_target_cancelled=job.stopped.__contains__,
        )
        run_job(request, caller)


class _RunningJob:
    """A request and whether it is still wanted."""

    def __init__(self, request: JobRequest) -> None:
        self.request = request
        self.is_cancelled = threading.Event()
        self.stopped: set[int] = set()
        self._actor: Any = None  # that does the whole of it

    def begin(self, actor: Any) -> None:
        self._actor = actor
        if self.is_cancelled.is_set():
            self._pass_on(-1)
        for target in tuple(self.stopped):
            self._pass_on(target)

    def cancel(self, target: int) -> None:
        if target >= 0:
            self.stopped.add(target)
        else:
            self.is_cancelled.set()
        if self._actor is not None:
            self._pass_on(target)

    def _pass_on(self, target: int) -> None:
        self._actor.cancel.remote(self.request.job if target < 0 else f"{self.request.job}/{target}")

    def check(self) -> None:
        """While it waits for an actor. Raises JobCancelled."""
        if self.is_cancelled.is_set():
            raise JobCancelled


def cluster_pool(address: str, *, workers: int, stages: str, engine: str, settings: Settings, models: str, out: Path) -> RayPool:
    """Joins the cluster at the address, or `auto` for the one that this machine is in; its workers are shared out for jobs with that engine and these
    settings. Raises Img23DError.
    """
    join(address)
    declared = engine_named(engine)
    has_painter = settings.paints(declared) and any(Stage.PAINT in part.stages and part.file_sets() for part in settings.stages_of(declared))
    shares = plan(cluster_nodes(), is_built_in=not settings.file_sets(declared), has_painter=has_painter, workers=workers, stages=stages)
    return RayPool(shares, UsualEngines(models=models), out)
