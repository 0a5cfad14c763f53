"""A stream of bytes cut into lines."""

from __future__ import annotations

from collections.abc import Iterator

from ..shared.img23d_protocol.limits import ANSWER_MAX


class LineTooLong(ValueError):
    """No message is so long: whoever sends it does not speak the protocol."""


class LineSplitter:
    """Takes chunks as they come and gives whole lines, without their end."""

    def __init__(self, longest: int = ANSWER_MAX) -> None:
        self._longest = longest
        self._unfinished = bytearray()  # the line that has not ended yet

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Raises LineTooLong, after the lines before; nothing can be made of what follows."""
        *ended, rest = chunk.split(b"\n")
        for piece in ended:
            self._add(piece)
            line = bytes(self._unfinished)
            self._unfinished.clear()
            if line.strip():
                yield line
        self._add(rest)

    def _add(self, piece: bytes) -> None:
        if len(self._unfinished) + len(piece) > self._longest:
            begin = bytes(self._unfinished[:80]) or piece[:80]
            self._unfinished.clear()
            raise LineTooLong(f"a line of more than {self._longest} bytes that began with {begin!r}")
        self._unfinished += piece
