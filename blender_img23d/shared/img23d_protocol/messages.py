"""Every message between Blender and its backend, as frozen dataclasses.

Files (cut-outs, meshes, textures) lie in the run's folder and a message names them, see `results`. Boxes are fractions of the
upright photo (after its EXIF turn), so they hold at any size the backend chooses to work in.
"""

from __future__ import annotations

from dataclasses import dataclass

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
from .results import (
    WHOLE as WHOLE,
    CutoutReady as CutoutReady,
    FormsReady as FormsReady,
    PaintReady as PaintReady,
    PhotoRegion as PhotoRegion,
    PictureReady as PictureReady,
    Piece as Piece,
    PreviewReady as PreviewReady,
    Regions as Regions,
    ResultKind as ResultKind,
    ResultReady as ResultReady,
    UvReady as UvReady,
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
from .stages import USUAL as USUAL, Stage as Stage

PROTOCOL_VERSION = 9


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
    """The job is begun. `stages` are those that it will go through, in their order; empty where it has none."""

    job: str
    stages: tuple[Stage, ...] = ()


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
    | PictureReady
    | ResultReady
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
