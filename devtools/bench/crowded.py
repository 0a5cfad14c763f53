"""The cost of the panel and the timer while a large job runs, in a Blender with a window; and its part of the document."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

from ..places import BUILD, PLAIN_PHOTO, ROOT
from ..running import clean_environment, run
from . import rounds
from .blender import quantile
from .calibration import Calibration
from .machine import LoadMeter, machine
from .rounds import Round
from .rows import row, table, text_line
from .timing import RUNS

PART = "crowded"
SOURCES = ("blender_img23d", "devtools/bench/crowded.py", "devtools/in_blender/crowded.py")
COMMAND = "IMG23D_WINDOW"  # names the command of a Blender with a window, such as "xvfb-run -a blender"; without it the last figures stay
SCRIPT = ROOT / "devtools" / "in_blender" / "crowded.py"
SECONDS = 60  # of the job
_HEAD = ("main thread, processor time", "how many", "p50 ms", "p99 ms", "longest ms")


def measure_crowded(zip_file: Path, calibration: Calibration) -> None:
    """Adds a round, where there is a window to be had."""
    command = os.environ.get(COMMAND, "")
    if not command:
        print(f"{COMMAND} names no Blender with a window: the panel's times are those of the last time.", flush=True)
        return
    meter, jobs = LoadMeter(), [_job(command, zip_file) for _ in range(RUNS)]
    pairs = [quantile(job["pair_seconds"], 0.99) for job in jobs]
    rows = [
        row("redraw and tick together, p99 of a run: seconds", pairs, None, "≤ 0.005"),
        row("redraw and tick together, p99 of a run, in units of the calibration: processor seconds", pairs, None, "≤ 0.005 units"),
    ]
    data = {key: jobs[-1][key] for key in ("blender", "past_runs", "targets", "objects")}
    data |= {key: sum((job[key] for job in jobs), []) for key in ("draw_seconds", "quiet_seconds", "import_seconds", "pair_seconds")}
    new = Round(date=rounds.today(), machine=machine(), code=rounds.digest(*SOURCES), load=meter.load(), calibration=calibration, rows=rows, data=data)
    rounds.add(PART, new)


def _job(command: str, zip_file: Path) -> dict:
    folder = BUILD / "bench" / "crowded"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    answer = folder / "answer.json"
    variables = clean_environment(BLENDER_USER_RESOURCES=str(folder / "blender_user"))
    run([*shlex.split(command), "--python", SCRIPT, "--", zip_file, PLAIN_PHOTO / "photo.jpg", answer, SECONDS], env=variables)
    return json.loads(answer.read_text(encoding="utf-8"))


def crowded_part() -> list[str]:
    """The document's lines; none where it was never measured."""
    found = rounds.read(PART)
    if not found or found[-1].data is None:
        return []
    data = found[-1].data
    lines = [text_line(_HEAD), "|---|" + "---:|" * (len(_HEAD) - 1)]
    lines += [
        _row("a redraw of the tab, all its panels open", data["draw_seconds"]),
        _row("a tick of the timer that brings nothing in", data["quiet_seconds"]),
        _row("a tick that brings an object in or moves the others", data["import_seconds"]),
        _row("a redraw and the tick before it", data["pair_seconds"]),
    ]
    words = (
        f"Blender {data['blender']} in a window, the installed zip, {data['past_runs']} runs in the history, {data['targets']} "
        f"things in the list and in the running job, of which {data['objects']} had a shape by the end. Times are the main "
        "thread's own. What Blender itself does after a panel's `draw`, its layout and its pixels, is not counted. The newest round's runs together:"
    )
    return ["## The panel while a large job runs", words, "\n".join(lines), rounds.headings(found), table(rounds.current_lines(found))]


def _row(label: str, values: Sequence[float]) -> str:
    return text_line((label, str(len(values)), *(f"{1000 * quantile(list(values), q):.2f}" for q in (0.5, 0.99, 1.0))))
