"""All results of a run at once, such as one of an earlier session."""

from __future__ import annotations

import bpy

from ...core.jobs import Job
from ...scene.placement.result_status import IMPORTABLE
from ...shared.img23d_protocol import Img23DError
from ...shared.img23d_protocol.errors import bad_request
from ..owner import Extension


def import_all(owner: Extension, job: Job, scene: bpy.types.Scene) -> tuple[list[bpy.types.Object], list[str]]:
    """The new objects, and sentences about results that could not be brought in. Raises Img23DError where there is none."""
    standings = owner.applier.standings(job) if job.is_generation else {}
    missing = [index for index, standing in standings.items() if standing in IMPORTABLE]
    if not missing:
        raise bad_request("All finished results of this run are in this file already, or on their way into it.")
    made: list[bpy.types.Object] = []
    failures: list[str] = []
    for index in missing:
        try:
            made.append(owner.applier.placer.import_again(job, index, scene))
        except Img23DError as error:
            failures.append(f"“{job.targets[index].name}”: {error.sentence}")
    return made, failures
