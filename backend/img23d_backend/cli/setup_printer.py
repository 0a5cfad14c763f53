"""A set-up job on a terminal: one moving line, elsewhere a line for each step of each file; and the exit code it ends with."""

from __future__ import annotations

import shutil
from typing import TextIO

from img23d_protocol import ErrorCode
from img23d_protocol.messages import Cancelled, Failed, Finished, FromBackend, Notice, SetupProgress

EXIT_DONE, EXIT_FAILED, EXIT_BAD_INPUT, EXIT_CANCELLED = 0, 1, 2, 130

_BAR = 24  # characters
_CLEAR = "\r\x1b[K"


class SetupPrinter:
    """Takes every message of a set-up job."""

    def __init__(self, stream: TextIO) -> None:
        self.exit_code = EXIT_DONE
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._told: tuple[str, str] = ("", "")

    def take(self, message: FromBackend) -> None:
        match message:
            case SetupProgress() if self._is_terminal:
                self._draw(message)
            case SetupProgress():
                self._tell_once(message)
            case Notice():
                self._line(message.sentence)
            case Failed():
                self.exit_code = EXIT_BAD_INPUT if message.code == ErrorCode.BAD_REQUEST else EXIT_FAILED
                self._line(message.sentence)
            case Cancelled():
                self.exit_code = EXIT_CANCELLED
                self._line("cancelled")
            case Finished():
                self._line("done")

    def _draw(self, progress: SetupProgress) -> None:
        filled = round(progress.fraction * _BAR)
        text = f"{'█' * filled}{'░' * (_BAR - filled)} {progress.step} {progress.note}{_amount(progress)}"
        self._write(_CLEAR + text[: shutil.get_terminal_size().columns - 1])

    def _tell_once(self, progress: SetupProgress) -> None:
        now = (progress.step.value, progress.note)
        if now != self._told:
            self._told = now
            self._line(f"{progress.step}: {progress.note}{_amount(progress)}")

    def _line(self, text: str) -> None:
        self._write((_CLEAR if self._is_terminal else "") + text + "\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _amount(progress: SetupProgress) -> str:
    if not progress.total_bytes:
        return ""
    done, total = progress.done_bytes / 1e9, progress.total_bytes / 1e9
    speed = f", {progress.bytes_per_second / 1e6:.1f} MB/s" if progress.bytes_per_second else ""
    return f" ({done:.2f} of {total:.2f} GB{speed})"
