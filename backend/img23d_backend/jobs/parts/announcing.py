"""What comes of splitting a thing: written into the run's folder, recorded in run.json, and announced."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.files.filenames import FileName
from img23d_protocol.messages import WHOLE, DivisionReady, PartInfo, Piece, ResultReady, Stage

from ...images.png_files import write_png
from ...parts.describing import Described, describe, describe_meshes, nearest_parts
from ...parts.files.colors import hex_of, linear_color, palette
from ...parts.files.solids import Solid, write_solids
from ...parts.files.writer import Color
from ...parts.stage import Divided, PartMade, Task, WholeMade
from ...stages import Mesh
from ..job import Job
from ..pipeline import save_array
from ..placement import base_color
from ..runs import Run, TargetRecord, TargetState
from .given import Given

_GREY: Color = (0.6, 0.6, 0.6)  # linear: of what no picture shows


@dataclass(kw_only=True)
class Announcer:
    """Of one thing, target 0 of its job."""

    job: Job
    run: Run
    task: Task
    given: Given | None
    divided: Divided | None = None
    parts: list[PartMade] = field(default_factory=list)

    def keep_whole(self, made: WholeMade) -> None:
        """What was made of the picture alone."""
        path = self.run.path_for(0, "_shape.glb")
        write_solids(path, [self._solid(made.mesh, self._target.name)])
        self._target.add_file(TargetState.SHAPED, made.note, shape=path)
        self._tell(
            ResultReady(
                job=self.job.id,
                target=0,
                files=(FileName(path.name),),
                piece=WHOLE,
                stage=Stage.SHAPE,
                textured=False,
                count=len(made.mesh.faces),
                note=made.note,
            )
        )

    def keep_part(self, made: PartMade) -> None:
        """It stays, whatever becomes of the others."""
        number = len(self.parts)
        self.parts.append(made)
        name = made.name or f"part {number + 1}"
        path = self.run.path_for(0, f"_part_{number + 1:02d}.glb")
        write_solids(path, [self._solid(made.mesh, name)])
        self._target.state = TargetState.SPLIT
        self._tell(
            ResultReady(
                job=self.job.id,
                target=0,
                files=(FileName(path.name),),
                piece=Piece(part=number),
                stage=Stage.SPLIT,
                textured=False,
                count=len(made.mesh.faces),
                name=name,
            )
        )

    def end(self) -> None:
        """All parts together, and which triangle belongs to which. Raises Img23DError(NO_SURFACE) where there are none."""
        label, described = self._divided()
        colors = palette(len(described))
        infos = tuple(PartInfo(name=one.name, color=hex_of(color), faces=one.faces, area=one.area) for one, color in zip(described, colors, strict=True))
        files = {}
        if self.parts:
            files["parts"] = self.run.path_for(0, "_parts.glb")
            write_solids(files["parts"], [self._solid(made.mesh, one.name) for made, one in zip(self.parts, described, strict=True)])
        if self.task.mask is not None:
            files["mask"] = self.run.path_for(0, "_mask.png")
            write_png(files["mask"], self._colored_mask(self.task.mask, colors))
        labels = None
        if label is not None:
            files["labels"] = self.run.path_for(0, "_labels.npy")
            labels = save_array(files["labels"], label.astype(np.int32))
        note = self.divided.note if self.divided is not None else ""
        self._target.add_file(TargetState.SPLIT, note, **files)
        self.run.record.parts = infos
        self.job.emit(DivisionReady(job=self.job.id, labels=labels, parts=infos, note=note))

    # --- steps ------------------------------------------------------------------------------------------------------

    @property
    def _target(self) -> TargetRecord:
        return self.run.record.targets[0]

    def _solid(self, mesh: Mesh, name: str) -> Solid:
        origin = np.zeros(3) if self.given is None else self.given.file.origin
        color = _GREY if self.task.cutout is None else linear_color(base_color(self.task.cutout.rgba))
        return Solid(name=name, mesh=mesh, origin=origin, color=color)

    def _tell(self, ready: ResultReady) -> None:
        self._target.add_result(ready)
        self.run.save_when_due()
        self.job.emit(ready)

    def _divided(self) -> tuple[np.ndarray | None, list[Described]]:
        """(T,) the part of each of the mesh's triangles, where there is one, and what there is to say about each part."""
        own = [made.name for made in self.parts]
        meshes = [made.mesh for made in self.parts]
        if self.given is None:
            return None, describe_meshes(self._found(meshes), self._target.name, own)
        mesh = self.given.file.mesh
        label = nearest_parts(mesh, self._found(meshes)) if self.divided is None else self.divided.part_of_face
        label = self.given.whole_polygons(label)
        count = max(int(label.max()) + 1, len(meshes))
        if count == 0:
            self._found(meshes)
        return label, describe(mesh, label, self._target.name, count=count, own=own)

    def _found(self, meshes: list[Mesh]) -> list[Mesh]:
        if not meshes:
            raise Img23DError(ErrorCode.NO_SURFACE, f"No part of “{self._target.name}” was found: try another seed, picture or splitter.")
        return meshes

    def _colored_mask(self, mask: np.ndarray, colors: list[Color]) -> np.ndarray:
        """(h, w, 3) uint8: each value in the colour of the part that it became."""
        table = np.zeros((256, 3), dtype=np.uint8)
        for number, made in enumerate(self.parts):
            if made.mask:
                table[made.mask] = [int(hex_of(colors[number])[at : at + 2], 16) for at in (1, 3, 5)]
        return table[mask]
