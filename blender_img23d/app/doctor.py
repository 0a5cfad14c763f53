"""The diagnosis: what the extension finds itself, and what the backend finds after it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ..core.requests import build_diagnose
from ..core.session.doctor import Facts, failure_finding, job_findings, own_findings, summary, worst_first
from ..scene.file.folders import log_folder, runs_base
from ..shared.img23d_protocol import Img23DError
from ..shared.img23d_protocol.messages import Finding, Level, Settings
from . import outcome

if TYPE_CHECKING:
    from ..core.jobs import Job
    from ..core.session.environment import EnvironmentState
    from .owner import Extension

_REPORTED = {Level.PROBLEM: "WARNING", Level.WARNING: "WARNING"}  # an error would end the script that asks


@dataclass(frozen=True, kw_only=True)
class Checkup:
    """`job` is the backend's part, None where that could not even be tried."""

    own: tuple[Finding, ...]
    environment: EnvironmentState
    job: Job | None = None

    @property
    def is_over(self) -> bool:
        return self.job is None or self.job.is_over

    @property
    def findings(self) -> list[Finding]:
        """What is known by now, the worst first. For `draw`, too."""
        theirs = job_findings(self.job, self.environment) if self.job is not None else ()
        return worst_first((*self.own, *theirs))

    @property
    def summary(self) -> str:
        return summary(self.findings)


def begin_checkup(context: bpy.types.Context, owner: Extension, *, try_stages: bool) -> Checkup:
    """Raises nothing: that something cannot be checked is a finding, too."""
    facts = _facts(owner)
    own, environment = own_findings(facts), facts.environment.state
    request = build_diagnose(run_folder=str(runs_base(context)), settings=_settings(context), try_stages=try_stages)
    try:
        return Checkup(own=own, environment=environment, job=owner.session.submit(request))
    except Img23DError as error:
        failure = failure_finding(error.code, error.sentence, error.detail)
        return Checkup(own=(*own, failure), environment=environment)


def follow_checkup(operator: bpy.types.Operator, owner: Extension) -> set[str]:
    """Let the pump do the rest; in background mode wait and report what was found."""
    owner.refusal = ""
    checkup = owner.checkup
    assert checkup is not None
    if not outcome.must_wait() or checkup.job is None:
        owner.pump.wake()
    else:
        owner.pump.run_to_end(checkup.job)
    if outcome.must_wait():
        for finding in checkup.findings:
            operator.report({_REPORTED.get(finding.level, "INFO")}, f"{finding.what}: {finding.sentence}")
    return {"FINISHED"}


def _facts(owner: Extension) -> Facts:
    return Facts(
        blender=tuple(bpy.app.version),
        is_online=bpy.app.online_access,
        environment=owner.surroundings.read(),
        folders=(
            ("Folder for preferences", Path(bpy.utils.user_resource("CONFIG"))),
            ("Folder for the log", log_folder(create=False)),
        ),
    )


def _settings(context: bpy.types.Context) -> Settings:
    from .jobs.requests import panel_settings

    try:
        return panel_settings(context)
    except Img23DError:  # Generate says it
        return Settings()
