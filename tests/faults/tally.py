"""How many cases were tried and which failed: the rows of docs/reliability.md, and the files to repeat a failure with."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "faults"
MINUTES = 15  # of the long form when none are given, on two cores
SHOWN = 20  # failures named in the test's message
ENOUGH = 40  # failures after which a test goes no further

# Set by `build_addon.py test --soak`
SOAK, ONLY_CASE, FIRST_NUMBER = "IMG23D_SOAK", "IMG23D_FAULT_CASE", "IMG23D_FAULT_FROM"


def is_soak() -> bool:
    return bool(os.environ.get(SOAK))


def effort(*, quick: int, long: int) -> int:
    """How many cases: the quick form's, or those of the long form in the minutes that it was given."""
    if not is_soak():
        return quick
    return max(quick, round(long * float(os.environ[SOAK]) / MINUTES))


def rounds(*, quick: int, long: int) -> int:
    """As `effort`, for a test whose rounds are no cases by number; skips where one case is asked for."""
    if os.environ.get(ONLY_CASE):
        pytest.skip("one case of another test is asked for")
    return effort(quick=quick, long=long)


def numbers(count: int) -> range:
    """The numbers of the cases: always the same ones in the quick form, others in each long one."""
    first = int(os.environ.get(FIRST_NUMBER, "0"))
    return range(first, first + count)


def chosen_cases(seeds: list[str], count: int) -> Iterator[str]:
    """`seed:number`, all seeds in turn. Only the one that was asked for, where that is so; skips where it is another test's."""
    asked = os.environ.get(ONLY_CASE, "")
    if asked:
        if asked.rpartition(":")[0] not in seeds:
            pytest.skip("one case of another test is asked for")
        yield asked
        return
    for place, number in enumerate(numbers(count)):
        yield f"{seeds[place % len(seeds)]}:{number}"


def split_case(case: str) -> tuple[str, int]:
    seed, _, number = case.rpartition(":")
    return seed, int(number)


@dataclass(kw_only=True)
class Tally:
    """A row: used as a context, it is written however the test ends, and fails the test where a case has failed.

    `worst` are figures such as "peak MB", of which the largest is kept; `note` is what the row says besides.
    """

    name: str
    what: str
    note: str = ""
    cases: int = 0
    failures: list[str] = field(default_factory=list)
    worst: dict[str, float] = field(default_factory=dict)
    _begun: float = field(default_factory=time.monotonic)

    def __enter__(self) -> Tally:
        shutil.rmtree(self.folder, ignore_errors=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        not_run = str(error) if isinstance(error, pytest.skip.Exception) else ""
        if error is not None and not not_run:
            self.failures.append(f"the test itself: {error!r}")
        if not os.environ.get(ONLY_CASE):
            self._write(not_run)
        if error is None and self.failures:
            shown = "\n".join(self.failures[:SHOWN])
            raise AssertionError(f"{len(self.failures)} of {self.cases} cases failed; the files lie in {self.folder}\n{shown}")

    @property
    def folder(self) -> Path:
        return FOLDER / self.name

    def passed(self, count: int = 1, **figures: float) -> None:
        self.cases += count
        self.saw(**figures)

    def saw(self, **figures: float) -> None:
        for name, value in figures.items():
            self.worst[name] = max(self.worst.get(name, value), value)

    def failed(self, case: str, why: str, data: bytes | None = None, suffix: str = ".bin") -> None:
        """`data` is kept as a file, to be looked at; the case makes it again."""
        self.cases += 1
        again = f"build_addon.py test --soak --case {case}" if ":" in case else ""
        self.failures.append(f"{case}: {why}" + (f"   ({again})" if again else ""))
        if data is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / (case.replace(":", "_").replace("/", "_") + suffix)).write_bytes(data)
        if len(self.failures) == ENOUGH:
            raise AssertionError(f"stopped after {ENOUGH} failures, the last of them {self.failures[-1]}")

    def judge(self, case: str, why: str, data: bytes | None = None, suffix: str = ".bin") -> None:
        """`why` is empty where the case went well."""
        self.failed(case, why, data, suffix) if why else self.passed()

    def _write(self, not_run: str) -> None:
        row = {
            "what": self.what,
            "cases": self.cases,
            "failures": len(self.failures),
            "worst": {name: round(value, 2) for name, value in self.worst.items()},
            "note": self.note,
            "not_run": not_run,
            "seconds": round(time.monotonic() - self._begun, 1),
        }
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / f"{self.name}.json").write_text(json.dumps(row, indent=1), encoding="utf-8")
