"""Lets the fault suite use the desks of tests/process."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "process"))
