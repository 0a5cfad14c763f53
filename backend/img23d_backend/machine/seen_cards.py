"""The graphics cards that the system lists, for a machine without torch: names and memory, not tested."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

from img23d_protocol.messages import DeviceInfo

from . import memory, nvidia

_AMD = "0x1002"  # PCI vendor


def seen_cards() -> tuple[DeviceInfo, ...]:
    """The largest first; empty where the system says nothing, which does not mean that there is none. Never raises."""
    if sys.platform == "darwin":
        return _of_a_mac()
    cards = [*_of_nvidias_driver(), *_of_amds_driver(Path("/sys/class/drm"))]
    return tuple(sorted(cards, key=lambda card: -card.total_bytes))


def _of_nvidias_driver() -> list[DeviceInfo]:
    return [_card(card.name, card.total_bytes) for card in nvidia.cards() if card.total_bytes]


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
    return (_card("Apple graphics (Metal)", memory.total_bytes()),)


def _card(label: str, total_bytes: int) -> DeviceInfo:
    return DeviceInfo(id="seen", label=label, total_bytes=total_bytes, note="Seen, not tried yet.")
