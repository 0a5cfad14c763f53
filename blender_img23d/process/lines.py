"""A stream of bytes cut into lines."""

from __future__ import annotations

import logging
from collections.abc import Iterator

log = logging.getLogger(__name__)

LONGEST_LINE = 16 * 1024 * 1024  # bytes; a longer one is no message, and is dropped instead of kept in memory


class LineSplitter:
    """Takes chunks as they come and gives whole lines, without their end."""

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        self._longest = longest
        self._parts: list[bytes] = []  # of the line that has not ended yet
        self._size = 0
        self._is_dropping = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        *ended, rest = chunk.split(b"\n")
        for piece in ended:
            self._add(piece)
            line = self._take()
            if line is not None and line.strip():
                yield line
        self._add(rest)

    def _add(self, piece: bytes) -> None:
        if self._is_dropping or not piece:
            return
        self._parts.append(piece)
        self._size += len(piece)
        if self._size > self._longest:
            log.warning("dropped a line of more than %d bytes that began with %r", self._longest, self._parts[0][:80])
            self._is_dropping = True
            self._parts.clear()

    def _take(self) -> bytes | None:
        line = None if self._is_dropping else b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        self._is_dropping = False
        return line
