"""The kept figures: a list of rounds for each part of the benchmark, in docs/figures/PART.json, oldest first.

A round is one call of the benchmark. No round is ever taken out. The tables are made of the rounds that measured the code as it is in
the newest one; those of earlier code are listed behind them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

from ..places import ROOT
from .calibration import Calibration
from .machine import Load
from .rows import Line, Row, lines

FIGURES = ROOT / "docs" / "figures"


@dataclass(frozen=True, kw_only=True)
class Round:
    """`code` is the digest of the sources that were measured ("" where it was not kept), `data` what a part shows beside its rows."""

    date: str
    machine: str
    code: str = ""
    note: str = ""
    load: Load | None = None
    calibration: Calibration | None = None
    rows: list[Row] = field(default_factory=list)
    data: object = None

    def unit(self, kind: str = "elapsed") -> float | None:
        """Seconds of the calibration's median run, by the clock or of the processor."""
        if self.calibration is None:
            return None
        runs = sorted(asdict(self.calibration)[kind])
        return runs[len(runs) // 2]

    def heading(self) -> str:
        load = f"; {self.load.text()}" if self.load else ""
        unit = f"; one unit is {self.unit('processor'):.2f} processor seconds, {self.unit():.2f} s by the clock" if self.calibration else ""
        return f"{self.date}, {self.machine}{load}{unit}" + (f" ({self.note})" if self.note else "")


def read(part: str, folder: Path | None = None) -> list[Round]:
    path = (folder or FIGURES) / f"{part}.json"
    if not path.is_file():
        return []
    return [_from_json(kept) for kept in json.loads(path.read_text(encoding="utf-8"))]


def add(part: str, new: Round, folder: Path | None = None) -> None:
    folder = folder or FIGURES
    kept = [asdict(one) for one in (*read(part, folder), new)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{part}.json").write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def today() -> str:
    return date.today().isoformat()


def digest(*sources: str) -> str:
    """Of all Python files in these folders and files of the checkout, by their contents."""
    found = hashlib.sha256()
    for source in sources:
        path = ROOT / source
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            found.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return found.hexdigest()[:16]


def current(rounds: Sequence[Round]) -> list[Round]:
    """The rounds of the newest one's code."""
    return [one for one in rounds if one.code == rounds[-1].code and (one.code or one is rounds[-1])] if rounds else []


def current_lines(rounds: Sequence[Round]) -> list[Line]:
    """The newest code's rows, each with the runs of all its rounds. A goal in units is about the clock that the row names."""
    kept = current(rounds)
    by_kind = {kind: lines((one.rows, one.unit(kind)) for one in kept) for kind in ("processor", "elapsed")}
    return [mine if "processor seconds" in mine.what else clock for mine, clock in zip(by_kind["processor"], by_kind["elapsed"], strict=True)]


def headings(rounds: Sequence[Round]) -> str:
    """A line a round of the newest code: when, where, how busy."""
    return "\n".join(f"- {one.heading()}" for one in current(rounds))


def earlier_lines(rounds: Sequence[Round]) -> Iterator[tuple[Round, Line]]:
    """Every timed row with a goal of every round of earlier code; what is counted comes out the same each time."""
    kept = current(rounds)
    for one in rounds:
        if not any(one is other for other in kept):
            yield from ((one, line) for line in current_lines([one]) if "seconds" in line.what and line.goal and line.decisive())


def _from_json(kept: dict) -> Round:
    load, calibration = kept.pop("load"), kept.pop("calibration")
    return Round(**kept, load=Load(**load) if load else None, calibration=Calibration(**calibration) if calibration else None)
