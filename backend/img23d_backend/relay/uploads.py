"""A request with its files as a form (RFC 7578), read from the disk while it is sent."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from img23d_protocol import ErrorCode, Img23DError, encode
from img23d_protocol.files.filenames import safe_stem

from ..workers.message_files import file_names, with_files
from ..workers.pool import JobRequest

_BLOCK = 1 << 18  # bytes a read
_LONGEST_ENDING = 6


@dataclass(frozen=True, kw_only=True)
class _Part:
    head: bytes
    path: Path
    size: int


class JobForm:
    """A job's message, and the files that it names. `paths` are theirs on this machine, in the order in which the server numbers them."""

    def __init__(self, request: JobRequest) -> None:
        """Raises Img23DError(PHOTO_NOT_FOUND, BAD_REQUEST) for a file that cannot be read."""
        request = _with_original(request)
        self.paths = tuple(dict.fromkeys(file_names(request)))
        names = {path: _name(number, path) for number, path in enumerate(self.paths)}
        message = with_files(replace(request, run_folder=""), lambda path: Path(names[path]))
        self._boundary = secrets.token_hex(16)
        self._message = self._head("message") + encode(message).encode("ascii") + b"\r\n"
        self._parts = [self._part(f"file{number}", names[path], Path(path)) for number, path in enumerate(self.paths)]
        self._end = f"--{self._boundary}--\r\n".encode()

    @property
    def headers(self) -> dict[str, str]:
        size = len(self._message) + sum(len(part.head) + part.size + 2 for part in self._parts) + len(self._end)
        return {"Content-Type": f"multipart/form-data; boundary={self._boundary}", "Content-Length": str(size)}

    def __iter__(self) -> Iterator[bytes]:
        """The body; may be iterated again for another try. Raises Img23DError(BAD_REQUEST) where a file has changed meanwhile."""
        yield self._message
        for part in self._parts:
            yield part.head
            yield from _blocks(part)
            yield b"\r\n"
        yield self._end

    def _part(self, key: str, name: str, path: Path) -> _Part:
        try:
            size = path.stat().st_size
            with open(path, "rb"):
                pass
        except (OSError, ValueError) as error:  # ValueError: a null character
            raise _gone(path, error) from error
        return _Part(head=self._head(key, name), path=path, size=size)

    def _head(self, key: str, name: str = "") -> bytes:
        of_file = f'; filename="{name}"\r\nContent-Type: application/octet-stream' if name else ""
        return f'--{self._boundary}\r\nContent-Disposition: form-data; name="{key}"{of_file}\r\n\r\n'.encode()


def _with_original(request: JobRequest) -> JobRequest:
    """What a picture was edited from is only written down: where that is gone, the picture stands for it, since without one it would be edited."""
    original = getattr(request, "original", "")
    return replace(request, original=getattr(request, "photo", "")) if original and not os.path.isfile(original) else request


def _blocks(part: _Part) -> Iterator[bytes]:
    left = part.size
    try:
        with open(part.path, "rb") as file:
            while left and (block := file.read(min(left, _BLOCK))):
                left -= len(block)
                yield block
    except OSError as error:
        raise _gone(part.path, error) from error
    if left:
        raise Img23DError(ErrorCode.BAD_REQUEST, f"“{part.path.name}” was changed while it was sent: try again.")


def _gone(path: Path, error: Exception) -> Img23DError:
    return Img23DError(ErrorCode.PHOTO_NOT_FOUND, f"“{path.name}” is not there, or cannot be read.", str(error))


def _name(number: int, path: str) -> str:
    """`0/table.jpg`: two files of one name stay apart, and what is named by the photo keeps its name."""
    stem, ending = os.path.splitext(os.path.basename(path))
    ending = ending if ending[1:].isalnum() and ending.isascii() and len(ending) <= _LONGEST_ENDING else ""
    return f"{number}/{safe_stem(stem, 'upload')}{ending}"
