"""Every failure has a sentence and, where one can do something, an action."""

from __future__ import annotations

import errno

import pytest

from blender_img23d.core.session.known_errors import explain
from blender_img23d.core.session.link import LinkClosed
from blender_img23d.shared.img23d_protocol import ErrorCode, Img23DError


@pytest.mark.parametrize("code", list(ErrorCode))
def test_every_code_is_explained(code: ErrorCode) -> None:
    explanation = explain(code)
    assert explanation.code == code
    assert explanation.sentence.endswith(".")
    assert explanation.action.endswith(".")


def test_a_file_that_another_program_holds_on_windows() -> None:
    error = PermissionError(errno.EACCES, "The process cannot access the file", "C:/models/a.safetensors")
    error.winerror = 32  # as Windows raises it; elsewhere Python drops the number
    explanation = explain(error)
    assert explanation.code == ErrorCode.FILE_LOCKED
    assert "a.safetensors" in explanation.sentence and "antivirus" in explanation.action


def test_a_code_of_a_newer_backend() -> None:
    assert explain("from_the_future").code == ErrorCode.INTERNAL


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (Img23DError(ErrorCode.NO_REGION, "No mug was found."), ErrorCode.NO_REGION, "No mug was found."),
        (MemoryError(), ErrorCode.OUT_OF_MEMORY, "memory"),
        (OSError(errno.ENOSPC, "No space left on device"), ErrorCode.DISK_FULL, "disk is full"),
        (PermissionError(errno.EACCES, "Permission denied", "/runs"), ErrorCode.FOLDER_UNWRITABLE, "/runs"),
        (OSError(errno.ENOSPC, "No space left on device", "/runs/a/run.json"), ErrorCode.DISK_FULL, "“/runs/a” is full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded", "/runs/a.png"), ErrorCode.DISK_FULL, "Your share"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), ErrorCode.DISK_FULL, "disk is full"),
        (OSError(errno.EROFS, "Read-only file system", "/runs/a.png"), ErrorCode.FOLDER_UNWRITABLE, "read-only"),
        (OSError(errno.EIO, "Input/output error", "/runs/a.png"), ErrorCode.FOLDER_UNWRITABLE, "does not answer"),
        (KeyError("x"), ErrorCode.INTERNAL, "KeyError"),
    ],
)
def test_exceptions(error: Exception, code: ErrorCode, words: str) -> None:
    explanation = explain(error)
    assert explanation.code == code
    assert words in explanation.sentence


@pytest.mark.parametrize(
    ("code", "tail", "words"),
    [
        (-9, "", "memory"),
        (137, "", "memory"),
        (1, "cv2.error: (-4:Insufficient memory) Failed to allocate 800000000 bytes", "memory"),
        (1, "MemoryError", "memory"),
        (0xC0000017, "", "memory"),
        (-11, "", "it crashed"),
        (0xC0000005, "", "memory access violation"),
        (1, "ModuleNotFoundError: No module named 'cv2'", "missing or damaged"),
        (1, "ImportError: DLL load failed while importing cv2", "missing or damaged"),
        (-11, "an optional part: ModuleNotFoundError: No module named 'x'", "it crashed"),
        (-199, "", "signal 199"),
        (3, "", "exit code 3"),
        (0, "", "by itself"),
        (None, "", "closed its channel"),
    ],
)
def test_ends_of_a_backend(code: int | None, tail: str, words: str) -> None:
    explanation = explain(LinkClosed(code=code, tail=tail))
    assert explanation.code == ErrorCode.BACKEND_DIED
    assert words in explanation.sentence
    assert explanation.action


def test_the_end_of_a_backend_that_was_still_starting() -> None:
    explanation = explain(LinkClosed(code=1, tail="SyntaxError: invalid syntax"), starting=True)
    assert explanation.code == ErrorCode.BACKEND_START
    assert "could not start" in explanation.sentence
    assert "Reinstall" in explanation.action
