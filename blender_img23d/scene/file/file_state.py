"""Which Blender file is open, as far as results are concerned."""

from __future__ import annotations


class FileState:
    """Every file that is loaded gets another key; saving, also under another name, keeps it."""

    def __init__(self) -> None:
        self._loads = 0

    @property
    def key(self) -> str:
        return f"load-{self._loads}"

    def on_load(self) -> None:
        self._loads += 1
