"""A job's outcome from its messages: the command line's results and its exit code."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from img23d_protocol import ErrorCode
from img23d_protocol.files.filenames import in_folder
from img23d_protocol.messages import (
    WHOLE,
    Box,
    Cancelled,
    CutoutReady,
    Failed,
    Finished,
    FromBackend,
    Generate,
    Located,
    Notice,
    PictureReady,
    Piece,
    ResultKind,
    ResultReady,
    TargetFailed,
)

_SPLATS = Piece(kind=ResultKind.SPLATS)
# Failures that are not the input's fault.
OUR_SIDE = {
    ErrorCode.INTERNAL,
    ErrorCode.OUT_OF_MEMORY,
    ErrorCode.DISK_FULL,
    ErrorCode.ENGINE_NOT_READY,
    ErrorCode.ENVIRONMENT_BROKEN,
    ErrorCode.DRIVER_TOO_OLD,
    ErrorCode.DEVICE_LOST,
    ErrorCode.WEIGHTS_MISSING,
    ErrorCode.WEIGHTS_DAMAGED,
    ErrorCode.WEIGHTS_UNFIT,
    ErrorCode.NO_SURFACE,
}


@dataclass(kw_only=True)
class Error:
    code: str
    sentence: str


@dataclass(kw_only=True)
class Target:
    name: str
    box: Box | None
    cutout: str = ""
    mesh: str = ""
    textured: bool = False
    faces: int = 0
    splats: list[str] = field(default_factory=list)  # the PLY, and the SPZ where one was wanted
    splat_count: int = 0
    notes: list[str] = field(default_factory=list)
    error: Error | None = None


@dataclass(kw_only=True)
class Outcome:
    """Filled by `take` with one message after the other."""

    state: str = "failed"
    run_folder: str = ""
    engine: str = ""
    seed: int = 0
    edited: str = ""  # the picture that a model has made of the photo, which the boxes refer to
    notes: tuple[str, ...] = ()
    targets: list[Target] = field(default_factory=list)
    seconds: float = 0.0
    error: Error | None = None

    def begin(self, request: Generate) -> None:
        self.run_folder, self.engine, self.seed = request.run_folder, request.engine, request.seed

    def take(self, message: FromBackend) -> None:
        match message:
            case Located():
                self.notes += message.notes
                self.targets = [Target(name=target.name, box=target.box) for target in message.targets]
            case Notice():
                self.notes += (message.sentence,)
            case CutoutReady():
                self.targets[message.target].cutout = in_folder(self.run_folder, message.file)
                self._note(message.target, message.note)
            case PictureReady() if message.target < 0:
                self.edited = in_folder(self.run_folder, message.file)
            case PictureReady():
                self.targets[message.target].cutout = in_folder(self.run_folder, message.file)
                self._note(message.target, message.note)
            case ResultReady():
                self._keep(message)
            case TargetFailed():
                self.targets[message.target].error = Error(code=message.code, sentence=message.sentence)
            case Finished():
                self.state, self.seconds = "finished", round(message.seconds, 3)
            case Cancelled():
                self.state = "cancelled"
            case Failed():
                self.fail(message.code, message.sentence)

    def fail(self, code: str, sentence: str) -> None:
        self.error = Error(code=code, sentence=sentence)

    @property
    def exit_code(self) -> int:
        if self.state == "cancelled":
            return 130
        if self.error is not None:
            return 1 if self.error.code in OUR_SIDE else 2
        return 1 if any(target.error is not None for target in self.targets) else 0

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    def lines(self) -> Iterator[str]:
        """For people: the notes, one line a target, and where it all lies."""
        yield from self.notes
        if self.edited:
            yield f"The cleaned picture: {Path(self.edited).name}"
        for target in self.targets:
            if target.mesh:
                yield f"{target.name}: {Path(target.mesh).name}, {target.faces:,} faces"
            if target.splats:
                yield f"{target.name}: {' and '.join(Path(path).name for path in target.splats)}, {target.splat_count:,} splats"
            if target.error is not None:
                yield f"{target.name}: {target.error.sentence}"
        if self.state == "finished":
            yield f"{self.run_folder} ({self.seconds:.1f} s, seed {self.seed})"
        elif self.state == "cancelled":
            yield "Cancelled; what was finished stays."

    def _keep(self, ready: ResultReady) -> None:
        target = self.targets[ready.target]
        paths = [in_folder(self.run_folder, name) for name in ready.files]
        if ready.piece == WHOLE:
            target.mesh, target.textured, target.faces = paths[0], ready.textured, ready.count
        elif ready.piece == _SPLATS:
            target.splats, target.splat_count = paths, ready.count
        self._note(ready.target, ready.note)

    def _note(self, target: int, note: str) -> None:
        if note:
            self.targets[target].notes.append(note)
