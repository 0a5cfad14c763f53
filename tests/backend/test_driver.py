"""NVIDIA's driver by its own program, which is here a script of a few lines."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from img23d_backend.models.driver import nvidia_driver

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a script without an ending is no program there")


@pytest.mark.parametrize(
    ("script", "version"),
    [
        ('[ "$1" = --query-gpu=driver_version ] && echo 580.82.07 && echo 580.82.07', "580.82.07"),  # two cards
        ("echo 'NVIDIA-SMI has failed because it could not talk to the driver'; exit 9", ""),
    ],
)
def test_what_the_driver_says(script: str, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert nvidia_driver() == version


def test_no_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert nvidia_driver() == ""
