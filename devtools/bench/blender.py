"""The extension's cost for Blender: its start, and the main thread while a job runs; and its part of the document."""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from pathlib import Path

from ..environment import Blender
from ..places import BUILD, PLAIN_PHOTO, ROOT
from ..running import clean_environment, run
from . import rounds
from .calibration import Calibration
from .machine import LoadMeter, machine
from .rounds import Round
from .rows import row, spread, table, text_line
from .timing import RUNS

PART = "blender"
SOURCES = ("blender_img23d", "devtools/bench/blender.py", "devtools/in_blender/measure.py")
SCRIPT = ROOT / "devtools" / "in_blender" / "measure.py"
STARTS = 7


def measure_blender(blender: Blender, zip_file: Path, calibration: Calibration) -> None:
    """Adds a round."""
    meter = LoadMeter()
    resources = BUILD / "bench" / "blender_user"
    answer = BUILD / "bench" / "answer.json"
    shutil.rmtree(resources, ignore_errors=True)
    fresh = clean_environment(BLENDER_USER_RESOURCES=str(resources))
    fresh.pop("PYTHONDONTWRITEBYTECODE", None)  # an artist's Blender keeps its byte code
    run(blender.command(SCRIPT, "install", zip_file), env=fresh)
    starts = []
    for _ in range(STARTS + 1):  # the first one writes the byte code, as it does for an artist once
        run(blender.command(SCRIPT, "enable", answer, str(time.time())), env=fresh)
        starts.append(json.loads(answer.read_text(encoding="utf-8")))
    names = json.loads((PLAIN_PHOTO / "camera.json").read_text(encoding="utf-8"))["names"]
    jobs = []
    for _ in range(RUNS):
        run(blender.command(SCRIPT, "pump", zip_file, PLAIN_PHOTO / "photo.jpg", ", ".join(names), answer), env=fresh)
        jobs.append(json.loads(answer.read_text(encoding="utf-8")))
    first, *later = starts
    enabling, own = ([start[key] for start in later] for key in ("seconds", "own_start"))
    ticks = [quantile(job["tick_seconds"], 0.99) for job in jobs]
    rows = [
        row("main-thread time of a tick of the timer, p99 of all of a run: seconds", ticks, None, "≤ 0.005 units"),
        row("enabling the extension, beside Blender's own start: seconds", enabling, own, "≤ 0.075x"),  # 30 ms of a start of 0.4 s
    ]
    data = {
        "blender": jobs[0]["blender"], "objects": jobs[-1]["objects"], "wanted": len(names), "enable_first": first["seconds"],
        "seconds": [job["seconds"] for job in jobs],
        "tick_seconds": sum((job["tick_seconds"] for job in jobs), []),
        "import_seconds": sum((job["import_seconds"] for job in jobs), []),
    }  # fmt: skip
    new = Round(date=rounds.today(), machine=machine(), code=rounds.digest(*SOURCES), load=meter.load(), calibration=calibration, rows=rows, data=data)
    rounds.add(PART, new)


def blender_part() -> list[str]:
    found = rounds.read(PART)
    if not found or found[-1].data is None:
        return []
    data = found[-1].data
    ticks, imports = sorted(data["tick_seconds"]), sorted(data["import_seconds"])
    waiting = sorted((Counter(ticks) - Counter(imports)).elements())  # the pump writes an import's seconds into both
    lines = [text_line(("ticks", "how many", "p50 ms", "p99 ms", "longest ms")), "|---|---:|---:|---:|---:|"]
    for label, values in (("all", ticks), ("without those that bring an object in", waiting), ("those that bring an object in", imports)):
        lines.append(text_line((label, str(len(values)), *(f"{1000 * quantile(values, q):.2f}" for q in (0.5, 0.99, 1.0)))))
    words = (
        f"Blender {data['blender']}, the installed zip, the plain photo with {data['wanted']} names: {data['objects']} objects in "
        f"{spread(data['seconds'])} s, the backend's start included. Enabling is that of {STARTS} fresh starts "
        f"({1000 * data['enable_first']:.0f} ms the very first time, when Python compiles the files); Blender's own start is from the beginning "
        "of the process to the first line of a script. An object's mesh is read and welded beside the main thread, which only hands the "
        "arrays over to Blender. The ticks are those of all runs of the newest round."
    )
    return ["## In Blender", words, rounds.headings(found), "\n".join(lines), table(rounds.current_lines(found))]


def quantile(values: list[float], share: float) -> float:
    """The smallest value that at least `share` of all reach; 0 where there is none."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0
