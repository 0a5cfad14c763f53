"""The tests lie as the folders of `core` do, and what several of these need lies here, and is on the path."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
