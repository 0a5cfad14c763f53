"""Any exception as one known failure: the only place where a traceback becomes a sentence."""

from __future__ import annotations

import errno
import traceback

from img23d_protocol import ErrorCode, Img23DError

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FULL_ON_WINDOWS = {39, 112}  # ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL
_OPENCV_NO_MEMORY = -4  # cv2.Error.StsNoMem, without importing cv2


def as_known(error: BaseException) -> Img23DError:
    """The failure with a code and a sentence; the traceback becomes its detail."""
    detail = "".join(traceback.format_exception(error))
    match error:
        case Img23DError():
            return error
        case MemoryError():
            return _out_of_memory(detail)
        case ImportError():
            sentence = "A part of the program is missing: install the extension again."
            return Img23DError(ErrorCode.ENGINE_NOT_READY, sentence, detail)
        case OSError() if error.errno in _FULL or getattr(error, "winerror", None) in _FULL_ON_WINDOWS:
            return Img23DError(ErrorCode.DISK_FULL, "The disk is full: make room and try again.", detail)
        case OSError():
            reason = error.strerror or "unknown reason"
            sentence = f"The results' folder cannot be written ({reason}): choose another folder."
            return Img23DError(ErrorCode.FOLDER_UNWRITABLE, sentence, detail)
    if type(error).__name__ == "error" and getattr(error, "code", None) == _OPENCV_NO_MEMORY:
        return _out_of_memory(detail)
    sentence = "Something went wrong that should not: try again, and report it with the diagnosis if it stays."
    return Img23DError(ErrorCode.INTERNAL, sentence, detail)


def _out_of_memory(detail: str) -> Img23DError:
    sentence = "There was not enough memory: close other programs, or use a smaller photo or texture."
    return Img23DError(ErrorCode.OUT_OF_MEMORY, sentence, detail)
