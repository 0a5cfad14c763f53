"""The graphics cards that the system tells of while torch is not there to try them: names and memory, and no promise."""

from __future__ import annotations

import logging
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from img23d_protocol.messages import DeviceInfo

from . import system_memory

log = logging.getLogger(__name__)

_PATIENCE = 10.0  # seconds that a driver may take to answer
_QUESTION = ("--query-gpu=name,memory.total", "--format=csv,noheader,nounits")
_AMD = "0x1002"  # PCI vendor
_HIDDEN_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows would flash a console


def seen_cards() -> tuple[DeviceInfo, ...]:
    """The largest first; empty where the system says nothing, which does not mean that there is none. Never raises."""
    if sys.platform == "darwin":
        return _of_a_mac()
    cards = [*_of_nvidias_driver(), *_of_amds_driver(Path("/sys/class/drm"))]
    return tuple(sorted(cards, key=lambda card: -card.total_bytes))


def _of_nvidias_driver() -> list[DeviceInfo]:
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    try:
        answer = subprocess.run(
            [program, *_QUESTION],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_PATIENCE,
            creationflags=_HIDDEN_WINDOW,
        )
    except (OSError, subprocess.TimeoutExpired):
        log.warning("nvidia-smi does not answer", exc_info=True)
        return []
    return _cards_in(answer.stdout) if answer.returncode == 0 else []


def _cards_in(answer: str) -> list[DeviceInfo]:
    """Of lines such as `NVIDIA GeForce RTX 3060, 12288`, in MiB."""
    cards = []
    for line in answer.splitlines():
        name, _, mebibytes = line.rpartition(",")
        if name.strip() and mebibytes.strip().isdecimal():
            cards.append(_card(name.strip(), int(mebibytes) * 2**20))
    return cards


def _of_amds_driver(folder: Path) -> list[DeviceInfo]:
    """Linux only: the driver amdgpu says how much memory a card has, and mostly not what it is called."""
    cards = []
    for device in sorted(folder.glob("card[0-9]*/device")):
        try:
            if (device / "vendor").read_text(encoding="ascii").strip() != _AMD:
                continue
            cards.append(_card("AMD graphics card", int((device / "mem_info_vram_total").read_text(encoding="ascii"))))
        except (OSError, ValueError):  # another driver
            continue
    return cards


def _of_a_mac() -> tuple[DeviceInfo, ...]:
    """Metal shares the machine's memory."""
    if platform.machine() != "arm64":
        return ()
    return (_card("Apple graphics (Metal)", system_memory.total_bytes()),)


def _card(label: str, total_bytes: int) -> DeviceInfo:
    return DeviceInfo(id="seen", label=label, total_bytes=total_bytes, note="Seen, not tried yet.")
