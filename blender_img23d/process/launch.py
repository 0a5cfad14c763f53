"""How the backend is started: which interpreter, which folders, which environment."""

from __future__ import annotations

import contextlib
import glob
import os
import sys
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from importlib.machinery import PathFinder
from pathlib import Path

from ..core.machines import Machine
from ..shared.img23d_protocol import ErrorCode, Img23DError
from ..shared.img23d_protocol.files.os_lock import LockState, try_lock
from ..shared.img23d_protocol.variables import DEVICES, HUB_LOGIN, INSTALLER, NETWORK, SYSTEM, WEIGHTS, kept
from .client import PipeLink
from .installer import environment_python

PACKAGES = ("numpy", "cv2")  # NumPy first: it is the one that Blender itself uses
LOGS_KEPT = 10
FAREWELL_SECONDS = 2.0  # in which a relay tells the other machine that its job is not wanted any more

_REINSTALL = "reinstall the Img23D extension from its zip file."
_OF_A_BACKEND = (SYSTEM, NETWORK, DEVICES, WEIGHTS)
_SET_VARIABLES = {
    "PYTHONNOUSERSITE": "1",
    "PYTHONSAFEPATH": "1",  # `-m` would put the working folder first otherwise
    "PYTHONUTF8": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "PYTORCH_ENABLE_MPS_FALLBACK": "1",  # what Apple's Metal cannot compute goes to the processor instead of failing
}


def new_link(
    extension_root: Path,
    log_folder: Path,
    *,
    models: Path,
    environment: Path | None = None,
    bundled: bool = False,
    is_setup: bool = False,
) -> PipeLink:
    """A link to a backend, not started yet; what registration's links are made with.

    `extension_root` is the folder of the extension's `__init__.py`, `models` that of the weights. `environment` is a Python
    program that has all packages, or the folder of the private environment, which counts only when it is ready. Without it,
    or with `bundled`, the backend runs in Blender's own interpreter. Only with `is_setup`, for what installs and downloads, it
    is told log-ins. Raises Img23DError(BACKEND_START).
    """
    root = extension_root.resolve()  # a live checkout is linked into Blender's folders
    log_path = new_log_path(log_folder)
    backend = find_backend(root)
    own = None if bundled or environment is None else _environment_python(environment, backend)
    command, variables = backend_command(
        interpreter=own or find_interpreter(),
        backend=backend,
        protocol=root / "shared",
        packages=() if own else package_folders(),
        log_path=log_path,
        models=models,
        is_setup=is_setup,
    )
    return PipeLink(command, variables, log_path)


def new_relay_link(extension_root: Path, log_folder: Path, machine: Machine) -> PipeLink:
    """A link to a backend that lets another machine work, not started yet. It needs nothing but Blender's own Python.

    The token is in a file: everybody can read a command line. Raises Img23DError(BACKEND_START).
    """
    root = extension_root.resolve()
    log_path = new_log_path(log_folder)
    command = [str(find_interpreter()), "-s", "-m", "img23d_backend", "relay", "--address", str(machine.address)]
    command += ["--token-file", str(machine.token_file), "--log", str(log_path)]
    command += ["--certificate", str(machine.certificate)] if machine.certificate is not None else []
    return PipeLink(command, child_environment([find_backend(root), root / "shared"], os.environ), log_path, exit_seconds=FAREWELL_SECONDS)


def _environment_python(environment: Path, backend: Path) -> Path | None:
    return environment if environment.is_file() else environment_python(environment, backend)


def backend_command(
    *, interpreter: Path, backend: Path, protocol: Path, packages: Iterable[Path], log_path: Path, models: Path, is_setup: bool = False
) -> tuple[list[str], dict[str, str]]:
    """The command line and the whole environment of a backend.

    `backend` and `protocol` are the folders that hold the two packages' folders, `packages` those of NumPy and OpenCV where the
    interpreter has none of its own.
    """
    command = [str(interpreter), "-s", "-m", "img23d_backend", "backend", "--log", str(log_path), "--models", str(models)]
    return command, child_environment([backend, protocol, *packages], os.environ, is_setup=is_setup)


def child_environment(import_folders: Sequence[Path], inherited: Mapping[str, str], *, is_setup: bool = False) -> dict[str, str]:
    """Built from nothing, so that no PYTHONPATH or PYTHONHOME of Blender's or of a studio's pipeline leaks in.

    The log-ins of the places that packages and models come from are for a set-up only.
    """
    groups = (*_OF_A_BACKEND, INSTALLER, HUB_LOGIN) if is_setup else _OF_A_BACKEND
    return kept(inherited, groups) | _SET_VARIABLES | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(map(str, import_folders)))}


def find_backend(extension_root: Path) -> Path:
    """The folder that holds `img23d_backend`: inside the installed extension, beside it in a checkout."""
    for folder in (extension_root / "backend", extension_root.parent / "backend"):
        if (folder / "img23d_backend" / "__main__.py").is_file():
            return folder
    raise Img23DError(ErrorCode.BACKEND_START, f"The backend's files are missing: {_REINSTALL}", str(extension_root))


def package_folders() -> tuple[Path, ...]:
    """Where NumPy and OpenCV lie, found without importing them. Raises Img23DError(BACKEND_START)."""
    return tuple(_package_folder(name) for name in PACKAGES)


def _package_folder(name: str) -> Path:
    spec = PathFinder.find_spec(name)  # looks at sys.path only: an imported cv2 has replaced its own entry in sys.modules
    if spec is None or spec.origin is None:
        sentence = f"A part of the extension is missing ({name}): {_REINSTALL}"
        raise Img23DError(ErrorCode.BACKEND_START, sentence, "\n".join(sys.path))
    return Path(spec.origin).parent.parent


def find_interpreter() -> Path:
    """The Python that Blender runs on, as a program. Raises Img23DError(BACKEND_START)."""
    tried = list(dict.fromkeys(_interpreter_candidates()))
    for candidate in tried:
        if candidate.stem.lower().startswith("python") and candidate.is_file():
            return candidate
    sentence = "Blender's own Python program was not found: install Blender from blender.org."
    raise Img23DError(ErrorCode.BACKEND_START, sentence, "tried: " + ", ".join(map(str, tried)))


def _interpreter_candidates() -> Iterable[Path]:
    if sys.executable:  # Blender itself on some builds
        yield Path(sys.executable)
    suffix = sysconfig.get_config_var("EXE") or (".exe" if os.name == "nt" else "")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for prefix in (sys.prefix, sys.exec_prefix, sys.base_prefix):
        for folder in (Path(prefix) / "bin", Path(prefix)):
            yield from (folder / f"{name}{suffix}" for name in (version, "python3", "python"))


def new_log_path(folder: Path) -> Path:
    """A log of this Blender's own, since several may run at once; the oldest logs of others make room."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _drop_old_logs(folder)
    except OSError as error:
        sentence = f"The folder “{folder}” cannot be written to: choose another one in the preferences."
        raise Img23DError(ErrorCode.FOLDER_UNWRITABLE, sentence, str(error)) from error
    return folder / f"backend-{os.getpid()}.log"


def _drop_old_logs(folder: Path) -> None:
    logs = sorted(folder.glob("backend-*.log"), key=_changed, reverse=True)
    for path in logs[LOGS_KEPT - 1 :]:
        if _is_written(path):
            continue
        for part in (path, *folder.glob(f"{glob.escape(path.name)}.*")):  # and what it was before it grew too long
            with contextlib.suppress(PermissionError):  # Windows: another Blender's backend still writes it
                part.unlink(missing_ok=True)


def _changed(path: Path) -> float:
    """Seconds since 1970; 0 where another Blender has just deleted it."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _is_written(path: Path) -> bool:
    """By a backend that lives: it holds a lock on its log, except on Windows, which refuses to delete an open file."""
    if os.name == "nt":
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:  # gone already, or another user's
        return True
    try:
        return try_lock(descriptor) is LockState.HELD
    finally:
        os.close(descriptor)
