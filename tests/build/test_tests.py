"""The runner's closing line and exit status: a failure, a crash and an empty run must not look like success."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from devtools import tests as runner


@pytest.fixture(autouse=True)
def without_plugins(monkeypatch):
    """pytest starts in a sixth of the time where it does not import what else is installed."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def run(folder: Path, source: str, monkeypatch, capfd, *, is_clean: bool = True) -> tuple[int, str]:
    (folder / "tests" / "some").mkdir(parents=True)
    (folder / "tests" / "some" / "test_it.py").write_text(source)
    monkeypatch.setattr(runner, "ROOT", folder)
    monkeypatch.setattr(runner, "RESULTS", folder / "results")
    monkeypatch.setattr(runner, "PLAIN", ("some",))
    monkeypatch.setattr(runner.checks, "run_checks", lambda: is_clean)
    monkeypatch.setattr(runner.environment, "uv_variables", dict)
    for name in ("plain_python", "manual_python", "network_python", "checks_python"):
        monkeypatch.setattr(runner.environment, name, lambda: Path(sys.executable))
    status = runner.run_tests(fast=True)
    return status, capfd.readouterr().out.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("source", "status", "line"),
    [
        ("def test_a(): pass\ndef test_b(): pass", 0, "2 passed, 0 failed, 0 skipped"),
        ("def test_a(): pass\ndef test_b(): assert 0", 1, "1 passed, 1 failed, 0 skipped"),
        ("import pytest\ndef test_a(): pass\ndef test_b(): pytest.skip('no')", 0, "1 passed, 0 failed, 1 skipped"),
        ("import nothing_of_this_name", 1, "0 passed, 1 failed, 0 skipped"),
        ("import os\ndef test_a(): os._exit(0)", 1, "0 passed, 1 failed, 0 skipped"),
        ("", 1, "0 passed, 0 failed, 0 skipped"),
    ],
    ids=["good", "bad", "skipped", "not importable", "died", "empty"],
)
def test_closing_line(tmp_path, monkeypatch, capfd, source, status, line):
    assert run(tmp_path, source, monkeypatch, capfd) == (status, line)


def test_what_the_linter_or_the_type_checker_finds_is_a_failure(tmp_path, monkeypatch, capfd):
    assert run(tmp_path, "def test_a(): pass", monkeypatch, capfd, is_clean=False) == (1, "1 passed, 0 failed, 0 skipped")


def test_no_folder_of_tests_is_left_out() -> None:
    folders = {path.relative_to(runner.ROOT / "tests").parts[0] for path in (runner.ROOT / "tests").rglob("test_*.py")}
    of_their_own = {"published", "gui"}  # full-size files; a window
    assert folders - of_their_own == {folder for lane in runner.LANES for folder in lane} == {*runner.PLAIN, *runner.IN_BLENDER, runner.LEARNED}


def test_the_quick_ones_end_as_all_do(tmp_path, monkeypatch, capfd):
    for folder, source in (("a", "def test_good(): pass"), ("b", "def test_bad(): assert 0")):
        (tmp_path / "tests" / folder).mkdir(parents=True)
        (tmp_path / "tests" / folder / "test_it.py").write_text(source)
    monkeypatch.setattr(runner, "ROOT", tmp_path)
    monkeypatch.setattr(runner, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(runner, "QUICK", (("a",), ("b",)))
    monkeypatch.setattr(runner.environment, "uv_variables", dict)
    monkeypatch.setattr(runner.environment, "plain_python", lambda: Path(sys.executable))
    assert runner.run_quick() == 1
    assert capfd.readouterr().out.strip().splitlines()[-1] == "1 passed, 1 failed, 0 skipped"


def test_the_plain_tests_begin_before_the_learned_models_are_there(tmp_path, monkeypatch, capfd):
    (tmp_path / "tests" / "plain").mkdir(parents=True)
    begun = tmp_path / "begun"
    (tmp_path / "tests" / "plain" / "test_it.py").write_text(f"def test_a(): open({str(begun)!r}, 'w').close()")
    (tmp_path / "tests" / "learned").mkdir()
    (tmp_path / "tests" / "learned" / "test_it.py").write_text("import os\ndef test_a(): assert os.environ['IMG23D_TINY_MODELS'] == 'tiny'")

    def set_up_learned():
        end = time.monotonic() + 60
        while not begun.exists():
            assert time.monotonic() < end
            time.sleep(0.02)
        return runner.Suite(folder="learned", python=Path(sys.executable)), {"IMG23D_TINY_MODELS": "tiny"}

    monkeypatch.setattr(runner, "ROOT", tmp_path)
    monkeypatch.setattr(runner, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(runner, "set_up", lambda *, fast: ([runner.Suite(folder="plain", python=Path(sys.executable))], {}))
    monkeypatch.setattr(runner, "set_up_learned", set_up_learned)
    monkeypatch.setattr(runner.checks, "run_checks", lambda: True)
    (tmp_path / "results").mkdir()
    assert runner.run_tests(fast=False) == 0
    assert capfd.readouterr().out.strip().splitlines()[-1] == "2 passed, 0 failed, 0 skipped"


def test_a_failure_beside_the_others_counts_and_is_shown(tmp_path, monkeypatch, capfd):
    (tmp_path / "tests" / "beside").mkdir(parents=True)
    (tmp_path / "tests" / "beside" / "test_it.py").write_text("def test_in_blender(): assert 0")
    monkeypatch.setattr(runner, "LANES", ((), ("beside",)))
    set_up = runner.set_up

    def with_another(*, fast: bool):
        suites, variables = set_up(fast=fast)
        return [*suites, runner.Suite(folder="beside", python=Path(sys.executable))], variables

    monkeypatch.setattr(runner, "set_up", with_another)
    assert run(tmp_path, "def test_a(): pass", monkeypatch, capfd) == (1, "1 passed, 1 failed, 0 skipped")
    runner.run_tests(fast=True)
    assert "test_in_blender" in capfd.readouterr().out
