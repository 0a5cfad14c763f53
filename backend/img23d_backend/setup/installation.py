"""The steps from an empty folder to a complete environment. Each looks first whether it is done already."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.environment import (
    HUNYUAN3D_LOCK,
    PACKAGES_LOCK,
    RECORD_NAME,
    EnvironmentRecord,
    interpreter_in,
    write_record,
)
from img23d_protocol.setup_messages import SetupStep

from ..setup_context import SetupContext
from .guarded import Ended, run_guarded
from .interpreters import starts
from .locks import canonical, lock_path, locked_packages
from .progress import Meter, Progress, read_progress, write_progress
from .torch_builds import TORCH_VERSION, backends, size
from .trial_result import TrialResult, judge, need_family
from .uv import HASTY, Uv, kept_variables
from .uv_errors import uv_failure

PYTHON = "3.12"  # the one that uv fetches: every package has wheels for it
PYTHON_BYTES = 100_000_000
PACKAGES_BYTES = 550_000_000  # measured on Linux
SPARE_BYTES = 300_000_000  # what is unpacked before it is moved
TRIAL = Path(__file__).with_name("trial.py")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the environment shall hold: a build of torch, and lock files with their hashes."""

    torch_build: str
    locks: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Installation:
    """One run through the steps. The caller holds the folder's lock; each `tick` of uv's may end it by raising."""

    folder: Path
    wanted: Wanted
    fallback_python: str
    context: SetupContext
    make_uv: Callable[[Callable[[str], None]], Uv]
    free_bytes: Callable[[], int]

    def run(self) -> None:
        """Raises Img23DError, and what the context raises."""
        try:
            (self.folder / RECORD_NAME).unlink(missing_ok=True)  # from here on it is not to be used
            self._check()
            self._python()
            self._torch()
            self._packages()
            self._finish(self._try())
        except OSError as error:
            raise uv_failure(f"{error} (os error {getattr(error, 'winerror', None) or error.errno})") from error

    # --- the steps --------------------------------------------------------------------------------------------------

    def _check(self) -> None:
        """Room for what is missing. Raises Img23DError(DISK_FULL)."""
        self._meter(SetupStep.CHECK).say("Checking the disk")
        needed, free = self._missing_bytes(), self.free_bytes()
        if free < needed:
            sentence = (
                f"Setting up needs {_gigabytes(needed)} in “{self.folder}”, and {_gigabytes(free)} are free: "
                "make room, or choose a folder on another disk."
            )
            raise Img23DError(ErrorCode.DISK_FULL, sentence)

    def _python(self) -> None:
        """An empty environment, unless there is a sound one: with a Python of its own, otherwise with the caller's."""
        if not self._is_sound():
            meter = self._meter(SetupStep.PYTHON)
            meter.say(f"Fetching Python {PYTHON}")
            uv = self.make_uv(meter.tick)
            write_progress(self.folder, Progress(is_changing=True))
            made = uv.make_venv("--managed-python", "--python", PYTHON, patience=HASTY)
            if made.status != 0:
                meter.say("Using the Python that is here")
                made = uv.make_venv("--python", self.fallback_python)
            self._need_success(made)
            write_progress(self.folder, Progress())

    def _torch(self) -> None:
        """Torch alone: a change of the device leaves all other packages as they are."""
        progress = read_progress(self.folder)
        if progress.torch_build == self.wanted.torch_build:
            return
        meter = self._meter(SetupStep.TORCH, expected=size(self.wanted.torch_build))
        meter.say("Asking for torch")
        uv = self.make_uv(meter.tick)
        write_progress(self.folder, replace(progress, is_changing=True))
        if progress.torch_build:
            _remove_torch(uv)
        self._need_success(_install_torch(uv, self.wanted.torch_build))
        write_progress(self.folder, replace(progress, torch_build=self.wanted.torch_build))

    def _packages(self) -> None:
        progress = read_progress(self.folder)
        if progress.locks == self.wanted.locks:
            return
        meter = self._meter(SetupStep.PACKAGES, expected=PACKAGES_BYTES)
        meter.say("Asking for the packages")
        uv = self.make_uv(meter.tick)
        write_progress(self.folder, replace(progress, is_changing=True))
        files = [part for name in self.wanted.locks for part in ("--requirements", str(lock_path(name)))]
        self._need_success(uv.install("--no-deps", "--require-hashes", *files))
        write_progress(self.folder, replace(progress, locks=self.wanted.locks))

    def _try(self) -> TrialResult:
        """Start it once. What does not start is made anew the next time."""
        meter = self._meter(SetupStep.TRY)
        meter.say("Starting it for the first time")
        progress = read_progress(self.folder)
        modules = ["hy3dgen"] if HUNYUAN3D_LOCK in self.wanted.locks else []
        ended = run_guarded(
            [interpreter_in(self.folder), "-I", TRIAL, *modules],
            environment=kept_variables(os.environ),
            folder=self.folder,
            tick=lambda line: meter.tick(),
        )
        if ended.status != 0:
            write_progress(self.folder, replace(progress, is_changing=True))
        result = judge(ended)
        try:
            notice = need_family(result, self.wanted.torch_build)
        except Img23DError:
            write_progress(self.folder, Progress(is_changing=True))
            raise
        if notice:
            self.context.notify(notice)
        return result

    def _finish(self, result: TrialResult) -> None:
        record = EnvironmentRecord(
            python=result.python,
            base=result.base,
            torch=result.torch,
            torch_build=self.wanted.torch_build,
            locks=self.wanted.locks,
        )
        self.make_uv(self._meter(SetupStep.TRY).tick).clear_cache()
        write_record(self.folder, record)
        self.context.report(SetupStep.TRY, 1.0, "Ready")

    # --- what they ask ----------------------------------------------------------------------------------------------

    def _meter(self, step: SetupStep, expected: int = 0) -> Meter:
        return Meter(self.context, step, self.free_bytes, expected)

    def _is_sound(self) -> bool:
        return not read_progress(self.folder).is_changing and starts(interpreter_in(self.folder))

    def _missing_bytes(self) -> int:
        is_sound = self._is_sound()
        progress = read_progress(self.folder) if is_sound else Progress()
        missing = 0 if is_sound else PYTHON_BYTES
        missing += 0 if progress.torch_build == self.wanted.torch_build else size(self.wanted.torch_build)
        missing += 0 if progress.locks == self.wanted.locks else PACKAGES_BYTES
        return missing + SPARE_BYTES if missing else 0

    def _need_success(self, ended: Ended) -> None:
        if ended.status != 0:
            raise uv_failure(ended.text)


def _install_torch(uv: Uv, torch_build: str) -> Ended:
    """From the first of torch's own indexes that has it, else from the default one: a proxy may let pass only that."""
    wanted = (f"torch=={TORCH_VERSION}", "--constraints", str(lock_path(PACKAGES_LOCK)))
    for backend in backends(torch_build):
        source = ("--torch-backend", backend)
        if uv.install(*wanted, *source, "--dry-run", patience=HASTY).status == 0:
            return uv.install(*wanted, *source)
    return uv.install(*wanted)


def _remove_torch(uv: Uv) -> None:
    """With the libraries that it alone brought along, which are gigabytes."""
    locked = locked_packages()
    extra = [name for name in uv.installed() if canonical(name) not in locked]
    if extra:
        uv.uninstall(*extra)


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
