"""What a bug report needs, as plain text."""

from __future__ import annotations

import platform
import sys
from dataclasses import asdict

import bpy

from ..core.jobs import Job
from .owner import Extension


def report_text(owner: Extension, job: Job | None) -> str:
    lines = [
        f"Blender {bpy.app.version_string}, Python {sys.version.split()[0]}, {platform.platform()}",
        f"Backend: {owner.session.hello or 'not running'}",
    ]
    environment = owner.surroundings.look()
    lines.append(f"Environment: {environment.state}, {environment.place}")
    lines += [f"Device {device.id}: {device.label}, {device.total_bytes / 2**30:.1f} GB" for device in owner.session.devices]
    lines += [f"Model {info.id}: {info.state}" for info in owner.session.weights if info.state != "missing"]
    if owner.setup.failure:
        lines.append(f"Set-up: {owner.setup.failure} {owner.setup.action}\n{owner.setup.detail}".rstrip())
    if owner.refusal:
        lines.append(f"Last message: {owner.refusal}")
    if job is not None:
        lines += _about_job(job)
    return "\n".join(lines)


def _about_job(job: Job) -> list[str]:
    lines = [f"Run {job.id}: {job.state}, {job.seconds:.1f} s", f"Request: {asdict(job.request)}"]
    lines += [f"Note: {note}" for note in job.notes]
    if job.error:
        lines.append(f"Error ({job.code}): {job.error}\n{job.detail}".rstrip())
    for index, target in enumerate(job.targets):
        state = f"{target.error}\n{target.detail}".rstrip() if target.error else f"{target.stage}, {target.faces} faces"
        lines += [f"{index} {target.name}: {state}", *(f"  {note}" for note in target.notes)]
    return lines
