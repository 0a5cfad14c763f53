"""What a search found becomes the scene's list of boxes."""

from __future__ import annotations

import bpy

from ..core.jobs import Job
from .file_state import FileState


class BoxFiller:
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
        scene.img23d.boxes.clear()
        for target in job.targets:
            if target.box is None:
                continue
            box = scene.img23d.boxes.add()
            box.name = target.name
            box.left, box.top = target.box.left * 100, target.box.top * 100
            box.right, box.bottom = target.box.right * 100, target.box.bottom * 100
        scene.img23d.active_box = 0
