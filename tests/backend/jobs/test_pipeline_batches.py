"""Several things shaped in one go, what an engine is told beforehand, and what it tells the artist once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from pipeline_case import LEFT_BOX, RIGHT_BOX, Told, files, only, photo, request  # noqa: F401  (photo is a fixture)
from small_engine import SmallEngine

from img23d_backend.jobs.job import Caller
from img23d_backend.jobs.pipeline import run_job
from img23d_backend.stages import Context, CutOut, Mesh, Painted, Shaped, Splats, View
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import (
    Finished,
    Notice,
    ResultReady,
    Settings,
    Stage,
    TargetCancelled,
    TargetFailed,
    Wanted,
)

THREE = tuple(Wanted(name=name, box=box) for name, box in (("cup", LEFT_BOX), ("plate", RIGHT_BOX), ("saucer", LEFT_BOX)))
PLAIN = Settings.of(texture=False, faces=500)


class BatchingEngine(SmallEngine):
    """Shapes two at a time; `breaks` says what becomes of the second of a batch."""

    breaks: str = ""

    def batch_size(self, count: int, settings: Settings) -> int:
        return 2

    def shape_batch(self, cutouts: Sequence[CutOut], settings: Settings, contexts: Sequence[Context]) -> Iterator[Shaped | Img23DError]:
        self.counts["batch"] = self.counts.get("batch", 0) + 1
        for number, (cutout, context) in enumerate(zip(cutouts, contexts, strict=True)):
            context.notify("It goes on with less memory.")
            if number == 1 and self.breaks == "fails":
                yield Img23DError(ErrorCode.NO_SURFACE, "There is no surface.")
            elif number == 1 and self.breaks == "stops":
                raise ValueError("the batch is broken")
            else:
                yield self.shape(cutout, settings, context)


def run_batching(photo: Path, breaks: str = "") -> tuple[Told, BatchingEngine]:
    engine = BatchingEngine()
    engine.breaks = breaks
    job = request(photo, *THREE, settings=PLAIN)
    told = Told(job.run_folder)
    run_job(job, Caller(emit=told.append, load_engine=lambda engine_id: engine.as_engine()))
    return told, engine


def test_three_things_in_batches_of_two_the_last_by_itself(photo: Path) -> None:
    told, engine = run_batching(photo)
    assert [message.target for message in only(told, ResultReady)] == [0, 1, 2]
    assert (engine.counts["batch"], engine.counts["shape"]) == (1, 3)
    assert told[-1].made == 3


def test_a_target_that_fails_in_a_batch_takes_no_other_with_it(photo: Path) -> None:
    told, _ = run_batching(photo, "fails")
    assert [(message.target, message.code) for message in only(told, TargetFailed)] == [(1, ErrorCode.NO_SURFACE)]
    assert [message.target for message in only(told, ResultReady)] == [0, 2]
    assert type(told[-1]) is Finished


def test_a_batch_that_breaks_off_fails_one_target_only(photo: Path) -> None:
    told, _ = run_batching(photo, "stops")
    assert [message.target for message in only(told, TargetFailed)] == [1]
    assert [message.target for message in only(told, ResultReady)] == [0, 2]


def extents_in(told) -> dict[int, list[float]]:
    """Metres, by target: of each the newest mesh."""
    both = zip(only(told, ResultReady), files(told, ResultReady), strict=True)
    return {message.target: trimesh.load(path, force="mesh").extents.round(3).tolist() for message, path in both}


@pytest.mark.parametrize("target", [0, 1])
def test_a_target_that_is_stopped_in_a_batch_leaves_the_others_theirs(photo: Path, target: int) -> None:
    engine, told = BatchingEngine(), Told(request(photo).run_folder)
    caller = Caller(
        emit=told.append,
        load_engine=lambda engine_id: engine.as_engine(),
        is_target_cancelled=lambda index: index == target and "batch" in engine.counts,
    )
    run_job(request(photo, *THREE, settings=PLAIN), caller)
    assert [message.target for message in only(told, TargetCancelled)] == [target]
    sizes = extents_in(told)
    whole = extents_in(run_batching(photo)[0])
    assert sizes == {index: whole[index] for index in whole if index != target}


def test_a_notice_is_told_once(photo: Path) -> None:
    told, _ = run_batching(photo)
    assert [message.sentence for message in only(told, Notice)] == ["It goes on with less memory."]


def test_each_stage_is_announced_before_the_one_before_it_computes(photo: Path) -> None:
    events: list[str] = []
    settings = Settings.of(faces=500, speed="fast")

    def trap(stage: str, count: int) -> None:
        events.append(stage)

    def prefetch(stage: Stage, given: Settings) -> None:
        assert given is settings
        events.append(f"prefetch {stage}")

    engine = replace(SmallEngine(trap).as_engine(), prefetch=prefetch)
    job = request(photo, THREE[0], settings=settings)
    run_job(job, Caller(emit=lambda message: None, load_engine=lambda engine_id: engine))
    assert events == ["prefetch locate", "prefetch matte", "locate"] + ["prefetch shape", "matte", "prefetch paint", "shape", "paint"]


def test_the_settings_reach_every_stage(photo: Path) -> None:
    seen: list[Settings] = []
    settings = Settings.of(texture=False, faces=500, speed="fast")

    class Looking(SmallEngine):
        def locate(self, photo, wanted, context):
            seen.append(context.settings)
            return super().locate(photo, wanted, context)

        def cut_out(self, photo, found, context):
            seen.append(context.settings)
            return super().cut_out(photo, found, context)

    job = request(photo, THREE[0], settings=settings)
    run_job(job, Caller(emit=lambda message: None, load_engine=lambda engine_id: Looking().as_engine()))
    assert seen == [settings, settings]


class PreparingEngine(SmallEngine):
    """Its painter wants every picture in grey first; the plate's cannot be had."""

    def prepares(self, settings: Settings) -> bool:
        return True

    def prepare(self, cutout: CutOut, settings: Settings, context: Context) -> np.ndarray:
        self._enter("prepare", context)
        assert "paint" not in self.counts, "a model would be loaded twice"
        if cutout.left > 0:
            raise Img23DError(ErrorCode.EMPTY_CUTOUT, "There is nothing on it.")
        return np.full((4, 4, 3), self.counts["prepare"], np.uint8)

    def paint_prepared(
        self,
        mesh: Mesh,
        view: View,
        cutout: CutOut,
        picture: np.ndarray | None,
        settings: Settings,
        context: Context,
        *,
        splats: Splats | None = None,
    ) -> Painted:
        assert picture is not None
        assert picture[0, 0, 0] == (1, 3)[self.counts.get("paint", 0)], "the picture of another thing"
        return self.paint(mesh, view, cutout, settings, context)


def test_all_pictures_are_prepared_before_the_first_is_painted_with(photo: Path) -> None:
    told: list[object] = []
    engine = PreparingEngine()
    job = request(photo, *THREE, settings=Settings.of(texture_size=1024, faces=500))
    run_job(job, Caller(emit=told.append, load_engine=lambda engine_id: engine.as_engine()))
    assert [message.target for message in only(told, ResultReady) if message.textured] == [0, 2]
    assert [failed.target for failed in only(told, TargetFailed)] == [1]
    assert (engine.counts["prepare"], engine.counts["paint"]) == (3, 2)
