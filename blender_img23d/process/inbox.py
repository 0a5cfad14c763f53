"""The bounded queue between the reader thread and Blender's main thread."""

from __future__ import annotations

import threading
from collections import deque

from ..core.session.link import LinkClosed
from ..shared.img23d_protocol.messages import FromBackend, Progress

Item = FromBackend | LinkClosed

# A backend that sends more before Blender looks has to wait: nobody reads its pipe until there is room again.
LIMIT = 10_000  # items
LIMIT_BYTES = 16 * 1024 * 1024  # of their lines
BATCH = 500  # items a `take`, so that one tick stays short


class Inbox:
    """A queue with limits, in which only the newest of several progress reports in a row is kept."""

    def __init__(self, limit: int = LIMIT, limit_bytes: int = LIMIT_BYTES) -> None:
        self._items: deque[tuple[Item, int]] = deque()  # with the bytes of their lines
        self._limit = limit
        self._limit_bytes = limit_bytes
        self._bytes = 0
        self._is_open = True
        self._changed = threading.Condition()

    def put(self, item: Item, size: int = 0) -> None:
        """Waits while the inbox is full; drops the item when nobody will look any more. `size` is its line's, in bytes."""
        with self._changed:
            if self._items and _replaces(item, self._items[-1][0]):
                self._bytes -= self._items.pop()[1]
            self._changed.wait_for(lambda: self._has_room(size) or not self._is_open)
            if self._is_open:
                self._items.append((item, size))
                self._bytes += size

    def take(self, most: int = BATCH) -> list[Item]:
        with self._changed:
            taken = [self._items.popleft() for _ in range(min(most, len(self._items)))]
            self._bytes -= sum(size for _, size in taken)
            self._changed.notify_all()
        return [item for item, _ in taken]

    def close(self) -> None:
        """Lets nobody wait any more: what is in it is dropped, and so is what comes."""
        with self._changed:
            self._is_open = False
            self._items.clear()
            self._bytes = 0
            self._changed.notify_all()

    def _has_room(self, size: int) -> bool:
        """One item has room in an empty inbox, whatever its size."""
        return not self._items or (len(self._items) < self._limit and self._bytes + size <= self._limit_bytes)


def _replaces(new: Item, old: Item) -> bool:
    if not isinstance(new, Progress) or not isinstance(old, Progress):
        return False
    return (new.job, new.target, new.stage) == (old.job, old.target, old.stage)
