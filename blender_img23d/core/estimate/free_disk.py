"""Free disk space for the runs, read in a thread of its own: a folder on a network may not answer for long."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path

_AGAIN = 10.0  # seconds


class FreeDisk:
    """Bytes of the disk that a folder is on or will be on."""

    def __init__(self) -> None:
        self._asked: tuple[Path, float] | None = None  # and when, in seconds of time.monotonic
        self._known: tuple[Path, int] | None = None
        self._thread: threading.Thread | None = None

    def read(self, folder: Path) -> int | None:
        """What is known; None until there was an answer for this folder. Never waits."""
        if self._is_due(folder):
            self._asked = (folder, time.monotonic())
            self._thread = threading.Thread(target=self._ask, args=(folder,), name="img23d-disk", daemon=True)
            self._thread.start()
        known = self._known
        return known[1] if known is not None and known[0] == folder else None

    def _is_due(self, folder: Path) -> bool:
        if self._thread is not None and self._thread.is_alive():
            return False
        return self._asked is None or self._asked[0] != folder or time.monotonic() - self._asked[1] > _AGAIN

    def _ask(self, folder: Path) -> None:
        """Of the folder itself, or of the nearest one above it that is there already."""
        for place in (folder, *folder.parents):
            try:
                self._known = (folder, shutil.disk_usage(place).free)
            except OSError:
                continue
            return
