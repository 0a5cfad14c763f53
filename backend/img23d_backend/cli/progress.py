"""Progress of a job on a terminal as one moving line, elsewhere as plain lines; and the exit code a set-up ends with."""

from __future__ import annotations

import shutil
from typing import TextIO

from img23d_protocol import ErrorCode
from img23d_protocol.messages import (
    Cancelled,
    CutoutReady,
    Failed,
    Finished,
    FromBackend,
    Located,
    Notice,
    Progress,
    ResultKind,
    ResultReady,
    SetupProgress,
)

EXIT_DONE, EXIT_FAILED, EXIT_BAD_INPUT, EXIT_CANCELLED = 0, 1, 2, 130

_BAR = 24  # characters
_CLEAR = "\r\x1b[K"


def _done(result: ResultReady) -> str:
    if result.piece.kind is ResultKind.SPLATS:
        return "as splats"
    return "painted" if result.textured else "shaped"


class ProgressPrinter:
    """Takes every message of a generation and prints those that say how far it is."""

    def __init__(self, stream: TextIO) -> None:
        self._line = _Line(stream)
        self._names: tuple[str, ...] = ()

    def take(self, message: FromBackend) -> None:
        match message:
            case Progress() if self._line.moves:
                self._draw(message)
            case Located():
                self._names = tuple(target.name for target in message.targets)
                self._tell(f"located: {', '.join(t.name for t in message.targets if t.box) or 'nothing'}")
            case CutoutReady():
                self._tell(f"cut out: {self._names[message.target]}")
            case ResultReady():
                self._tell(f"{_done(message)}: {self._names[message.target]}")

    def close(self) -> None:
        self._line.clear()

    def _tell(self, text: str) -> None:
        if not self._line.moves:
            self._line.add(text)

    def _draw(self, progress: Progress) -> None:
        which = ""
        if progress.target >= 0 and self._names:
            which = f" {progress.target + 1}/{len(self._names)} {self._names[progress.target]}"
        self._line.draw(progress.fraction, f"{progress.stage}{which} {progress.note}")


class WorkPrinter:
    """A fraction of some work and a note, on a terminal only: elsewhere the results are told when they are there."""

    def __init__(self, stream: TextIO) -> None:
        self._line = _Line(stream)

    def draw(self, fraction: float, note: str) -> None:
        if self._line.moves:
            self._line.draw(fraction, note)

    def tell(self, text: str, *, always: bool = True) -> None:
        """A line that stays; one of many only where no line can move."""
        if always or not self._line.moves:
            self._line.add(text)

    def close(self) -> None:
        self._line.clear()


class SetupPrinter:
    """Takes every message of a set-up job: a line for each step of each file where the line cannot move."""

    def __init__(self, stream: TextIO) -> None:
        self.exit_code = EXIT_DONE
        self._line = _Line(stream)
        self._told: tuple[str, str] = ("", "")

    def take(self, message: FromBackend) -> None:
        match message:
            case SetupProgress() if self._line.moves:
                self._line.draw(message.fraction, f"{message.step} {message.note}{_amount(message)}")
            case SetupProgress():
                self._tell_once(message)
            case Notice():
                self._line.add(message.sentence)
            case Failed():
                self.exit_code = EXIT_BAD_INPUT if message.code == ErrorCode.BAD_REQUEST else EXIT_FAILED
                self._line.add(message.sentence)
            case Cancelled():
                self.exit_code = EXIT_CANCELLED
                self._line.add("cancelled")
            case Finished():
                self._line.add("done")

    def _tell_once(self, progress: SetupProgress) -> None:
        now = (progress.step.value, progress.note)
        if now != self._told:
            self._told = now
            self._line.add(f"{progress.step}: {progress.note}{_amount(progress)}")


class _Line:
    """The last line of a stream: drawn over where `moves`, which is on a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self.moves = stream.isatty()
        self._stream = stream

    def draw(self, fraction: float, text: str) -> None:
        """A bar for a fraction of the work, and a text, no longer than the terminal is wide."""
        filled = round(fraction * _BAR)
        line = f"{'█' * filled}{'░' * (_BAR - filled)} {text}"
        self._write(_CLEAR + line[: shutil.get_terminal_size().columns - 1])

    def add(self, text: str) -> None:
        """A line that stays."""
        self._write((_CLEAR if self.moves else "") + text + "\n")

    def clear(self) -> None:
        if self.moves:
            self._write(_CLEAR)

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _amount(progress: SetupProgress) -> str:
    if not progress.total_bytes:
        return ""
    done, total = progress.done_bytes / 1e9, progress.total_bytes / 1e9
    speed = f", {progress.bytes_per_second / 1e6:.1f} MB/s" if progress.bytes_per_second else ""
    return f" ({done:.2f} of {total:.2f} GB{speed})"
