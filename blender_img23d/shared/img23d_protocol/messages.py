"""Every message between Blender and its backend, as frozen dataclasses.

Files (photos, cut-outs, meshes, textures) lie in the run's folder and a message names them. Boxes are fractions of the
upright photo (after its EXIF turn), so they hold at any size the backend chooses to work in.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# What stands in these modules has its name here as well: `messages` is the whole contract.
from .arrangement import Arranged as Arranged, PhotoCamera as PhotoCamera, Pose as Pose
from .findings import Action as Action, Diagnose as Diagnose, Diagnosed as Diagnosed, Finding as Finding, Level as Level
from .job_requests import (
    Box as Box,
    Generate as Generate,
    Locate as Locate,
    Paint as Paint,
    Pick as Pick,
    Point as Point,
    Side as Side,
    SidePhoto as SidePhoto,
    Stroke as Stroke,
    Unwrap as Unwrap,
    UvSource as UvSource,
    Wanted as Wanted,
)
from .options.settings import (
    Nameless as Nameless,
    Settings as Settings,
    ShapeKind as ShapeKind,
    StageDevices as StageDevices,
)
from .setup_messages import (
    DeleteWeights as DeleteWeights,
    DeviceInfo as DeviceInfo,
    EngineInfo as EngineInfo,
    Inspect as Inspect,
    InstallEnvironment as InstallEnvironment,
    InstallWeights as InstallWeights,
    Notice as Notice,
    SetupProgress as SetupProgress,
    SetupRequest as SetupRequest,
    SetupStep as SetupStep,
    Status as Status,
    VerifyWeights as VerifyWeights,
    WeightsInfo as WeightsInfo,
    WeightsState as WeightsState,
)

PROTOCOL_VERSION = 8


class Stage(StrEnum):
    """The named steps of the pipeline, in their order."""

    LOCATE = "locate"
    MATTE = "matte"
    SHAPE = "shape"
    PAINT = "paint"


# --- to the backend -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Cancel:
    """Stop the job, or one of its targets only; the others then go on."""

    job: str
    target: int = -1


@dataclass(frozen=True, kw_only=True)
class Unload:
    """Give back every byte that is only held to be faster next time."""


@dataclass(frozen=True, kw_only=True)
class Ping:
    """Are you there? Answered at once by `Pong`, whatever is being computed."""


@dataclass(frozen=True, kw_only=True)
class Shutdown:
    """End after the present step; the end of the pipe does the same."""


# --- from the backend -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Hello:
    """The first message of every backend."""

    protocol: int
    backend: str  # the package's version
    python: str
    pid: int
    devices: tuple[str, ...] = ("cpu",)
    engines: tuple[EngineInfo, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Accepted:
    job: str


@dataclass(frozen=True, kw_only=True)
class Progress:
    """`target` is an index into `Located.targets`, or -1 for the job as a whole; `fraction` is 0..1 within the stage."""

    job: str
    stage: Stage
    target: int = -1
    fraction: float = 0.0
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class LocatedTarget:
    """One target; a name that was not found has no box and is reported by `TargetFailed` as well."""

    name: str
    box: Box | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Located:
    """All targets of the job, in the order of their indices."""

    job: str
    targets: tuple[LocatedTarget, ...]
    photo_width: int  # pixels, upright
    photo_height: int
    notes: tuple[str, ...] = ()  # about the photo as a whole, such as "scaled down from 120 megapixels"


@dataclass(frozen=True, kw_only=True)
class PhotoRegion:
    """Something in the photo that can be picked, and a small picture of it."""

    box: Box
    cutout: str  # RGBA PNG


@dataclass(frozen=True, kw_only=True)
class Regions:
    """The answer to `Pick`. `labels` is an .npy (2, h, w) uint8 over the whole photo: 1 + the index of the region at each place,
    0 where there is none; first the things, then the same with those that have several colours in their parts.

    `picked` is the region that was asked for by a point, -1 without one.
    """

    job: str
    labels: str
    regions: tuple[PhotoRegion, ...]
    photo_width: int  # pixels, upright
    photo_height: int
    picked: int = -1
    notes: tuple[str, ...] = ()  # as in `Located`


@dataclass(frozen=True, kw_only=True)
class CutoutReady:
    job: str
    target: int
    path: str  # RGBA PNG
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
class MeshReady:
    """A GLB: metres, Y up, front to +Z, base on y = 0, centred on x = z = 0. Sent again with `textured` when painted."""

    job: str
    target: int
    path: str
    textured: bool
    faces: int
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class PreviewReady:
    """A small picture of what a target has become so far; a later one takes its place, in a file of another name."""

    job: str
    target: int
    stage: Stage
    path: str  # PNG, RGBA


@dataclass(frozen=True, kw_only=True)
class PaintReady:
    """The answer to `Paint`: `texture` is a PNG, `uv` an .npy (corner_count, 2) float32 with v upwards as in Blender, or empty
    where the file's own layout was painted into.
    """

    job: str
    texture: str
    uv: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class UvReady:
    """The answer to `Unwrap`: `uv` as in `PaintReady`."""

    job: str
    uv: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class TargetFailed:
    job: str
    target: int
    code: str
    sentence: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class TargetCancelled:
    """The answer to a `Cancel` of one target: nothing more comes of it, and what was announced stays valid."""

    job: str
    target: int


@dataclass(frozen=True, kw_only=True)
class Finished:
    job: str
    made: int  # targets that ended as a mesh (or 1 for a re-texture)
    failed: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Cancelled:
    job: str


@dataclass(frozen=True, kw_only=True)
class Failed:
    """The whole job ended without its result; what was already announced stays valid."""

    job: str
    code: str
    sentence: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Unloaded:
    freed: int  # bytes, as far as known


@dataclass(frozen=True, kw_only=True)
class Pong:
    """The answer to `Ping`. It says nothing about the job."""


@dataclass(frozen=True, kw_only=True)
class Log:
    level: str
    text: str


ToBackend = Locate | Pick | Generate | Unwrap | Paint | SetupRequest | Inspect | Cancel | Unload | Diagnose | Ping | Shutdown
FromBackend = (
    Hello
    | Accepted
    | Progress
    | Located
    | Regions
    | CutoutReady
    | FormsReady
    | MeshReady
    | PreviewReady
    | Arranged
    | PaintReady
    | UvReady
    | TargetFailed
    | TargetCancelled
    | Finished
    | Cancelled
    | Failed
    | Diagnosed
    | Unloaded
    | SetupProgress
    | Status
    | Notice
    | Pong
    | Log
)
Message = ToBackend | FromBackend
