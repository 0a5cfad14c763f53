"""What the extension can say about itself without a backend, and how a backend's findings stand beside that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from blender_img23d.core.jobs import new_job
from blender_img23d.core.requests import build_diagnose
from blender_img23d.core.session.deadlines import LONG_SILENCE_SECONDS, SILENCE_SECONDS, silence_limit
from blender_img23d.core.session.doctor import (
    NEWEST_TESTED,
    OLDEST_TESTED,
    Facts,
    failure_finding,
    job_findings,
    own_findings,
    summary,
    worst_first,
)
from blender_img23d.core.session.environment import Environment, EnvironmentState
from blender_img23d.core.states import JobState
from blender_img23d.shared.img23d_protocol import ErrorCode
from blender_img23d.shared.img23d_protocol.messages import Action, Diagnosed, Failed, Finding, Level

SOUND = Facts(blender=(4, 5, 3), is_online=True, environment=Environment(state=EnvironmentState.READY))


def found(**changes: object) -> list[tuple[Level, Action]]:
    """Besides the line about Blender."""
    return [(finding.level, finding.action) for finding in own_findings(replace(SOUND, **changes))[1:]]


def test_nothing_to_say() -> None:
    assert found() == [] and own_findings(SOUND)[0].level is Level.GOOD


@pytest.mark.parametrize(
    ("version", "level"),
    [
        ((4, 1, 9), Level.PROBLEM),
        ((*OLDEST_TESTED, 0), Level.GOOD),
        ((*NEWEST_TESTED, 7), Level.GOOD),
        ((NEWEST_TESTED[0], NEWEST_TESTED[1] + 1, 0), Level.NOTE),
    ],
)
def test_blenders_versions(version: tuple[int, ...], level: Level) -> None:
    assert own_findings(replace(SOUND, blender=version))[0].level is level


def test_without_the_network() -> None:
    assert found(is_online=False) == [(Level.NOTE, Action.ALLOW_ONLINE)]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (EnvironmentState.MISSING, []),  # the backend says what that means
        (EnvironmentState.PARTIAL, [(Level.WARNING, Action.SET_UP)]),
        (EnvironmentState.OUTDATED, [(Level.WARNING, Action.SET_UP)]),
        (EnvironmentState.BROKEN, [(Level.PROBLEM, Action.PREFERENCES)]),
    ],
)
def test_the_environment(state: EnvironmentState, expected: list) -> None:
    assert found(environment=Environment(state=state, place="/somewhere")) == expected


def test_folders(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folders = (("Folder for the log", tmp_path / "new" / "logs"), ("Folder for preferences", tmp_path / "file"))
    findings = own_findings(replace(SOUND, folders=folders))[1:]
    assert [finding.what for finding in findings] == ["Folder for preferences"]
    assert findings[0].level is Level.PROBLEM and list((tmp_path / "new" / "logs").iterdir()) == []


def test_a_backend_that_cannot_look() -> None:
    job = new_job(build_diagnose(), file_key="", now=0.0)
    sentence = "The backend could not start: a part of Img23D is missing or damaged."
    job.on_failed(Failed(job=job.id, code=ErrorCode.BACKEND_START, sentence=sentence, detail="ImportError"), "Reinstall it.")
    job.end(JobState.FAILED, now=1.0)
    (finding,) = job_findings(job, EnvironmentState.MISSING)
    assert (finding.level, finding.action, finding.detail) == (Level.PROBLEM, Action.OPEN_LOG, "ImportError")
    assert finding.sentence == f"{sentence} Reinstall it."
    in_the_environment, in_another_python = (job_findings(job, state)[0] for state in (EnvironmentState.READY, EnvironmentState.CHOSEN))
    assert in_the_environment.action is Action.SET_UP and "Reinstall" not in in_the_environment.sentence
    assert in_another_python.action is Action.PREFERENCES and in_another_python.sentence.startswith(sentence)
    assert failure_finding(ErrorCode.BACKEND_DIED, "It ended.").action is Action.RESTART_BACKEND


def test_a_backend_that_looked_or_was_stopped() -> None:
    job = new_job(build_diagnose(), file_key="", now=0.0)
    disk = Finding(what="Disk", level=Level.WARNING, sentence="Little room.")
    job.take(Diagnosed(job=job.id, report="", findings=(disk,)))
    assert job_findings(job, EnvironmentState.READY) == (disk,)
    job.end(JobState.CANCELLED, now=1.0)
    assert [finding.level for finding in job_findings(job, EnvironmentState.READY)] == [Level.NOTE]


def test_the_worst_comes_first_and_is_counted() -> None:
    levels = [Level.GOOD, Level.WARNING, Level.NOTE, Level.PROBLEM, Level.WARNING]
    findings = [Finding(what=str(number), level=level, sentence="") for number, level in enumerate(levels)]
    assert [finding.what for finding in worst_first(findings)] == ["3", "1", "4", "2", "0"]
    assert summary(findings) == "1 problem and 2 warnings: each says what to do."
    assert summary(findings[:1] + findings[2:3]) == "Everything that was looked at works."


def test_trying_the_stages_may_take_as_long_as_they_do() -> None:
    assert silence_limit(build_diagnose()) == SILENCE_SECONDS
    assert silence_limit(build_diagnose(try_stages=True)) == LONG_SILENCE_SECONDS
