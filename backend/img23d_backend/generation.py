"""The three steps that make things: cut-outs, solids, painted meshes, each for all targets of a run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import CutoutReady, MeshReady, Settings, Stage

from .failures import as_known
from .job import Job
from .placement import Placement, base_color, place, require_mesh, view_in_photo, visible_side
from .png import read_rgba, write_png
from .runs import Run, TargetRecord, TargetState, error_record
from .stages import Context, CutOut, Engine, Found, JobCancelled, NotFound, Painted, Photo, Shaped
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
}


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A cut-out on disk: two hundred of them in memory would be gigabytes."""

    path: Path
    left: int  # pixels at the working size
    top: int
    share: float  # the working size's share of the photo's
    side: float  # pixels of the photo, the longest side of what is solid

    def read(self) -> CutOut:
        return CutOut(rgba=read_rgba(self.path), left=self.left, top=self.top)


@dataclass(frozen=True, kw_only=True)
class Solid:
    """A shaped target on its way to the painter."""

    cut: Cut
    shaped: Shaped
    placement: Placement


Cuts = dict[int, Cut]  # by the target's index; what failed is not in it
Solids = dict[int, Solid]


@dataclass(frozen=True, kw_only=True)
class Generation:
    """The steps share a job to report to, a run to write into, and an engine to ask."""

    job: Job
    run: Run
    engine: Engine
    settings: Settings

    def cut_out(self, photo: Photo, founds: list[Found | NotFound]) -> Cuts:
        """Each thing by itself. Uses `founds` up, since each may hold a mask of the photo's size."""
        cuts: Cuts = {}
        self.engine.prefetch(Stage.SHAPE, self.settings)
        sizes = WorkingSizes(photo=photo)
        while founds:
            index = len(self.run.record.targets) - len(founds)
            found = founds.pop(0)
            with self._step(Stage.MATTE, index):
                if isinstance(found, NotFound):
                    raise not_found_error(found)
                scaled, target, share = sizes.fitted(found)
                cutout = self.engine.matter.cut_out(scaled, target, self.job.context(Stage.MATTE, index))
                cuts[index] = self._keep_cutout(index, found, cutout, share)
        return cuts

    def shape(self, cuts: Cuts) -> Solids:
        """Each cut-out as a closed mesh. One scale for all, known before the first: the largest thing measures 1 m."""
        solids: Solids = {}
        if self.settings.texture:
            self.engine.prefetch(Stage.PAINT, self.settings)
        pixels_per_metre = float(max((cut.side for cut in cuts.values()), default=0))
        self.run.record.pixels_per_metre = pixels_per_metre
        waiting = list(cuts)
        while waiting:
            batch = waiting[: self._batch_size(len(waiting))]
            del waiting[: len(batch)]
            cutouts = [cuts[index].read() for index in batch]
            answers = self._shapes(batch, cutouts)
            for index, cutout in zip(batch, cutouts, strict=True):
                with self._step(Stage.SHAPE, index):
                    shaped = self._answer(answers, index, cutout)
                    require_mesh(shaped.mesh)
                    cut = cuts[index]
                    solid = Solid(cut=cut, shaped=shaped, placement=place(shaped, pixels_per_metre * cut.share))
                    self._keep_solid(index, solid, cutout)
                    solids[index] = solid
        return solids

    def _batch_size(self, count: int) -> int:
        shaper = self.engine.batch_shaper
        return 1 if shaper is None or count < 2 else max(1, shaper.batch_size(count, self.settings))

    def _shapes(self, batch: list[int], cutouts: list[CutOut]) -> Iterator[Shaped | Img23DError]:
        """The answers for a batch as they come; none for a single target, which goes its usual way."""
        shaper = self.engine.batch_shaper
        if shaper is None or len(batch) < 2:
            return iter(())
        contexts = [self.job.context(Stage.SHAPE, index) for index in batch]
        return shaper.shape_batch(cutouts, self.settings, contexts)

    def _answer(self, answers: Iterator[Shaped | Img23DError], index: int, cutout: CutOut) -> Shaped:
        """The next answer of the batch. Where a batch broke off, what was left of it is shaped one by one."""
        answer = next(answers, None)
        if answer is None:
            return self.engine.shaper.shape(cutout, self.settings, self.job.context(Stage.SHAPE, index))
        if isinstance(answer, Img23DError):
            raise answer
        return answer

    def paint(self, solids: Solids) -> None:
        """Each mesh with its texture. A mesh that cannot be painted stays as it is."""
        pictures = self._prepared(solids)
        for index, solid in solids.items():
            if index in self.job.failed:
                continue
            with self._step(Stage.PAINT, index):
                painted = self._painted(solid, pictures.pop(index, None), self.job.context(Stage.PAINT, index))
                require_mesh(painted.mesh)
                self._keep_painted(index, solid, painted)

    def _prepared(self, solids: Solids) -> dict[int, np.ndarray | None]:
        """The pictures to paint with, for painters that make them by a model of its own, which is so loaded once."""
        painter = self.engine.preparing_painter
        pictures: dict[int, np.ndarray | None] = {}
        for index, solid in solids.items() if painter is not None else ():
            with self._step(Stage.PAINT, index):
                context = self.job.context(Stage.PAINT, index)
                pictures[index] = painter.prepare(solid.cut.read(), self.settings, context)
        return pictures

    def _painted(self, solid: Solid, picture: np.ndarray | None, context: Context) -> Painted:
        cutout, mesh, view = solid.cut.read(), solid.shaped.mesh, solid.shaped.view
        if self.engine.preparing_painter is not None:
            painter = self.engine.preparing_painter
            return painter.paint_prepared(mesh, view, cutout, picture, self.settings, context)
        return self.engine.painter.paint(mesh, view, cutout, self.settings, context)

    # --- what is kept -----------------------------------------------------------------------------------------------

    def _keep_cutout(self, index: int, found: Found, cutout: CutOut, share: float) -> Cut:
        path = self.run.path_for(index, "_cutout.png")
        side = visible_side(cutout.rgba) / share
        cut = Cut(path=path, left=cutout.left, top=cutout.top, share=share, side=side)
        write_png(path, cutout.rgba)
        target = self._target(index)
        target.cutout_left, target.cutout_top, target.cutout_share = cutout.left, cutout.top, share
        target.add_file(TargetState.CUT, found.note, cutout.note, cutout=path)
        self.job.emit(CutoutReady(job=self.job.id, target=index, path=str(path), note=cutout.note))
        return cut

    def _keep_solid(self, index: int, solid: Solid, cutout: CutOut) -> None:
        from .mesh.export import write_glb

        path, shaped, placement = self.run.path_for(index, "_shape.glb"), solid.shaped, solid.placement
        target = self._target(index)
        write_glb(
            path,
            mesh=shaped.mesh,
            name=target.name,
            uv=None,
            texture=None,
            base_color=base_color(cutout.rgba),
            scale=placement.scale,
            offset=placement.offset,
        )
        cut = solid.cut
        target.view = view_in_photo(shaped, placement, cut.left, cut.top, cut.share).matrix.tolist()
        target.add_file(TargetState.SHAPED, shaped.note, shape=path)
        self._tell_mesh(index, path, textured=False, faces=len(shaped.mesh.faces), note=shaped.note)

    def _keep_painted(self, index: int, solid: Solid, painted: Painted) -> None:
        from .mesh.export import write_glb

        path, placement = self.run.path_for(index, ".glb"), solid.placement
        target = self._target(index)
        write_glb(
            path,
            mesh=painted.mesh,
            name=target.name,
            uv=painted.uv,
            texture=painted.texture,
            base_color=(1.0, 1.0, 1.0),
            scale=placement.scale,
            offset=placement.offset,
        )
        target.add_file(TargetState.PAINTED, painted.note, mesh=path)
        self._tell_mesh(index, path, textured=True, faces=len(painted.mesh.faces), note=painted.note)

    def _tell_mesh(self, index: int, path: Path, *, textured: bool, faces: int, note: str) -> None:
        self._target(index).faces = faces
        self.job.emit(
            MeshReady(job=self.job.id, target=index, path=str(path), textured=textured, faces=faces, note=note)
        )

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
