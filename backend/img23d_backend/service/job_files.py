"""A job on disk: what was asked for, the files that came with it, what its backend makes, and everything that was said of it.

<id>/request.json    written last, so that a job without it was never accepted
<id>/in/             the files that came with the request
<id>/run/            the run's folder, whose files the events name
<id>/events.jsonl    a line an event, whose number from 1 is its line's

Nothing here is written by a name that a client chose.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import typing
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from img23d_protocol import ProtocolError, decode, encode
from img23d_protocol.files.filenames import is_file_name, safe_stem
from img23d_protocol.files.whole_files import write_whole
from img23d_protocol.messages import FromBackend

from ..workers.pool import JOB_KINDS, LAST_WORDS, JobRequest

_ID = re.compile(r"[0-9a-f]{32}")
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}")


@dataclass(frozen=True, kw_only=True)
class JobRecord:
    """What request.json holds. `key` is the client's own name of the request; a `passing` job ends with its connection."""

    id: str
    message: JobRequest
    key: str = ""
    created: float  # seconds since 1970
    passing: bool = False


@dataclass(frozen=True, kw_only=True)
class JobFolder:
    """Paths, and what is read and written at them."""

    path: Path

    @property
    def run(self) -> Path:
        return self.path / "run"

    def make(self) -> None:
        """Raises OSError."""
        (self.path / "in").mkdir(parents=True, mode=0o700)
        self.run.mkdir()

    def place_for(self, number: int, name: str) -> Path:
        """Where an upload is written: with its own name as far as that names a file, since the things of a photo may be named by it."""
        stem, ending = os.path.splitext(os.path.basename(name.replace("\\", "/")))
        folder = self.path / "in" / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        return folder / (safe_stem(stem, "upload") + (ending if _ENDING.fullmatch(ending) else ""))

    def write_record(self, record: JobRecord) -> None:
        """Raises OSError, ProtocolError."""
        data = {"id": record.id, "key": record.key, "created": record.created, "passing": record.passing, "message": json.loads(encode(record.message))}
        write_whole(self.path / "request.json", json.dumps(data).encode(), durable=not record.passing, private=True)

    def read_record(self) -> JobRecord | None:
        """None where there is none that this version understands."""
        try:
            data = json.loads((self.path / "request.json").read_text(encoding="utf-8"))
            message = decode(json.dumps(data["message"]))
            assert isinstance(message, JOB_KINDS)
            return JobRecord(
                id=data["id"], message=typing.cast(JobRequest, message), key=data["key"], created=float(data["created"]), passing=bool(data["passing"])
            )
        except (OSError, ValueError, KeyError, TypeError, AssertionError, ProtocolError):
            return None

    def read_events(self) -> list[str]:
        """The whole lines; one that was cut off by the server's end is none, and is taken out of the file."""
        try:
            data = (self.path / "events.jsonl").read_bytes()
        except OSError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            with open(self.path / "events.jsonl", "r+b") as file:
                file.truncate(len(whole))
        return whole.decode("ascii", "replace").splitlines()

    def add_event(self, line: str, *, durable: bool) -> None:
        """Raises OSError."""
        descriptor = os.open(self.path / "events.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, line.encode("ascii") + b"\n")
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def results(self) -> dict[str, int]:
        """The finished files of the run's folder and their bytes."""
        with contextlib.suppress(OSError), os.scandir(self.run) as entries:
            return {entry.name: entry.stat().st_size for entry in entries if entry.is_file(follow_symlinks=False) and not entry.name.startswith(".")}
        return {}

    def result(self, name: str) -> Path | None:
        """A file of the run's folder by its name; None where it is none of these."""
        return self.run / name if is_file_name(name) and name in self.results() else None

    def remove(self) -> None:
        """The record first: what is left without one is removed at the next start."""
        with contextlib.suppress(OSError):
            (self.path / "request.json").unlink(missing_ok=True)
        shutil.rmtree(self.path, ignore_errors=True)


def last_of(lines: list[str]) -> FromBackend | None:
    """The last word among events, None while there is none."""
    with contextlib.suppress(ProtocolError):
        message = decode(lines[-1]) if lines else None
        return message if isinstance(message, LAST_WORDS) else None
    return None


def folders_in(base: Path, take: Callable[[JobFolder, JobRecord | None], None]) -> None:
    """Every folder that a server has made here, the oldest request first, with its record."""
    found = [JobFolder(path=path) for path in base.iterdir() if _ID.fullmatch(path.name)]
    records = [(folder, folder.read_record()) for folder in found]
    for folder, record in sorted(records, key=lambda one: one[1].created if one[1] is not None else 0.0):
        take(folder, record)


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None
