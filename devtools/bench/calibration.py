"""The machine's speed at the moment: the seconds of a fixed piece of NumPy and OpenCV work, on one thread.

Absolute times mean little across machines, so the goals about them are told in this unit, measured before and after what is measured.
The work is so much that one unit is about a second on a core of the processor that the goals were set on, when nothing else runs.

    python -m devtools.bench.calibration         prints the runs as JSON
"""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from ..places import ROOT
from ..running import clean_environment
from .timing import RUNS

_SIDE = 1024  # pixels
_POINTS = 400_000
_TURNS = 4


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Seconds of each run."""

    processor: list[float]
    elapsed: list[float]


def measure(python: Path) -> Calibration:
    """In a process of its own: `python` is the plain environment's."""
    variables = clean_environment(OPENBLAS_NUM_THREADS="1")
    done = subprocess.run([str(python), "-m", __spec__.name], cwd=ROOT, env=variables, capture_output=True, text=True, check=True)
    return Calibration(**json.loads(done.stdout))


def work() -> float:
    """The same numbers each time: sorting, gathering, arithmetic, filters, a distance transform, PNG. Returns a sum of them."""
    import cv2
    import numpy as np

    cv2.setNumThreads(1)
    random = np.random.default_rng(0)
    picture = random.integers(0, 256, (_SIDE, _SIDE, 3), dtype=np.uint8)
    points = random.random((_POINTS, 3), dtype=np.float32)
    total = 0.0
    for turn in range(_TURNS):
        order = np.argsort(points[:, turn % 3], kind="stable")
        near = points[order] - points
        total += float(np.sqrt((near * near).sum(axis=1)).sum())
        keys, counts = np.unique((points * 64).astype(np.int32) @ np.array([4096, 64, 1], dtype=np.int32), return_counts=True)
        total += float(np.bincount(counts, weights=counts).sum()) + len(keys)
        smooth = cv2.GaussianBlur(picture, (0, 0), 3 + turn)
        distance = cv2.distanceTransform((smooth[..., turn % 3] > 127).astype(np.uint8), cv2.DIST_L2, 5)
        lab = cv2.cvtColor(cv2.resize(smooth, None, fx=1.5, fy=1.5, interpolation=cv2.INTER_CUBIC), cv2.COLOR_RGB2LAB)
        total += float(distance.sum()) + len(cv2.imencode(".png", lab, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1])
    return total


def _main() -> None:
    work()  # fetches memory
    processor, elapsed = [], []
    for _ in range(RUNS):
        started, clock = time.process_time(), time.perf_counter()
        work()
        processor.append(time.process_time() - started)
        elapsed.append(time.perf_counter() - clock)
    print(json.dumps(asdict(Calibration(processor=processor, elapsed=elapsed))))


if __name__ == "__main__":
    _main()
