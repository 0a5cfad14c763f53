"""The long form of the fault suite: its page says what was tried, what failed and what was not run."""

from __future__ import annotations

import json
import runpy
import sys
from collections import Counter
from pathlib import Path

import pytest

from devtools import soak
from devtools.places import ROOT
from devtools.tests import PLAIN, Suite


def write_row(folder: Path, name: str, **values: object) -> None:
    row = {"what": name, "cases": 10, "failures": 0, "worst": {}, "note": "", "not_run": "", "seconds": 1.0} | values
    (folder / f"{name}.json").write_text(json.dumps(row))


def test_the_page(tmp_path: Path) -> None:
    write_row(tmp_path, "pictures", cases=5000, worst={"MB": 123.4, "seconds": 0.5})
    write_row(tmp_path, "glbs", failures=2, note="some")
    write_row(tmp_path, "disk", cases=0, not_run="needs root")
    page = soak.document(soak.read_rows(tmp_path), "today, some machine")
    assert "| pictures | 5,000 | 0 | 123 MB, 0.5 seconds | 1 |  |" in page
    assert "| glbs | 10 | 2 |  | 1 | some |" in page and "| disk | not run | | | | needs root |" in page
    assert "**5,010 cases, 2 failures**, 1 kinds not run." in page and "Last run: today, some machine." in page


@pytest.mark.parametrize(("case", "failed"), [("", 0), ("", 1), ("png:3", 0)])
def test_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], case: str, failed: int) -> None:
    seen: list[tuple[Suite, dict[str, str]]] = []

    def run_suite(suite: Suite, variables: dict[str, str], chosen: tuple[str, ...]) -> tuple[int, Counter[str]]:
        seen.append((suite, variables))
        write_row(tmp_path / "faults", suite.folder, failures=failed)
        return failed, Counter(passed=2, failed=failed)

    monkeypatch.setattr(soak, "RUNS", tmp_path / "runs.json")
    (tmp_path / "faults").mkdir()
    write_row(tmp_path / "faults", "of an earlier run")
    python = Path(sys.executable)
    suites = [Suite(folder=name, python=python) for name in ("core", "faults", "blender")]
    monkeypatch.setattr(soak, "set_up", lambda fast: (suites, {"A": "b"}))
    monkeypatch.setattr(soak, "set_up_learned", lambda: (Suite(folder="learned", python=python), {"C": "d"}))
    monkeypatch.setattr(soak, "run_suite", run_suite)
    monkeypatch.setattr(soak, "FAULTS", tmp_path / "faults")
    monkeypatch.setattr(soak, "ROOT", tmp_path)
    monkeypatch.setattr(soak, "DOCUMENT", tmp_path / "reliability.md")
    assert soak.run_soak(minutes=3, case=case) == failed
    said = capsys.readouterr().out
    assert [suite.folder for suite, _ in seen] == ["faults", "blender"] and seen[1][0].files == soak.FILES_IN_BLENDER
    assert seen[0][1][soak.SOAK] == "3" and seen[0][1][soak.ONLY_CASE] == case and (seen[0][1]["A"], seen[0][1]["C"]) == ("b", "d")
    assert (tmp_path / "reliability.md").is_file() == (not case) and "of an earlier run" not in said
    assert said.strip().splitlines()[-1] == f"4 passed, {2 * failed} failed, 0 skipped"


def test_both_sides_mean_the_same() -> None:
    tally = runpy.run_path(str(ROOT / "tests" / "faults" / "tally.py"))
    assert (tally["SOAK"], tally["ONLY_CASE"], tally["FIRST_NUMBER"]) == (soak.SOAK, soak.ONLY_CASE, soak.FIRST_NUMBER)
    assert tally["FOLDER"] == soak.FAULTS and tally["MINUTES"] == soak.MINUTES
    assert soak.FOLDER in PLAIN and all((ROOT / path).is_file() for path in soak.FILES_IN_BLENDER)


def test_a_run_that_found_something_stays_on_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = tmp_path / "rows"
    rows.mkdir()
    monkeypatch.setattr(soak, "RUNS", tmp_path / "runs.json")
    write_row(rows, "glbs", failures=2)
    assert soak.kept_runs(soak.read_rows(rows), "yesterday") == []
    write_row(rows, "glbs")
    earlier = soak.kept_runs(soak.read_rows(rows), "today")
    assert earlier == ["yesterday: 10 cases, 2 failures (2 in glbs)"]
    assert "- yesterday: 10 cases, 2 failures (2 in glbs)" in soak.document([], "today", earlier)
