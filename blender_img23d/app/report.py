"""The bug report: plain text that names nobody."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict

import bpy

from ..core.jobs import Job
from ..scene.file.logs import last_lines, newest_log
from ..shared.img23d_protocol.redaction import redact
from .owner import Extension

_LOG_LINES = 60


def report_text(owner: Extension, job: Job | None) -> str:
    """Versions, what the last check found, the listed run, and the end of the log."""
    return redact("\n".join(_lines(owner, job)))


def _lines(owner: Extension, job: Job | None) -> Iterator[str]:
    yield f"Blender {bpy.app.version_string}, Python {sys.version.split()[0]}, {platform.platform()}"
    yield f"Backend: {owner.session.hello or 'not running'}"
    environment = owner.surroundings.read()
    yield f"Environment: {environment.state}, {environment.place}"
    for device in owner.session.devices:
        yield f"Device {device.id}: {device.label}, {device.total_bytes / 2**30:.1f} GB"
    yield from (f"Model {info.id}: {info.state}" for info in owner.session.weights if info.state != "missing")
    if owner.setup.failure:
        yield f"Set-up: {owner.setup.failure} {owner.setup.action}\n{owner.setup.detail}".rstrip()
    if owner.refusal:
        yield f"Last message: {owner.refusal}"
    yield from _checkup(owner)
    if job is not None:
        yield from _about_job(job)
    yield from _log()


def _checkup(owner: Extension) -> Iterator[str]:
    if owner.checkup is None:
        return
    yield "\nChecked:"
    for finding in owner.checkup.findings:
        yield f"{finding.level.upper()} {finding.what}: {finding.sentence}"
        if finding.detail:
            yield "\n".join(f"    {line}" for line in finding.detail.strip().splitlines())
    if owner.checkup.job is not None and owner.checkup.job.report:
        yield f"\n{owner.checkup.job.report}"


def _about_job(job: Job) -> Iterator[str]:
    yield f"\nRun {job.id}: {job.state}, {job.seconds:.1f} s"
    yield f"Request: {asdict(job.request)}"
    yield from (f"Note: {note}" for note in job.notes)
    if job.error:
        yield f"Error ({job.code}): {job.error}\n{job.detail}".rstrip()
    for index, target in enumerate(job.targets):
        state = f"{target.error}\n{target.detail}".rstrip() if target.error else f"{target.stage}, {target.faces} faces"
        yield f"{index} {target.name}: {state}"
        yield from (f"  {note}" for note in target.notes)


def _log() -> Iterator[str]:
    log = newest_log()
    if log is not None:
        yield f"\nThe end of {log.name}:"
        yield from last_lines(log, _LOG_LINES)
