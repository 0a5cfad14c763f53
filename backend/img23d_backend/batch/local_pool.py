"""A `Pool` of this machine's backends: how many there are, and what each of them gets of its cards and cores."""

from __future__ import annotations

import os
import queue
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from img23d_protocol.messages import Settings
from img23d_protocol.options.settings import engine_named

from ..machine import memory
from ..workers.pool import JobRequest, WorkerPool
from ..workers.recipe import AUTOMATIC, PROCESSOR, Place, Recipe, places, recipe
from .pool import Told

WORKER_BYTES = 1_500_000_000  # of memory that is kept for a worker of the built-in engine: an estimate
_THREADS, _OPENCV_THREADS = "OMP_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"  # the built-in engine computes with OpenCV, which knows its own only


class LocalPool:
    """A job that ends its worker is done again by the workers themselves, once."""

    def __init__(self, made: Recipe, where: Sequence[Place], logs: Path) -> None:
        self._workers = WorkerPool(made, [with_opencv_threads(place) for place in where], logs)
        self._said: queue.SimpleQueue[Told] = queue.SimpleQueue()
        self.capacity = len(where)
        self._workers.start()

    def submit(self, request: JobRequest) -> None:
        self._workers.submit(request, lambda message: self._said.put(Told(job=request.job, message=message)))

    def cancel(self, job: str, target: int = -1) -> None:
        self._workers.cancel(job, target)

    def take(self, seconds: float) -> Told | None:
        try:
            return self._said.get(timeout=seconds)
        except queue.Empty:
            return None

    def close(self) -> None:
        self._workers.close()


def local_pool(wanted: int, most: int, *, engine: str, settings: Settings, models: str, logs: Path) -> LocalPool:
    """`wanted` workers, 0 for as many as there is room for, and never more than `most`."""
    return LocalPool(recipe(models=models), places_for(wanted, most, engine=engine, settings=settings), logs)


def places_for(wanted: int, most: int, *, engine: str, settings: Settings) -> Sequence[Place]:
    """See `local_pool`. Where models are used there is one a card, and without any card one for the whole machine."""
    if settings.file_sets(engine_named(engine)):
        return places(AUTOMATIC, wanted)[:most]
    return places(PROCESSOR, min(most, wanted or room_for(os.cpu_count() or 1, memory.total_bytes())))


def room_for(cores: int, total_bytes: int) -> int:
    """Workers of the built-in engine: one a core, as far as memory goes; `total_bytes` 0 where that is not known."""
    return max(1, min(cores, total_bytes // WORKER_BYTES if total_bytes else 1))


def with_opencv_threads(place: Place) -> Place:
    """OpenCV takes as many threads as the rest of the worker."""
    threads = place.variables.get(_THREADS) or os.environ.get(_OPENCV_THREADS)
    return replace(place, variables={**place.variables, _OPENCV_THREADS: threads}) if threads else place
