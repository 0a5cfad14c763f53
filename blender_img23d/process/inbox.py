"""What waits between the reader thread and Blender's main thread."""

from __future__ import annotations

import threading
from collections import deque

from ..core.link import LinkClosed
from ..shared.img23d_protocol.messages import Message, Progress

Item = Message | LinkClosed

LIMIT = 10_000  # items; a backend that sends more before Blender looks has to wait
BATCH = 500  # items a `take`, so that one tick stays short


class Inbox:
    """A queue with a limit, in which only the newest of several progress reports in a row is kept."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._items: deque[Item] = deque()
        self._limit = limit
        self._is_open = True
        self._changed = threading.Condition()

    def put(self, item: Item) -> None:
        """Waits while the inbox is full; drops the item when nobody will look any more."""
        with self._changed:
            if self._items and _replaces(item, self._items[-1]):
                self._items[-1] = item
                return
            self._changed.wait_for(lambda: len(self._items) < self._limit or not self._is_open)
            if self._is_open:
                self._items.append(item)

    def take(self, most: int = BATCH) -> list[Item]:
        with self._changed:
            taken = [self._items.popleft() for _ in range(min(most, len(self._items)))]
            self._changed.notify_all()
        return taken

    def close(self) -> None:
        """Lets nobody wait any more: what is in it is dropped, and so is what comes."""
        with self._changed:
            self._is_open = False
            self._items.clear()
            self._changed.notify_all()


def _replaces(new: Item, old: Item) -> bool:
    if not isinstance(new, Progress) or not isinstance(old, Progress):
        return False
    return (new.job, new.target, new.stage) == (old.job, old.target, old.stage)
