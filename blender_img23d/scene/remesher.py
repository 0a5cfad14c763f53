"""Meshes of triangles become quads in a Blender of their own beside this one; the result takes their place when it is there."""

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

from ..shared.img23d_protocol.errors import bad_request
from .file_state import FileState
from .materials import base_image, finish_materials
from .replace import fingerprint
from .tags import in_scenes
from .windows import push_undo, why_not_now, workplace_of

_log = logging.getLogger(__name__)

LIMIT = 300.0  # seconds; QuadriFlow needs a few for what the engines make, and has no end on some meshes
_FEWEST = 50  # quads
_PROGRAM = Path(__file__).with_name("quad_program.py")
_NO_QUADS = 3  # see quad_program
_UNFIT = "“{name}” stays as it is: its surface has holes, or parts that run through each other, and Blender makes no quads of it."
_LATE = "“{name}” stays as it is: making quads of it took more than {minutes} minutes. Try fewer faces."
_ENDED = "“{name}” stays as it is: Blender's quad maker ended without a result. Try another number of faces."
_CHANGED = "“{name}” stays as it is: it was changed while quads were made of it."


class RunsBeside(Protocol):
    def status(self) -> int | None: ...

    def end(self) -> None: ...


@dataclass(kw_only=True)
class _Task:
    uid: int
    name: str
    fingerprint: str
    faces: int
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
        return Path(self.folder.name) / "quads.blend"


class Remesher:
    """Main thread only; one mesh at a time, in the order in which they were asked for."""

    def __init__(self, files: FileState, start: Callable[[list[str]], RunsBeside]) -> None:
        """`start` runs a command and may raise OSError."""
        self._files = files
        self._start = start
        self._tasks: deque[_Task] = deque()
        self._work: _Work | None = None
        self.said = ""  # the newest sentence about one that stayed as it is
        self.progress = ""

    @property
    def is_busy(self) -> bool:
        return bool(self._tasks) or self._work is not None

    def want(self, obj: bpy.types.Object, faces: int = 0, tell: Callable[[str], None] = lambda _: None) -> None:
        """About so many quads, 0: half as many as there are triangles. `tell` hears why it was left as it is.

        Raises Img23DError(BAD_REQUEST) for what cannot be changed.
        """
        check_remeshable(obj)
        self.said = ""
        quads = max(faces or len(obj.data.polygons) // 2, _FEWEST)
        task = _Task(
            uid=obj.session_uid, name=obj.name, fingerprint=fingerprint(obj), faces=quads, file_key=self._files.key, tell=tell
        )
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
            self._fail(self._work, _(_LATE).format(name=task.name, minutes=round(LIMIT / 60)))
        else:
            seconds = round(time.monotonic() - self._work.started)
            self.progress = _("Making quads of “{name}”: {seconds} s").format(name=task.name, seconds=seconds)
        return self.progress != before

    # --- steps ------------------------------------------------------------------------------------------------------

    def _begin(self) -> bool:
        if not self._tasks:
            return False
        task = self._tasks.popleft()
        obj = in_scenes().get(task.uid)
        if task.file_key != self._files.key or obj is None:
            return True
        folder = tempfile.TemporaryDirectory(prefix="img23d_quads_", ignore_cleanup_errors=True)
        work = _Work(task=task, folder=folder, program=_Nothing(), started=time.monotonic())
        source = Path(folder.name) / "mesh.blend"
        try:
            bpy.data.libraries.write(str(source), {obj.data}, path_remap="ABSOLUTE", fake_user=True)
            work.program = self._start(_command(source, work.target, task.faces))
        except (OSError, RuntimeError):
            _log.exception("quads of %s could not be begun", task.name)
            self._fail(work, _(_ENDED).format(name=task.name))
            return True
        self._work = work
        return True

    def _end(self, work: _Work, status: int) -> bool:
        task, obj = work.task, in_scenes().get(work.task.uid)
        if status == _NO_QUADS:
            self._fail(work, _(_UNFIT).format(name=task.name))
        elif status != 0 or not work.target.is_file():
            _log.warning("the quads of %s ended with %s", task.name, status)
            self._fail(work, _(_ENDED).format(name=task.name))
        elif obj is None:
            self._leave(work)
        elif not bpy.app.background and why_not_now(workplace_of(obj.users_scene[0])):
            return False  # it is taken as soon as Blender can take it
        elif obj.type != "MESH" or obj.mode != "OBJECT" or fingerprint(obj) != task.fingerprint:
            self._fail(work, _(_CHANGED).format(name=task.name))
        else:
            _put(obj, work.target)
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


def check_remeshable(obj: bpy.types.Object) -> None:
    """Raises Img23DError(BAD_REQUEST) with what to do first."""
    mesh = obj.data
    if obj.library or mesh.library or obj.override_library or mesh.override_library:
        sentence = _("“{name}” is linked from another file: make it local first (Object > Relations > Make Local).")
        raise bad_request(sentence.format(name=obj.name))
    if mesh.shape_keys is not None or len(obj.vertex_groups):
        raise bad_request(_("“{name}” has shape keys or vertex groups, which new faces would lose: remove them first.").format(name=obj.name))
    if len({face.material_index for face in mesh.polygons}) > 1:
        raise bad_request(_("“{name}” shows several materials: only a mesh with one can become quads.").format(name=obj.name))


def _command(source: Path, target: Path, faces: int) -> list[str]:
    """With this Blender's own program, or the Python that has Blender as a module."""
    blender = bpy.app.binary_path
    program = [blender, "-b", "--factory-startup", "-P", str(_PROGRAM)] if blender else [sys.executable, "-s", str(_PROGRAM)]
    return [*program, "--", str(source), str(target), str(faces)]


def _put(obj: bpy.types.Object, path: Path) -> None:
    """All objects with the old mesh get the new one; the material that it shows takes the place of the one that the faces showed."""
    with bpy.data.libraries.load(str(path)) as (there, wanted):
        wanted.meshes = there.meshes[:1]
    (mesh,) = wanted.meshes
    mesh.use_fake_user = False
    old, ours = obj.data, mesh.materials[0] if len(mesh.materials) else None
    finish_materials(mesh, obj.name, lambda sentence: None, plain=old)
    name, slot = old.name, min((face.material_index for face in old.polygons), default=0)
    several = list(old.materials)
    shown = several[slot] if slot < len(several) else None
    old.user_remap(mesh)
    mesh.materials.clear()
    for material in several:
        mesh.materials.append(ours if material == shown else material)
    mesh.polygons.foreach_set("material_index", [min(slot, max(len(several) - 1, 0))] * len(mesh.polygons))
    for one in obj.material_slots:
        if one.link == "OBJECT" and one.material == shown:
            one.material = ours
    _forget(old, shown, ours)
    mesh.name = name
    push_undo(workplace_of(obj.users_scene[0]), "Img23D: Quads")


def _forget(old: bpy.types.Mesh, shown: bpy.types.Material | None, ours: bpy.types.Material | None) -> None:
    """The mesh, and the material and the picture that only it had."""
    if old.users == 0:
        bpy.data.meshes.remove(old)
    if shown is None or shown.users:
        return
    name, image = shown.name, base_image(shown)
    bpy.data.materials.remove(shown)
    if ours is not None:
        ours.name = name
    if image is not None and image.users == 0:
        bpy.data.images.remove(image)
