"""The private environment: made by uv in steps that can be cut off anywhere, and used only once it is complete.

Standard library only: it begins in Blender's own Python or in any bare one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.choices import TENCENT_LICENCE
from img23d_protocol.environment import HUNYUAN3D_LOCK, PACKAGES_LOCK, RECORD_NAME, interpreter_in, read_record
from img23d_protocol.files.os_lock import LockState, try_lock
from img23d_protocol.setup_messages import InstallEnvironment, SetupStep

from ..setup_context import SetupContext
from . import locks
from .installation import Installation, Wanted
from .interpreters import starts
from .torch_builds import need_build
from .uv_program import Uv, runnable

LOCK_NAME = "setup.lock"  # also marks a folder as ours
LONGEST_INSIDE = 150  # characters of the longest path below the environment's folder that is opened at runtime
WINDOWS_LIMIT = 260  # characters, where long paths are not switched on

FreeBytes = Callable[[Path], int]
LOCK_TIMEOUT = 10.0  # seconds: what an earlier backend had started may still be ending
TICK_SECONDS = 0.2


def free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def install_environment(request: InstallEnvironment, context: SetupContext, *, free_bytes: FreeBytes = free_bytes) -> None:
    """Make, finish or change the environment; nothing is done where it is complete.

    Raises Img23DError: BAD_REQUEST, OFFLINE, BUSY, DISK_FULL, FOLDER_UNWRITABLE, FILE_LOCKED, HUB_UNREACHABLE,
    DRIVER_TOO_OLD, ENVIRONMENT_BROKEN. Whatever `context` raises ends the programs that are running.
    """
    context.report(SetupStep.CHECK, 0.0, "Looking at what is there")
    folder = Path(request.folder)
    if _is_complete(folder, _wanted(request)):
        return
    need_build(request.torch_build)
    _need_network(request)
    _prepare(folder)
    with hold(folder / LOCK_NAME, lambda: context.report(SetupStep.CHECK, 0.0, "Waiting for another set-up")) as lock:
        if not _is_complete(folder, _wanted(request)):  # an earlier one may have ended meanwhile
            _install(request, context, lock, free_bytes)


def _install(request: InstallEnvironment, context: SetupContext, lock: int, free_bytes: FreeBytes) -> None:
    folder = Path(request.folder)
    Installation(
        folder=folder,
        wanted=_wanted(request),
        fallback_python=request.python,
        context=context,
        make_uv=lambda tick: Uv(program=runnable(Path(request.uv), folder), folder=folder, tick=tick, lock=lock),
        free_bytes=lambda: free_bytes(folder),
    ).run()


def _wanted(request: InstallEnvironment) -> Wanted:
    """Tencent's networks stay where they were accepted before."""
    record = read_record(Path(request.folder))
    has_tencent = TENCENT_LICENCE in request.licences or (record is not None and HUNYUAN3D_LOCK in record.locks)
    names = [PACKAGES_LOCK, *([HUNYUAN3D_LOCK] if has_tencent else [])]
    return Wanted(torch_build=request.torch_build, locks=locks.hashes(names))


def _is_complete(folder: Path, wanted: Wanted) -> bool:
    record = read_record(folder)
    if record is None or record.torch_build != wanted.torch_build or not wanted.locks.items() <= record.locks.items():
        return False
    return record.locks == locks.hashes(record.locks) and starts(interpreter_in(folder))  # torch's locks, too


# --- before anything is changed -------------------------------------------------------------------------------------


def _need_network(request: InstallEnvironment) -> None:
    if not request.online:
        sentence = "Setting up needs the network: allow online access (in Blender under Preferences > System) and set up again."
        raise Img23DError(ErrorCode.OFFLINE, sentence)


def _prepare(folder: Path) -> None:
    """A folder of our own that can be written to. Raises Img23DError."""
    _need_short_path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_ours = (folder / LOCK_NAME).exists() or (folder / RECORD_NAME).exists()
        if not is_ours and any(folder.iterdir()):
            sentence = f"“{folder}” holds other files: choose an empty folder for the AI environment."
            raise Img23DError(ErrorCode.BAD_REQUEST, sentence)
        (folder / LOCK_NAME).touch()
    except OSError as error:
        sentence = f"The folder “{folder}” cannot be written to: choose another one in the preferences."
        raise Img23DError(ErrorCode.FOLDER_UNWRITABLE, sentence, str(error)) from error


def _need_short_path(folder: Path) -> None:
    if sys.platform == "win32" and not _has_long_paths() and len(str(folder)) + LONGEST_INSIDE > WINDOWS_LIMIT:
        most = WINDOWS_LIMIT - LONGEST_INSIDE
        sentence = f"The path of “{folder}” is too long for Windows: choose a folder with less than {most} characters."
        raise Img23DError(ErrorCode.BAD_REQUEST, sentence)


def _has_long_paths() -> bool:
    if sys.platform != "win32":
        return True
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SYSTEM\CurrentControlSet\Control\FileSystem") as key:
            return bool(winreg.QueryValueEx(key, "LongPathsEnabled")[0])
    except OSError:
        return False


@contextlib.contextmanager
def hold(path: Path, tick: Callable[[], None], *, timeout: float = LOCK_TIMEOUT) -> Iterator[int]:
    """Locks the file, which is made where it is missing, and gives its descriptor.

    On POSIX a child that inherits the descriptor holds the lock as well. Raises Img23DError(BUSY), OSError.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + timeout
        while try_lock(descriptor) is LockState.HELD:
            if time.monotonic() > deadline:
                sentence = f"Another set-up is at work in “{path.parent}”: wait until it is finished."
                raise Img23DError(ErrorCode.BUSY, sentence)
            tick()
            time.sleep(TICK_SECONDS)
        yield descriptor
    finally:
        os.close(descriptor)
