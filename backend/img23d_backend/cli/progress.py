"""Progress on a terminal as one moving line, elsewhere as plain lines."""

from __future__ import annotations

import shutil
from typing import TextIO

from img23d_protocol.messages import CutoutReady, FromBackend, Located, MeshReady, Progress

_BAR = 24  # characters
_CLEAR = "\r\x1b[K"


class ProgressPrinter:
    """Takes every message of a job and prints those that say how far it is."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._names: tuple[str, ...] = ()

    def take(self, message: FromBackend) -> None:
        match message:
            case Progress() if self._is_terminal:
                self._draw(message)
            case Located():
                self._names = tuple(target.name for target in message.targets)
                self._line(f"located: {', '.join(t.name for t in message.targets if t.box) or 'nothing'}")
            case CutoutReady():
                self._line(f"cut out: {self._names[message.target]}")
            case MeshReady():
                self._line(f"{'painted' if message.textured else 'shaped'}: {self._names[message.target]}")

    def close(self) -> None:
        if self._is_terminal:
            self._write(_CLEAR)

    def _line(self, text: str) -> None:
        if not self._is_terminal:
            self._write(text + "\n")

    def _draw(self, progress: Progress) -> None:
        filled = round(progress.fraction * _BAR)
        bar = "█" * filled + "░" * (_BAR - filled)
        which = ""
        if progress.target >= 0 and self._names:
            which = f" {progress.target + 1}/{len(self._names)} {self._names[progress.target]}"
        text = f"{bar} {progress.stage}{which} {progress.note}"
        self._write(_CLEAR + text[: shutil.get_terminal_size().columns - 1])

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
