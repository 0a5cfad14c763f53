"""Cards without torch: a program that answers as nvidia-smi does, and the files of AMD's driver."""

from __future__ import annotations

import os
from pathlib import Path

import nvidia_smi
import pytest
from nvidia_smi import GT_710, NO_DRIVER, RTX_3060

from img23d_backend.machine import seen_cards

GB = 2**30


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the path."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(seen_cards, "_of_amds_driver", lambda folder: [])
    return tmp_path


posix = pytest.mark.skipif(os.name == "nt", reason="a script with a first line")


@posix
@pytest.mark.parametrize("driver", ["580.82.07", "470.57.02"])
def test_what_the_driver_says(only: Path, driver: str) -> None:
    nvidia_smi.install(only, GT_710, RTX_3060, driver=driver)
    cards = seen_cards.seen_cards()
    assert [(card.label, card.total_bytes) for card in cards] == [("NVIDIA GeForce RTX 3060", 12 * GB), ("NVIDIA GeForce GT 710", 2 * GB)]


@posix
def test_a_driver_that_fails_shows_no_card(only: Path) -> None:
    nvidia_smi.install(only, failure=NO_DRIVER)
    assert seen_cards.seen_cards() == ()


@posix
def test_a_card_whose_memory_is_unknown_is_not_shown(only: Path) -> None:
    nvidia_smi.install(only, ("NVIDIA GB10", "[N/A]", "12.1"))
    assert seen_cards.seen_cards() == ()


def test_no_driver_shows_no_card(only: Path) -> None:
    assert seen_cards.seen_cards() == ()


def test_amds_driver_tells_the_memory(tmp_path: Path) -> None:
    for name, vendor, memory in (("card0", "0x8086", None), ("card1", "0x1002", 16 * GB)):
        device = tmp_path / name / "device"
        device.mkdir(parents=True)
        (device / "vendor").write_text(f"{vendor}\n", encoding="ascii")
        if memory:
            (device / "mem_info_vram_total").write_text(f"{memory}\n", encoding="ascii")
    (card,) = seen_cards._of_amds_driver(tmp_path)
    assert card.total_bytes == 16 * GB and "not tried" in card.note
