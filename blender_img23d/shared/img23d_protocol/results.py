"""What a job announces: pictures, meshes and other results, each as files in the run's folder.

A file is announced by its name in that folder, never by a path, so that a run can be fetched from another machine. A name that
would lead out of the folder is refused when the message is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .files.filenames import FileName
from .job_requests import Box
from .options.settings import ShapeKind
from .stages import Stage


class ResultKind(StrEnum):
    """What a result is, and with that what its first file is."""

    MESH = "mesh"  # a GLB: metres, Y up, front to +Z, base on y = 0, centred on x = z = 0
    SPLATS = "splats"  # Gaussian splats as a PLY, in the axes and at the place of the mesh


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Which of a target's results: its kind, and the part's number from 0 where the target was split, None for the whole."""

    kind: ResultKind = ResultKind.MESH
    part: int | None = None


WHOLE = Piece()
SPLATS = Piece(kind=ResultKind.SPLATS)


@dataclass(frozen=True, kw_only=True)
class ResultReady:
    """A result of a target, or a better one of the same piece, such as the painted mesh after the plain one.

    `files` are names, the first of which is imported; what the others are follows from their endings. `count` is how many triangles
    or Gaussians it has, `name` the part's own.
    """

    job: str
    target: int
    files: tuple[FileName, ...]
    piece: Piece = WHOLE
    stage: Stage  # that made it
    textured: bool  # it has its colours
    count: int
    name: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class PictureReady:
    """The edited photo, which the boxes of all later messages refer to, or of one target its edited cut-out."""

    job: str
    target: int = -1
    file: FileName  # PNG
    width: int  # pixels, upright
    height: int
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class PhotoRegion:
    """Something in the photo that can be picked, and a small picture of it."""

    box: Box
    cutout: FileName  # RGBA PNG


@dataclass(frozen=True, kw_only=True)
class Regions:
    """The answer to `Pick`. `labels` is an .npy (2, h, w) uint8 over the whole photo: 1 + the index of the region at each place,
    0 where there is none; first the things, then the same with those that have several colours in their parts.

    `picked` is the region that was asked for by a point, -1 without one.
    """

    job: str
    labels: FileName
    regions: tuple[PhotoRegion, ...]
    photo_width: int  # pixels, upright
    photo_height: int
    picked: int = -1
    notes: tuple[str, ...] = ()  # as in `Located`


@dataclass(frozen=True, kw_only=True)
class CutoutReady:
    job: str
    target: int
    file: FileName  # RGBA PNG
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class FormsReady:
    """What the kinds would make of a target that was only looked for: small pictures (PNG, RGBA) beside its cut-out, see
    `filenames.form_path`. `automatic` is the kind that AUTO comes to.
    """

    job: str
    target: int
    automatic: ShapeKind


@dataclass(frozen=True, kw_only=True)
class PreviewReady:
    """A small picture of what a target has become so far; a later one takes its place, in a file of another name."""

    job: str
    target: int
    stage: Stage
    file: FileName  # PNG, RGBA


@dataclass(frozen=True, kw_only=True)
class PaintReady:
    """The answer to `Paint`: `texture` is a PNG, `uv` an .npy (corner_count, 2) float32 with v upwards as in Blender, or None
    where the file's own layout was painted into.
    """

    job: str
    texture: FileName
    uv: FileName | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class UvReady:
    """The answer to `Unwrap`: `uv` as in `PaintReady`."""

    job: str
    uv: FileName | None = None
    note: str = ""
