"""The bytes of the file that the artist chose: of a regular file and nothing else, since a pipe or a device may never end."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from img23d_protocol import ErrorCode, Img23DError

_NOT_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG}
_MOST_BYTES = 2**31 - 1  # OpenCV counts a buffer's bytes in 32 bits


def read_file(path: str) -> bytes:
    """Raises Img23DError with one of the PHOTO_* codes."""
    if not path.strip():
        raise Img23DError(ErrorCode.PHOTO_MISSING, "No photo is chosen: choose one first.")
    name = shown_name(path)
    try:
        data = _read(path, name)
    except (OSError, ValueError) as error:  # ValueError: a null character in the path, or one that is no text
        if getattr(error, "errno", None) in _NOT_THERE:
            sentence = f"“{name}” is not there (any more): choose the photo again."
            raise Img23DError(ErrorCode.PHOTO_NOT_FOUND, sentence, str(error)) from error
        sentence = f"“{name}” cannot be read: look at its permissions or copy it elsewhere."
        raise Img23DError(ErrorCode.PHOTO_UNREADABLE, sentence, str(error)) from error
    if not data:
        raise Img23DError(ErrorCode.PHOTO_EMPTY_FILE, f"“{name}” is an empty file of 0 bytes: choose another copy.", path)
    return data


def shown_name(path: str) -> str:
    """The file's name without characters that are no text."""
    return (Path(path).name or path).replace("\0", "").encode("utf-8", "replace").decode()


def _read(path: str, name: str) -> bytes:
    """Raises Img23DError, OSError or ValueError."""
    _check_kind(os.stat(path), name)
    # Without waiting, in case that it became a pipe in between
    with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb") as file:
        _check_kind(os.fstat(file.fileno()), name)
        return file.read(_MOST_BYTES)


def _check_kind(state: os.stat_result, name: str) -> None:
    if stat.S_ISDIR(state.st_mode):
        raise Img23DError(ErrorCode.PHOTO_IS_FOLDER, f"“{name}” is a folder: choose a picture in it.")
    if not stat.S_ISREG(state.st_mode):
        sentence = f"“{name}” is no file but a device or a pipe: choose a picture's file."
        raise Img23DError(ErrorCode.PHOTO_UNREADABLE, sentence)
    if state.st_size > _MOST_BYTES:
        sentence = f"“{name}” has {state.st_size / 1e9:.1f} gigabytes, too many to open: save a smaller copy."
        raise Img23DError(ErrorCode.PHOTO_UNREADABLE, sentence)
