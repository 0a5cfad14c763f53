"""Progress of an environment's making, on disk and on the way to the artist."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from img23d_protocol.files.whole_files import write_whole
from img23d_protocol.setup_messages import SetupStep

from ..setup_context import Bytes, SetupContext

FILE_NAME = "progress.json"

# Each step's share of the whole bar, after what it takes on a usual line.
SHARES = {
    SetupStep.CHECK: (0.0, 0.01),
    SetupStep.PYTHON: (0.01, 0.04),
    SetupStep.TORCH: (0.04, 0.75),
    SetupStep.PACKAGES: (0.75, 0.95),
    SetupStep.TRY: (0.95, 1.0),
}
# uv's words; it says so of large files only
_DOWNLOADING = re.compile(r"\s*Downloading (\S+) \((\S+)\)")
_DOWNLOADED = re.compile(r"\s*Downloaded (\S+)")


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What the environment holds. While `is_changing`, nobody knows: one that is found so is made anew."""

    is_changing: bool = False
    torch_build: str = ""  # the one that was installed, not the choice
    torch_locks: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)  # builds that a trial has shown not to know the card
    locks: dict[str, str] = field(default_factory=dict)


def read_progress(folder: Path) -> Progress:
    try:
        return Progress(**json.loads((folder / FILE_NAME).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Progress(is_changing=True)


def write_progress(folder: Path, progress: Progress) -> None:
    """At once or not at all. Raises OSError."""
    write_whole(folder / FILE_NAME, json.dumps(asdict(progress)).encode(), durable=True)


class Meter:
    """A step's progress, told to the artist at each line of a program and in between.

    uv does not say how many bytes it has; how much the disk has filled is as good, and counts the unpacking as well.
    """

    def __init__(self, context: SetupContext, step: SetupStep, free_bytes: Callable[[], int], expected: int = 0) -> None:
        self._context = context
        self._step = step
        self._free_bytes = free_bytes
        self._expected = expected
        self._free_before = free_bytes() if expected else 0
        self._started = time.monotonic()
        self._done = 0
        self._note = ""
        self._downloads: dict[str, str] = {}  # name -> size, those that are under way

    def tick(self, line: str = "") -> None:
        """Raises what the artist's side raises, such as JobCancelled."""
        self._hear(line)
        start, end = SHARES[self._step]
        amount = self._amount()
        share = amount.done / amount.total if amount.total else 0.0
        self._context.report(self._step, start + share * (end - start), self._note, amount)

    def say(self, note: str) -> None:
        self._note = note
        self.tick()

    def _hear(self, line: str) -> None:
        if match := _DOWNLOADING.match(line):
            self._downloads[match[1]] = match[2]
        elif match := _DOWNLOADED.match(line):
            self._downloads.pop(match[1], None)
        else:
            return
        if self._downloads:
            name, size = next(iter(self._downloads.items()))
            others = f" and {len(self._downloads) - 1} more" if len(self._downloads) > 1 else ""
            self._note = f"Downloading {name} ({size}){others}"
        else:
            self._note = "Unpacking"

    def _amount(self) -> Bytes:
        if not self._expected:
            return Bytes()
        filled = self._free_before - self._free_bytes()
        self._done = max(self._done, min(filled, self._expected))
        elapsed = time.monotonic() - self._started
        return Bytes(done=self._done, total=self._expected, per_second=self._done / elapsed if elapsed else 0.0)
