"""The messages about setting up: the environment, the weights, and what this machine can do with them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SetupStep(StrEnum):
    """The steps of a set-up, in their order."""

    CHECK = "check"  # free disk, permission, online access
    PYTHON = "python"
    TORCH = "torch"
    PACKAGES = "packages"
    TRY = "try"  # the new environment is started once before it counts as ready
    DOWNLOAD = "download"
    VERIFY = "verify"
    DELETE = "delete"


class WeightsState(StrEnum):
    """Of a file set on disk."""

    MISSING = "missing"
    PARTIAL = "partial"  # a download was cut off; it goes on where it stopped
    READY = "ready"  # complete, its hashes checked when it came
    DAMAGED = "damaged"  # a check found wrong bytes or a missing file


# --- to the backend -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class InstallEnvironment:
    """Make, finish or change the private environment in `folder`. Only a backend outside of it may be asked.

    `uv` is uv's program, `python` the interpreter to fall back to where uv cannot fetch one, `torch_build` one of
    choices.TORCH_BUILDS, `licences` what the artist has accepted (without Tencent's, hy3dgen is left out), `online` whether
    the artist lets Blender use the network.
    """

    job: str
    folder: str
    uv: str
    python: str
    torch_build: str = "auto"
    licences: tuple[str, ...] = ()
    online: bool = False


@dataclass(frozen=True, kw_only=True)
class InstallWeights:
    """Download file sets (registry identifiers) into the backend's models folder, going on where one was cut off."""

    job: str
    sets: tuple[str, ...]
    licences: tuple[str, ...] = ()
    online: bool = False


@dataclass(frozen=True, kw_only=True)
class VerifyWeights:
    """Read every byte of the file sets again and compare the hashes with the record."""

    job: str
    sets: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DeleteWeights:
    """Delete the file sets from the models folder. What lies in a cache of another program is left alone."""

    job: str
    sets: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Inspect:
    """Look again at the devices, the engines and the weights, and answer `Status`."""


SetupRequest = InstallEnvironment | InstallWeights | VerifyWeights | DeleteWeights


# --- from the backend -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class SetupProgress:
    """`fraction` is 0..1 over the whole job. The byte counts are 0 where nothing is being downloaded."""

    job: str
    step: SetupStep
    fraction: float = 0.0
    note: str = ""
    done_bytes: int = 0
    total_bytes: int = 0
    bytes_per_second: float = 0.0


@dataclass(frozen=True, kw_only=True)
class EngineInfo:
    """An engine as the panel lists it; `note` says in one line what it can and cannot do, or what it lacks."""

    id: str
    label: str
    ready: bool
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class DeviceInfo:
    """A device that models can run on. Bytes; for a processor they are the machine's memory."""

    id: str  # "gpu", "gpu:1", "cpu"
    label: str  # "NVIDIA GeForce RTX 3060"
    total_bytes: int = 0
    free_bytes: int = 0
    note: str = ""  # what to expect of it, such as how long an object takes


@dataclass(frozen=True, kw_only=True)
class WeightsInfo:
    """A file set as the panel lists it. `stage` is "locate", "matte", "shape", "split" or "paint"."""

    id: str
    label: str
    stage: str
    size_bytes: int  # of the download; about, until the hub was asked
    state: WeightsState
    licence: str = ""  # its name
    licence_link: str = ""
    must_accept: str = ""  # a key of choices, such as TENCENT_LICENCE; empty: free to download
    folder: str = ""  # where it lies; empty while it is missing
    is_borrowed: bool = False  # lies in a cache of another program
    memory_bytes: int = 0  # what its weights take on a device, about
    note: str = ""  # such as where its licence is not granted, or how much memory it needs
    origin: str = ""  # where it came from, if not from the place that this version knows


@dataclass(frozen=True, kw_only=True)
class EnginePace:
    """How long an engine's jobs took where they are done, the median of the newest."""

    engine: str
    seconds: float  # a thing
    jobs: int


@dataclass(frozen=True, kw_only=True)
class Status:
    """What this machine has. Sent unasked when it is first known, after each change, and as the answer to `Inspect`.

    `cards` are graphics cards that the system tells of where torch is not there yet to try them; none of them is a device. `paces` are known
    of another machine, whose jobs are not all this Blender's.
    """

    devices: tuple[DeviceInfo, ...] = ()
    cards: tuple[DeviceInfo, ...] = ()
    engines: tuple[EngineInfo, ...] = ()
    splitters: tuple[EngineInfo, ...] = ()
    weights: tuple[WeightsInfo, ...] = ()
    paces: tuple[EnginePace, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Something about the whole job that the artist should know once, such as that it goes on with less memory."""

    job: str
    sentence: str
