"""NVIDIA's driver by its own program, which is here a script."""

from __future__ import annotations

import sys
from pathlib import Path

import nvidia_smi
import pytest
from img23d_backend.models.driver import nvidia_driver
from nvidia_smi import GTX_1080, NO_DRIVER, RTX_3060

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
