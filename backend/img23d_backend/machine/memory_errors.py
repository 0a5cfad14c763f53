"""Recognising out-of-memory errors of any library. Standard library only: names and texts, no import."""

from __future__ import annotations

import errno

from img23d_protocol import ErrorCode, Img23DError

# What libraries say that have no exception of their own for it, in lower case
_SIGNS = (
    "out of memory",  # CUDA, ROCm, XPU and MPS ("MPS backend out of memory"), also as a failed kernel ("CUDA error: ...")
    "out_of_device_memory",  # XPU's runtime
    "out_of_host_memory",
    "can't allocate memory",  # torch's DefaultCPUAllocator on Linux and macOS
    "not enough memory",  # the same on Windows
    "cannot allocate memory",
    "cublas_status_alloc_failed",
    "cudnn_status_alloc_failed",
    "cusparse_status_alloc_failed",
    "hipblas_status_alloc_failed",
    "invalid buffer size",  # MPS: larger than Metal allows one buffer to be
    "std::bad_alloc",
)
_OPENCV_NO_MEMORY = -4  # cv2.Error.StsNoMem


class DoesNotFit(MemoryError):
    """A device has no room for a model, known before it was tried."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, of the machine or of a graphics card."""
    match error:
        case Img23DError():
            return error.code is ErrorCode.OUT_OF_MEMORY
        case MemoryError():
            return True
        case OSError():
            return error.errno == errno.ENOMEM
        case RuntimeError():  # torch.OutOfMemoryError and torch.AcceleratorError are such
            return type(error).__name__ == "OutOfMemoryError" or _says_so(error)
        case _:
            return type(error).__name__ == "error" and getattr(error, "code", None) == _OPENCV_NO_MEMORY


def _says_so(error: BaseException) -> bool:
    text = str(error).lower()
    return any(sign in text for sign in _SIGNS)
