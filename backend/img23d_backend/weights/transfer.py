"""Downloads one file from the hub: a part is resumed after an interruption, and moved to its place only when every byte is right."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import SetupStep

from .digests import has_digest
from .disk import remove, replace
from .hub import Hub, HubFile
from .hub_errors import transfer_errors
from .record import size_of

if TYPE_CHECKING:
    from .task import Task

_RESTARTS = 2  # from zero, for servers that do not know ranges


def part_path(parts: Path, file: HubFile) -> Path:
    """The partial file's path: named by what it will be, so that it fits any revision that has the same file."""
    return parts / file.digest.replace(":", "-")


def fetch(hub: Hub, repository: str, commit: str, file: HubFile, target: Path, parts: Path, task: Task) -> None:
    """Complete what there is of the file, check every byte, and move it into place.

    Raises Img23DError(HUB_…, OFFLINE, WEIGHTS_DAMAGED), OSError, JobCancelled.
    """
    part, title = part_path(parts, file), Path(file.name).name
    parts.mkdir(parents=True, exist_ok=True)
    before = task.done
    for _ in range(2):  # bytes of an interrupted attempt may be the wrong ones: then once more from zero
        was_begun = size_of(part) > 0
        task.begin(SetupStep.DOWNLOAD, title)
        _complete(hub, repository, commit, file, part, task, before)
        task.begin(SetupStep.VERIFY, title)
        if size_of(part) == file.size and has_digest(part, file.digest, lambda _: task.check()):
            replace(part, target)
            task.done = before + file.size
            return
        remove(part)
        if not was_begun:
            break
    raise Img23DError(
        ErrorCode.WEIGHTS_DAMAGED,
        f"What arrived as “{title}” is not what the model hub announces: a proxy or antivirus may change downloads; try again, or on another network.",
        f"{repository} {commit} {file}",
    )


def _complete(hub: Hub, repository: str, commit: str, file: HubFile, part: Path, task: Task, before: int) -> None:
    """Append until the part has the file's size. A connection that breaks after some bytes is taken up again at once."""
    if size_of(part) > file.size:
        remove(part)
    with part.open("ab") as out:
        partial = _PartialFile(file, out, task, before)
        while partial.size < file.size:
            hub.read(repository, commit, file.name, partial.size, task, partial.append)
        out.flush()
        os.fsync(out.fileno())


class _PartialFile:
    """The partial file, while one answer after another is appended to it. `before`: the job's bytes that were done earlier."""

    def __init__(self, file: HubFile, out: BinaryIO, task: Task, before: int) -> None:
        self.size = out.tell()
        self._file, self._out, self._task, self._before = file, out, task, before
        self._restarts = 0

    def append(self, is_at_offset: bool, blocks: Iterator[bytes]) -> None:
        """Raises the connection's error where it broke before the first byte, ValueError for an answer that leads nowhere."""
        if not is_at_offset:
            self._restart()
        start = self.size
        try:
            for block in blocks:
                self._task.check()
                self._out.write(block)
                self.size += len(block)
                self._task.received += len(block)
                self._task.done = self._before + min(self.size, self._file.size)
                if self.size > self._file.size:
                    return  # too much: the hash will tell
        except transfer_errors():
            self._task.check()
            if self.size == start:
                raise
        if self.size == start:
            raise ValueError("an answer without bytes")

    def _restart(self) -> None:
        """The server sends the whole file instead of the rest."""
        self._restarts += 1
        if self._restarts > _RESTARTS:
            raise ValueError("the line breaks again and again, and the server cannot go on in the middle")
        self._out.seek(0)
        self._out.truncate()
        self.size = 0
