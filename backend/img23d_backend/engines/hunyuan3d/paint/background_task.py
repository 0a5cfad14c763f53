"""Work in a thread while the block does something else: the processor lays a mesh out while the graphics card paints its views."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from ....stages import JobCancelled

T = TypeVar("T")


@contextmanager
def background_task(work: Callable[[Callable[[], None]], T]) -> Iterator[Future[T]]:
    """Runs `work(check)` in a thread; the block takes its result. Where the block is left without that, `check`, which the
    work calls now and then, raises JobCancelled, and the block ends when the thread has.
    """
    left = threading.Event()

    def check() -> None:
        if left.is_set():
            raise JobCancelled

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="img23d-background") as pool:
        try:
            yield pool.submit(work, check)
        finally:
            left.set()
