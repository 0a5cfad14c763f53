"""Every message between Blender and its backend, as frozen dataclasses.

Files (cut-outs, meshes, textures) lie in the run's folder and a message names them, see `results`. Boxes are fractions of the
upright photo (after its EXIF turn), so they hold at any size the backend chooses to work in.
"""

from __future__ import annotations

from dataclasses import dataclass

# What stands in these modules has its name here as well: `messages` is the whole contract.
from .arrangement import Arranged as Arranged
from .arrangement import PhotoCamera as PhotoCamera
from .arrangement import Pose as Pose
from .findings import Action as Action
from .findings import Diagnose as Diagnose
from .findings import Diagnosed as Diagnosed
from .findings import Finding as Finding
from .findings import Level as Level
from .job_requests import (
    Box as Box,
)
from .job_requests import (
    Edit as Edit,
)
from .job_requests import (
    Generate as Generate,
)
from .job_requests import (
    Locate as Locate,
)
from .job_requests import (
    Paint as Paint,
)
from .job_requests import (
    Pick as Pick,
)
from .job_requests import (
    Point as Point,
)
from .job_requests import (
    Side as Side,
)
from .job_requests import (
    SidePhoto as SidePhoto,
)
from .job_requests import (
    Stroke as Stroke,
)
from .job_requests import (
    Unwrap as Unwrap,
)
from .job_requests import (
    UvSource as UvSource,
)
from .job_requests import (
    Wanted as Wanted,
)
from .options.settings import (
    Nameless as Nameless,
)
from .options.settings import (
    Settings as Settings,
)
from .options.settings import (
    ShapeKind as ShapeKind,
)
from .options.settings import (
    StageDevices as StageDevices,
)
from .parts.split_messages import Close as Close
from .parts.split_messages import DivisionReady as DivisionReady
from .parts.split_messages import LidsReady as LidsReady
from .parts.split_messages import PartInfo as PartInfo
from .parts.split_messages import Split as Split
from .results import (
    SPLATS as SPLATS,
)
from .results import (
    WHOLE as WHOLE,
)
from .results import (
    CutoutReady as CutoutReady,
)
from .results import (
    FormsReady as FormsReady,
)
from .results import (
    PaintReady as PaintReady,
)
from .results import (
    PhotoRegion as PhotoRegion,
)
from .results import (
    PictureReady as PictureReady,
)
from .results import (
    Piece as Piece,
)
from .results import (
    PreviewReady as PreviewReady,
)
from .results import (
    Regions as Regions,
)
from .results import (
    ResultKind as ResultKind,
)
from .results import (
    ResultReady as ResultReady,
)
from .results import (
    UvReady as UvReady,
)
from .setup_messages import (
    DeleteWeights as DeleteWeights,
)
from .setup_messages import (
    DeviceInfo as DeviceInfo,
)
from .setup_messages import (
    EngineInfo as EngineInfo,
)
from .setup_messages import (
    EnginePace as EnginePace,
)
from .setup_messages import (
    Inspect as Inspect,
)
from .setup_messages import (
    InstallEnvironment as InstallEnvironment,
)
from .setup_messages import (
    InstallWeights as InstallWeights,
)
from .setup_messages import (
    Notice as Notice,
)
from .setup_messages import (
    SetupProgress as SetupProgress,
)
from .setup_messages import (
    SetupRequest as SetupRequest,
)
from .setup_messages import (
    SetupStep as SetupStep,
)
from .setup_messages import (
    Status as Status,
)
from .setup_messages import (
    VerifyWeights as VerifyWeights,
)
from .setup_messages import (
    WeightsInfo as WeightsInfo,
)
from .setup_messages import (
    WeightsState as WeightsState,
)
from .stages import USUAL as USUAL
from .stages import Stage as Stage

PROTOCOL_VERSION = 10


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
    splitters: tuple[EngineInfo, ...] = ()


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
    memory_bytes: int = 0  # the largest amount that the backend had at a time, and that graphics cards had; 0: not known
    card_bytes: int = 0


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


ToBackend = Edit | Locate | Pick | Generate | Unwrap | Paint | Split | Close | SetupRequest | Inspect | Cancel | Unload | Diagnose | Ping | Shutdown
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
    | DivisionReady
    | LidsReady
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
