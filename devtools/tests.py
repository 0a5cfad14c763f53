"""All tests, in lanes beside each other: those of plain Python, the extension installed from the zip in Blender, and what starts processes
and waits for them, with the learned models."""

from __future__ import annotations

import subprocess
import xml.etree.ElementTree
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from . import checks, environment, package
from .places import BUILD, ROOT
from .running import DevError, clean_environment, output_of
from .wheels import host_platform

CLUSTER = "cluster"  # most of it needs Ray, and is skipped where that is not installed, see run_cluster
PLAIN = ("protocol", "core", "process", "architecture", "build", "backend", CLUSTER, "faults")
LEARNED = "learned"
IN_BLENDER = ("blender",)
# About as long as each other in seconds of a processor. A suite keeps little more than one busy, "process" and "faults" less than one
LANES = (("protocol", "core", "architecture", "build", "backend", CLUSTER), ("process", "faults", *IN_BLENDER), (LEARNED,))
QUICK = (("core",), ("protocol", "architecture", "build"))
QUICK_FILES = {"build": ("tests/build/test_translations.py",)}
THREADS = "1"  # of torch: for networks this small a second one takes a seventh more of the processors, which the other lanes need
# A thread of torch that waits for others sleeps, and does not try again and again (OMP_WAIT_POLICY in the OpenMP specification): the lanes share the processors.
# Beside other programs the learned tests take 20 s of a processor instead of 48 where a shape and a paint network are computed
WAITING = {"OMP_WAIT_POLICY": "PASSIVE"}
RESULTS = BUILD / "test"
ALL = "IMG23D_ALL_TESTS"  # nothing that a test needs may be missing: it fails where it would be skipped under a plain pytest
NO_TESTS = 5  # pytest's exit status


@dataclass(frozen=True, kw_only=True)
class Suite:
    """A folder of tests and the Python that runs it, in a pytest of its own: helper modules of two folders may share a name."""

    folder: str
    python: Path
    files: tuple[str, ...] = ()  # of the folder; all of them where none is named


def run_tests(*, fast: bool, chosen: Sequence[str] = ()) -> int:
    """Set up and check, build, test; returns the exit status. `chosen` goes to pytest as it is.

    All of the set-up goes on at the same time, and the first lane begins before the learned models are there.
    """
    with ThreadPoolExecutor(len(LANES) + 2) as pool:
        checked = None if chosen else pool.submit(checks.run_checks)  # where some tests are chosen, they are all that is wanted
        learned = None if fast else pool.submit(set_up_learned)
        suites, variables = set_up(fast=fast)
        first = pool.submit(_run_lane, _of_lane(0, LANES, suites), variables, chosen)
        if learned is not None:
            suite, more = learned.result()
            suites, variables = [*suites, suite], variables | more
        beside = (_of_lane(number, LANES, suites) for number in range(1, len(LANES)))
        running = [first, *(pool.submit(_run_lane, lane, variables, chosen, at_once=False) for lane in beside)]
        is_clean = checked is None or checked.result()
        return _told([result for lane in running for result in lane.result()], is_clean=is_clean)


def run_quick(chosen: Sequence[str] = ()) -> int:
    """What needs nothing but the plain environment, and less than half a minute."""
    plain, variables = _prepared(), environment.uv_variables()
    lanes = [[Suite(folder=folder, python=plain, files=QUICK_FILES.get(folder, ())) for folder in lane] for lane in QUICK]
    with ThreadPoolExecutor(len(lanes)) as pool:
        running = [pool.submit(_run_lane, lane, variables, chosen, at_once=lane is lanes[0]) for lane in lanes]
        return _told([result for lane in running for result in lane.result()])


def run_cluster(chosen: Sequence[str] = ()) -> int:
    """What needs Ray, on a cluster of several raylets on this machine, in an environment of its own: half a gigabyte, made when it is asked for."""
    _prepared()
    suite = Suite(folder=CLUSTER, python=environment.cluster_python())
    return _told([run_suite(suite, environment.uv_variables() | {ALL: "1"}, chosen)])


def _of_lane(number: int, lanes: Sequence[Sequence[str]], suites: Sequence[Suite]) -> list[Suite]:
    """Those of no lane come into the first."""
    known = {folder: index for index, lane in enumerate(lanes) for folder in lane}
    return [suite for suite in suites if known.get(suite.folder, 0) == number]


def _run_lane(lane: Sequence[Suite], variables: Mapping[str, str], chosen: Sequence[str], *, at_once: bool = True) -> list[tuple[int, Counter[str]]]:
    return [run_suite(suite, variables, chosen, at_once=at_once) for suite in lane]


def _told(results: Sequence[tuple[int, Counter[str]]], *, is_clean: bool = True) -> int:
    """The closing line, and the exit status."""
    if not is_clean:
        print("ruff or pyright found something: see at the top", flush=True)
    total = sum((counts for _, counts in results), Counter())
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped", flush=True)
    all_well = is_clean and all(status == 0 for status, _ in results) and total["passed"] and not total["failed"]
    return 0 if all_well else 1


def _prepared() -> Path:
    """A folder for the reports, and the Python of the plain tests."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    return environment.plain_python()


def set_up(*, fast: bool) -> tuple[list[Suite], dict[str, str]]:
    """The suites in their order but for the learned one, and the variables that they need."""
    with ThreadPoolExecutor(2) as pool:
        bpy = None if fast else pool.submit(environment.bpy_environment)
        browser = pool.submit(environment.need_browser)
        plain = _prepared()
        for needed in (environment.manual_python, environment.network_python, environment.checks_python):
            needed()  # the tests that use them have no pip to make them with
        suites = [Suite(folder=folder, python=plain) for folder in PLAIN]
        variables = environment.uv_variables() | {ALL: "1"}  # for the tests that install
        if bpy is not None:
            blender = bpy.result()
            (zip_file,) = package.build([host_platform()], blender)
            variables["IMG23D_ZIP"] = str(zip_file)
            variables["IMG23D_SERVER_PYTHON"] = str(plain)  # Blender's own has no HTTP server
            suites += [Suite(folder=folder, python=Path(blender.script[0])) for folder in IN_BLENDER]
        browser.result()
    return suites, variables


def set_up_learned() -> tuple[Suite, dict[str, str]]:
    """The suite of the learned models, and the variables that it, and what starts them elsewhere, needs."""
    learned = environment.learned_python()
    return Suite(folder=LEARNED, python=learned), {"IMG23D_LEARNED_PYTHON": str(learned), "IMG23D_TINY_MODELS": str(_tiny_models(learned))}


def _tiny_models(python: Path) -> Path:
    """Small trained checkpoints in the published layouts: those that take long to train are kept in the repository."""
    made = output_of([python, ROOT / "tests" / "tiny" / "make.py"], env=clean_environment(OMP_NUM_THREADS=THREADS))
    if made.returncode:
        raise DevError(f"The tiny checkpoints could not be made:\n{made.stderr.strip()}")
    return Path(made.stdout.strip().splitlines()[-1])


def run_suite(suite: Suite, variables: Mapping[str, str], chosen: Sequence[str], *, at_once: bool = True) -> tuple[int, Counter[str]]:
    """pytest's exit status and its counts. What it says is shown at once, or in one piece when it has ended."""
    report = RESULTS / f"{suite.folder}.xml"
    report.unlink(missing_ok=True)
    command = [str(suite.python), "-m", "pytest", "-q", "-rfE", "--durations=5", f"--junitxml={report}", "-p", "no:cacheprovider"]
    command += [*chosen, *(suite.files or (f"tests/{suite.folder}",))]
    if at_once:
        print(f"--- tests/{suite.folder}", flush=True)
    threads = {"OMP_NUM_THREADS": THREADS} if suite.folder == LEARNED else {}
    whole = {} if at_once else {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    done = subprocess.run(command, cwd=ROOT, env=clean_environment(**variables, **WAITING, **threads), stdin=subprocess.DEVNULL, **whole)
    if not at_once:
        print(f"--- tests/{suite.folder}\n{done.stdout.decode('utf-8', 'replace')}", flush=True)
    nothing_chosen_here = bool(chosen) and done.returncode == NO_TESTS
    return 0 if nothing_chosen_here else done.returncode, _counts(report)


def _counts(report: Path) -> Counter[str]:
    """What pytest wrote down; a process that died before it could write counts as one failure."""
    if not report.is_file():
        return Counter(failed=1)
    counts: Counter[str] = Counter()
    for suite in xml.etree.ElementTree.parse(report).getroot().iter("testsuite"):
        ran, failed, errors, skipped = (int(suite.get(key, "0")) for key in ("tests", "failures", "errors", "skipped"))
        counts += Counter(passed=ran - failed - errors - skipped, failed=failed + errors, skipped=skipped)
    return counts
