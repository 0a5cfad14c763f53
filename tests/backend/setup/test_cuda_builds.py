"""Which build of PyTorch a machine gets: by the cards and the driver that a program like nvidia-smi tells of."""

from __future__ import annotations

import os
from pathlib import Path

import nvidia_smi
import pytest
from nvidia_smi import GT_710, GTX_970, GTX_1080, NO_DRIVER, RTX_2060, RTX_3060, RTX_4090, RTX_5060, RTX_5090, V100

from img23d_backend.machine import nvidia
from img23d_backend.setup.cuda_builds import cuda_builds, found_builds
from img23d_protocol import ErrorCode, Img23DError

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a script with a first line")


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the path of a machine without a kernel's word."""
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("UV_CUDA_DRIVER_VERSION", "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(nvidia, "_KERNEL_FILES", (tmp_path / "version",))
    return tmp_path


@pytest.mark.parametrize(
    ("cards", "driver", "builds"),
    [
        ((GTX_970,), "580.82.07", ("cu126",)),
        ((GTX_1080,), "580.82.07", ("cu126",)),
        ((GTX_1080,), "535.183.01", ("cu126",)),
        ((V100,), "570.86.15", ("cu126",)),
        ((RTX_2060,), "535.183.01", ("cu126",)),
        ((RTX_2060,), "580.65.06", ("cu130", "cu126")),
        ((RTX_3060,), "579.99", ("cu126",)),
        ((RTX_4090,), "580.65.05", ("cu126",)),
        ((RTX_4090,), "580.82.07", ("cu130", "cu126")),
        ((RTX_4090,), "595.45.04", ("cu130", "cu126", "cu132")),
        ((RTX_5090,), "580.82.07", ("cu130",)),
        ((RTX_5060,), "610.43.02", ("cu130", "cu132")),
        # Several cards: one build for all where there is one, else for the one that torch takes first
        ((GTX_1080, RTX_3060), "580.82.07", ("cu126", "cu130")),
        ((RTX_3060, RTX_5090), "580.82.07", ("cu130",)),
        ((GTX_1080, RTX_5090), "580.82.07", ("cu130",)),
        ((GT_710, RTX_3060), "535.183.01", ("cu126",)),
        ((GT_710,), "550.54.14", ()),
    ],
)
def test_the_build_for_a_card_and_a_driver(only: Path, cards: tuple[tuple[str, int, str], ...], driver: str, builds: tuple[str, ...]) -> None:
    nvidia_smi.install(only, *cards, driver=driver)
    assert found_builds() == builds


@pytest.mark.parametrize(
    ("card", "driver", "needed"),
    [(RTX_5060, "572.83", "580"), (RTX_5090, "576.88", "580"), (RTX_3060, "516.94", "525"), (GTX_1080, "470.57.02", "525")],
)
def test_a_driver_that_is_too_old_is_to_be_updated_first(only: Path, card: tuple[str, int, str], driver: str, needed: str) -> None:
    nvidia_smi.install(only, card, driver=driver)
    with pytest.raises(Img23DError, match="update the driver first") as caught:
        found_builds()
    assert caught.value.code is ErrorCode.DRIVER_TOO_OLD
    assert f"driver {needed} or newer" in caught.value.sentence and driver in caught.value.sentence


def test_windows_counts_its_drivers_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    card = nvidia.Card(name="NVIDIA GeForce RTX 3060", uuid="GPU-1", total_bytes=12 * 2**30, capability=(8, 6))
    assert cuda_builds([card], (527, 56), {}) == ("cu126",)
    monkeypatch.setattr("img23d_backend.setup.cuda_builds.sys.platform", "win32")
    with pytest.raises(Img23DError, match="driver 528"):
        cuda_builds([card], (527, 56), {})


def test_the_cards_that_are_hidden_do_not_count(only: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nvidia_smi.install(only, GTX_1080, RTX_5090)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-00000000")
    assert found_builds() == ("cu126",)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert found_builds() == ("cu130",), "the fastest is the first"
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    assert found_builds() == ("cu126",), "the first on the bus"


def test_a_program_that_does_not_know_the_capability_yet_still_tells_the_cards(only: Path) -> None:
    nvidia_smi.install(only, RTX_3060, driver="470.57.02")
    assert [(card.name, card.capability) for card in nvidia.cards()] == [("NVIDIA GeForce RTX 3060", None)]


@pytest.mark.parametrize(
    ("said", "builds"),
    [
        ("NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22 01:44:30 UTC 2024\nGCC version:  gcc 12.3.0\n", ("cu126",)),
        ("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.82.07  Release Build  (dvs-builder)\n", ("cu130", "cu126")),
        ("580.95.05\n", ("cu130", "cu126")),
    ],
)
def test_without_the_program_the_kernel_is_asked(only: Path, said: str, builds: tuple[str, ...]) -> None:
    """What the card is only the trial can tell then."""
    (only / "version").write_text(said)
    assert nvidia.has_driver() and found_builds() == builds


def test_a_driver_that_is_not_loaded_is_none(only: Path) -> None:
    nvidia_smi.install(only, failure=NO_DRIVER)
    assert nvidia.cards() == [] and nvidia.driver_version() == ()
