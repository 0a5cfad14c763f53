"""Work in a thread while the block does something else."""

from __future__ import annotations

import threading
import time

import pytest

from img23d_backend.engines.hunyuan3d.paint.background_task import background_task
from img23d_backend.stages import JobCancelled

WAIT = 20.0  # seconds after which a test gives up


def test_both_are_at_work_at_once() -> None:
    theirs, ours = threading.Event(), threading.Event()

    def work(check) -> int:
        theirs.set()
        assert ours.wait(WAIT)
        return 7

    with background_task(work) as done:
        assert theirs.wait(WAIT)
        ours.set()
        assert done.result() == 7


def test_a_cancel_in_the_block_ends_the_work_too() -> None:
    ended: list[BaseException] = []

    def work(check) -> None:
        try:
            for _ in range(int(WAIT / 0.01)):
                check()
                time.sleep(0.01)
        except JobCancelled as cancel:
            ended.append(cancel)
            raise

    with pytest.raises(KeyError), background_task(work):
        raise KeyError("the block's own")
    assert len(ended) == 1


def test_what_fails_beside_is_raised_where_the_result_is_taken() -> None:
    def work(check) -> None:
        raise ValueError("it does not fit")

    with pytest.raises(ValueError, match="does not fit"), background_task(work) as done:
        done.result()
