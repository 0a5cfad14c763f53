"""Any exception becomes a code, one sentence and one action; libraries are known by name, without importing them."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest

from img23d_backend.jobs.failures import as_known
from img23d_protocol import ErrorCode, Img23DError


def library_error(dotted: str, text: str = "", *bases: type[Exception]) -> Exception:
    """An exception as another library would raise it: named like `dotted`."""
    module, _, name = dotted.rpartition(".")
    return type(name, bases or (Exception,), {"__module__": module})(text)


def windows_error(number: int, path: str) -> OSError:
    """As Windows raises it; elsewhere Python drops the number."""
    error = PermissionError(errno.EACCES, "The process cannot access the file", path)
    error.winerror = number
    return error


HUB_ERROR = library_error("huggingface_hub.errors.HfHubHTTPError", "", OSError)
REPOSITORY_GONE = library_error("huggingface_hub.errors.RepositoryNotFoundError", "404", type(HUB_ERROR))
HTTP_ERROR = library_error("httpx.HTTPError")
CUDA_FULL = "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 5.79 GiB"


@pytest.mark.parametrize(
    ("error", "code", "action"),
    [
        (MemoryError(), ErrorCode.OUT_OF_MEMORY, "close other programs"),
        (library_error("torch.OutOfMemoryError", CUDA_FULL, RuntimeError), ErrorCode.OUT_OF_MEMORY, "close"),
        (RuntimeError("MPS backend out of memory (MPS allocated: 5.2 GB)"), ErrorCode.OUT_OF_MEMORY, "close"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 9 bytes"), ErrorCode.OUT_OF_MEMORY, "close"),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried 9 bytes"), ErrorCode.OUT_OF_MEMORY, "close"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling x"), ErrorCode.OUT_OF_MEMORY, "close"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), ErrorCode.OUT_OF_MEMORY, "close"),
        (RuntimeError("The NVIDIA driver on your system is too old (found 11040)."), ErrorCode.DRIVER_TOO_OLD, "update"),
        (RuntimeError("Found no NVIDIA driver on your system."), ErrorCode.DRIVER_TOO_OLD, "update"),
        (
            RuntimeError("CUDA error: no kernel image is available for execution on the device"),
            ErrorCode.ENVIRONMENT_BROKEN,
            "another build",
        ),
        (AssertionError("Torch not compiled with CUDA enabled"), ErrorCode.ENVIRONMENT_BROKEN, "another build"),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), ErrorCode.DEVICE_LOST, "try again"),
        (library_error("torch.AcceleratorError", "unspecified", RuntimeError), ErrorCode.DEVICE_LOST, "try again"),
        (
            library_error("safetensors._safetensors_rust.SafetensorError", "Error while deserializing header"),
            ErrorCode.WEIGHTS_DAMAGED,
            "Verify",
        ),
        (RuntimeError("PytorchStreamReader failed reading zip archive"), ErrorCode.WEIGHTS_DAMAGED, "Verify"),
        (RuntimeError("Error(s) in loading state_dict for Linear: Missing key(s)"), ErrorCode.WEIGHTS_UNFIT, "another model"),
        (
            RuntimeError("You set `ignore_mismatched_sizes` to `False`, thus raising an error."),
            ErrorCode.WEIGHTS_UNFIT,
            "another model",
        ),
        (FileNotFoundError("No such file or directory: /m/model.safetensors"), ErrorCode.WEIGHTS_MISSING, "download"),
        (FileNotFoundError(errno.ENOENT, "No such file", "/m/unet.bin"), ErrorCode.WEIGHTS_MISSING, "download"),
        (PermissionError(errno.EACCES, "Permission denied", "/m/a.safetensors"), ErrorCode.FILE_LOCKED, "antivirus"),
        (OSError(errno.EIO, "Input/output error", "/m/a.safetensors"), ErrorCode.WEIGHTS_DAMAGED, "disk"),
        (windows_error(32, "C:\\models\\a.safetensors"), ErrorCode.FILE_LOCKED, "antivirus"),
        (windows_error(33, "C:\\runs\\run.json"), ErrorCode.FILE_LOCKED, "antivirus"),
        (HUB_ERROR, ErrorCode.HUB_UNREACHABLE, "network"),
        (REPOSITORY_GONE, ErrorCode.HUB_GONE, "another model"),
        (
            library_error("huggingface_hub.errors.GatedRepoError", "403", type(REPOSITORY_GONE)),
            ErrorCode.HUB_REFUSED,
            "terms",
        ),
        (library_error("huggingface_hub.errors.OfflineModeIsEnabled", "", ConnectionError), ErrorCode.OFFLINE, "unset"),
        (library_error("httpx.ConnectError", "", type(HTTP_ERROR)), ErrorCode.HUB_UNREACHABLE, "proxy"),
        (ModuleNotFoundError("No module named 'hy3dgen.x'", name="hy3dgen.x"), ErrorCode.ENVIRONMENT_BROKEN, "Set Up"),
        (ImportError("DLL load failed while importing tokenizers"), ErrorCode.ENVIRONMENT_BROKEN, "Set Up"),
        (OSError("libcudart.so.12: cannot open shared object file"), ErrorCode.ENVIRONMENT_BROKEN, "Set Up"),
        (ImportError("DLL load failed while importing cv2", name="cv2"), ErrorCode.ENGINE_NOT_READY, "extension"),
        (OSError(errno.ENOSPC, "No space left on device", "/m/a.safetensors"), ErrorCode.DISK_FULL, "make room"),
        (PermissionError(errno.EACCES, "Permission denied", "/runs/a.glb"), ErrorCode.FOLDER_UNWRITABLE, "another folder"),
        (KeyError("x"), ErrorCode.INTERNAL, "report"),
    ],
    ids=lambda value: f"{type(value).__name__}" if isinstance(value, Exception) else str(value).replace(" ", "_"),
)
def test_every_failure_has_a_sentence_with_an_action(error: Exception, code: ErrorCode, action: str) -> None:
    known = as_known(error)
    assert known.code is code
    assert action in known.sentence and known.sentence.endswith(".")
    assert type(error).__name__ in known.detail


def test_a_known_failure_stays_itself() -> None:
    error = Img23DError(ErrorCode.NO_SURFACE, "There is no surface: try another seed.")
    assert as_known(error) is error


def test_telling_imports_no_library() -> None:
    told = "from img23d_backend.jobs.failures import as_known; as_known(RuntimeError('x')); import sys"
    check = "assert not {'torch', 'safetensors', 'huggingface_hub', 'cv2'} & set(sys.modules)"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", f"{told}; {check}"], check=True, env=environment)
