"""Puts the three roots on the path: the extension's package, the backend and the protocol as the backend imports it."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
for folder in (ROOT, ROOT / "backend", ROOT / "blender_img23d" / "shared"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
