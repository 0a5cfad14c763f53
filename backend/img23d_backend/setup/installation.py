"""The steps from an empty folder to a complete environment. Each looks first whether it is done already."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.environment import (
    HUNYUAN3D_LOCK,
    RECORD_NAME,
    EnvironmentRecord,
    interpreter_in,
    write_record,
)
from img23d_protocol.setup_messages import SetupStep
from img23d_protocol.variables import DEVICES, SYSTEM, kept

from ..setup_context import SetupContext
from .guarded import Ended, run_guarded
from .interpreters import starts, version_of
from .locks import hashes, lock_path
from .progress import Meter, Progress, read_progress, write_progress
from .torch_builds import PROCESSOR, candidates, size
from .torch_install import install_torch, planned_build, remove_torch
from .trial_result import TrialResult, UnknownCard, judge, need_family
from .uv_errors import uv_failure
from .uv_program import SHORT_TIMEOUTS, Uv

PYTHON = "3.12"  # the one that uv fetches: every package has wheels for it
PYTHON_BYTES = 100_000_000
PACKAGES_BYTES = 550_000_000  # measured on Linux
SPARE_BYTES = 300_000_000  # what is unpacked before it is moved
TRIAL = Path(__file__).with_name("trial.py")
_NEXT_BUILD = "This build of PyTorch does not know the graphics card: the next one is tried."
_NO_BUILD = "PyTorch has no build for this graphics card any more, so the AI models run on the processor."


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
            self._finish(self._first_that_works())
        except OSError as error:
            raise uv_failure(f"{error} (os error {getattr(error, 'winerror', None) or error.errno})") from error

    # --- the steps --------------------------------------------------------------------------------------------------

    def _check(self) -> None:
        """Room for what is missing. Raises Img23DError(DISK_FULL)."""
        self._meter(SetupStep.CHECK).say("Checking the disk")
        needed, free = self._missing_bytes(), self.free_bytes()
        if free < needed:
            sentence = (
                f"Setting up needs {_gigabytes(needed)} in “{self.folder}”, and {_gigabytes(free)} are free: make room, or choose a folder on another disk."
            )
            raise Img23DError(ErrorCode.DISK_FULL, sentence)

    def _python(self) -> None:
        """An empty environment, unless there is a sound one: with a Python of its own, otherwise with the caller's."""
        if not self._is_sound():
            meter = self._meter(SetupStep.PYTHON)
            meter.say(f"Fetching Python {PYTHON}")
            uv = self.make_uv(meter.tick)
            refused = read_progress(self.folder).refused
            write_progress(self.folder, Progress(is_changing=True, refused=refused))
            made = uv.make_venv("--managed-python", "--python", PYTHON, timeouts=SHORT_TIMEOUTS)
            if made.status != 0:
                meter.say("Using the Python that is here")
                made = uv.make_venv("--python", self.fallback_python)
            self._need_success(made)
            write_progress(self.folder, Progress(refused=refused))

    def _first_that_works(self) -> TrialResult:
        """Of the builds that may fit, the first that knows the graphics card. Raises what the last one's trial does."""
        builds = self._builds()
        for build in builds:
            self._torch(build)
            self._packages()
            try:
                return self._try(build)
            except UnknownCard:
                if build == builds[-1]:
                    raise
                progress = read_progress(self.folder)
                write_progress(self.folder, replace(progress, refused=[*progress.refused, build]))
                self.context.notify(_NEXT_BUILD)
        raise AssertionError("there is always a build")

    def _builds(self) -> tuple[str, ...]:
        """Without those that an earlier trial has shown not to know the card, as long as others are left."""
        builds = candidates(self.wanted.torch_build)
        if not builds:
            meter = self._meter(SetupStep.TORCH)
            meter.say("Asking for torch")
            builds = (planned_build(self.make_uv(meter.tick)),)
        elif builds == (PROCESSOR,) and self.wanted.torch_build != PROCESSOR:
            self.context.notify(_NO_BUILD)
        refused = read_progress(self.folder).refused
        return tuple(build for build in builds if build not in refused) or builds

    def _torch(self, build: str) -> None:
        """Torch alone: a change of the device leaves all other packages as they are."""
        progress = read_progress(self.folder)
        if progress.torch_build == build and progress.torch_locks == hashes(progress.torch_locks):
            return
        meter = self._meter(SetupStep.TORCH, expected=size(build))
        meter.say("Asking for torch")
        uv = self.make_uv(meter.tick)
        write_progress(self.folder, replace(progress, is_changing=True))
        if progress.torch_build:
            remove_torch(uv)
        installed = install_torch(uv, build, version_of(self.folder / "venv"), self.context.notify)
        self._need_success(installed.ended)
        write_progress(self.folder, replace(progress, torch_build=build, torch_locks=hashes(installed.locks)))

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

    def _try(self, build: str) -> TrialResult:
        """Start it once. What does not start is made anew the next time, but for a build that does not know the card."""
        meter = self._meter(SetupStep.TRY)
        meter.say("Starting it for the first time")
        progress = read_progress(self.folder)
        modules = ["hy3dgen"] if HUNYUAN3D_LOCK in self.wanted.locks else []
        ended = run_guarded(
            [interpreter_in(self.folder), "-I", TRIAL, *modules],
            environment=kept(os.environ, (SYSTEM, DEVICES)),
            folder=self.folder,
            tick=lambda line: meter.tick(),
        )
        if ended.status != 0:
            write_progress(self.folder, replace(progress, is_changing=True))
        result = judge(ended)
        try:
            notice = need_family(result, build if build == PROCESSOR else self.wanted.torch_build)
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
            locks=self.wanted.locks | read_progress(self.folder).torch_locks,
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
        missing += 0 if progress.torch_build in (candidates(self.wanted.torch_build) or (PROCESSOR,)) else size(self.wanted.torch_build)
        missing += 0 if progress.locks == self.wanted.locks else PACKAGES_BYTES
        return missing + SPARE_BYTES if missing else 0

    def _need_success(self, ended: Ended) -> None:
        if ended.status != 0:
            raise uv_failure(ended.text)


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
