"""Backends on the machines of a cluster, for a `WorkerPool`: as those of this machine, but that their files travel where no disk is shared."""

from __future__ import annotations

import json
import logging
import secrets
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from img23d_protocol import ErrorCode, Img23DError, encode
from img23d_protocol.files.disk_errors import disk_error
from img23d_protocol.messages import Failed, Message, Shutdown
from img23d_protocol.options.settings import engine_named

from ..workers.backend import Backend, Ended
from ..workers.pool import JOB_KINDS, JobRequest, WarmUp, WorkerPool
from ..workers.recipe import Place, Recipe, recipe
from .files import Mark, Sent, keep
from .hosting import THREADS, HostActor, MakeRecipe, files_below
from .joining import cluster_nodes
from .plan import Share, no_room, plan

log = logging.getLogger(__name__)

START_SECONDS = 180.0  # an actor imports what it needs, and a cluster may have to wake a machine
END_SECONDS = 3.0
_TAIL_LENGTH = 2000
_THREADS = ("OMP_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")


@dataclass(frozen=True, kw_only=True)
class OwnRecipe:
    """The recipe of the machine that it is called on: its private environment, and its folder of weights unless one is named."""

    python: str = ""
    models: str = ""

    def __call__(self) -> Recipe:
        return recipe(self.python, self.models)


@dataclass(frozen=True, kw_only=True)
class ClusterRecipe:
    """Starts backends where the cluster has room for a `share`. `mark` lies in the folder of the jobs."""

    share: Share
    make_recipe: MakeRecipe
    mark: Mark

    def start(self, place: Place, log: Path) -> RemoteBackend:
        return RemoteBackend(self, place)


class RemoteBackend(Backend):
    """Started when it is made; which machine it is on is known once it says its first word."""

    def __init__(self, made: ClusterRecipe, place: Place) -> None:
        import ray

        super().__init__()
        self._share = share = made.share
        self._number = secrets.randbits(31)
        self._job: JobRequest | None = None  # that it does
        self._has_ended = threading.Event()
        self._tail = ""
        needs = {"num_cpus": share.cpus, "num_gpus": share.gpus, "max_concurrency": THREADS, "scheduling_strategy": "SPREAD"}
        self._actor: Any = ray.remote(HostActor).options(**needs).remote(made.make_recipe, place, str(made.mark.path), made.mark.token)
        threading.Thread(target=self._listen, name="cluster-reader", daemon=True).start()

    @property
    def pid(self) -> int:
        return self._number

    @property
    def is_alive(self) -> bool:
        return not self._has_ended.is_set()

    def greet(self, seconds: float = START_SECONDS) -> None:
        super().greet(seconds)

    def silent(self) -> Img23DError:
        return no_room(self._share)

    def send(self, message: Message) -> None:
        """A job has reached the backend when this returns: a cancel that follows does not overtake it."""
        import ray

        line = encode(message)
        try:
            if isinstance(message, JOB_KINDS):
                self._job = job = cast(JobRequest, message)
                folder = Path(job.run_folder).parent  # that of the job, in which its inputs lie as well
                inputs = {str(path): path.read_bytes() for path in files_below(json.loads(line), folder)}
                ray.get(self._actor.begin.remote(line, inputs))
            else:
                self._actor.pass_on.remote(line)
        except ray.exceptions.RayError as error:
            log.info("worker %d: not sent: %s", self._number, error)

    def end(self) -> None:
        self.send(Shutdown())
        self._has_ended.wait(END_SECONDS)
        self.kill()

    def kill(self) -> None:
        import ray

        ray.kill(self._actor)

    def tail(self) -> str:
        return self._tail

    def _listen(self) -> None:
        import ray

        ended = Ended(code=None)
        try:
            for reference in self._actor.listen.options(num_returns="streaming").remote():
                said = ray.get(reference)
                if isinstance(said, Ended):
                    ended = said
                else:
                    self._take(said)
        except ray.exceptions.RayError as error:
            ended = Ended(code=None, tail=str(error)[-_TAIL_LENGTH:])
        except (OSError, ValueError) as error:
            self.inbox.put(self._not_kept(error))
        self._tail = ended.tail
        self._has_ended.set()
        self.kill()
        self.inbox.put(ended)

    def _take(self, said: str | Sent) -> None:
        """Raises OSError and ValueError where a file cannot be kept."""
        if isinstance(said, Sent):
            assert self._job is not None, "files belong to a job"
            keep(said, Path(self._job.run_folder), self._job)
        elif self.machine:
            self.take(said)
        else:
            self.machine = said

    def _not_kept(self, error: OSError | ValueError) -> Failed:
        job = self._job
        assert job is not None
        known = disk_error(error, Path(job.run_folder)) if isinstance(error, OSError) else None
        found = known or Img23DError(ErrorCode.INTERNAL, f"What came from another machine could not be kept: {error}")
        return Failed(job=job.job, code=found.code, sentence=found.sentence, detail=found.detail)


class ClusterWorkers(WorkerPool):
    """In the cluster that this program has joined: one worker a card, or a processor where the usual engine is the built-in one; as many as there is
    room for now unless it is said how many. `data` is the folder below which the jobs' folders lie. Raises OSError where nothing can be written to it.
    """

    def __init__(self, make_recipe: MakeRecipe, data: Path, *, engine: str, workers: int, warm_up: WarmUp) -> None:
        (share,) = plan(cluster_nodes(), is_built_in=engine_named(engine).is_built_in, workers=workers)
        self._mark = Mark(data)
        threads: dict[str, str] = {} if share.gpus else {name: str(max(1, int(share.cpus))) for name in _THREADS}
        places = [Place(label=f"worker {number}", variables=threads) for number in range(share.count)]
        super().__init__(ClusterRecipe(share=share, make_recipe=make_recipe, mark=self._mark), places, data / "logs", warm_up=warm_up)

    def close(self, seconds: float = 0.0) -> None:
        super().close(seconds)
        self._mark.remove()
