"""Accuracy of the search: a photo of several known things with all their names at once.

Runs in the plain environment: python -m devtools.bench.locate PHOTO_FOLDER RUN_FOLDER OUT.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from . import metrics, picture
from .known import generate, load_mesh, read_record
from .timing import RUNS


def measure(photo: Path, folder: Path, out: Path) -> None:
    names = json.loads((photo / "camera.json").read_text(encoding="utf-8"))["names"]
    numbers = np.asarray(Image.open(photo / "masks.png").convert("L"))
    runs = [generate(photo / "photo.jpg", ", ".join(names), folder) for _ in range(RUNS)]
    record = read_record(folder)
    rows = [{"name": target["name"], "iou": silhouette_iou(target, folder, numbers == names.index(target["name"]) + 1)} for target in record["targets"]]
    out.write_text(json.dumps({"rows": rows, "seconds": [run.seconds for run in runs]}, indent=1) + "\n", encoding="utf-8")


def silhouette_iou(target: dict, folder: Path, truth: np.ndarray) -> float:
    if "mesh" not in target["files"]:
        return 0.0
    made = load_mesh(folder / target["files"]["mesh"])
    drawn = picture.draw(picture.project(made.vertices, np.array(target["view"])), made.faces, size=truth.shape)
    return metrics.mask_iou(drawn.mask, truth)


if __name__ == "__main__":
    measure(*map(Path, sys.argv[1:4]))
