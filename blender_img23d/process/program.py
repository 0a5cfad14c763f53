"""A program that runs beside Blender and ends by itself, or is ended."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

_GRACE = 5.0  # seconds that a killed program may take to be gone


class Program:
    """Nothing is read from it but its exit status."""

    def __init__(self, command: Sequence[str]) -> None:
        """Raises OSError where it cannot be started."""
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        nothing = subprocess.DEVNULL
        self._process = subprocess.Popen(list(command), stdin=nothing, stdout=nothing, stderr=nothing, creationflags=flags)

    def status(self) -> int | None:
        """The exit status, None while it runs."""
        return self._process.poll()

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(_GRACE)
