"""The same eight objects again and again in one process: what the later runs still read, and how long models change places.

Runs in the learned environment, on the weights in MODELS (small ones: tests/tiny/make.py):

    python -m devtools.bench.learned.memory MODELS RUNS OUT.json
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from ...places import BACKEND, EXTENSION, PLAIN_PHOTO
from ..rows import row
from ..timing import RUNS

SEED = 1


@dataclass(frozen=True, kw_only=True)
class Counts:
    """At one moment: seconds, the store's own counters, and what the system counts for the whole process (Linux)."""

    seconds: float
    weights_read: int  # bytes that builds took from files
    moving: float  # seconds of building, waiting for reads, moving
    from_storage: int  # bytes, proc_pid_io(5): also what a memory map reads; 0 where the system does not say

    def since(self, before: Counts) -> dict[str, float]:
        seconds = self.seconds - before.seconds
        return {
            "seconds": seconds,
            "weights_read_bytes": self.weights_read - before.weights_read,
            "storage_read_bytes": self.from_storage - before.from_storage,
            "switching_seconds": self.moving - before.moving,
            "switching_share": (self.moving - before.moving) / seconds,
        }


def measure(models: Path, runs: Path, out: Path) -> None:
    """The reference is the first run, which has to read everything; the goals are the later ones' alone."""
    sys.path[:0] = [str(BACKEND), str(EXTENSION / "shared")]
    from img23d_backend.engines import Engines
    from img23d_backend.models.store import ModelStore

    engines = Engines(models)
    engines.load("hunyuan3d")
    store = engines.models
    assert isinstance(store, ModelStore)
    counts = [_count(store)]
    made = []
    for number in range(1 + RUNS):
        made.append(_run(engines, runs / str(number)))
        counts.append(_count(store))
    first, *later = (after.since(before) for before, after in itertools.pairwise(counts))
    what = f"later runs of {made[-1]} objects on {_device()}, beside the first"
    kinds = {"weights from disk, bytes": ("weights_read_bytes", "0"), "all reads from disk, bytes": ("storage_read_bytes", "")}
    kinds["switching, share of the wall time"] = ("switching_share", "≤ 0.05")
    rows = [row(f"{what}: {kind}", [run[key] for run in later], first[key], goal) for kind, (key, goal) in kinds.items()]
    out.write_text(json.dumps({"rows": rows}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _run(engines: object, folder: Path) -> int:
    """The plain photo with all its names, in the usual settings; the number of objects."""
    from img23d_backend.jobs.job import Caller
    from img23d_backend.jobs.pipeline import run_job
    from img23d_protocol.messages import Failed, Finished, Generate, Settings, Wanted

    names = json.loads((PLAIN_PHOTO / "camera.json").read_text(encoding="utf-8"))["names"]
    told: list[object] = []
    wanted = tuple(Wanted(name=name) for name in names)
    request = Generate(
        job=folder.name,
        photo=str(PLAIN_PHOTO / "photo.jpg"),
        run_folder=str(folder),
        wanted=wanted,
        engine="hunyuan3d",
        seed=SEED,
        settings=Settings.of(texture=False),
    )
    run_job(request, Caller(emit=told.append, load_engine=engines.load, load_editor=engines.load_editor))
    last = told[-1]
    if isinstance(last, Failed):
        raise SystemExit(f"{last.sentence}\n{last.detail}")
    assert isinstance(last, Finished)
    return last.made


def _count(store: object) -> Counts:
    return Counts(
        seconds=time.perf_counter(),
        weights_read=store.bytes_read,
        moving=store.seconds_moving,
        from_storage=_from_storage(),
    )


def _from_storage() -> int:
    try:
        lines = Path(f"/proc/{os.getpid()}/io").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("read_bytes:"))


def _device() -> str:
    from img23d_backend.machine.devices import choose

    return choose("auto").label


if __name__ == "__main__":
    measure(*map(Path, sys.argv[1:4]))
