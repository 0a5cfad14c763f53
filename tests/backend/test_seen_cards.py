"""Cards without torch: a program that answers as nvidia-smi does, and the files of AMD's driver."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from img23d_backend.models import seen_cards

GB = 2**30


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the path."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(seen_cards, "_of_amds_driver", lambda folder: [])
    return tmp_path


def answering(folder: Path, body: str) -> None:
    program = folder / "nvidia-smi"
    program.write_text(f"#!{sys.executable}\n{body}\n", encoding="utf-8")
    program.chmod(0o755)


posix = pytest.mark.skipif(os.name == "nt", reason="a script with a first line")


@posix
def test_what_the_driver_says(only: Path) -> None:
    answering(only, 'import sys; assert "--query-gpu=name,memory.total" in sys.argv\nprint("NVIDIA GeForce GT 710, 2048\\nNVIDIA GeForce RTX 3060, 12288")')
    cards = seen_cards.seen_cards()
    assert [(card.label, card.total_bytes) for card in cards] == [("NVIDIA GeForce RTX 3060", 12 * GB), ("NVIDIA GeForce GT 710", 2 * GB)]


@posix
@pytest.mark.parametrize("body", ["raise SystemExit(9)", 'print("NVIDIA-SMI has failed because it could not talk to the driver")', 'print("Some Card, [N/A]")'])
def test_a_driver_that_fails_shows_no_card(only: Path, body: str) -> None:
    answering(only, body)
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
