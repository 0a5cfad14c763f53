"""What the panel and the timer cost while a large job runs, in a Blender with a window; and its part of the document."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

from ..places import BUILD, DEMO, ROOT
from ..running import clean_environment, run

COMMAND = "IMG23D_WINDOW"  # names the command of a Blender with a window, such as "xvfb-run -a blender"; without it the last figures stay
SCRIPT = ROOT / "devtools" / "in_blender" / "crowded.py"
SECONDS = 60  # of the job
_HEAD = ("main thread, processor time", "how many", "p50 ms", "p99 ms", "longest ms")


def measure_crowded(zip_file: Path, out: Path) -> None:
    """Writes one JSON file with seconds, where there is a window to be had."""
    command = os.environ.get(COMMAND, "")
    if not command:
        print(f"{COMMAND} names no Blender with a window: the panel's times are those of the last time.", flush=True)
        return
    folder = BUILD / "bench" / "crowded"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    answer = folder / "answer.json"
    variables = clean_environment(BLENDER_USER_RESOURCES=str(folder / "blender_user"))
    run([*shlex.split(command), "--python", SCRIPT, "--", zip_file, DEMO / "photo.jpg", answer, SECONDS], env=variables)
    shutil.copyfile(answer, out)


def crowded_part(figures: Path) -> list[str]:
    """The document's lines; none where it was never measured."""
    if not figures.is_file():
        return []
    data = json.loads(figures.read_text(encoding="utf-8"))
    lines = ["| " + " | ".join(_HEAD) + " |", "|---|" + "---:|" * (len(_HEAD) - 1)]
    lines += [
        _row("a redraw of the tab, all its panels open", data["draw_seconds"]),
        _row("a tick of the timer that brings nothing in", data["quiet_seconds"]),
        _row("a tick that brings an object in or moves the others", data["import_seconds"]),
        _row("a redraw and the tick before it", data["pair_seconds"]),
    ]
    p99 = 1000 * _quantile(data["pair_seconds"], 0.99)
    goal = f"| redraw and tick together, p99 | {p99:.1f} ms | at most 5 ms | {'met' if p99 <= 5 else '**missed**'} |"
    words = (
        f"Blender {data['blender']} in a window, the installed zip, {data['past_runs']} runs in the history, {data['targets']} "
        f"things in the list and in the running job, of which {data['objects']} had a shape by the end. Times are the main "
        "thread's own. What Blender itself does after a panel's `draw`, its layout and its pixels, is not counted."
    )
    return ["## The panel while a large job runs", words, "\n".join(lines), "\n".join(("| goal | measured | wanted | |", "|---|---:|---:|---|", goal))]


def _row(label: str, values: Sequence[float]) -> str:
    return f"| {label} | {len(values)} | " + " | ".join(f"{1000 * _quantile(values, q):.2f}" for q in (0.5, 0.99, 1.0)) + " |"


def _quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all reach; 0 where there is none."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0
