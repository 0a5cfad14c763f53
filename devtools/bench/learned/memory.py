"""The same eight objects twice in one process: what the second run still reads, and how long models change places.

Runs in the learned environment, on the weights in MODELS (small ones: tests/tiny/make.py):

    python -m devtools.bench.learned.memory MODELS RUNS OUT.json
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from ...places import BACKEND, DEMO, EXTENSION

SEED = 1


@dataclass(frozen=True, kw_only=True)
class Counts:
    """At one moment: seconds, the store's own counters, and what the system counts for the whole process (Linux)."""

    seconds: float
    weights_read: int  # bytes that builds took from files
    moving: float  # seconds of building, waiting for reads, moving
    from_storage: int  # bytes, proc_pid_io(5): also what a memory map reads; 0 where the system does not say
    places: dict[str, str]

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
    """Writes the two runs and the table's rows: what, ours, reference, ratio, goal."""
    sys.path[:0] = [str(BACKEND), str(EXTENSION / "shared")]
    from img23d_backend.engines import Engines
    from img23d_backend.models.memory import ModelStore

    engines = Engines(models)
    engines.load("hunyuan3d")
    store = engines.models
    assert isinstance(store, ModelStore)
    counts = [_count(store)]
    made = []
    for number in (1, 2):
        made.append(_run(engines, runs / str(number)))
        counts.append(_count(store))
    first, second = counts[1].since(counts[0]), counts[2].since(counts[1])
    what = f"second run of {made[1]} objects on {_device()}"
    rows = [
        _row(f"{what}: weights from disk, bytes", second["weights_read_bytes"], first["weights_read_bytes"], "0"),
        _row(f"{what}: all reads from disk, bytes", second["storage_read_bytes"], first["storage_read_bytes"], ""),
        _row(f"{what}: switching, share of the wall time", second["switching_share"], first["switching_share"], "≤ 0.05"),
    ]
    result = {"made": made, "first": first, "second": second, "places": counts[-1].places, "rows": rows}
    out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _run(engines: object, folder: Path) -> int:
    """The demo photo with all its names, in the usual settings; the number of objects."""
    from img23d_backend.job import Caller
    from img23d_backend.pipeline import run_job
    from img23d_protocol.messages import Failed, Finished, Generate, Settings, Wanted

    names = json.loads((DEMO / "camera.json").read_text(encoding="utf-8"))["names"]
    told: list[object] = []
    wanted = tuple(Wanted(name=name) for name in names)
    request = Generate(
        job=folder.name,
        photo=str(DEMO / "photo.jpg"),
        run_folder=str(folder),
        wanted=wanted,
        engine="hunyuan3d",
        seed=SEED,
        settings=Settings(texture=False),
    )
    run_job(request, Caller(emit=told.append, load_engine=engines.load))
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
        places=store.places(),
    )


def _from_storage() -> int:
    try:
        lines = Path(f"/proc/{os.getpid()}/io").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("read_bytes:"))


def _device() -> str:
    from img23d_backend.models.devices import choose

    return choose("auto").label


def _row(what: str, ours: float, reference: float, goal: str) -> dict[str, object]:
    """The reference is the first run, which has to read everything; the goals are ours alone, so there is no ratio."""
    return {"what": what, "ours": ours, "reference": reference, "ratio": None, "goal": goal}


if __name__ == "__main__":
    measure(*map(Path, sys.argv[1:4]))
