"""Every way into the pipeline computes alike: how many threads NumPy's BLAS takes decides the order of its sums, and so their last bits."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
# A product that OpenBLAS splits among its threads
_SUM = """
import hashlib, os, numpy
random = numpy.random.default_rng(0)
left, right = random.random((2, 300, 300))
print(hashlib.sha256((left @ right).tobytes()).hexdigest(), os.environ.get("OPENBLAS_NUM_THREADS"))
"""
_ENTRIES = {
    "the backend and the command line": "import sys; sys.argv = ['img23d', 'no such command']\n"
    "from img23d_backend.__main__ import main\ntry: main()\nexcept SystemExit: pass",
    "a program that calls the pipeline": "from img23d_backend.jobs.pipeline import run_job",
    "a program that has NumPy already": "import numpy\nfrom img23d_backend.jobs.pipeline import run_job",
    "a program that has multiplied already": "import numpy\nnumpy.ones((300, 300)) @ numpy.ones((300, 300))\nfrom img23d_backend.jobs.pipeline import run_job",
    "an engine alone": "from img23d_backend.engines import Engines",
    "a mesh alone": "import img23d_backend.mesh.topology.repair",
}


@pytest.mark.parametrize("entry", _ENTRIES.values(), ids=_ENTRIES)
def test_every_entry_computes_alike(entry: str) -> None:
    assert _computed(entry) == _computed("", OPENBLAS_NUM_THREADS="1")


def test_who_chose_a_number_keeps_it() -> None:
    entry = _ENTRIES["a program that has NumPy already"]
    assert _computed(entry, OPENBLAS_NUM_THREADS="2") == _computed("", OPENBLAS_NUM_THREADS="2")


def _computed(entry: str, **variables: str) -> list[str]:
    """[a fingerprint of the product's bits, the number of threads that the variable tells]"""
    inherited = {key: value for key, value in os.environ.items() if not key.endswith("_NUM_THREADS")}
    paths = os.pathsep.join(str(ROOT / part) for part in ("backend", "blender_img23d/shared"))
    environment = {**inherited, "PYTHONPATH": paths, **variables}
    command = [sys.executable, "-c", entry + "\n" + _SUM]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()[-2:]
