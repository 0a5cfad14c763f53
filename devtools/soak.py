"""`build_addon.py test --soak`: the fault suite in its long form, and docs/reliability.md from what it counted."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from .bench.machine import machine
from .places import BUILD, ROOT
from .tests import IN_BLENDER, Suite, run_suite, set_up, set_up_learned

MINUTES = 15.0  # on two cores
FAULTS = BUILD / "faults"
DOCUMENT = ROOT / "docs" / "reliability.md"
RUNS = ROOT / "docs" / "figures" / "reliability.json"
FOLDER = "faults"
FILES_IN_BLENDER = ("tests/blender/app/test_faults.py", "tests/blender/app/test_faults_of_processes.py")
# Read by tests/faults/tally.py
SOAK, ONLY_CASE, FIRST_NUMBER = "IMG23D_SOAK", "IMG23D_FAULT_CASE", "IMG23D_FAULT_FROM"

_HEAD = "| what was done | cases | failures | at worst | seconds | |"


@dataclass(frozen=True, kw_only=True)
class Row:
    """As a test has counted it; `not_run` is why there are no cases."""

    what: str
    cases: int
    failures: int
    worst: dict[str, float]
    note: str
    not_run: str
    seconds: float

    @property
    def line(self) -> str:
        if self.not_run:
            return f"| {self.what} | not run | | | | {self.not_run} |"
        worst = ", ".join(f"{_number(value)} {name}" for name, value in self.worst.items())
        return f"| {self.what} | {self.cases:,} | {self.failures} | {worst} | {self.seconds:.0f} | {self.note} |"


def run_soak(*, minutes: float, case: str = "", fast: bool = False) -> int:
    """Returns the exit status. With a `case` only that one is tried, and nothing is written."""
    suites, variables = set_up(fast=fast)
    if not fast:
        variables |= set_up_learned()[1]
    first = int(time.time()) // 60 * 1000  # other cases each time; the page says which
    variables |= {SOAK: f"{minutes:g}", FIRST_NUMBER: str(first), ONLY_CASE: case}
    for path in FAULTS.glob("*.json"):
        path.unlink()
    load, begun = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0, time.monotonic()
    results = [run_suite(suite, variables, ()) for suite in _only_faults(suites)]
    rows = read_rows(FAULTS)
    for row in rows:
        print(f"{'not run' if row.not_run else row.cases:>8}  {row.failures} failed  {row.what}")
    if not case:
        took = f"{(time.monotonic() - begun) / 60:.0f} minutes, load {load:.1f} before, cases from number {first} on"
        when = f"{date.today().isoformat()}, {machine()}; {took}"
        page = document(rows, when, kept_runs(rows, when))
        DOCUMENT.write_text(page, encoding="utf-8", newline="\n")
        print(f"Wrote {DOCUMENT.relative_to(ROOT)}")
    total = sum((counts for _, counts in results), Counter())
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped", flush=True)
    return 0 if total["passed"] and not total["failed"] and all(status == 0 for status, _ in results) else 1


def _only_faults(suites: Sequence[Suite]) -> list[Suite]:
    chosen = [suite for suite in suites if suite.folder in (FOLDER, *IN_BLENDER)]
    return [replace(suite, files=FILES_IN_BLENDER if suite.folder in IN_BLENDER else ()) for suite in chosen]


def kept_runs(rows: Sequence[Row], when: str) -> list[str]:
    """One line each of all earlier runs, which are kept with this one: those that found something too."""
    kept = json.loads(RUNS.read_text(encoding="utf-8")) if RUNS.is_file() else []
    failed = "; ".join(f"{row.failures} in {row.what}" for row in rows if row.failures)
    cases, failures = sum(row.cases for row in rows), sum(row.failures for row in rows)
    told = f"{when}: {cases:,} cases, {failures} failures" + (f" ({failed})" if failed else "")
    RUNS.write_text(json.dumps([*kept, told], indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return kept


def read_rows(folder: Path) -> list[Row]:
    """By the names of the files, which put what belongs together side by side."""
    return [_row(json.loads(path.read_text(encoding="utf-8"))) for path in sorted(folder.glob("*.json"))]


def _row(values: dict[str, Any]) -> Row:
    return Row(**values)


def document(rows: Sequence[Row], when: str, earlier: Sequence[str] = ()) -> str:
    """The page; `when` is date, machine and conditions."""
    cases, failures = sum(row.cases for row in rows), sum(row.failures for row in rows)
    missing = sum(bool(row.not_run) for row in rows)
    lines = [
        "# Reliability",
        "",
        "What was done to Img23D to break it, by `python3 build_addon.py test --soak`, which writes this page. A quick form of the",
        "same tests is part of `build_addon.py test`.",
        "",
        f"Last run: {when}.",
        "",
        f"**{cases:,} cases, {failures} failures**" + (f", {missing} kinds not run." if missing else "."),
        "",
        _HEAD,
        "|---|---:|---:|---|---:|---|",
        *(row.line for row in rows),
        "",
        "A case fails when a process crashes, hangs for 30 seconds or lets an exception escape where a sentence or a skip is due;",
        "when a picture under 1 MB takes more than 600 MB or 5 seconds of processor time; when half a file could be taken for a",
        "result, a record is neither whole nor marked, a process is left behind, or the next start does not work. The figures at",
        "worst are the largest of all cases: MB that the process grew by, seconds of processor time (of waiting, where a backend",
        "was stopped), the longest tick of the session in seconds, and open files.",
        "",
        "The damaged files are made of small valid ones, which Pillow, the standard library and the formats' specifications made",
        "and not our own writers (`tests/faults`). A failure names its case, and `build_addon.py test --soak --case SEED:NUMBER`",
        "tries it again.",
    ]
    if earlier:
        lines += ["", "## Earlier runs", "On the code as it was then, failures included.", "", *(f"- {line}" for line in earlier)]
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"
