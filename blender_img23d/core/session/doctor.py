"""The extension's own diagnosis: without a backend, and when that cannot start at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ...shared.img23d_protocol import ErrorCode
from ...shared.img23d_protocol.messages import Action, Finding, Level
from ..jobs import Job
from ..states import JobState
from .environment import Environment, EnvironmentState

OLDEST_TESTED, NEWEST_TESTED = (4, 2), (5, 2)  # of Blender; what is newer most likely works

_ENVIRONMENTS = {
    EnvironmentState.PARTIAL: (
        Level.WARNING,
        "The environment of the AI models is half made: Set Up AI Models goes on where it stopped.",
        Action.SET_UP,
    ),
    EnvironmentState.OUTDATED: (
        Level.WARNING,
        "The environment of the AI models is out of date: press Set Up AI Models once.",
        Action.SET_UP,
    ),
    EnvironmentState.BROKEN: (
        Level.PROBLEM,
        "The Python that is chosen in the preferences is not there: choose another one, or none.",
        Action.PREFERENCES,
    ),
}
# What the backend runs in, other than Blender's own Python, and what to do where it does not start there
_RUNS_IN = {
    EnvironmentState.READY: ("It runs in the environment of the AI models: press Set Up AI Models again.", Action.SET_UP),
    EnvironmentState.CHOSEN: (
        "It runs in the Python that you chose: check that it has all packages, or choose none in the preferences.",
        Action.PREFERENCES,
    ),
}
_OFFLINE = "Blender may not use the network, so nothing can be downloaded. Nothing else needs it."


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What Blender says of itself; `folders` are those that Blender and the extension write to, with their names."""

    blender: tuple[int, ...]
    is_online: bool
    environment: Environment
    folders: tuple[tuple[str, Path], ...] = ()


def own_findings(facts: Facts) -> tuple[Finding, ...]:
    """Tries the folders: not for `draw`."""
    return tuple(_own_findings(facts))


def _own_findings(facts: Facts) -> Iterator[Finding]:
    yield _blender(facts.blender)
    if not facts.is_online:
        yield Finding(what="Network", level=Level.NOTE, sentence=_OFFLINE, action=Action.ALLOW_ONLINE)
    if facts.environment.state in _ENVIRONMENTS:
        level, sentence, action = _ENVIRONMENTS[facts.environment.state]
        yield Finding(what="AI programs", level=level, sentence=sentence, action=action, detail=facts.environment.place)
    for what, folder in facts.folders:
        if reason := why_not_writable(folder):
            sentence = f"“{folder}” cannot be written to ({reason}): change its permissions, or make room on its disk."
            yield Finding(what=what, level=Level.PROBLEM, sentence=sentence)


def why_not_writable(folder: Path) -> str:
    """The reason in the system's words, empty where a file can be written and deleted."""
    path = folder / f".img23d-{secrets.token_hex(4)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"img23d")
        os.unlink(path)
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


def job_findings(job: Job, environment: EnvironmentState) -> tuple[Finding, ...]:
    """What the backend has found, or why it could not look; it runs in the environment where that is ready."""
    if job.state is JobState.FAILED:
        return (_failed(job, environment),)
    if job.state is JobState.CANCELLED:
        return (Finding(what="Check", level=Level.NOTE, sentence="It was cancelled before the end."),)
    return job.findings


def _failed(job: Job, environment: EnvironmentState) -> Finding:
    if job.code == ErrorCode.BACKEND_START and environment in _RUNS_IN:
        advice, action = _RUNS_IN[environment]
        return Finding(what="Backend", level=Level.PROBLEM, sentence=f"{job.error} {advice}", action=action, detail=job.detail)
    return failure_finding(job.code, f"{job.error} {job.action}".rstrip(), job.detail)


def failure_finding(code: str, sentence: str, detail: str = "") -> Finding:
    """A backend that does not start has written down why; one that has ended may do better another time."""
    action = Action.OPEN_LOG if code == ErrorCode.BACKEND_START else Action.RESTART_BACKEND
    return Finding(what="Backend", level=Level.PROBLEM, sentence=sentence, action=action, detail=detail)


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Those of one level stay in their order."""
    levels = list(Level)
    return sorted(findings, key=lambda finding: -levels.index(finding.level))


def summary(findings: Iterable[Finding]) -> str:
    """One line for a list that is not read to its end."""
    levels = [finding.level for finding in findings]
    problems, warnings = levels.count(Level.PROBLEM), levels.count(Level.WARNING)
    if not problems and not warnings:
        return "Everything that was looked at works."
    counts = [_count(problems, "problem"), _count(warnings, "warning")]
    return f"{' and '.join(count for count in counts if count)}: each says what to do."


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number > 1 else ''}" if number else ""


def _blender(version: tuple[int, ...]) -> Finding:
    name = ".".join(map(str, version))
    if version[:2] > NEWEST_TESTED:
        sentence = f"Blender {name} is newer than those that Img23D was tested with (up to {NEWEST_TESTED[0]}.{NEWEST_TESTED[1]})."
        return Finding(what="Blender", level=Level.NOTE, sentence=sentence)
    if version[:2] < OLDEST_TESTED:
        sentence = f"Blender {name} is older than those that Img23D works with (from {OLDEST_TESTED[0]}.{OLDEST_TESTED[1]} on)."
        return Finding(what="Blender", level=Level.PROBLEM, sentence=sentence)
    return Finding(what="Blender", level=Level.GOOD, sentence=f"Blender {name} is one that Img23D was tested with.")
