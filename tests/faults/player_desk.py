"""An artist's session whose backend plays a file of lines (see `player`)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from desk import SHARED, Desk

from blender_img23d.process.client import PipeLink
from blender_img23d.process.launch import child_environment
from blender_img23d.shared.img23d_protocol import PROTOCOL_VERSION

PLAYER = Path(__file__).with_name("player.py")


class PlayerDesk(Desk):
    def __init__(self, folder: Path, *options: str) -> None:
        super().__init__(folder / "backend.log")
        self.lines = folder / "lines.txt"
        self._options = options

    def _make_link(self) -> PipeLink:
        environment = child_environment([SHARED], os.environ) | {"IMG23D_FAULT_PROTOCOL": str(PROTOCOL_VERSION)}
        command = [sys.executable, "-s", str(PLAYER), str(self.lines), *self._options]
        self.links.append(PipeLink(command, environment, self._log_path))
        return self.links[-1]
