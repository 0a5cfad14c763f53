"""A target's results: written into the run's folder, recorded in run.json, and announced to the caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from img23d_protocol.files.filenames import CUTOUT_ENDING, EDITED_ENDING, FileName, form_path
from img23d_protocol.messages import Box, CutoutReady, FormsReady, PictureReady, Piece, PreviewReady, ResultKind, ResultReady, Side, Stage

from ..cutouts.relief import relief_of
from ..editing.photo import EditedCutOut
from ..images.png_files import read_rgba, write_png
from ..result_cache import ResultCache
from ..stages import CutOut, Forms, Found, Mesh, Painted, PixelBox, SeenDistances, Shaped, Splats
from .job import Job
from .placement import Placement, base_color, solid_bounds, view_in_photo
from .runs import Run, TargetRecord, TargetState

_PASSING = "_shown_"


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A cut-out on disk: two hundred of them in memory would be gigabytes."""

    path: Path
    left: int  # pixels at the working size
    top: int
    scale: float  # the working size as a multiple of the photo's
    side: float  # pixels of the photo, the longest side of what is solid
    solid_box: Box  # of what is solid, in the photo
    photo: PixelBox | None = None  # the photo's area in the cut-out's pixels
    sides: Mapping[Side, Path] = field(default_factory=dict)  # cut-outs of the further photos
    distances: SeenDistances | None = None  # over the photo, where they were measured

    def read(self) -> CutOut:
        sides = {side: read_rgba(path) for side, path in self.sides.items()}
        rgba = read_rgba(self.path)
        relief = None if self.distances is None else relief_of(self.distances, rgba, left=self.left, top=self.top, scale=self.scale)
        return CutOut(rgba=rgba, left=self.left, top=self.top, photo=self.photo, sides=sides, relief=relief)


@dataclass(frozen=True, kw_only=True)
class Solid:
    """A shaped target on its way to the painter."""

    cut: Cut
    shaped: Shaped
    placement: Placement


@dataclass(frozen=True, kw_only=True)
class Results:
    """Every method writes, records and tells; indices are the targets'."""

    job: Job
    run: Run
    wants_spz: bool  # beside the PLY of splats
    # By the identities of mesh and texture, which are kept so that no others get these
    thumbnails: ResultCache[tuple[Mesh, np.ndarray | None, np.ndarray]] = field(default_factory=lambda: ResultCache(2))
    passing: dict[int, list[Path]] = field(default_factory=dict)  # pictures of what a stage has so far, of each target; the newest last

    def target(self, index: int) -> TargetRecord:
        return self.run.record.targets[index]

    def keep_cutout(self, index: int, found: Found, cutout: CutOut, scale: float) -> Cut:
        path = self.run.path_for(index, CUTOUT_ENDING)
        cut = self._cut(index, path, cutout, scale)
        self.target(index).add_file(TargetState.CUT, found.note, cutout.note, cutout=path)
        self.job.emit(CutoutReady(job=self.job.id, target=index, file=FileName(path.name), note=cutout.note))
        return cut

    def keep_edited(self, index: int, cut: Cut, edited: EditedCutOut) -> Cut:
        """In place of the cut-out, which stays beside it."""
        path, note = self.run.path_for(index, EDITED_ENDING), edited.note
        new = replace(self._cut(index, path, edited.cutout, cut.scale), sides=cut.sides)
        self.target(index).add_file(TargetState.CUT, note, edited=path)
        height, width = edited.cutout.rgba.shape[:2]
        self.job.emit(PictureReady(job=self.job.id, target=index, file=FileName(path.name), width=width, height=height, note=note))
        return new

    def _cut(self, index: int, path: Path, cutout: CutOut, scale: float) -> Cut:
        """Written and recorded."""
        solid = solid_bounds(cutout.rgba)
        write_png(path, cutout.rgba)
        target = self.target(index)
        target.cutout_left, target.cutout_top, target.cutout_share = cutout.left, cutout.top, scale
        return Cut(
            path=path,
            left=cutout.left,
            top=cutout.top,
            scale=scale,
            side=max(solid.width, solid.height) / scale,
            solid_box=self._in_photo(solid, cutout, scale),
            photo=cutout.photo,
        )

    def keep_side(self, index: int, side: Side, rgba: np.ndarray) -> Path:
        path = self.run.path_for(index, f"_side_{side}.png")
        write_png(path, rgba)
        self.target(index).files[f"side_{side}"] = path.name
        return path

    def keep_forms(self, index: int, cut: Cut, forms: Forms) -> None:
        for kind, picture in forms.pictures.items():
            write_png(Path(form_path(str(cut.path), kind)), picture)
        self.job.emit(FormsReady(job=self.job.id, target=index, automatic=forms.automatic))

    def _in_photo(self, part: PixelBox, cutout: CutOut, scale: float) -> Box:
        """A part of a cut-out in fractions of the photo."""
        photo = self.run.record.photo
        assert photo is not None, "it was read before anything is cut out of it"
        width, height = photo.width * scale, photo.height * scale
        return Box(
            left=(cutout.left + part.left) / width,
            top=(cutout.top + part.top) / height,
            right=(cutout.left + part.right) / width,
            bottom=(cutout.top + part.bottom) / height,
        )

    def keep_solid(self, index: int, solid: Solid, cutout: CutOut) -> None:
        """What it became: the mesh, the splats, or both, at one place."""
        shaped, cut = solid.shaped, solid.cut
        self.target(index).view = view_in_photo(shaped, solid.placement, cut.left, cut.top, cut.scale).matrix.tolist()
        if shaped.mesh is not None:
            self._keep_mesh(index, solid, shaped.mesh, cutout)
        if shaped.splats is not None:
            self._keep_splats(index, solid, shaped.splats)

    def _keep_mesh(self, index: int, solid: Solid, mesh: Mesh, cutout: CutOut) -> None:
        from ..mesh.glb import write_glb

        path, placement, note = self.run.path_for(index, "_shape.glb"), solid.placement, solid.shaped.note
        target = self.target(index)
        write_glb(
            path,
            mesh=mesh,
            name=target.name,
            uv=None,
            texture=None,
            base_color=base_color(cutout.rgba),
            scale=placement.scale,
            offset=placement.offset,
        )
        target.add_file(TargetState.SHAPED, note, shape=path)
        self._tell_mesh(index, path, Stage.SHAPE, faces=len(mesh.faces), note=note)
        self._keep_preview(index, Stage.SHAPE, "_preview_shape.png", self._portrait(mesh))

    def _keep_splats(self, index: int, solid: Solid, splats: Splats) -> None:
        """At the place of the mesh. Without one they are all there is, and have their colours: nothing is left to paint."""
        shaped, is_all = solid.shaped, solid.shaped.mesh is None
        note = shaped.note if is_all else ""
        paths = self._write_splats(index, splats, solid.placement, with_spz=self.wants_spz and not shaped.only_to_paint)
        target = self.target(index)
        target.add_file(TargetState.PAINTED if is_all else TargetState.SHAPED, note, **{path.suffix[1:]: path for path in paths})
        if shaped.only_to_paint:
            return
        self.tell(
            ResultReady(
                job=self.job.id,
                target=index,
                files=tuple(FileName(path.name) for path in paths),
                piece=Piece(kind=ResultKind.SPLATS),
                stage=Stage.SHAPE,
                textured=True,
                count=len(splats),
                note=note,
            )
        )
        if is_all:
            from ..splats.thumbnail import splat_thumbnail

            self._keep_preview(index, Stage.SHAPE, "_preview.png", splat_thumbnail(splats))

    def _write_splats(self, index: int, splats: Splats, placement: Placement, *, with_spz: bool) -> list[Path]:
        """The PLY, which is what is imported, and an SPZ for other programs."""
        from ..splats.ply import write_ply
        from ..splats.spz import write_spz

        writers = [(".ply", write_ply), *([(".spz", write_spz)] if with_spz else [])]
        paths = []
        for suffix, write in writers:
            paths.append(self.run.path_for(index, suffix))
            write(paths[-1], splats, scale=placement.scale, offset=placement.offset)
        return paths

    def keep_painted(self, index: int, solid: Solid, painted: Painted) -> None:
        from ..mesh.glb import write_glb

        path, placement = self.run.path_for(index, ".glb"), solid.placement
        target = self.target(index)
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
        self._tell_mesh(index, path, Stage.PAINT, faces=len(painted.mesh.faces), note=painted.note)
        picture = self._portrait(painted.mesh, painted.uv, painted.texture)
        self._keep_preview(index, Stage.PAINT, "_preview.png", picture)

    def _portrait(self, mesh: Mesh, uv: np.ndarray | None = None, texture: np.ndarray | None = None) -> np.ndarray:
        """Drawn once of the same mesh, such as that of two things with one cut-out."""
        from ..mesh.raster.thumbnail import thumbnail

        key = (id(mesh), id(texture))
        return self.thumbnails.get(key, lambda: (mesh, texture, thumbnail(mesh, uv=uv, texture=texture)))[-1]

    def _tell_mesh(self, index: int, path: Path, stage: Stage, *, faces: int, note: str) -> None:
        """The whole thing's mesh, with its colours where it was painted."""
        self.tell(
            ResultReady(
                job=self.job.id,
                target=index,
                files=(FileName(path.name),),
                stage=stage,
                textured=stage is Stage.PAINT,
                count=faces,
                note=note,
            )
        )

    def tell(self, ready: ResultReady) -> None:
        """Its files lie in the run's folder."""
        self.target(ready.target).add_result(ready)
        self.job.emit(ready)

    def show_passing(self, index: int, stage: Stage, picture: np.ndarray) -> None:
        """What the stage has so far; only the newest of these pictures is kept, and none at the end."""
        shown = self.passing.setdefault(index, [])
        path = self.run.path_for(index, f"{_PASSING}{len(shown) and int(shown[-1].stem[-3:]) + 1:03d}.png")
        write_png(path, picture)
        self.job.emit(PreviewReady(job=self.job.id, target=index, stage=stage, file=FileName(path.name)))
        for older in shown[:-1]:  # the one before may be read at this moment
            older.unlink(missing_ok=True)
        shown[:-1] = []
        shown.append(path)

    def _keep_preview(self, index: int, stage: Stage, suffix: str, picture: np.ndarray) -> None:
        path = self.run.path_for(index, suffix)
        write_png(path, picture)
        self.target(index).files["preview"] = path.name
        for passing in self.passing.pop(index, ()):
            passing.unlink(missing_ok=True)
        self.job.emit(PreviewReady(job=self.job.id, target=index, stage=stage, file=FileName(path.name)))
