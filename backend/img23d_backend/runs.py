"""The run's folder: every cut-out, mesh and texture is kept, and run.json says what made it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import platform
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from img23d_protocol import PROTOCOL_VERSION, ErrorCode, Img23DError
from img23d_protocol.filenames import safe_stem
from img23d_protocol.messages import Box, Generate, Locate, Paint, PhotoCamera, Pose, Stroke, Wanted

from . import __version__, process_memory
from .failures import as_known

RECORD_NAME = "run.json"
RECORD_FORMAT = 1
_SAVE_SHARE = 20  # at most a twentieth of the time goes into records
_REPLACE_TRIES = 5  # Windows refuses while another program has the file open for a moment


class RunState(StrEnum):
    RUNNING = "running"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    FAILED = "failed"


class TargetState(StrEnum):
    FOUND = "found"
    CUT = "cut"
    SHAPED = "shaped"
    PAINTED = "painted"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(kw_only=True)
class ErrorRecord:
    code: str
    sentence: str
    detail: str = ""


@dataclass(kw_only=True)
class PhotoRecord:
    """`width` and `height` are pixels of the upright photo as the stages saw it."""

    path: str
    sha256: str
    width: int = 0
    height: int = 0
    notes: tuple[str, ...] = ()


@dataclass(kw_only=True)
class TargetRecord:
    """`view` (4, 4) takes a homogeneous vertex of the GLB (metres, y up) to (u, v, depth, 1) in the photo's pixels.

    `files` are names in the run's folder: cutout, shape, mesh, texture, uv, preview. `box` is in fractions of the photo,
    `strokes` and `height` (metres, 0 unknown) are what the artist said about it, `pose` is where it stands (see `camera`).
    """

    name: str
    box: Box | None = None
    strokes: tuple[Stroke, ...] = ()
    height: float = 0.0
    pose: Pose | None = None
    state: TargetState = TargetState.FOUND
    cutout_left: int = 0  # the pixel that the cut-out's first one is, in the photo scaled by `cutout_share`
    cutout_top: int = 0
    cutout_share: float = 1.0
    files: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    faces: int = 0
    view: list[list[float]] | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    error: ErrorRecord | None = None

    def add_file(self, state: TargetState, *notes: str, **files: Path) -> None:
        """A step is done: its files, and what there is to say about it."""
        self.state = state
        self.files |= {kind: path.name for kind, path in files.items()}
        self.notes += [note for note in notes if note]


@dataclass(kw_only=True)
class RunRecord:
    """What run.json holds. `job` is the run's id, `seconds` are by step, `pixels_per_metre` is the one scale of all targets,
    `camera` and `row_scale` are as in `Arranged`.
    """

    format: int = RECORD_FORMAT
    kind: str
    job: str = ""
    state: RunState = RunState.RUNNING
    started: str
    engine: str
    seed: int
    settings: dict[str, Any]
    wanted: tuple[Wanted, ...] = ()
    mesh: str = ""  # of a re-texture
    photo: PhotoRecord | None = None
    pixels_per_metre: float = 0.0
    camera: PhotoCamera | None = None
    row_scale: float = 1.0
    targets: list[TargetRecord] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    peak_memory_bytes: int = 0
    versions: dict[str, str] = field(default_factory=dict)
    error: ErrorRecord | None = None


class Run:
    """A folder and its record. Saving is atomic: a reader never sees half a record."""

    def __init__(self, folder: Path, record: RunRecord) -> None:
        self.folder = folder
        self.record = record
        self._next_save = 0.0  # of time.monotonic

    def path_for(self, index: int, suffix: str) -> Path:
        """`03_red_mug_cutout.png`: the number keeps duplicate names, and names that look alike in a file, apart."""
        return self.folder / f"{index:02d}_{safe_stem(self.record.targets[index].name)}{suffix}"

    def save_when_due(self) -> None:
        """Save, unless that was done just now: with 200 targets a record takes 30 ms to write. Raises OSError."""
        if time.monotonic() >= self._next_save:
            self.save()

    def save(self) -> None:
        """Raises OSError."""
        started = time.monotonic()
        self.record.peak_memory_bytes = process_memory.peak_bytes()
        text = json.dumps(dataclasses.asdict(self.record), indent=1, ensure_ascii=False)
        temporary = self.folder / f"{RECORD_NAME}.part"
        temporary.write_text(text + "\n", encoding="utf-8", errors="replace", newline="\n")
        _replace(temporary, self.folder / RECORD_NAME)
        ended = time.monotonic()
        self._next_save = ended + _SAVE_SHARE * (ended - started)

    def end(self, state: RunState, error: Img23DError | None = None) -> None:
        """The last save; a disk that is full or gone does not hide the reason of the end."""
        self.record.state = state
        self.record.error = error_record(error) if error is not None else None
        with contextlib.suppress(OSError):
            self.save()


def open_run(request: Generate | Locate | Paint) -> Run:
    """Make the run's folder and its first record. Raises Img23DError(FOLDER_UNWRITABLE or DISK_FULL)."""
    process_memory.reset_peak()
    run = Run(Path(os.path.abspath(request.run_folder)), _first_record(request))
    try:
        run.folder.mkdir(parents=True, exist_ok=True)
        run.save()
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        known = as_known(error)
        if known.code == ErrorCode.DISK_FULL:
            raise known from error
        sentence = f"The folder “{request.run_folder}” cannot be written: choose another one."
        raise Img23DError(ErrorCode.FOLDER_UNWRITABLE, sentence, str(error)) from error
    return run


def error_record(error: Img23DError) -> ErrorRecord:
    return ErrorRecord(code=error.code, sentence=error.sentence, detail=error.detail)


def _first_record(request: Generate | Locate | Paint) -> RunRecord:
    return RunRecord(
        kind=type(request).__name__.lower(),
        job=request.job,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        engine=request.engine,
        seed=request.seed,
        settings=dataclasses.asdict(request.settings),
        wanted=() if isinstance(request, Paint) else request.wanted,
        mesh=request.mesh if isinstance(request, Paint) else "",
        versions=_versions(),
    )


def _versions() -> dict[str, str]:
    import cv2
    import numpy as np

    return {
        "backend": __version__,
        "protocol": str(PROTOCOL_VERSION),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "platform": f"{sys.platform} {platform.machine()}",
    }


def _replace(source: Path, target: Path) -> None:
    for attempt in range(_REPLACE_TRIES):
        try:
            os.replace(source, target)
            return
        except PermissionError:
            if attempt == _REPLACE_TRIES - 1:
                raise
            time.sleep(0.02)
