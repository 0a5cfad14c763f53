"""What a run does with the distances over its photo, and without them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from pipeline_case import TWO, Told, only, photo, request  # noqa: F401  (photo is a fixture)
from small_engine import SmallEngine

from img23d_backend.jobs.job import Caller
from img23d_backend.jobs.pipeline import run_job
from img23d_backend.stages import Context, CutOut, Ground, Photo, PixelBox, Shaped
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Notice, ResultReady, Settings

PLAIN = Settings.of(texture=False, faces=500)


@dataclass
class Depth:
    """The left half of the photo is nearer."""

    failure: Exception | None = None
    asked: list[str] = field(default_factory=list)

    def ground(self, photo: Photo, boxes: list[PixelBox], context: Context) -> Ground | None:
        self.asked.append("ground")
        if self.failure:
            raise self.failure
        return None

    def distances(self, photo: Photo, context: Context) -> np.ndarray | None:
        self.asked.append("distances")
        values = np.full((photo.height // 4, photo.width // 4), 2.0, np.float32)
        values[:, : photo.width // 8] = 1.0
        return values


class Heeding(SmallEngine):
    seen: list[CutOut]

    def heeds_distances(self, settings: Settings) -> bool:
        return settings.preview.outlines.relief

    def shape(self, cutout: CutOut, settings: Settings, context: Context) -> Shaped:
        self.seen = [*getattr(self, "seen", []), cutout]
        return super().shape(cutout, settings, context)


def _run(photo: Path, engine: SmallEngine, depth: Depth, settings: Settings = PLAIN) -> Told:
    job = request(photo, *TWO, settings=settings)
    told = Told(job.run_folder)
    run_job(job, Caller(emit=told.append, load_engine=lambda engine_id: replace(engine.as_engine(), depth=depth)))
    return told


def test_a_cutout_knows_its_relief(photo: Path) -> None:
    engine, depth = Heeding(), Depth()
    told = _run(photo, engine, depth)
    assert len(only(told, ResultReady)) == 2
    assert depth.asked == ["ground", "distances"]  # once a photo
    assert all(cut.relief.heights.shape == cut.rgba.shape[:2] for cut in engine.seen)
    assert engine.seen[0].relief.grain == pytest.approx(4, rel=0.05)


@pytest.mark.parametrize(("engine", "settings"), [(SmallEngine(), PLAIN), (Heeding(), Settings.of(texture=False, faces=500, relief=False))])
def test_distances_that_nobody_needs_are_not_asked_for(photo: Path, engine: SmallEngine, settings: Settings) -> None:
    depth = Depth()
    assert len(only(_run(photo, engine, depth, settings), ResultReady)) == 2
    assert depth.asked == ["ground"]


@pytest.mark.parametrize("failure", [Img23DError(ErrorCode.OUT_OF_MEMORY, "No memory is left."), RuntimeError("torn"), MemoryError(), OSError("gone")])
def test_a_failure_is_told_and_everything_is_made_without(photo: Path, failure: Exception) -> None:
    engine = Heeding()
    told = _run(photo, engine, Depth(failure=failure))
    assert len(only(told, ResultReady)) == 2
    assert [cut.relief for cut in engine.seen] == [None, None]
    assert any("depth could not be measured" in notice.sentence for notice in only(told, Notice))
