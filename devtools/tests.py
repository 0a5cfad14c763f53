"""All tests in their order: plain Python first, then the extension installed from the built zip inside Blender."""

from __future__ import annotations

import xml.etree.ElementTree
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from . import environment, package
from .places import BUILD, ROOT
from .running import clean_environment
from .wheels import host_platform

PLAIN = ("protocol", "core", "process", "architecture", "backend", "build")
IN_BLENDER = ("blender",)
RESULTS = BUILD / "test"


def run_tests(*, fast: bool, chosen: Sequence[str] = ()) -> int:
    """Set up, build, test; returns the exit status. `chosen` goes to pytest as it is."""
    import subprocess

    RESULTS.mkdir(parents=True, exist_ok=True)
    plain = environment.plain_python()
    runs: list[tuple[str, Path, tuple[str, ...], dict[str, str]]] = [("plain", plain, PLAIN, {})]
    if not fast:
        blender = environment.bpy_environment()
        (zip_file,) = package.build([host_platform()], blender)
        zip_variable = {"IMG23D_ZIP": str(zip_file)}
        runs = [("plain", plain, PLAIN, zip_variable), ("blender", Path(blender.script[0]), IN_BLENDER, zip_variable)]
    total: Counter[str] = Counter()
    failed = False
    for label, python, folders, variables in runs:
        report = RESULTS / f"{label}.xml"
        report.unlink(missing_ok=True)
        command = [str(python), "-m", "pytest", "-q", "-rfE", "--durations=5", f"--junitxml={report}", "-p", "no:cacheprovider"]
        command += [*chosen, *(f"tests/{folder}" for folder in folders)]
        print(f"--- {label}: {', '.join(folders)}", flush=True)
        done = subprocess.run(command, cwd=ROOT, env=clean_environment(**variables), stdin=subprocess.DEVNULL)
        failed |= done.returncode != 0
        total += _counts(report)
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped", flush=True)
    return 1 if failed or total["failed"] or not total["passed"] else 0


def _counts(report: Path) -> Counter[str]:
    """What pytest wrote down; a process that died before it could write counts as one failure."""
    if not report.is_file():
        return Counter(failed=1)
    counts: Counter[str] = Counter()
    for suite in xml.etree.ElementTree.parse(report).getroot().iter("testsuite"):
        ran, failed, errors, skipped = (int(suite.get(key, "0")) for key in ("tests", "failures", "errors", "skipped"))
        counts += Counter(passed=ran - failed - errors - skipped, failed=failed + errors, skipped=skipped)
    return counts
