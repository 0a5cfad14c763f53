"""The built-in splitter as a stage: which part each face belongs to, by the shape alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np

from img23d_protocol.messages import Settings

from ..stages import Context, JobCancelled, Mesh
from .splitting.splitter import Wish, split
from .stage import Divided, Splitter, Task

_LOOK = 0.1  # seconds between two looks for a cancel


class ShapeSplitter(Splitter):
    """Needs a mesh, and looks at no picture."""

    def split(self, task: Task, settings: Settings, context: Context) -> Iterator[Divided]:
        """One answer."""
        assert task.mesh is not None, "checked on the request"
        yield Divided(part_of_face=_patient(task.mesh, wish_of(settings), lambda fraction: context.report(fraction, "")))


def wish_of(settings: Settings) -> Wish:
    """How finely the settings want it split."""
    division = settings.parts.built_in.division
    return Wish(more=division.more, count=division.count or None)


def _patient(mesh: Mesh, wish: Wish, report: Callable[[float], None]) -> np.ndarray:
    """In a thread of its own, since a step of two million faces takes seconds, and a cancel is to be seen at once; the thread then ends with
    its step.
    """
    reached, is_left = [0.0], threading.Event()

    def note(fraction: float) -> None:
        if is_left.is_set():
            raise JobCancelled
        reached[0] = fraction

    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="img23d-splitter")
    try:
        result = pool.submit(split, mesh, wish, note)
        while not wait([result], _LOOK).done:
            report(reached[0])
        return result.result()
    finally:
        is_left.set()
        pool.shutdown(wait=False)
