"""What a search found becomes the scene's list of targets."""

from __future__ import annotations

import bpy

from ..core.jobs import Job
from .file_state import FileState


class TargetFiller:
    """Knows which scene each search was started in. Keeps no reference to anything in bpy.data."""

    def __init__(self, files: FileState) -> None:
        self._files = files
        self._scenes: dict[str, int] = {}  # session ids, by job

    def expect(self, job: Job, scene: bpy.types.Scene) -> None:
        self._scenes[job.id] = scene.session_uid

    def apply(self, job: Job) -> None:
        """Replaces the list; dropped where the file or the scene is not the same any more."""
        scene = next((s for s in bpy.data.scenes if s.session_uid == self._scenes.get(job.id)), None)
        if scene is None or job.file_key != self._files.key:
            return
        scene.img23d.targets.clear()
        for target in job.targets:
            row = scene.img23d.targets.add()
            row.name, row.note, row.has_box = target.name, target.error or target.note, target.box is not None
            if target.box is None:
                continue
            row.left, row.top = target.box.left * 100, target.box.top * 100
            row.right, row.bottom = target.box.right * 100, target.box.bottom * 100
        scene.img23d.active_target = 0
