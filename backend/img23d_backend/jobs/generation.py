"""The three steps that make things: cut-outs, solids, painted meshes, each for all targets of a run."""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Settings, Side, Stage
from img23d_protocol.options.settings import engine_named

from ..cutouts.framing import within
from ..cutouts.touch_up import touch_up
from ..editing.editor import Editor
from ..editing.photo import edited_cutout
from ..stages import Context, CutOut, Engine, Found, JobCancelled, NotFound, Painted, Photo, Shaped, TargetCancelled
from .arranging import Arranger
from .failures import as_known
from .further_photos import cut_out_sides
from .job import Job
from .placement import place, require_mesh, require_shape
from .results import Cut, Results, Solid
from .runs import Run, TargetRecord, TargetState, error_record
from .working_size import WorkingSizes

# A failure of these kinds would meet every other target as well.
_FATAL = {
    ErrorCode.DISK_FULL,
    ErrorCode.FOLDER_UNWRITABLE,
    ErrorCode.ENGINE_NOT_READY,
    ErrorCode.ENVIRONMENT_BROKEN,
    ErrorCode.DRIVER_TOO_OLD,
    ErrorCode.DEVICE_LOST,
    ErrorCode.WEIGHTS_MISSING,
    ErrorCode.WEIGHTS_DAMAGED,
    ErrorCode.WEIGHTS_UNFIT,
}


Cuts = dict[int, Cut]  # by the target's index; what failed is not in it
Solids = dict[int, Solid]  # with a mesh: splats alone have their colours and are done


@dataclass(frozen=True, kw_only=True)
class Generation:
    """The steps share a job to report to, a run to write into, and an engine to ask."""

    job: Job
    run: Run
    engine: Engine
    settings: Settings

    @functools.cached_property
    def results(self) -> Results:
        return Results(job=self.job, run=self.run, wants_spz=self.settings.value("spz"))

    def cut_out(self, photo: Photo, founds: list[Found | NotFound]) -> Cuts:
        """Each thing by itself. Uses `founds` up, since each may hold a mask of the photo's size."""
        cuts: Cuts = {}
        if not self._shows_all_sides():
            self.engine.prefetch(Stage.SHAPE, self.settings)
        sizes = WorkingSizes(photo=photo)
        before: tuple[Found, CutOut, float] | None = None
        sides: dict[Side, np.ndarray] = {}
        while founds:
            index = len(self.run.record.targets) - len(founds)
            found = founds.pop(0)
            with self._step(Stage.MATTE, index):
                if isinstance(found, NotFound):
                    raise not_found_error(found)
                context = self.job.context(Stage.MATTE, index)
                if before is None or before[0] is not found:  # variants of one thing have one cut-out
                    scaled, target, scale = sizes.fitted(found)
                    cutout = self.engine.matter.cut_out(scaled, target, context)
                    before = found, within(scaled, touch_up(cutout, scaled, self._target(index).strokes)), scale
                    sides = self._cut_out_sides(index)
                cut = self.results.keep_cutout(index, *before)
                cuts[index] = replace(cut, sides={side: self.results.keep_side(index, side, rgba) for side, rgba in sides.items()})
        return cuts

    def _shows_all_sides(self) -> bool:
        """Whether every thing has further photos in place of what the engine would draw, whose networks are then not read ahead."""
        return bool(engine_named(self.engine.id).drawn) and all(target.sides for target in self.run.record.targets)

    def _cut_out_sides(self, index: int) -> dict[Side, np.ndarray]:
        """The cut-outs (h, w, 4) uint8 of its further photos; one that cannot be used is said and left out."""
        target = self._target(index)
        context = self.job.context(Stage.MATTE, index)
        cut, sentences = cut_out_sides(self.engine, target.sides, context)
        for sentence in sentences:
            target.notes.append(sentence)
            context.notify(f"{target.name}: {sentence}")
        return cut

    def edit(self, cuts: Cuts, editor: Editor | None) -> Cuts:
        """Each cut-out as the model makes it that the settings choose, where they say so and the artist wants that of the thing."""
        if editor is None or not self.settings.edit.edits_things:
            return cuts
        edited = dict(cuts)
        for index, cut in cuts.items():
            if not self._target(index).is_edited:
                continue
            with self._step(Stage.EDIT, index):
                edited[index] = self.results.keep_edited(index, cut, edited_cutout(self.engine, editor, cut.read(), self._shown_context(Stage.EDIT, index)))
        return {index: cut for index, cut in edited.items() if index not in self.job.failed | self.job.stopped}

    def draw_forms(self, cuts: Cuts) -> None:
        """What each cut-out will be, for the list. One that cannot be drawn is left without."""
        painter = self.engine.forms
        if painter is None:
            return
        for index, cut in cuts.items():
            with self._step(Stage.SHAPE, index):
                forms = painter.draw(cut.read(), self._settings_of(index), self.job.context(Stage.SHAPE, index))
                self.results.keep_forms(index, cut, forms)

    def shape(self, cuts: Cuts, arranger: Arranger) -> Solids:
        """Each cut-out as a closed mesh, splats or both. One scale for all, known before the first: an earlier run's, or the largest thing
        measures 1 m.
        """
        solids: Solids = {}
        if self.settings.paints(engine_named(self.engine.id)):
            self.engine.prefetch(Stage.PAINT, self.settings)
        pixels_per_metre = self.run.record.pixels_per_metre or float(max((cut.side for cut in cuts.values()), default=0))
        self.run.record.pixels_per_metre = pixels_per_metre
        waiting = list(cuts)
        while waiting := [index for index in waiting if not self._is_stopped(index)]:
            alike = self._alike(waiting)
            batch = alike[: self._batch_size(len(alike))]
            del waiting[: len(batch)]
            cutouts = [cuts[index].read() for index in batch]
            answers = self._shapes(batch, cutouts)
            for index, cutout in zip(batch, cutouts, strict=True):
                with self._step(Stage.SHAPE, index):
                    shaped = self._answer(answers, index, cutout)
                    self.job.check_cancel(index)
                    require_shape(shaped)
                    cut = cuts[index]
                    solid = Solid(cut=cut, shaped=shaped, placement=place(shaped, pixels_per_metre * cut.scale))
                    arranger.add(index, solid)
                    self.results.keep_solid(index, solid, cutout)
                    if shaped.mesh is not None:
                        solids[index] = solid
        arranger.finish()
        return solids

    def _is_stopped(self, index: int) -> bool:
        with self._step(Stage.SHAPE, index):
            self.job.check_cancel(index)
        return index in self.job.stopped

    def _alike(self, waiting: list[int]) -> list[int]:
        """Those at the beginning that want the same number of faces: a batch has one."""
        wanted = self._target(waiting[0]).wanted_faces
        return list(itertools.takewhile(lambda index: self._target(index).wanted_faces == wanted, waiting))

    def _settings_of(self, index: int) -> Settings:
        """The run's, with the kind and the number of faces that the artist chose for this thing."""
        target = self._target(index)
        settings = self.settings.with_faces(target.wanted_faces)
        return settings.with_kind(target.shape)

    def _batch_size(self, count: int) -> int:
        return 1 if count < 2 else max(1, self.engine.shaper.batch_size(count, self.settings))

    def _shapes(self, batch: list[int], cutouts: list[CutOut]) -> Iterator[Shaped | Img23DError]:
        """The answers for a batch as they come; none for a single target, which goes its usual way."""
        if len(batch) < 2:
            return iter(())
        contexts = [self._shown_context(Stage.SHAPE, index, in_batch=True) for index in batch]
        return self.engine.shaper.shape_batch(cutouts, self._settings_of(batch[0]), contexts)

    def _answer(self, answers: Iterator[Shaped | Img23DError], index: int, cutout: CutOut) -> Shaped:
        """The next answer of the batch. Where a batch broke off, what was left of it is shaped one by one."""
        answer = next(answers, None)
        if answer is None:
            return self.engine.shaper.shape(cutout, self._settings_of(index), self._shown_context(Stage.SHAPE, index))
        if isinstance(answer, Img23DError):
            raise answer
        return answer

    def paint(self, solids: Solids) -> None:
        """Each mesh with its texture. A mesh that cannot be painted stays as it is."""
        pictures = self._prepared(solids)
        for index, solid in solids.items():
            if index in self.job.failed | self.job.stopped:
                continue
            with self._step(Stage.PAINT, index):
                context = self._shown_context(Stage.PAINT, index)
                painted = self._painted(solid, pictures.pop(index, None), context)
                require_mesh(painted.mesh)
                self.results.keep_painted(index, solid, painted)

    def _prepared(self, solids: Solids) -> dict[int, np.ndarray | None]:
        """The pictures to paint with, for painters that make them by a model of its own, which is so loaded once."""
        painter = self.engine.painter
        pictures: dict[int, np.ndarray | None] = {}
        if not painter.prepares(self.settings):
            return pictures
        for index, solid in solids.items():
            with self._step(Stage.PAINT, index):
                context = self.job.context(Stage.PAINT, index)
                pictures[index] = painter.prepare(solid.cut.read(), self.settings, context)
        return pictures

    def _painted(self, solid: Solid, picture: np.ndarray | None, context: Context) -> Painted:
        cutout, shaped = solid.cut.read(), solid.shaped
        assert shaped.mesh is not None, "only those with one are kept"
        return self.engine.painter.paint_prepared(shaped.mesh, shaped.view, cutout, picture, self.settings, context, splats=shaped.splats)

    def _shown_context(self, stage: Stage, index: int, *, in_batch: bool = False) -> Context:
        """For a stage that may show what it has so far."""
        show = functools.partial(self.results.show_passing, index, stage)
        return self.job.context(stage, index, in_batch=in_batch, show=show)

    # --- one target at a time ---------------------------------------------------------------------------------------

    def _target(self, index: int) -> TargetRecord:
        return self.run.record.targets[index]

    @contextlib.contextmanager
    def _step(self, stage: Stage, index: int) -> Iterator[None]:
        """One stage of one target: timed and recorded, and its failure takes no other target along."""
        target = self._target(index)
        try:
            with self.job.timed(stage, target.seconds):
                yield
        except TargetCancelled:
            target.state = TargetState.CANCELLED
            self.job.stop(index)
        except JobCancelled:
            raise
        except Exception as error:
            known = as_known(error)
            if known.code in _FATAL:
                raise
            target.state, target.error = TargetState.FAILED, error_record(known)
            self.job.fail(index, known)
        self.run.save_when_due()


def not_found_error(found: NotFound) -> Img23DError:
    return Img23DError(ErrorCode.NO_REGION, found.sentence)
