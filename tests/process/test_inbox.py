"""What waits for Blender's main thread has an end."""

from __future__ import annotations

import threading
import time

from blender_img23d.process.inbox import Inbox
from blender_img23d.shared.img23d_protocol.messages import Log, Progress, Stage


def log(number: int) -> Log:
    return Log(level="info", text=str(number))


def test_first_in_first_out_in_batches() -> None:
    inbox = Inbox()
    for number in range(5):
        inbox.put(log(number))
    assert inbox.take(3) == [log(0), log(1), log(2)]
    assert inbox.take(3) == [log(3), log(4)]
    assert inbox.take(3) == []


def test_only_the_newest_of_several_reports_in_a_row_is_kept() -> None:
    inbox = Inbox()
    reports = [Progress(job="a", stage=Stage.SHAPE, target=0, fraction=n / 10) for n in range(10)]
    for report in reports:
        inbox.put(report)
    other = Progress(job="a", stage=Stage.SHAPE, target=1, fraction=0.5)
    inbox.put(other)
    inbox.put(log(1))
    inbox.put(reports[0])
    assert inbox.take() == [reports[-1], other, log(1), reports[0]]


def test_a_full_inbox_makes_the_reader_wait_until_there_is_room() -> None:
    inbox = Inbox(limit=2)
    reader = threading.Thread(target=lambda: [inbox.put(log(number)) for number in range(5)])
    reader.start()
    taken = []
    deadline = time.monotonic() + 5.0
    while len(taken) < 5 and time.monotonic() < deadline:
        batch = inbox.take()
        assert len(batch) <= 2
        taken += batch
    reader.join(5.0)
    assert taken == [log(number) for number in range(5)]


def test_the_bytes_of_what_waits_are_bounded() -> None:
    """Ten lines of forty bytes where a hundred may wait: never more than two, and none is lost."""
    inbox, most = Inbox(limit_bytes=100), 0
    reader = threading.Thread(target=lambda: [inbox.put(log(number), 40) for number in range(10)])
    reader.start()
    taken: list[Log] = []
    deadline = time.monotonic() + 5.0
    while len(taken) < 10 and time.monotonic() < deadline:
        batch = inbox.take()
        most = max(most, len(batch))
        taken += batch
    reader.join(5.0)
    assert taken == [log(number) for number in range(10)] and most <= 2


def test_one_line_has_room_whatever_its_size() -> None:
    inbox = Inbox(limit_bytes=100)
    inbox.put(log(0), 1000)
    assert inbox.take() == [log(0)]


def test_closing_frees_the_reader() -> None:
    inbox = Inbox(limit=1)
    inbox.put(log(0))
    reader = threading.Thread(target=lambda: inbox.put(log(1)))
    reader.start()
    inbox.close()
    reader.join(5.0)
    assert not reader.is_alive()
    inbox.put(log(2))
    assert inbox.take() == []
