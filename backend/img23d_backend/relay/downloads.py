"""The files that a job announces, fetched into its run's folder on this machine: whole or not at all, and nowhere else."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.files.disk_errors import disk_error
from img23d_protocol.files.filenames import FileName, is_file_name
from img23d_protocol.files.whole_files import whole_file
from img23d_protocol.machines import sentences

from .connection import Answer, Connection, Lost

LARGEST_FILE = 4 * 2**30  # bytes: a hundred times a mesh of five million triangles
LARGEST_JOB = 32 * 2**30  # bytes of all files of a job, what is fetched again included
MOST_FILES = 20_000  # of a job
_BLOCK = 1 << 18  # bytes a read
_GRACE_SECONDS, _SLOWEST = 60.0, 10_000.0  # seconds, and bytes a second after them: what is slower is tried anew
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")
_LONGEST_NUMBER = 15  # digits


@dataclass(kw_only=True)
class _Known:
    """The server's name of the file's contents, of which the draft has the beginning; empty while it has none."""

    tag: str = ""


class Missing(Exception):
    """The server has no such file (any more)."""


class Fetcher:
    """Of one job. `again` is asked after a connection was lost: it waits, and raises where nobody waits any more."""

    def __init__(self, connection: Connection, folder: Path, own: frozenset[Path], again: Callable[[Lost], None]) -> None:
        """`own` are files that the job was begun with, which no answer may replace."""
        self._connection = connection
        self._folder = folder
        self._own = own
        self._again = again
        self._bytes = self._files = 0

    def fetch(self, job: str, name: FileName) -> Path:
        """The path of the file here. Raises Missing, Img23DError."""
        path = self._place(name)
        self._files += 1
        if self._files > MOST_FILES:
            raise _too_much()
        with self._disk():
            self._folder.mkdir(parents=True, exist_ok=True)
            with whole_file(path) as draft:
                self._fill(draft, f"/v1/jobs/{job}/files/{quote(name, safe='')}")
        return path

    def _place(self, name: str) -> Path:
        """Raises Img23DError(MACHINE_ANSWER) for what is no plain name, is hidden, or would replace what the job reads."""
        path = self._folder / name
        if not is_file_name(name) or name.startswith(".") or not name.isprintable() or path.parent != self._folder or path in self._own or path.is_dir():
            raise Img23DError(ErrorCode.MACHINE_ANSWER, sentences.UNSAFE, repr(name[:80]))
        return path

    def _fill(self, draft: Path, url: str) -> None:
        """Go on where the connection was lost, as long as it is the same file there; else from its beginning."""
        known = _Known()
        while True:
            have = draft.stat().st_size if known.tag else 0
            headers = {"Range": f"bytes={have}-", "If-Range": known.tag} if have else {}
            try:
                with self._connection.request("GET", url, headers=headers) as answer:
                    self._receive(draft, answer, have, known)
                return
            except Lost as error:
                self._again(error)

    def _receive(self, draft: Path, answer: Answer, have: int, known: _Known) -> None:
        """Raises Missing, Lost, Img23DError."""
        start, size = _extent(answer, have)
        if size > LARGEST_FILE:
            raise _too_much()
        known.tag = answer.headers.get("etag", "")
        got, begun = start, time.monotonic()
        with self._disk(), open(draft, "r+b", buffering=0) as file:
            file.truncate(start)
            file.seek(start)
        while got < size:
            block = answer.body.read1(min(_BLOCK, size - got))
            if not block:
                raise _cut_off(f"{got} of {size} bytes")
            with self._disk(), open(draft, "ab") as file:
                file.write(block)
            got += len(block)
            self._count(len(block))
            if time.monotonic() - begun > _GRACE_SECONDS + (got - start) / _SLOWEST:
                raise _cut_off("too slow")

    @contextlib.contextmanager
    def _disk(self) -> Iterator[None]:
        """What this machine's disk says in the block, as Img23DError."""
        try:
            yield
        except OSError as error:
            known = disk_error(error, self._folder)
            raise known or Img23DError(ErrorCode.FOLDER_UNWRITABLE, "The folder for results cannot be written to.", str(error)) from error

    def _count(self, size: int) -> None:
        self._bytes += size
        if self._bytes > LARGEST_JOB:
            raise _too_much()


def _extent(answer: Answer, have: int) -> tuple[int, int]:
    """From which byte on the answer goes, and how large the file is. Raises Missing, Lost, Img23DError."""
    if answer.status == HTTPStatus.NOT_FOUND:
        raise Missing
    if answer.status == HTTPStatus.PARTIAL_CONTENT and have:
        match = _RANGE.fullmatch(answer.headers.get("content-range", ""))
        if match is not None and int(match[1]) == have:
            return have, int(match[2])
    length = answer.headers.get("content-length", "")
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise _cut_off(f"status {answer.status}")
    if answer.status != HTTPStatus.OK or not length.isdecimal() or len(length) > _LONGEST_NUMBER:
        raise Img23DError(ErrorCode.MACHINE_ANSWER, sentences.NOT_GIVEN, f"status {answer.status}, length {length[:20]!r}")
    return 0, int(length)


def _cut_off(detail: str) -> Lost:
    return Lost(Img23DError(ErrorCode.MACHINE_UNREACHABLE, sentences.CUT_OFF, detail))


def _too_much() -> Img23DError:
    return Img23DError(ErrorCode.MACHINE_ANSWER, sentences.TOO_MUCH)
