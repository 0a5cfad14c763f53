"""Any exception as one known failure with a sentence for the artist.

Other libraries' exceptions are known by their names and texts, so that nothing is imported to find out.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from pathlib import Path

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.files.disk_errors import disk_error, folder_of, is_full

from ..machine.memory_errors import is_out_of_memory
from ..models.loading import UNFIT

Told = tuple[ErrorCode, str] | None

_HELD_ON_WINDOWS = {32, 33}  # ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION
_UNLOADABLE_ON_WINDOWS = {126, 127, 182, 193, 1114}  # a library that is missing, of another kind, or fails to start
_WEIGHTS = re.compile(r"([^/\\\s“”'\"]+\.(?:safetensors|ckpt|bin|pth?))\b")

# The packages of the private environment; what else is imported ships with the extension
_LEARNED = {
    "torch", "transformers", "diffusers", "hy3dgen", "accelerate", "safetensors", "huggingface_hub", "tokenizers", "einops",
    "yaml", "PIL", "scipy", "skimage", "fast_simplification", "trimesh", "regex", "filelock", "packaging", "psutil",
}  # fmt: skip

_HUB: dict[str, Told] = {  # the more special first
    "huggingface_hub.GatedRepoError": (
        ErrorCode.HUB_REFUSED,
        "The model hub does not give this model to everybody: agree to its terms on its page, or choose another model.",
    ),
    "huggingface_hub.LocalEntryNotFoundError": (
        ErrorCode.WEIGHTS_MISSING,
        "A file of the model is not on this machine: download the model under AI Models.",
    ),
    "huggingface_hub.OfflineModeIsEnabled": (
        ErrorCode.OFFLINE,
        "Downloads are switched off by HF_HUB_OFFLINE: unset it and start Blender again.",
    ),
    **dict.fromkeys(
        (
            "huggingface_hub.RepositoryNotFoundError",
            "huggingface_hub.RevisionNotFoundError",
            "huggingface_hub.EntryNotFoundError",
        ),
        (
            ErrorCode.HUB_GONE,
            "The model is not at its place on the model hub any more: update the extension, or choose another model.",
        ),
    ),
    **dict.fromkeys(
        (
            "huggingface_hub.HfHubHTTPError",
            "httpx2.HTTPError",
            "httpx.HTTPError",
            "requests.RequestException",
            "urllib3.HTTPError",
            "urllib.URLError",
            "socket.gaierror",
        ),
        (
            ErrorCode.HUB_UNREACHABLE,
            "The model hub cannot be reached: check the network and its proxy, then try again; it goes on where it stopped.",
        ),
    ),
}

_DAMAGED_SIGNS = (
    "pytorchstreamreader",
    "invalid header or archive is corrupted",
    "couldn't instantiate the backend tokenizer",
    "does not appear to have a file named",
    "error no file named",
)
# Names or shapes of tensors that a network does not have: torch's and transformers' words
_UNFIT_SIGNS = ("error(s) in loading state_dict", "ignore_mismatched_sizes")
_DRIVER_SIGNS = (
    "driver on your system is too old",
    "driver version is insufficient",
    "found no nvidia driver",
    "forward compatibility was attempted",
)
_BUILD_SIGNS = (
    "no kernel image is available",
    "invalid device function",
    "not compiled with cuda enabled",
    "not linked with support for",
    "is not compatible with the current pytorch installation",
)
_DEVICE_SIGNS = ("cuda error", "hip error", "cudnn error", "device lost", "ur_result_error", "command buffer exited")

_NO_MEMORY = "There was not enough memory: close other programs, or use a smaller photo, texture or model."
_UNKNOWN = "Something went wrong that should not: try again, and report it with the diagnosis if it stays."
_SET_UP_AGAIN = "A part of the private environment is missing or damaged: press Set Up AI Models again."


def as_known(error: BaseException) -> Img23DError:
    """The failure with a code and a sentence; the traceback becomes its detail."""
    if isinstance(error, Img23DError):
        return error
    code, sentence = _told(error)
    return Img23DError(code, sentence, "".join(traceback.format_exception(error)))


def _told(error: BaseException) -> tuple[ErrorCode, str]:
    for tell in (_memory, _hub, _weights, _graphics, _imports, _files):
        if told := tell(error):
            return told
    return ErrorCode.INTERNAL, _UNKNOWN


def _memory(error: BaseException) -> Told:
    return (ErrorCode.OUT_OF_MEMORY, _NO_MEMORY) if is_out_of_memory(error) else None


def _hub(error: BaseException) -> Told:
    names = set(_names(error))
    return next((told for name, told in _HUB.items() if name in names), None)


def _names(error: BaseException) -> Iterator[str]:
    """Of its class and all its base classes: the package and the class, whatever lies between."""
    for one in type(error).__mro__:
        yield f"{one.__module__.partition('.')[0]}.{one.__name__}"


def _weights(error: BaseException) -> Told:
    """What the readers of checkpoints say, and files of weights that cannot be opened."""
    if _says(error, _UNFIT_SIGNS):
        return ErrorCode.WEIGHTS_UNFIT, UNFIT
    if type(error).__name__ in ("SafetensorError", "UnpicklingError") or _says(error, _DAMAGED_SIGNS):
        return (
            ErrorCode.WEIGHTS_DAMAGED,
            "A file of the model is damaged: press Verify under AI Models, then download what is wrong again.",
        )
    if not isinstance(error, OSError):
        return None
    named = _WEIGHTS.search(str(error.filename or error))
    if named is None or _is_held(error) or is_full(error):
        return None
    match error:
        case FileNotFoundError():
            sentence = f"“{named[1]}” is not there any more: download the model again under AI Models."
            return ErrorCode.WEIGHTS_MISSING, sentence
        case PermissionError():
            sentence = f"“{named[1]}” may not be opened: look at its permissions, and whether an antivirus holds it."
            return ErrorCode.FILE_LOCKED, sentence
        case _:
            sentence = f"“{named[1]}” cannot be read: check the disk, then download the model again."
            return ErrorCode.WEIGHTS_DAMAGED, sentence


def _graphics(error: BaseException) -> Told:
    if not isinstance(error, (RuntimeError, AssertionError)):
        return None
    if _says(error, _DRIVER_SIGNS):
        return (
            ErrorCode.DRIVER_TOO_OLD,
            "The graphics card's driver is missing or too old: update it, restart Blender, or compute on the processor.",
        )
    if _says(error, _BUILD_SIGNS):
        return (
            ErrorCode.ENVIRONMENT_BROKEN,
            "This build of torch does not support the graphics card: set up the AI models again with another build.",
        )
    if type(error).__name__ == "AcceleratorError" or _says(error, _DEVICE_SIGNS):
        return (
            ErrorCode.DEVICE_LOST,
            "The graphics card stopped with an error: try again, and update its driver if it stays.",
        )
    return None


def _imports(error: BaseException) -> Told:
    if isinstance(error, OSError):
        is_library = getattr(error, "winerror", None) in _UNLOADABLE_ON_WINDOWS or _says(error, ("shared object file",))
        return (ErrorCode.ENVIRONMENT_BROKEN, _SET_UP_AGAIN) if is_library else None
    if not isinstance(error, ImportError):
        return None
    if (error.name or "").partition(".")[0] in _LEARNED or any(package in str(error) for package in _LEARNED):
        return ErrorCode.ENVIRONMENT_BROKEN, _SET_UP_AGAIN
    return ErrorCode.ENGINE_NOT_READY, "A part of the program is missing: install the extension again."


def _files(error: BaseException) -> Told:
    if not isinstance(error, OSError):
        return None
    known = disk_error(error, folder) if (folder := folder_of(error)) else None
    if known is not None:
        return known.code, known.sentence
    if is_full(error):
        return ErrorCode.DISK_FULL, "The disk is full: make room and try again."
    if _is_held(error):
        name = f"“{Path(str(error.filename)).name}”" if error.filename else "A file"
        return ErrorCode.FILE_LOCKED, f"{name} is held by another program, often an antivirus: close that, then try again."
    reason = error.strerror or "unknown reason"
    return ErrorCode.FOLDER_UNWRITABLE, f"The results' folder cannot be written ({reason}): choose another folder."


def _is_held(error: OSError) -> bool:
    return getattr(error, "winerror", None) in _HELD_ON_WINDOWS


def _says(error: BaseException, signs: tuple[str, ...]) -> bool:
    text = str(error).lower()
    return any(sign in text for sign in signs)
