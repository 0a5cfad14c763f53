"""Other programs during a set-up: watched while they run, and ended with the backend."""

from __future__ import annotations

import contextlib
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

GUARD = Path(__file__).with_name("guard.py")
TICK_SECONDS = 0.2
END_SECONDS = 10.0  # for the guard to end its program, which may hang on a slow disk
LINES_KEPT = 500


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a program ended and the last of what it said, stdout and stderr together."""

    status: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def run_guarded(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    folder: Path,
    tick: Callable[[str], None],
    kept_open: tuple[int, ...] = (),
) -> Ended:
    """Run to the end. `tick` is called with each line, and with "" several times a second in between; when it raises, the
    program is ended first. `kept_open` are descriptors that the program inherits (not on Windows). Raises OSError.
    """
    process = subprocess.Popen(
        [sys.executable, "-I", str(GUARD), *map(str, command)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(environment),
        cwd=folder,
        pass_fds=kept_open if sys.platform != "win32" else (),
        start_new_session=True,  # Ctrl+C in the terminal is ours to handle
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    assert process.stdout is not None
    threading.Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
    try:
        said = _watch(lines, tick)
        return Ended(status=process.wait(), lines=said)
    finally:
        _end(process)


def _read(stream: IO[bytes], lines: queue.SimpleQueue[str | None]) -> None:
    with stream, contextlib.suppress(OSError, ValueError):
        for line in stream:
            lines.put(line.decode("utf-8", "replace").rstrip())
    lines.put(None)


def _watch(lines: queue.SimpleQueue[str | None], tick: Callable[[str], None]) -> tuple[str, ...]:
    said: deque[str] = deque(maxlen=LINES_KEPT)
    while True:
        try:
            line = lines.get(timeout=TICK_SECONDS)
        except queue.Empty:
            line = ""
        if line is None:
            return tuple(said)
        if line:
            said.append(line)
        tick(line)


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
