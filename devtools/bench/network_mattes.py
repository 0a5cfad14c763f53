"""Run by every Python that has the backend's NumPy and OpenCV: the mattes of the network in the zip beside those of the published one.

    PYTHON -m devtools.bench.network_mattes OUT.json PHOTO.npz ...

or, in a Blender, by the file's path, behind --. Every file holds `shown` (s, s, 3) uint8 and `expected` (s, s) float32, the published
network's matte of it, as devtools/bench/network.py keeps them. IMG23D_FOLDERS has what is put onto the path first, one folder a line:
a Blender reads no PYTHONPATH.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path

_SOLID = 0.5  # of a matte


def main(out: Path, photos: list[Path]) -> None:
    sys.path[:0] = os.environ.get("IMG23D_FOLDERS", "").splitlines()
    import cv2
    import numpy as np

    from img23d_backend.engines.isnet.network import Network

    network, rows = Network(), []
    for path in photos:
        with np.load(path) as kept:
            shown, expected = kept["shown"], kept["expected"]
        matte = network.matte(shown, shown.shape[0])
        first, second = expected >= _SOLID, matte >= _SOLID
        iou = np.count_nonzero(first & second) / max(1, np.count_nonzero(first | second))
        row = {"photo": path.stem, "iou": iou, "difference": float(np.abs(expected - matte).mean()), "solid": float(first.mean())}
        rows.append(row)
        sys.stderr.write(f"{row['photo']}: {iou:.4f}\n")
    versions = f"OpenCV {cv2.__version__}, NumPy {np.__version__}, Python {platform.python_version()}"
    out.write_text(json.dumps({"pair": f"{_blender()}{versions}", "rows": rows}), encoding="utf-8")


def _blender() -> str:
    try:
        import bpy
    except ImportError:
        return ""
    return f"{'Blender' if bpy.app.binary_path else 'bpy'} {bpy.app.version_string}: "


if __name__ == "__main__":
    _out, *_photos = sys.argv[sys.argv.index("--") + 1 if "--" in sys.argv else 1 :]
    main(Path(_out), list(map(Path, _photos)))
