"""uv as a set-up uses it: one private folder, a cache beside the environment, and nothing of the user's Python."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.environment import interpreter_in
from img23d_protocol.files.whole_files import whole_file
from img23d_protocol.variables import INSTALLER, NETWORK, SYSTEM, kept

from .guarded import Ended, run_guarded

# A network that swallows packets must not hold anybody up; a slow one still gets through, since only silence counts.
LONG_TIMEOUTS = {"UV_HTTP_CONNECT_TIMEOUT": "10", "UV_HTTP_TIMEOUT": "60", "UV_HTTP_RETRIES": "3"}
SHORT_TIMEOUTS = {"UV_HTTP_CONNECT_TIMEOUT": "5", "UV_HTTP_TIMEOUT": "10", "UV_HTTP_RETRIES": "1"}  # where there is another way


@dataclass(frozen=True, kw_only=True)
class Uv:
    """`tick` gets uv's output, line by line, and may raise to end it. `lock` is the folder's lock, which uv holds, too."""

    program: Path
    folder: Path
    tick: Callable[[str], None]
    lock: int

    def make_venv(self, *arguments: str, timeouts: Mapping[str, str] = LONG_TIMEOUTS) -> Ended:
        """A new, empty environment in place of what is there."""
        return self._run("venv", "--clear", "--no-project", *arguments, str(self.folder / "venv"), timeouts=timeouts)

    def install(self, *arguments: str, timeouts: Mapping[str, str] = LONG_TIMEOUTS) -> Ended:
        # --only-binary: nobody has to have a compiler
        python = ("--python", str(interpreter_in(self.folder)))
        return self._run("pip", "install", *python, "--only-binary", ":all:", *arguments, timeouts=timeouts)

    def uninstall(self, *names: str) -> Ended:
        return self._run("pip", "uninstall", "--python", str(interpreter_in(self.folder)), *names)

    def installed(self) -> tuple[str, ...]:
        """The names of the packages in the environment. Empty where uv cannot say."""
        python = ("--python", str(interpreter_in(self.folder)))
        listed = self._run("pip", "freeze", *python)
        return tuple(line.partition("==")[0] for line in listed.lines if "==" in line) if listed.status == 0 else ()

    def clear_cache(self) -> None:
        """Give back what was only kept in case of an interruption, unless the cache is the user's own."""
        if "UV_CACHE_DIR" not in os.environ:
            self._run("cache", "clean")

    def _run(self, *arguments: str, timeouts: Mapping[str, str] = LONG_TIMEOUTS) -> Ended:
        command = [self.program, "--color", "never", "--no-progress", *arguments]
        return run_guarded(
            command,
            environment=uv_environment(self.folder, os.environ, timeouts),
            folder=self.folder,
            tick=self.tick,
            kept_open=(self.lock,),
        )


def uv_environment(folder: Path, inherited: Mapping[str, str], timeouts: Mapping[str, str]) -> dict[str, str]:
    """uv's whole environment; what the user has set himself wins over ours."""
    own = {
        "UV_CACHE_DIR": str(folder / "cache"),  # on the environment's own disk, so that files are linked, not copied
        "UV_PYTHON_INSTALL_DIR": str(folder / "python"),
        "UV_PYTHON_INSTALL_BIN": "0",
        "UV_PYTHON_INSTALL_REGISTRY": "0",
        **timeouts,
    }
    if sys.platform in ("win32", "darwin"):
        own["UV_SYSTEM_CERTS"] = "1"  # the certificates that a company's proxy needs are in the system's store
    return own | kept(inherited, (SYSTEM, NETWORK, INSTALLER))


def runnable(program: Path, folder: Path) -> Path:
    """The program itself, or a copy in `folder` where it lacks its executable bit: Blender unpacks wheels without.

    Raises Img23DError(ENVIRONMENT_BROKEN) where there is no such program, OSError.
    """
    if not program.is_file():
        sentence = "The installer program uv is missing: reinstall the Img23D extension from its zip file."
        raise Img23DError(ErrorCode.ENVIRONMENT_BROKEN, sentence, str(program))
    if os.access(program, os.X_OK):
        return program
    copy = folder / program.name
    with whole_file(copy) as draft:
        shutil.copyfile(program, draft)
        draft.chmod(draft.stat().st_mode | stat.S_IXUSR)
    return copy
