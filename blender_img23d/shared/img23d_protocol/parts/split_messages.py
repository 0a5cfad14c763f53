"""Splitting a thing into its parts, and closing the parts where they were cut.

The parts of a mesh are numbers of its triangles: an .npy (T,) int32 with the number of each triangle's part, -1 for what belongs to none.
So the artist sees them, merges and leaves out before anything is cut. What a model makes are meshes of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..files.filenames import FileName
from ..options.parts.parts import splitter_named
from ..options.settings import BUILT_IN, Settings
from ..stages import Stage

# --- to the backend -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Split:
    """Split one thing, as `settings.parts` say, answered by `DivisionReady`.

    `mesh` is an .npz as for `Paint`, `view` being optional: where it is given, the `picture` shows the mesh as seen in it. Without a mesh a
    splitter that can do so makes the whole from the picture. `mask` is a PNG of one channel, or with a palette, over all of the picture: 0
    is background, each other value a part. `engine` is the one that cuts the picture out.

    A splitter with a model announces each part as a `ResultReady` of `Stage.SPLIT` with `piece.part`, as soon as it is done, and without a mesh
    first the WHOLE, of `Stage.SHAPE`. A part's GLB is in glTF's axes (z up becomes y up) at the place where the mesh is.
    """

    job: str
    run_folder: str
    name: str = ""
    mesh: str = ""
    picture: str = ""
    mask: str = ""
    engine: str = BUILT_IN.id
    seed: int = 0
    settings: Settings = field(default_factory=Settings)

    @property
    def heeds_picture(self) -> bool:
        return bool(self.picture) and splitter_named(self.settings.parts.splitter).heeds_picture

    @property
    def stages(self) -> tuple[Stage, ...]:
        return (Stage.MATTE, Stage.SPLIT) if self.heeds_picture else (Stage.SPLIT,)


@dataclass(frozen=True, kw_only=True)
class Close:
    """Lids for the parts of a mesh, answered by `LidsReady`. `mesh` is as for `Split`, `labels` an .npy as `DivisionReady` has it, after the
    artist has merged and left out: a part that is -1 gets no lid, and those beside it are closed towards it.
    """

    job: str
    run_folder: str
    mesh: str
    labels: str

    @property
    def stages(self) -> tuple[Stage, ...]:
        return (Stage.SPLIT,)


# --- from the backend -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class PartInfo:
    """A part: `color` is #rrggbb in sRGB, which tells it from its neighbours; `faces` are the triangles that are labelled so, or of its own
    mesh where there are no labels; `area` is in the mesh's unit.
    """

    name: str
    color: str
    faces: int
    area: float


@dataclass(frozen=True, kw_only=True)
class DivisionReady:
    """The answer to `Split`: the parts by their numbers, and `labels`, an .npy (T,) int32, the part of each of the mesh's triangles; of
    parts that a model made, the one that is nearest. None where no mesh was given.
    """

    job: str
    parts: tuple[PartInfo, ...]
    labels: FileName | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class LidsReady:
    """The answer to `Close`: `lids` is an .npz with `vertices` (N, 3) float32, the new ones, in world axes with z up; `faces` (M, 3) int32
    into the mesh's vertices followed by the new ones; `part` (M,) int32, whose each is; `source` (M,) int32, the triangle of the mesh that it
    is a piece of, with all that this has at such a place, -1 for a lid; `dropped` (T,) bool, triangles of the mesh that its closed parts go
    without, since they have no extent or lie in another part, or have pieces in their place. `open_parts` are those that could not be closed.
    """

    job: str
    lids: FileName
    open_parts: tuple[int, ...] = ()
    note: str = ""
