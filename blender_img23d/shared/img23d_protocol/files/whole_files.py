"""Atomic writes of files: under a passing name in the same folder, then moved to their place.

The passing name is another one for each writer, so that two processes that write the same file never mix their bytes: the file is
then what the last of them wrote. What a writer leaves that was ended in the middle is known by its name.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

_PASSING = re.compile(r"\.(.+)\.[0-9a-f]{8}\.part", re.DOTALL)
_LONGEST = 255 - len("..01234567.part")  # bytes that are left of what most file systems take
_TRIES = 5  # Windows refuses while another program has the file open for a moment
_FIRST_WAIT = 0.02  # seconds, doubled each time
_BLOCK = 1 << 22  # bytes a call: a cancelled process is not held up by one of gigabytes


def write_whole(path: Path, data: bytes | memoryview, *, durable: bool = False, private: bool = False) -> None:
    """Replaces the file, or leaves the old one and nothing else. Raises OSError, which names the file.

    `durable` waits until it is on the disk, for what must survive a power cut. `private` files are for their owner only.
    """
    with whole_file(path, durable=durable, private=private) as draft:
        descriptor = os.open(draft, os.O_WRONLY | getattr(os, "O_BINARY", 0))
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(descriptor, rest[:_BLOCK]) :]
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def whole_file(path: Path, *, durable: bool = False, private: bool = False) -> Iterator[Path]:
    """An empty file for the block to write to, which then takes the place of `path`; where the block raises, it is removed.

    Raises OSError, which names the file.
    """
    draft = path.with_name(f".{_shortened(path.name)}.{secrets.token_hex(4)}.part")
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666))
        yield draft
        if durable:
            _sync(draft)
        _replace(draft, path)
    except OSError as error:
        if error.errno is not None and not error.filename:
            error.filename = str(path)  # the system does not say which file it could not write
        raise
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)  # where it was not moved


def passing_for(name: str) -> str:
    """The name of the file that this one was to become; empty where it is no passing name."""
    match = _PASSING.fullmatch(name)
    return match[1] if match else ""


def _shortened(name: str) -> str:
    return name.encode("utf-8", "surrogateescape")[:_LONGEST].decode("utf-8", "ignore")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _replace(source: Path, target: Path) -> None:
    for attempt in range(_TRIES):
        try:
            return os.replace(source, target)
        except PermissionError:
            if os.name != "nt" or attempt == _TRIES - 1:
                raise
            time.sleep(_FIRST_WAIT * 2**attempt)
