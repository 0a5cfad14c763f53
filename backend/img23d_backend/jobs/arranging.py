"""Tells the caller where the targets of a run stand, as they are shaped, and writes it into the run's record."""

from __future__ import annotations

import time

from img23d_protocol.messages import Arranged

from ..arrange import Arrangement
from ..stages import Ground, Photo
from .job import Job
from .placement import seen_ground, view_in_photo
from .results import Cut, Solid
from .runs import Run

_SOLVE_SHARE = 10  # at most a tenth of the time goes into arranging: with 200 targets it takes longer than a shape


class Arranger:
    """One for a run."""

    def __init__(self, job: Job, run: Run, ground: Ground | None, photo: Photo, cuts: dict[int, Cut]) -> None:
        targets = run.record.targets
        self._job = job
        self._size = (photo.width, photo.height)
        self._record = run.record
        self._variants = run.record.variants  # only the first stands where the photo shows the thing
        self._next_solve = 0.0  # of time.monotonic
        self._has_untold = False
        self._arrangement = Arrangement(
            photo_width=photo.width,
            photo_height=photo.height,
            boxes=[cuts[index].solid_box if index in cuts and self._is_first(index) else None for index in range(len(targets))],
            focal=photo.focal,
            ground=ground,
            heights=[target.height for target in targets],
        )

    def add(self, index: int, solid: Solid) -> None:
        """Before its mesh is told, so that it arrives where it belongs."""
        if not self._is_first(index):
            return
        view = view_in_photo(solid.shaped, solid.placement, solid.cut.left, solid.cut.top, solid.cut.scale)
        if (said := seen_ground(view, *self._size)) is not None:
            self._arrangement.learn(*said)
        self._arrangement.add(index, (solid.shaped.points + solid.placement.offset) * solid.placement.scale)
        self._has_untold = True
        if time.monotonic() >= self._next_solve:
            self._tell()

    def _is_first(self, index: int) -> bool:
        return index % self._variants == 0

    def finish(self) -> None:
        """After the last one; what was told with it is not solved again."""
        if self._has_untold:
            self._tell()

    def _tell(self) -> None:
        """Where everything stands that was added."""
        self._has_untold = False
        started = time.monotonic()
        solved = self._arrangement.solve()
        self._record.camera, self._record.row_scale = solved.camera, solved.row_scale
        for target, pose in zip(self._record.targets, solved.poses, strict=True):
            target.pose = pose
        self._job.emit(
            Arranged(
                job=self._job.id,
                camera=solved.camera,
                poses=solved.poses,
                row_scale=solved.row_scale,
                note=solved.note,
            )
        )
        ended = time.monotonic()
        self._next_solve = ended + _SOLVE_SHARE * (ended - started)
