"""Actors of one kind: started, lent to one caller at a time, and replaced where their machine is lost."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import Any

from img23d_protocol import PROTOCOL_VERSION, ErrorCode, Img23DError

from .. import __version__
from .actors import MakeLoader, PhotoActor, StageActor, Welcome
from .files import Mark
from .plan import Kind, Share

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.25  # between two looks whether the caller still waits
_MOST_FALSE_STARTS = 3  # in a row: actors that end before they answer
_THREADS = 4  # of an actor: a job, and who cancels it


class ActorGroup:
    """`share` says how many there are to be, and what each takes; one that finds no room waits for a machine to join."""

    def __init__(self, share: Share, make_loader: MakeLoader, mark: Mark) -> None:
        self.share = share
        self.error: Img23DError | None = None  # why there will be none
        self._make_loader, self._mark = make_loader, mark
        self._idle: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._welcomes: dict[Any, Welcome] = {}
        self._changed = threading.Condition()
        self._false_starts, self._is_closed = 0, False
        self._all: list[Any] = []
        for _ in range(share.count):
            self._start()

    @property
    def ready(self) -> int:
        """How many have answered, idle or not."""
        with self._changed:
            return len(self._welcomes)

    def welcome_of(self, actor: Any) -> Welcome:
        with self._changed:
            return self._welcomes[actor]  # a lent one has one

    def lend(self, wait: Callable[[], None] = lambda: None) -> Any:
        """The next idle actor; `wait` is called again and again until there is one, and may raise."""
        while True:
            if self.error is not None:
                raise self.error
            try:
                actor = self._idle.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                wait()
                continue
            with self._changed:
                if actor in self._welcomes:  # it was not lost meanwhile
                    return actor

    def any(self, wait: Callable[[], None] = lambda: None) -> Any:
        """One that has answered, idle or not, for a question that it answers beside its work; it need not be given back."""
        while True:
            if self.error is not None:
                raise self.error
            with self._changed:
                self._changed.wait_for(lambda: self._welcomes or self.error is not None, _LOOK_SECONDS)
                if self._welcomes:
                    return next(iter(self._welcomes))
            wait()

    def give_back(self, actor: Any) -> None:
        self._idle.put(actor)

    def lose(self, actor: Any) -> None:
        """In place of given back: it is gone, or to be ended, and another one is started on whatever machine has room. Once for all that notice it."""
        import ray

        with self._changed:
            self._welcomes.pop(actor, None)
            if actor not in self._all:
                return
            self._all.remove(actor)
        ray.kill(actor)
        self._start()

    def close(self) -> None:
        import ray

        self._is_closed = True
        for actor in self._all:
            ray.kill(actor)

    def _start(self) -> None:
        import ray

        if self._is_closed:
            return
        share = self.share
        kind = PhotoActor if share.kind is Kind.PHOTO else StageActor
        spread = {"num_cpus": share.cpus, "num_gpus": share.gpus, "max_concurrency": _THREADS, "scheduling_strategy": "SPREAD"}
        actor = ray.remote(kind).options(**spread).remote(self._make_loader, max(1, int(share.cpus)))
        with self._changed:
            self._all.append(actor)
        threading.Thread(target=self._await, args=(actor,), name=share.kind, daemon=True).start()

    def _await(self, actor: Any) -> None:
        """Until it has answered, which may be for as long as no machine has room for it."""
        import ray

        try:
            welcome = ray.get(actor.welcome.remote(str(self._mark.path), self._mark.token))
        except ray.exceptions.RayError as error:
            self._begin_again(actor, error)
            return
        if (welcome.protocol, welcome.backend) != (PROTOCOL_VERSION, __version__):
            sentence = f"A machine of the cluster has Img23D {welcome.backend}, and this one {__version__}: install the same on all."
            self.error = Img23DError(ErrorCode.VERSION_MISMATCH, sentence, f"protocol {welcome.protocol} and {PROTOCOL_VERSION}")
            return
        self._false_starts = 0
        with self._changed:
            self._welcomes[actor] = welcome
            self._changed.notify_all()
        self._idle.put(actor)

    def _begin_again(self, actor: Any, error: Exception) -> None:
        if self._is_closed:
            return
        log.warning("an actor for %s did not start: %s", self.share.kind, error)
        self._false_starts += 1
        if self._false_starts > _MOST_FALSE_STARTS:
            sentence = "The cluster's workers end as soon as they are started: is Img23D installed on each machine?"
            self.error = Img23DError(ErrorCode.BACKEND_START, sentence, str(error)[-4000:])
        else:
            self.lose(actor)
