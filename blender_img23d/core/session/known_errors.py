"""The one place that turns a failure into a sentence and an action for the artist."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from ...shared.img23d_protocol import ErrorCode, Img23DError
from ...shared.img23d_protocol.files.disk_errors import disk_error, folder_of, is_full
from .link import LinkClosed


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """`sentence` says what happened, `action` what to do about it (empty where the sentence says that, too)."""

    code: str
    sentence: str
    action: str = ""


_OTHER_PHOTO = "Choose another photo, or export this one again as PNG or JPEG."
_REINSTALL = "Reinstall the Img23D extension from its zip file."
_TRY_AGAIN = "Press Generate again: the backend is started anew. Finished objects stay in the scene."
_LESS_MEMORY = "Close other programs, choose a smaller texture size, model or fewer names, then press Generate again."
_SET_UP = "Press Set Up AI Models again."
_DOWNLOAD = "Download the model under AI Models."
_TEST = "Press Test the Connection in the preferences, or choose This Machine there."
_DRAW_BOX = "Draw a box around the thing, or choose a photo in which it stands apart from its background."

_KNOWN: dict[str, tuple[str, str]] = {
    ErrorCode.PHOTO_MISSING: ("No photo is chosen.", "Choose a photo first."),
    ErrorCode.PHOTO_NOT_FOUND: ("The photo is not there any more.", "Choose the photo again."),
    ErrorCode.PHOTO_IS_FOLDER: ("That is a folder, not a photo.", "Choose a picture inside the folder."),
    ErrorCode.PHOTO_EMPTY_FILE: ("The photo's file is empty.", _OTHER_PHOTO),
    ErrorCode.PHOTO_UNREADABLE: ("The file is not a picture that can be read.", _OTHER_PHOTO),
    ErrorCode.PHOTO_TRUNCATED: ("The photo's file ends in the middle.", "Copy or download the photo again."),
    ErrorCode.PHOTO_TOO_SMALL: ("The photo is too small.", "Choose a larger photo."),
    ErrorCode.PHOTO_TRANSPARENT: ("The photo is fully transparent.", _OTHER_PHOTO),
    ErrorCode.PHOTO_UNIFORM: ("The photo has one colour only.", "Choose a photo that shows something."),
    ErrorCode.BAD_REQUEST: ("One of the settings cannot be used.", "Correct the setting and press Generate again."),
    ErrorCode.ENGINE_UNKNOWN: ("This engine does not exist.", "Choose another engine."),
    ErrorCode.ENGINE_NOT_READY: ("This engine is not set up yet.", "Set it up, or choose the preview engine."),
    ErrorCode.NO_REGION: ("Nothing in the photo is left for this name.", _DRAW_BOX),
    ErrorCode.EMPTY_CUTOUT: ("Nothing was left after cutting this out.", _DRAW_BOX),
    ErrorCode.MESH_UNREADABLE: ("The mesh could not be read.", "Apply its modifiers or repair the mesh, then try again."),
    ErrorCode.FOLDER_UNWRITABLE: (
        "The folder for results cannot be written to.",
        "Choose another results folder in the extension's preferences.",
    ),
    ErrorCode.DISK_FULL: ("The disk is full.", "Free some space, or choose another results folder in the preferences."),
    ErrorCode.OUT_OF_MEMORY: ("There was not enough memory.", _LESS_MEMORY),
    ErrorCode.BUSY: ("A job is running already.", "Wait for it to finish, or cancel it."),
    ErrorCode.BACKEND_DIED: ("The backend ended unexpectedly.", _TRY_AGAIN),
    ErrorCode.BACKEND_SILENT: ("The backend did not answer any more and was ended.", _TRY_AGAIN),
    ErrorCode.BACKEND_START: ("The backend could not be started.", _REINSTALL),
    ErrorCode.VERSION_MISMATCH: (
        "The extension and its backend are of different versions.",
        "Restart Blender; if that does not help, reinstall the Img23D extension from its zip file.",
    ),
    ErrorCode.OFFLINE: (
        "There is no leave to use the network, or no network.",
        "Turn on Allow Online Access in Blender's preferences under System, and check the network.",
    ),
    ErrorCode.LICENCE_NOT_ACCEPTED: (
        "This model's licence was not accepted yet.",
        "Read and accept it under AI Models, or choose a model without it.",
    ),
    ErrorCode.LICENCE_DIFFERS: (
        "The model's page does not name the licence that Img23D knows it under.",
        "Update the extension, or choose another model.",
    ),
    ErrorCode.ENVIRONMENT_BROKEN: ("The environment of the AI models cannot be used.", _SET_UP),
    ErrorCode.DRIVER_TOO_OLD: (
        "The graphics card's driver is missing or too old.",
        "Update the driver and restart Blender, or choose Processor as the device.",
    ),
    ErrorCode.DEVICE_LOST: (
        "The graphics card stopped with an error.",
        "Press Generate again: the backend is started anew. Update the card's driver if it stays.",
    ),
    ErrorCode.WEIGHTS_MISSING: ("A model is not on this machine.", _DOWNLOAD),
    ErrorCode.WEIGHTS_DAMAGED: (
        "A model's file is damaged.",
        "Press Verify under AI Models, then download what is wrong again.",
    ),
    ErrorCode.WEIGHTS_UNFIT: (
        "A model does not fit this version of Img23D.",
        "Choose another model, or update Img23D; if it stays, report it with Copy Report under Help.",
    ),
    ErrorCode.HUB_REFUSED: (
        "The model hub does not give this model to everybody.",
        "Agree to its terms on its page and log in there, or choose another model.",
    ),
    ErrorCode.HUB_GONE: (
        "The model is not at its place on the model hub any more.",
        "Update the extension, or choose another model.",
    ),
    ErrorCode.HUB_UNREACHABLE: (
        "The model hub cannot be reached.",
        "Check the network and its proxy, then press Go On: it continues where it stopped.",
    ),
    ErrorCode.FILE_LOCKED: (
        "Another program holds a file.",
        "Close it, or let your antivirus leave the folder alone, then try again.",
    ),
    ErrorCode.NO_SURFACE: (
        "The shape model found no surface in this cut-out.",
        "Look at the cut-out, correct its box, or try another seed.",
    ),
    ErrorCode.MACHINE_UNREACHABLE: ("The other machine cannot be reached.", _TEST),
    ErrorCode.MACHINE_REFUSED: ("The other machine refuses the token.", "Copy the token again from where its server was started, into the preferences."),
    ErrorCode.MACHINE_DIFFERS: ("The other machine runs another version of Img23D.", "Install the same version on both machines."),
    ErrorCode.MACHINE_ANSWER: ("What the other machine sends cannot be used.", _TEST),
    ErrorCode.INTERNAL: ("Something went wrong inside Img23D.", "Try again; if it happens again, report it with the log."),
}

_OUT_OF_MEMORY_SIGNS = ("memoryerror", "out of memory", "std::bad_alloc", "insufficient memory", "cannot allocate memory")
_HELD_ON_WINDOWS = (32, 33)  # ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION
_MISSING_PART_SIGNS = ("modulenotfounderror", "no module named", "importerror", "dll load failed")

# Windows ends a process with an NTSTATUS (ntstatus.h); Python shows it as a positive number.
_WINDOWS_EXITS = {
    0xC0000005: "it crashed with a memory access violation",
    0xC0000017: "it ran out of memory",
    0xC00000FD: "it crashed with a stack overflow",
    0xC000013A: "it was interrupted",
    0xC0000135: "a system library that it needs is missing",
    0xC000001D: "this processor lacks an instruction that it needs",
    0xC0000409: "it crashed",
}
_SIGNALS = {
    "SIGKILL": "the system ended it, most likely because memory ran out",
    "SIGSEGV": "it crashed",
    "SIGBUS": "it crashed",
    "SIGABRT": "it crashed",
    "SIGILL": "this processor lacks an instruction that it needs",
    "SIGTERM": "someone ended it",
    "SIGINT": "it was interrupted",
}
_PYTHON_ERROR = 1  # the exit code after an exception that nobody caught
_MEMORY_EXITS = (-9, 137, 0xC0000017)  # 137: a shell's 128 + SIGKILL


def explain(cause: str | BaseException | LinkClosed, *, starting: bool = False) -> Explanation:
    """For an error code, an exception (an Img23DError keeps its own sentence) or the end of a backend.

    `starting` says that the backend ended before its hello.
    """
    if isinstance(cause, LinkClosed):
        return _explain_end(cause, starting)
    if isinstance(cause, BaseException):
        return _explain_exception(cause)
    return _known(cause if cause in _KNOWN else ErrorCode.INTERNAL)


def _known(code: str, sentence: str = "") -> Explanation:
    usual, action = _KNOWN[code]
    return Explanation(code=str(code), sentence=sentence or usual, action=action)


def _explain_exception(error: BaseException) -> Explanation:
    match error:
        case Img23DError():
            return _known(error.code, error.sentence)
        case MemoryError():
            return _known(ErrorCode.OUT_OF_MEMORY)
        case OSError() if getattr(error, "winerror", None) in _HELD_ON_WINDOWS:
            named = f"“{error.filename}” is held by another program, often an antivirus." if error.filename else ""
            return _known(ErrorCode.FILE_LOCKED, named)
        case PermissionError():
            named = f"“{error.filename}” cannot be written to." if error.filename else ""
            return _known(ErrorCode.FOLDER_UNWRITABLE, named)
        case OSError() if (folder := folder_of(error)) and (told := disk_error(error, folder)) is not None:
            return _known(told.code, told.sentence)
        case OSError() if is_full(error):
            return _known(ErrorCode.DISK_FULL)
        case _:
            return _known(ErrorCode.INTERNAL, f"Something went wrong inside Img23D: {type(error).__name__}.")


def _explain_end(end: LinkClosed, starting: bool) -> Explanation:
    code = str(ErrorCode.BACKEND_START if starting else ErrorCode.BACKEND_DIED)
    verb = "could not start" if starting else "ended unexpectedly"
    if end.broke_off:
        reason, action = "it sent a message that is too long to be read", _KNOWN[code][1]
    elif end.code in _MEMORY_EXITS or _shows(end.tail, _OUT_OF_MEMORY_SIGNS):
        reason, action = "most likely memory ran out", _LESS_MEMORY
    elif end.code == _PYTHON_ERROR and _shows(end.tail, _MISSING_PART_SIGNS):
        reason, action = "a part of Img23D is missing or damaged", _REINSTALL
    else:
        reason, action = _reason(end.code), _KNOWN[code][1]
    return Explanation(code=code, sentence=f"The backend {verb}: {reason}.", action=action)


def _shows(tail: str, signs: tuple[str, ...]) -> bool:
    lowered = tail.lower()
    return any(sign in lowered for sign in signs)


def _reason(code: int | None) -> str:
    if code is None:
        return "it closed its channel"
    if code == 0:
        return "it stopped by itself"
    if code < 0:
        return _SIGNALS.get(_signal_name(-code), f"the system ended it with signal {-code}")
    return _WINDOWS_EXITS.get(code, f"exit code {code}")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return ""
