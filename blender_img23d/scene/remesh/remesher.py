"""Changes meshes in a second Blender process beside this one, and takes the result when it is there."""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import bpy
from bpy.app.translations import pgettext_rpt as _

from ..file.file_state import FileState
from ..file.tags import in_scenes
from ..file.windows import why_not_now, workplace_of
from ..glb.replace import fingerprint

_log = logging.getLogger(__name__)

LIMIT = 300.0  # seconds; both programs need a few for what the engines make, and QuadriFlow has no end on some meshes
UNFIT = 3  # a program's exit status: nothing can be made of this mesh


class RunsBeside(Protocol):
    def status(self) -> int | None: ...

    def end(self) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Words:
    """Sentences, with {name}: what is being done (and {seconds}), and why a mesh stays as it is (`late`: and {minutes})."""

    doing: str
    changed: str
    late: str
    ended: str
    unfit: str


@dataclass(frozen=True, kw_only=True)
class Change:
    """`program` makes a .blend file of another one: `blender -b --factory-startup -P program -- SOURCE TARGET ARGUMENTS`.

    `write` makes the first file of an object and may raise OSError and RuntimeError; `put` brings what is in the second one to
    the object, as one undo step, and returns what there is to say about it.
    """

    program: Path
    arguments: tuple[str, ...]
    words: Words
    write: Callable[[bpy.types.Object, Path], None]
    put: Callable[[bpy.types.Object, Path], str]


@dataclass(kw_only=True)
class _Task:
    uid: int
    name: str
    fingerprint: str
    change: Change
    file_key: str
    tell: Callable[[str], None]


@dataclass(kw_only=True)
class _Work:
    task: _Task
    folder: tempfile.TemporaryDirectory[str]
    program: RunsBeside
    started: float  # of time.monotonic

    @property
    def target(self) -> Path:
        return Path(self.folder.name) / "made.blend"


class Remesher:
    """Main thread only; one mesh at a time, in the order in which they were asked for."""

    def __init__(self, files: FileState, start: Callable[[list[str]], RunsBeside]) -> None:
        """`start` runs a command and may raise OSError."""
        self._files = files
        self._start = start
        self._tasks: deque[_Task] = deque()
        self._work: _Work | None = None
        self.said = ""  # the newest sentence about one that stayed as it is
        self.done = ""  # what there is to say about the newest one that did not
        self.progress = ""

    @property
    def is_busy(self) -> bool:
        return bool(self._tasks) or self._work is not None

    def want(self, obj: bpy.types.Object, change: Change, tell: Callable[[str], None] = lambda _: None) -> None:
        """`tell` is called with why it was left as it is."""
        self.said = self.done = ""
        task = _Task(uid=obj.session_uid, name=obj.name, fingerprint=fingerprint(obj), change=change, file_key=self._files.key, tell=tell)
        self._tasks.append(task)

    def stop(self) -> None:
        """All that is not finished stays as it is."""
        self._tasks.clear()
        if self._work is not None:
            self._leave(self._work)

    def step(self) -> bool:
        """Called every tick; never waits. True where there is something new to see."""
        before = self.progress
        if self._work is None:
            return self._begin()
        task, status = self._work.task, self._work.program.status()
        if task.file_key != self._files.key:
            self._leave(self._work)
        elif status is not None:
            return self._end(self._work, status)
        elif time.monotonic() - self._work.started > LIMIT:
            self._fail(self._work, _(task.change.words.late).format(name=task.name, minutes=round(LIMIT / 60)))
        else:
            seconds = round(time.monotonic() - self._work.started)
            self.progress = _(task.change.words.doing).format(name=task.name, seconds=seconds)
        return self.progress != before

    # --- steps ------------------------------------------------------------------------------------------------------

    def _begin(self) -> bool:
        if not self._tasks:
            return False
        task = self._tasks.popleft()
        obj = in_scenes().get(task.uid)
        if task.file_key != self._files.key or obj is None:
            return True
        folder = tempfile.TemporaryDirectory(prefix="img23d_mesh_", ignore_cleanup_errors=True)
        work = _Work(task=task, folder=folder, program=_Nothing(), started=time.monotonic())
        source = Path(folder.name) / "mesh.blend"
        try:
            task.change.write(obj, source)
            work.program = self._start(_command(task.change, source, work.target))
        except (OSError, RuntimeError):
            _log.exception("%s of %s could not be begun", task.change.program.stem, task.name)
            self._fail(work, _(task.change.words.ended).format(name=task.name))
            return True
        self._work = work
        return True

    def _end(self, work: _Work, status: int) -> bool:
        task, obj = work.task, in_scenes().get(work.task.uid)
        words = task.change.words
        if status == UNFIT:
            self._fail(work, _(words.unfit).format(name=task.name))
        elif status != 0 or not work.target.is_file():
            _log.warning("%s of %s ended with %s", task.change.program.stem, task.name, status)
            self._fail(work, _(words.ended).format(name=task.name))
        elif obj is None:
            self._leave(work)
        elif not bpy.app.background and why_not_now(workplace_of(obj.users_scene[0])):
            return False  # it is taken as soon as Blender can take it
        elif obj.type != "MESH" or obj.mode != "OBJECT" or fingerprint(obj) != task.fingerprint:
            self._fail(work, _(words.changed).format(name=task.name))
        else:
            self.done = task.change.put(obj, work.target)
            self._leave(work)
        return True

    def _fail(self, work: _Work, sentence: str) -> None:
        self.said = sentence
        work.task.tell(sentence)
        self._leave(work)

    def _leave(self, work: _Work) -> None:
        work.program.end()
        work.folder.cleanup()
        self._work, self.progress = None, ""


class _Nothing:
    def status(self) -> int | None:
        return 0

    def end(self) -> None:
        """There is nothing to end."""


def _command(change: Change, source: Path, target: Path) -> list[str]:
    """With this Blender's own program, or the Python that has Blender as a module."""
    blender, script = bpy.app.binary_path, str(change.program)
    program = [blender, "-b", "--factory-startup", "-P", script] if blender else [sys.executable, "-s", script]
    return [*program, "--", str(source), str(target), *change.arguments]
