"""The run's folder: every cut-out, mesh and texture is kept, and run.json says what made it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
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
from img23d_protocol.files.disk_errors import disk_error
from img23d_protocol.files.filenames import safe_stem
from img23d_protocol.files.whole_files import write_whole
from img23d_protocol.messages import (
    WHOLE,
    Box,
    Edit,
    Generate,
    Locate,
    Paint,
    PartInfo,
    PhotoCamera,
    Piece,
    Point,
    Pose,
    ResultReady,
    ShapeKind,
    SidePhoto,
    Split,
    Stroke,
    Wanted,
)

from .. import __version__
from ..machine import memory
from .failures import as_known

log = logging.getLogger(__name__)

RECORD_NAME = "run.json"
RECORD_FORMAT = 1
_SAVE_SHARE = 20  # at most a twentieth of the time goes into records
_ROOM = 2048  # bytes of blanks behind the record while its run goes on: how it ended fits there on a full disk


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
    SPLIT = "split"
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
class ResultRecord:
    """A result as it was announced, see `ResultReady`; `files` are names, too."""

    piece: Piece
    files: list[str]
    textured: bool
    count: int
    name: str = ""


@dataclass(kw_only=True)
class TargetRecord:
    """`view` (4, 4) takes a homogeneous vertex of the GLB (metres, y up) to (u, v, depth, 1) in the photo's pixels.

    `files` are names in the run's folder: cutout, side_left, side_back, side_right, edited, shape, mesh, ply, spz, texture, uv,
    preview, and of one that was split labels, parts, mask. `box` is in
    fractions of the photo, `point`, `strokes`, `height` (metres, 0 unknown), `shape`, `sides`, `wanted_faces` (0: the settings') and
    `is_edited` are what the artist said about it, `pose` is where it stands (see `camera`).
    """

    name: str
    box: Box | None = None
    point: Point | None = None
    strokes: tuple[Stroke, ...] = ()
    height: float = 0.0
    shape: ShapeKind = ShapeKind.AUTO
    sides: tuple[SidePhoto, ...] = ()
    wanted_faces: int = 0
    is_edited: bool = True
    pose: Pose | None = None
    state: TargetState = TargetState.FOUND
    cutout_left: int = 0  # the pixel that the cut-out's first one is, in the photo scaled by `cutout_share`
    cutout_top: int = 0
    cutout_share: float = 1.0
    files: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    results: list[ResultRecord] = field(default_factory=list)  # the newest of each piece
    faces: int = 0
    view: list[list[float]] | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    error: ErrorRecord | None = None

    def add_file(self, state: TargetState, *notes: str, **files: Path) -> None:
        """A step is done: its files, and what there is to say about it."""
        self.state = state
        self.files |= {kind: path.name for kind, path in files.items()}
        self.notes += [note for note in notes if note]

    def add_result(self, ready: ResultReady) -> None:
        """As it is announced; an older one of the same piece is not imported any more."""
        made = ResultRecord(piece=ready.piece, files=list(ready.files), textured=ready.textured, count=ready.count, name=ready.name)
        self.results = [*(one for one in self.results if one.piece != ready.piece), made]
        if ready.piece == WHOLE:
            self.faces = ready.count


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
    variants: int = 1  # of each thing, and whether the first is varied as well, as in `Generate`
    varies: bool = False
    mesh: str = ""  # of a re-texture, or of what was split
    mask: str = ""  # of a picture that was split by it
    parts: tuple[PartInfo, ...] = ()  # of what was split, by their numbers
    original: str = ""  # the path of the photo that `photo` was edited from by an earlier run
    edited: str = ""  # the name of the edited picture, which boxes and views refer to; empty: to the photo
    photo: PhotoRecord | None = None
    pixels_per_metre: float = 0.0
    camera: PhotoCamera | None = None
    row_scale: float = 1.0
    targets: list[TargetRecord] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    peak_memory_bytes: int = 0
    peak_card_bytes: int = 0  # of all graphics cards together
    versions: dict[str, str] = field(default_factory=dict)
    error: ErrorRecord | None = None


class Run:
    """A folder and its record. Saving is atomic: a reader never sees half a record."""

    def __init__(self, folder: Path, record: RunRecord) -> None:
        self.folder = folder
        self.record = record
        self._saved: dict[str, Any] = {}  # what the file holds
        self._next_save = 0.0  # of time.monotonic

    def path_for(self, index: int, suffix: str) -> Path:
        """`03_red_mug_cutout.png`: the number keeps duplicate names, and names that look alike in a file, apart."""
        return self.folder / f"{index:02d}_{safe_stem(self.record.targets[index].name)}{suffix}"

    def save_when_due(self) -> None:
        """Save, unless that was done just now: with 200 targets a record takes 30 ms to write. Raises OSError."""
        if time.monotonic() >= self._next_save:
            self.save()

    def save(self) -> None:
        """The last save waits until it is on the disk. Raises OSError."""
        started = time.monotonic()
        self.record.peak_memory_bytes, self.record.peak_card_bytes = memory.peak_bytes(), memory.card_peak_bytes()
        data, is_over = dataclasses.asdict(self.record), self.record.state is not RunState.RUNNING
        text = _bytes_of(data, indent=1) + (b"" if is_over else b" " * _ROOM) + b"\n"
        write_whole(self.folder / RECORD_NAME, text, durable=is_over)
        self._saved = data
        ended = time.monotonic()
        self._next_save = ended + _SAVE_SHARE * (ended - started)

    def end(self, state: RunState, error: Img23DError | None = None) -> None:
        """The last save. Where there is no room for it, it is written over the one before, which needs none.

        A disk that cannot be written at all does not hide the reason of the end.
        """
        self.record.state = state
        self.record.error = error_record(error) if error is not None else None
        try:
            self.save()
        except OSError as refusal:
            log.warning("the record is written in place: %s", refusal)
            with contextlib.suppress(OSError):
                self._save_in_place(refusal)

    def _save_in_place(self, refusal: OSError) -> None:
        """Without the blanks that make a record easy to read; if it still is too long, the one before with how it ended.

        Raises OSError.
        """
        known = self.record.error or error_record(as_known(refusal))
        path, whole = self.folder / RECORD_NAME, dataclasses.asdict(self.record)
        end = {"state": RunState.FAILED, "error": dataclasses.asdict(dataclasses.replace(known, detail=""))}
        size = path.stat().st_size
        data = next((one for one in map(_bytes_of, (whole, whole | end, self._saved | end)) if len(one) < size), None)
        if data is None:
            return
        with open(path, "r+b", buffering=0) as file:
            file.write(data.ljust(size - 1) + b"\n")
            os.fsync(file.fileno())


def open_run(request: Edit | Generate | Locate | Paint | Split) -> Run:
    """Make the run's folder and its first record. Raises Img23DError(FOLDER_UNWRITABLE or DISK_FULL)."""
    memory.reset_peak()
    run = Run(Path(os.path.abspath(request.run_folder)), _first_record(request))
    make_folder(run.folder)
    try:
        run.save()
    except (OSError, ValueError) as error:
        with contextlib.suppress(OSError, ValueError):
            run.folder.rmdir()  # unless something lies in it
        raise _refusal(error, run.folder) from error
    return run


def make_folder(folder: Path) -> None:
    """Raises Img23DError(FOLDER_UNWRITABLE, DISK_FULL)."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise _refusal(error, folder) from error


def _refusal(error: OSError | ValueError, folder: Path) -> Img23DError:
    known = disk_error(error, folder) if isinstance(error, OSError) else None
    sentence = f"The folder “{folder}” cannot be written: choose another one."
    return known or Img23DError(ErrorCode.FOLDER_UNWRITABLE, sentence, str(error))


def error_record(error: Img23DError) -> ErrorRecord:
    return ErrorRecord(code=error.code, sentence=error.sentence, detail=error.detail)


def _first_record(request: Edit | Generate | Locate | Paint | Split) -> RunRecord:
    return RunRecord(
        kind=type(request).__name__.lower(),
        job=request.job,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        engine=request.engine,
        seed=request.seed,
        settings=dataclasses.asdict(request.settings),
        wanted=request.wanted if isinstance(request, Generate | Locate) else (),
        variants=request.variants if isinstance(request, Generate) else 1,
        varies=isinstance(request, Generate) and request.varies,
        original=request.original if isinstance(request, Generate | Locate) else "",
        mesh=request.mesh if isinstance(request, Paint | Split) else "",
        mask=request.mask if isinstance(request, Split) else "",
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


def _bytes_of(data: dict[str, Any], indent: int | None = None) -> bytes:
    return json.dumps(data, indent=indent, ensure_ascii=False).encode("utf-8", "replace")
