"""The backend's tests lie as its folders do; what several of these share lies here, and is on the path."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
