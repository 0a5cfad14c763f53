"""The files of a job that is done on another machine: what it reads is sent along, what it writes is written here, where no disk is shared."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from img23d_protocol.files.filenames import is_file_name
from img23d_protocol.files.whole_files import passing_for, write_whole

from ..workers.pool import JobRequest

_INPUTS = ("photo", "picture", "mesh", "splats")  # fields of requests that hold a path to read
_LARGEST = 512 * 1024 * 1024  # bytes of a file that is sent along
_RECORD = "run.json"
_MARK = ".cluster-"
_Request = TypeVar("_Request", bound=JobRequest)


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A file by its name, on the way between two machines."""

    name: str
    data: bytes


class Mark:
    """A file in the results' folder by which another machine knows whether it sees the same disk."""

    def __init__(self, folder: Path) -> None:
        """In place of any that a killed program has left. Raises OSError."""
        for left in folder.glob(f"{_MARK}*"):
            left.unlink(missing_ok=True)
        self.token = secrets.token_hex(16)
        self.path = folder / f"{_MARK}{self.token[:8]}"
        write_whole(self.path, self.token.encode())

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


def is_seen(path: Path, token: str) -> bool:
    try:
        return path.read_bytes() == token.encode()
    except OSError:
        return False


def inputs_of(request: JobRequest) -> dict[str, Sent]:
    """By the request's field. What cannot be read here is left out: the job says what is wrong with it."""
    found: dict[str, Sent] = {}
    for field in _INPUTS:
        path = Path(getattr(request, field, "") or "\0")
        try:
            if path.stat().st_size <= _LARGEST:
                found[field] = Sent(name=path.name, data=path.read_bytes())
        except (OSError, ValueError):  # ValueError: a null character
            continue
    return found


def with_inputs(request: _Request, inputs: Mapping[str, Sent], folder: Path) -> _Request:
    """The request with the paths of what was sent along, written into `folder`; a file that lies here under the same path is read there."""
    paths = {}
    for field, sent in inputs.items():
        if not _is_same(Path(getattr(request, field)), sent.data):
            (folder / field).mkdir(parents=True, exist_ok=True)
            paths[field] = str(folder / field / sent.name)
            write_whole(folder / field / sent.name, sent.data)
    return replace(request, **paths)


def _is_same(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except OSError:
        return False


class Watched:
    """A folder whose new and changed files are sent; those that are being written are not there yet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, tuple[int, int]] = {}

    def changed(self) -> Iterator[Sent]:
        for path in sorted(self._folder.iterdir()) if self._folder.is_dir() else ():
            if passing_for(path.name):
                continue
            try:
                state = (path.stat().st_mtime_ns, path.stat().st_size)
                if self._known.get(path.name) != state:
                    yield Sent(name=path.name, data=path.read_bytes())
                    self._known[path.name] = state
            except FileNotFoundError:  # a passing picture
                continue


def keep(sent: Sent, folder: Path, request: JobRequest) -> None:
    """Write what came. The record names the photo as it is called here. Raises OSError, and ValueError for a name that leads elsewhere."""
    if not is_file_name(sent.name):
        raise ValueError(f"no name of a file: {sent.name[:80]!r}")
    folder.mkdir(parents=True, exist_ok=True)
    data = _named_here(sent.data, request) if sent.name == _RECORD else sent.data
    write_whole(folder / sent.name, data)


def _named_here(data: bytes, request: JobRequest) -> bytes:
    path = getattr(request, "photo", "") or getattr(request, "picture", "")
    try:
        record = json.loads(data)
        if path and record["photo"]:
            record["photo"]["path"] = path
    except (ValueError, KeyError, TypeError):
        return data
    return (json.dumps(record, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")
