"""Queued jobs: all that it takes to begin one later, as it was when the button was pressed."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import blake2b
from pathlib import Path
from typing import Any

from ...shared.img23d_protocol import Img23DError, ProtocolError
from ...shared.img23d_protocol.codec import build
from ...shared.img23d_protocol.errors import bad_request
from ...shared.img23d_protocol.limits import VARIANTS_MAX
from ...shared.img23d_protocol.messages import Generate, Settings, UvSource
from ...shared.img23d_protocol.options.declare import check
from ..plausible import LONGEST_NAME, LONGEST_TEXT, MOST_TARGETS, sound_moment
from ..requests import checked_photo, checked_wanted, draw_seed, new_run_folder

MASK_PARTS_MAX = 255  # values beside the background that an indexed PNG has
_ENDS = 1 << 20  # bytes at either end of a picture that its stamp is made of: read in a millisecond, and an edit changes them


class Kind(StrEnum):
    GENERATE = "generate"
    AGAIN = "again"
    RETEXTURE = "retexture"
    SPLIT = "split"


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A file, and a stamp of its bytes when the button was pressed."""

    path: str
    stamp: str = ""


@dataclass(frozen=True, kw_only=True)
class Where:
    """The scene that a job was asked for in. `file` is the .blend's path, empty for one that was never saved.

    `file_key` and session ids hold for as long as that Blender has the file open, names for longer.
    """

    file: str = ""
    file_key: str = ""
    scene: str = ""
    scene_uid: int = 0
    layout: str = ""
    cursor: tuple[float, ...] = ()  # scene units: where the 3D cursor was


@dataclass(frozen=True, kw_only=True)
class Host:
    """The object that is made again. `fingerprint` and `height` (scene units) are those of its mesh when the button was pressed.

    `is_instead`: its mesh is replaced; `is_choice`: several variants are made of it, and `is_replaced_later` by the one that is kept.
    `comparison`: the ids of the jobs whose results are compared with it, with spaces between.
    """

    name: str
    uid: int = 0
    is_instead: bool = False
    fingerprint: str = ""
    height: float = 0.0
    is_choice: bool = False
    is_replaced_later: bool = False
    comparison: str = ""


@dataclass(frozen=True, kw_only=True)
class MeshToPaint:
    name: str
    uid: int = 0
    picture: Picture


@dataclass(frozen=True, kw_only=True)
class Painting:
    """Meshes that get a texture, one after the other. `view` is a 4x4 matrix row by row; none: each object's own front."""

    meshes: tuple[MeshToPaint, ...]
    engine: str
    seed: int
    settings: Settings
    uv: UvSource = UvSource.NEW
    from_splats: bool = False  # with the colours of the splats that a mesh was made with, where it has some
    view: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MeshToSplit:
    name: str
    uid: int = 0


@dataclass(frozen=True, kw_only=True)
class Splitting:
    """A mesh that is split into its parts, or without one what the picture shows. `mask` is the path of a file; `painted` are the brush
    strokes of each part that was painted over the picture (see `boxes.strokes`); at most one of the two is there. `view` as in `Painting`.
    """

    mesh: MeshToSplit | None = None
    picture: Picture | None = None
    mask: str = ""
    painted: tuple[str, ...] = ()
    engine: str
    seed: int
    settings: Settings
    view: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class QueuedJob:
    """Either `making`, with the `photo` and, of a thing that is made again, its `host`; or `painting`; or `splitting`."""

    id: str
    kind: Kind
    asked: float  # wall time, seconds since 1970
    where: Where
    base_folder: str  # that holds `runs`
    making: Generate | None = None
    photo: Picture | None = None
    host: Host | None = None
    painting: Painting | None = None
    splitting: Splitting | None = None

    @property
    def meshes(self) -> tuple[MeshToPaint | MeshToSplit, ...]:
        """The scene's own that it takes when its turn comes."""
        if self.painting is not None:
            return self.painting.meshes
        mesh = self.splitting.mesh if self.splitting is not None else None
        return (mesh,) if mesh is not None else ()

    @property
    def names(self) -> tuple[str, ...]:
        """Of the things or the meshes; empty where the whole picture becomes an object."""
        if self.meshes:
            return tuple(mesh.name for mesh in self.meshes)
        return tuple(one.name for one in self.making.wanted) if self.making is not None else ()

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """Each once."""
        if self.painting is not None:
            return tuple(dict.fromkeys(mesh.picture for mesh in self.painting.meshes))
        if self.splitting is not None:
            return (self.splitting.picture,) if self.splitting.picture is not None else ()
        return (self.photo,) if self.photo is not None else ()

    @property
    def parts(self) -> int:
        """How many requests follow each other: one a mesh, and one for all that a photo shows."""
        return len(self.painting.meshes) if self.painting is not None else 1

    def only(self, indices: tuple[int, ...]) -> QueuedJob:
        """With these of its meshes, counted from 0; itself where it has none."""
        if self.painting is None:
            return self
        meshes = tuple(self.painting.meshes[index] for index in indices)
        return replace(self, painting=replace(self.painting, meshes=meshes))

    def is_like(self, other: QueuedJob) -> bool:
        """The same press of the same button; a seed that is drawn anew each time makes no difference."""
        mine, others = ((one.kind, one.names, one.pictures, one.where.scene_uid, one._engine) for one in (self, other))
        return mine == others

    @property
    def _engine(self) -> str:
        if self.splitting is not None:
            return self.splitting.settings.parts.splitter
        work = self.making or self.painting
        return work.engine if work is not None else ""

    def in_new_folder(self) -> QueuedJob:
        """Its run gets a folder of its own, whatever a record says."""
        if self.making is None:
            return self
        folder = new_run_folder(Path(self.base_folder), self.making.photo)
        return replace(self, making=replace(self.making, run_folder=str(folder)))


def picture_now(path: str) -> Picture:
    """With the stamp of what the file holds now. Raises Img23DError as `checked_photo`."""
    return Picture(path=path, stamp=_stamp(checked_photo(path)))


def check_picture(picture: Picture) -> None:
    """Raises Img23DError where the file is gone, or is not the one that was there when the button was pressed."""
    if _stamp(checked_photo(picture.path)) != picture.stamp:
        name = Path(picture.path).name
        raise bad_request(f"The picture “{name}” was changed while this waited: look at it, then press the button again.")


def _stamp(path: Path) -> str:
    """Empty where it cannot be read: what is wrong with it is then the backend's to say."""
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            digest = blake2b(file.read(_ENDS), digest_size=16)
            file.seek(max(size - _ENDS, 0))
            digest.update(file.read(_ENDS))
    except OSError:
        return ""
    return f"{size}-{digest.hexdigest()}"


# --- as JSON ------------------------------------------------------------------------------------------------------------


def to_json(job: QueuedJob) -> dict[str, Any]:
    return dataclasses.asdict(job)


def from_json(data: Any) -> QueuedJob:
    """Of another Blender: no file of that one is open here. Raises ProtocolError for what is no such job, or asks for what no button can."""
    try:
        job = build(QueuedJob, data)
        _check(job)
    except Img23DError as error:
        raise ProtocolError(error.sentence) from error
    return replace(job.in_new_folder(), where=replace(job.where, file_key=""))


def _check(job: QueuedJob) -> None:
    """Raises ProtocolError, Img23DError."""
    is_painting, is_splitting = job.kind is Kind.RETEXTURE, job.kind is Kind.SPLIT
    is_whole = job.painting is not None if is_painting else job.making is not None and job.photo is not None
    is_whole = job.splitting is not None if is_splitting else is_whole
    if not is_whole or (job.kind is Kind.AGAIN) is not (job.host is not None):
        raise ProtocolError(f"a part of the job is missing: {job.kind}")
    texts = [
        job.id,
        *([job.host.comparison] if job.host is not None else []),
        *job.names,
        *(picture.path for picture in job.pictures),
        *([job.splitting.mask] if job.splitting is not None else []),
        job.base_folder,
        job.where.file,
        job.where.scene,
    ]
    if not 1 <= job.parts <= MOST_TARGETS or len(job.names) > MOST_TARGETS or any("\0" in text or len(text) > LONGEST_TEXT for text in texts):
        raise ProtocolError("texts or numbers that no button makes")
    if any(len(name) > LONGEST_NAME for name in job.names) or sound_moment(job.asked) != job.asked or not Path(job.base_folder).is_absolute():
        raise ProtocolError("texts or numbers that no button makes")
    if job.painting is not None and is_painting:
        _check_painting(job.painting)
    elif job.splitting is not None and is_splitting:
        _check_splitting(job.splitting)
    elif job.making is not None and job.photo is not None:
        _check_making(job.making, job.photo)


def _check_making(request: Generate, photo: Picture) -> None:
    if (
        not 1 <= request.variants <= VARIANTS_MAX
        or request.photo != photo.path
        or draw_seed(request.seed) != request.seed
        or not 0.0 <= request.pixels_per_metre
    ):
        raise ProtocolError("a request that no button makes")
    for wanted in request.wanted:
        checked_wanted(wanted)
    check(request.settings)


def _check_painting(painting: Painting) -> None:
    if len(painting.view) not in (0, 16) or not all(map(math.isfinite, painting.view)):
        raise ProtocolError("a view that is no matrix")
    draw_seed(painting.seed)
    check(painting.settings)


def _check_splitting(splitting: Splitting) -> None:
    is_given = splitting.mesh is not None or splitting.picture is not None
    if not is_given or len(splitting.view) not in (0, 16) or not all(map(math.isfinite, splitting.view)) or len(splitting.painted) > MASK_PARTS_MAX:
        raise ProtocolError("a splitting that no button asks for")
    draw_seed(splitting.seed)
    check(splitting.settings)
