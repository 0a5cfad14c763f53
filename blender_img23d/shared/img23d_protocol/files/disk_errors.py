"""Disk errors as a sentence that names the folder: the same in Blender and in the backend."""

from __future__ import annotations

import errno
from pathlib import Path

from ..errors import Img23DError
from ..errors.codes import ErrorCode

_FULL_ON_WINDOWS = {39, 112}  # ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL
_QUOTA_ON_WINDOWS = {1295, 1816}  # ERROR_DISK_QUOTA_EXCEEDED, ERROR_NOT_ENOUGH_QUOTA
_PROTECTED_ON_WINDOWS = {19}  # ERROR_WRITE_PROTECT
_GONE_ON_WINDOWS = {15, 21, 53, 55, 59, 64, 67, 1117, 1167}  # no such drive, not ready, a network that broke, an input error
_HELD_ON_WINDOWS = {32, 33}  # ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION
_GONE = {errno.EIO, errno.ENXIO, errno.ENODEV, getattr(errno, "ESTALE", errno.EIO), getattr(errno, "EREMOTEIO", errno.EIO)}
_FORBIDDEN = {errno.EACCES, errno.EPERM}


def is_full(error: OSError) -> bool:
    """No room, or no more room for this user."""
    is_full_here = error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
    return is_full_here or getattr(error, "winerror", None) in _FULL_ON_WINDOWS | _QUOTA_ON_WINDOWS


def disk_error(error: OSError, folder: Path | str) -> Img23DError | None:
    """What kept a file in this folder from being written; None where it is nothing that is known."""
    told = _told(error, str(folder))
    return Img23DError(*told, str(error)) if told is not None else None


def folder_of(error: OSError) -> str:
    """That of the file which the error is about, empty where it names none."""
    name = error.filename2 or error.filename
    return str(Path(name).parent) if isinstance(name, str) and Path(name).is_absolute() else ""


def _told(error: OSError, folder: str) -> tuple[ErrorCode, str] | None:
    number, windows = error.errno, getattr(error, "winerror", None)
    if number == getattr(errno, "EDQUOT", None) or windows in _QUOTA_ON_WINDOWS:
        sentence = f"Your share of the disk of “{folder}” is used up: make room, or choose a folder on another disk."
        return ErrorCode.DISK_FULL, sentence
    if is_full(error):
        return ErrorCode.DISK_FULL, f"The disk of “{folder}” is full: make room, or choose a folder on another disk."
    if number == errno.EROFS or windows in _PROTECTED_ON_WINDOWS:
        return ErrorCode.FOLDER_UNWRITABLE, f"The disk of “{folder}” is read-only: choose a folder on another one."
    if windows in _HELD_ON_WINDOWS:  # a permission error too, but not the folder's fault
        return None
    if number in _FORBIDDEN:
        return ErrorCode.FOLDER_UNWRITABLE, f"You may not write into “{folder}”: choose another folder, or change its permissions."
    if number in _GONE or windows in _GONE_ON_WINDOWS:
        return ErrorCode.FOLDER_UNWRITABLE, f"The disk of “{folder}” does not answer: see whether it is still connected."
    return None
