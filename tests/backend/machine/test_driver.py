"""NVIDIA's driver by its own program, which is here a script."""

from __future__ import annotations

import sys
from pathlib import Path

import nvidia_smi
import pytest
from nvidia_smi import GTX_1080, NO_DRIVER, RTX_3060, RTX_5060

from img23d_backend.diagnose import machine
from img23d_backend.engines import Engines
from img23d_backend.machine import nvidia
from img23d_backend.machine.nvidia import nvidia_driver
from img23d_protocol.messages import Action, Diagnose, Level

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a script without an ending is no program there")


@pytest.fixture(autouse=True)
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_what_the_driver_says(only: Path) -> None:
    nvidia_smi.install(only, GTX_1080, RTX_3060, driver="580.82.07")
    assert nvidia_driver() == "580.82.07"


def test_a_driver_that_is_not_loaded(only: Path) -> None:
    nvidia_smi.install(only, failure=NO_DRIVER)
    assert nvidia_driver() == ""


def test_no_driver() -> None:
    assert nvidia_driver() == ""


def test_the_doctor_says_before_the_set_up_that_the_models_need_a_newer_one(only: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "is_set_up", lambda: False)
    monkeypatch.setattr(nvidia, "_KERNEL_FILES", ())
    nvidia_smi.install(only, RTX_5060, driver="572.83")
    finding = list(machine.card_findings(Diagnose(job="d"), Engines(tmp_path)))[-1]
    assert (finding.level, finding.action) == (Level.WARNING, Action.UPDATE_DRIVER)
    assert "update the driver first" in finding.sentence
    nvidia_smi.install(only, RTX_5060, driver="580.88")
    assert "Driver" not in {finding.what for finding in machine.card_findings(Diagnose(job="d"), Engines(tmp_path))}
