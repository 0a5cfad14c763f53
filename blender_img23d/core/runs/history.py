"""Runs of earlier sessions, rebuilt from what they left in their folders."""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from ...shared.img23d_protocol import ProtocolError
from ...shared.img23d_protocol.codec import revive
from ...shared.img23d_protocol.files.filenames import FileName
from ...shared.img23d_protocol.limits import VARIANTS_MAX
from ...shared.img23d_protocol.messages import (
    WHOLE,
    Arranged,
    Box,
    DivisionReady,
    Generate,
    Paint,
    PartInfo,
    PhotoCamera,
    Piece,
    Pose,
    Settings,
    Split,
    Stage,
    Wanted,
)
from ..jobs import Job, JobTarget, Result
from ..plausible import (
    INT_MAX,
    INT_MIN,
    LONGEST_NAME,
    MOST_RESULTS,
    MOST_TARGETS,
    NOTES_KEPT,
    clean_text,
    is_sound_arrangement,
    is_sound_pose,
    sound_box,
    sound_count,
    sound_moment,
    sound_parts,
    sound_seed,
    sound_settings,
    sound_wanted,
)
from ..states import JobState

RECORD_NAME = "run.json"
LONGEST_RECORD = 5_000_000  # bytes; 200 targets need less than a tenth of it
_LONGEST_STEP = 1e9  # seconds: thirty years
_MOST_PIXELS = 1e9  # a metre of the photo
INTERRUPTED = "This run was interrupted; what was finished before can be imported."

_STAMP = re.compile(r"\d{8}-\d{6}")  # what a run's folder begins with, see `requests.new_run_folder`
_STATES = {"finished": JobState.DONE, "failed": JobState.FAILED}  # all others ended before they were done
_STAGES = {"found": Stage.LOCATE, "cut": Stage.MATTE, "shaped": Stage.SHAPE, "painted": Stage.PAINT, "split": Stage.SPLIT}

Value = TypeVar("Value")


def list_runs(base_folder: Path) -> list[Path]:
    """The folders in `<base>/runs`, newest first by the stamp in their names, others by their change; links and hidden ones are left out."""
    try:
        with os.scandir(base_folder / "runs") as entries:
            found = [(_stamp(entry), entry.name) for entry in entries if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")]
    except OSError:
        return []
    return [base_folder / "runs" / name for _, name in sorted(found, reverse=True)]


def is_stamped(folder: Path) -> bool:
    """Whether its name begins as that of a run's folder."""
    return _STAMP.match(folder.name) is not None


def read_run(folder: Path) -> Job | None:
    """The run as a job that is over, or None where the folder holds no record of making or painting that can be read.

    A file that the record names and the folder lacks is left out. Records of older versions do, too.
    """
    try:
        record = _load(folder)
        return _job(record) if record is not None else None
    except (OSError, ValueError, RecursionError):  # damaged, half written, or no longer there
        return None


@dataclass(frozen=True, kw_only=True)
class _Record:
    """A JSON object of the record. What is missing, of another kind or nothing that Blender can hold reads as the default."""

    data: dict[str, Any]
    folder: Path
    names: frozenset[str]  # of the files in the folder: no record can point out of it

    def get(self, key: str, default: Value) -> Value:
        value = self.data.get(key)
        if isinstance(default, float) and type(value) is int and _is_number(value):
            value = float(value)
        if isinstance(default, float) and not _is_number(value):
            return default
        if type(value) is not type(default) or (type(value) is int and not INT_MIN <= value <= INT_MAX):
            return default
        return clean_text(value) if isinstance(value, str) else value

    def inner(self, key: str) -> _Record:
        return self._of(self.data.get(key))

    def each(self, key: str) -> list[_Record]:
        return [self._of(one) for one in self.get(key, [])]

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(clean_text(one) for one in self.get(key, [])[:NOTES_KEPT] if isinstance(one, str))

    def name(self) -> str:
        return self.get("name", "")[:LONGEST_NAME]

    def seconds(self) -> dict[str, float]:
        several = self.get("seconds", {}).items()
        return {str(step): float(value) for step, value in several if _is_number(value) and 0 <= value < _LONGEST_STEP}

    def value(self, key: str, kind: type[Value]) -> Value | None:
        with contextlib.suppress(ProtocolError):
            return revive(kind, self.data.get(key))
        return None

    def file(self, *kinds: str) -> str:
        """The first of these files that is there."""
        files = self.inner("files")
        name = next((name for kind in kinds if (name := files.get(kind, "")) in self.names), "")
        return os.path.join(self.folder, name) if name else ""

    def _of(self, value: Any) -> _Record:
        return _Record(data=value if isinstance(value, dict) else {}, folder=self.folder, names=self.names)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < 1e300  # neither NaN nor infinity, which Python's JSON reads


def _load(folder: Path) -> _Record | None:
    """None for what is not ours. Raises OSError, ValueError."""
    path = folder / RECORD_NAME
    found = path.stat()
    if not stat.S_ISREG(found.st_mode) or found.st_size > LONGEST_RECORD:  # a pipe would be read for ever
        return None
    data = json.loads(path.read_bytes())
    is_ours = isinstance(data, dict) and data.get("kind") in tuple(_REQUESTS) and isinstance(data.get("targets"), list)
    is_ours = is_ours and len(data["targets"]) <= MOST_TARGETS
    return _Record(data=data, folder=folder, names=frozenset(os.listdir(folder))) if is_ours else None


def _job(record: _Record) -> Job:
    photo, error = record.inner("photo"), record.inner("error")
    state = _STATES.get(record.get("state", ""), JobState.CANCELLED)
    was_interrupted = record.get("state", "") not in (*_STATES, "cancelled")
    seconds, started = record.seconds(), _started(record)
    job = Job(
        id=record.get("job", "") or record.folder.name,  # the oldest records have none
        request=_REQUESTS[record.get("kind", "")](record),
        state=state,
        targets=[_target(one) for one in record.each("targets")],
        notes=(*photo.texts("notes"), *((INTERRUPTED,) if was_interrupted else ())),
        photo_size=(photo.get("width", 0), photo.get("height", 0)),
        edited=_edited(record),
        code=error.get("code", ""),
        error=error.get("sentence", ""),
        detail=error.get("detail", ""),
        arranged=_arranged(record),
        seconds=sum(seconds.values()),
        memory_bytes=max(record.get("peak_memory_bytes", 0), 0),
        card_bytes=max(record.get("peak_card_bytes", 0), 0),
        started=started,
        ended=started + sum(seconds.values()),
        is_past=True,
        was_interrupted=was_interrupted,
        stage_seconds=seconds,
    )
    if job.is_retexture:
        _add_painting(job, record)
    elif job.is_split:
        job.division = _division(record)
    return job


def _generate(record: _Record) -> Generate:
    scale = record.get("pixels_per_metre", 0.0)
    return Generate(
        job=record.get("job", "") or record.folder.name,
        photo=record.inner("photo").get("path", ""),
        original=record.get("original", ""),
        run_folder=str(record.folder),
        wanted=_wanted(record),
        engine=record.get("engine", ""),
        seed=sound_seed(record.get("seed", 0)),
        variants=_variants(record),
        varies=record.get("varies", False),
        pixels_per_metre=scale if 0.0 <= scale < _MOST_PIXELS else 0.0,
        settings=_settings(record),
    )


def _edited(record: _Record) -> str:
    """The path of the picture that the photo was edited into, where it is there."""
    name = record.get("edited", "")
    return os.path.join(record.folder, name) if name in record.names else ""


def _variants(record: _Record) -> int:
    """1 where the targets could not be so many of each thing."""
    variants = record.get("variants", 1)
    is_sound = 1 <= variants <= VARIANTS_MAX and len(record.each("targets")) % variants == 0
    return variants if is_sound else 1


def _paint(record: _Record) -> Paint:
    targets = record.each("targets")
    return Paint(
        job=record.get("job", "") or record.folder.name,
        mesh=record.get("mesh", ""),
        picture=record.inner("photo").get("path", ""),
        run_folder=str(record.folder),
        name=targets[0].name() if targets else "",
        engine=record.get("engine", ""),
        seed=sound_seed(record.get("seed", 0)),
        settings=_settings(record),
    )


def _split(record: _Record) -> Split:
    targets = record.each("targets")
    return Split(
        job=record.get("job", "") or record.folder.name,
        run_folder=str(record.folder),
        name=targets[0].name() if targets else "",
        mesh=record.get("mesh", ""),
        picture=record.inner("photo").get("path", ""),
        mask=record.get("mask", ""),
        engine=record.get("engine", ""),
        seed=sound_seed(record.get("seed", 0)),
        settings=_settings(record),
    )


_REQUESTS: dict[str, Callable[[_Record], Generate | Paint | Split]] = {"generate": _generate, "paint": _paint, "split": _split}


def _division(record: _Record) -> DivisionReady | None:
    """None where the run ended before it was known."""
    try:  # one that cannot be read takes the others with it, since they belong to their numbers
        found = [revive(PartInfo, one) for one in record.get("parts", [])[:MOST_RESULTS]]
    except ProtocolError:
        return None
    if not found:
        return None
    labels = next((target.file("labels") for target in record.each("targets")[:1]), "")
    job = record.get("job", "") or record.folder.name
    return DivisionReady(job=job, labels=FileName(labels) if labels else None, parts=sound_parts(found))


def _settings(record: _Record) -> Settings:
    return sound_settings(record.value("settings", Settings) or Settings())


def _wanted(record: _Record) -> tuple[Wanted, ...]:
    """Empty where one of them cannot be read, since they belong to the targets by their places."""
    try:
        return tuple(sound_wanted(revive(Wanted, one)) for one in record.get("wanted", [])[:MOST_TARGETS])
    except ProtocolError:
        return ()


def _target(record: _Record) -> JobTarget:
    state, results = record.get("state", ""), {one.piece: one for one in _results(record)}
    is_painted = any(one.textured for one in results.values()) or bool(record.file("texture"))
    reached = Stage.PAINT if is_painted else Stage.SHAPE if results else Stage.MATTE
    return JobTarget(
        name=record.name(),
        box=sound_box(record.value("box", Box)),
        stage=_STAGES.get(state, reached),
        fraction=1.0,
        notes=record.texts("notes"),
        error=record.inner("error").get("sentence", ""),
        detail=record.inner("error").get("detail", ""),
        is_cancelled=state == "cancelled",
        cutout=record.file("edited", "cutout"),
        splat_file=record.file("ply"),
        preview=record.file("preview"),
        results=results,
        is_painted=is_painted,
        stage_seconds=record.seconds(),
    )


def _results(record: _Record) -> list[Result]:
    """Those whose first file is there. Where the whole mesh is not among them, as in a record of an older version or where its file
    is gone, it is what the target's files say."""
    found = [one for one in map(_result, record.each("results")[:MOST_RESULTS]) if one is not None]
    path = record.file("mesh", "shape")
    if not path or any(one.piece == WHOLE for one in found):
        return found
    return [Result(path=path, textured=bool(record.file("mesh")), count=sound_count(record.get("faces", 0))), *found]


def _result(record: _Record) -> Result | None:
    """None for a kind that this version does not know, and where its file is gone."""
    names = [name for name in record.get("files", []) if isinstance(name, str)]
    piece = record.value("piece", Piece)
    if piece is None or not names or names[0] not in record.names:
        return None
    first, *others = (os.path.join(record.folder, name) for name in names if name in record.names)
    return Result(
        piece=piece,
        path=first,
        textured=record.get("textured", False),
        count=sound_count(record.get("count", 0)),
        name=record.name(),
        others=tuple(others),
    )


def _add_painting(job: Job, record: _Record) -> None:
    for target in record.each("targets")[:1]:
        job.texture, job.uv = target.file("texture"), target.file("uv")


def _arranged(record: _Record) -> Arranged | None:
    camera = record.value("camera", PhotoCamera)
    if camera is None:
        return None
    poses = (target.value("pose", Pose) for target in record.each("targets"))
    sound = tuple(pose if pose is not None and is_sound_pose(pose) else None for pose in poses)
    job = record.get("job", "") or record.folder.name
    found = Arranged(job=job, camera=camera, poses=sound, row_scale=record.get("row_scale", 1.0), note=record.get("note", ""))
    return found if is_sound_arrangement(found) else None


def _started(record: _Record) -> float:
    """Seconds since 1970; the time of the record's last change where it does not say."""
    try:
        return sound_moment(datetime.fromisoformat(record.get("started", "")).timestamp())
    except (ValueError, OverflowError, OSError):
        return sound_moment((record.folder / RECORD_NAME).stat().st_mtime)


def _stamp(entry: os.DirEntry[str]) -> str:
    match = _STAMP.match(entry.name)
    if match:
        return match[0]
    try:
        return time.strftime("%Y%m%d-%H%M%S", time.localtime(entry.stat(follow_symlinks=False).st_mtime))
    except (OSError, OverflowError, ValueError):  # gone meanwhile, or of a time that no calendar has
        return ""
