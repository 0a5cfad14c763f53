"""The learned chain's tests: torch is here, small checkpoints in the published layouts are made once.

They lie as the backend's folders do; what several of these share lies beside this file, and is on the path.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).resolve().parent), str(ROOT / "tests")]


@pytest.fixture(scope="session")
def tiny_models() -> Path:
    """A models folder that holds a trained tiny checkpoint of each stage."""
    from tiny.make import make_all

    return make_all()
