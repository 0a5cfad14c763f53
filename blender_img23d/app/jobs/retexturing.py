"""Re-textures meshes one after the other, in the queue's order.

Each is an undo step of its own: it arrives minutes after the one before, and an artist who went on working meanwhile must
not lose that work by taking a texture back.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_rpt as _

from ...core.jobs import Job
from ...core.queue.queue import Queue, QueueStep, StepState
from ...core.queue.queued_jobs import MeshToPaint, Painting, check_picture
from ...core.requests import new_run_folder
from ...core.retexture_requests import build_paint, build_unwrap
from ...scene.file.file_state import FileState
from ...scene.file.tags import find_by_uid
from ...scene.file.windows import Workplace, push_undo, workplace_of_object
from ...scene.mesh.uv_maps import load_layout
from ...scene.mesh.world_file import state_of
from ...scene.retexture.apply import apply_painting
from ...scene.retexture.capture import Captured, capture_grown, capture_mesh
from ...scene.retexture.own_splats import write_own_splats
from ...scene.retexture.paintable import check_paintable, sharing_note
from ...scene.retexture.views import front_view
from ...scene.view.first_look import show_textures_where_untouched
from ...shared.img23d_protocol.errors import bad_request
from ...shared.img23d_protocol.messages import Paint, Unwrap, UvSource
from ...shared.img23d_protocol.options.settings import SPLAT_PAINTER
from .queued import object_of, view_of
from .result_rows import show_next

if TYPE_CHECKING:
    from ...core.session.session import Session


@dataclass(kw_only=True)
class _Work:
    """What is known of a mesh since its step has begun; ids and names only. `layout` is the file of a new UV map, once there is one."""

    uid: int
    file_key: str
    folder: Path
    captured: Captured
    layout: str = ""


class Retexturer:
    """Main thread only. Keeps no reference to anything in bpy.data."""

    def __init__(self, files: FileState, session: Session, queue: Queue) -> None:
        self._files = files
        self._session = session
        self._queue = queue
        self._work: dict[int, _Work] = {}  # by the indices of the steps

    @property
    def progress(self) -> str:
        """Which of several meshes it is, while they are worked on; else empty."""
        steps = self._queue.steps
        number = sum(step.state.is_over for step in steps) + 1
        if len(steps) < 2 or number > len(steps):
            return ""
        step = next(step for step in steps if not step.state.is_over)
        return _("Mesh {number} of {count}: {name}").format(number=number, count=len(steps), name=step.name)

    @property
    def folders(self) -> set[str]:
        """Of the runs that this row of meshes works in."""
        return {str(work.folder) for work in self._work.values()} if self._queue.is_busy else set()

    def begin(self) -> None:
        """Another job's meshes are due."""
        self._work = {}

    def workplace(self, step: QueueStep) -> Workplace | None:
        """Where its mesh is; None where it is gone, or its file is not open."""
        obj = self._object(step)
        return workplace_of_object(obj) if obj is not None else None

    def workplace_for(self, job: Job) -> Workplace | None:
        step = self._step_of(job)
        return self.workplace(step) if step is not None else None

    def start(self, step: QueueStep) -> None:
        """Raises Img23DError."""
        obj = self._checked_object(step)
        place = workplace_of_object(obj)
        place.view_layer.update()  # for where it stands
        if step.state is StepState.LAID_OUT:
            request, notes = self._paint_grown(step, obj, place)
        else:
            request, notes = self._capture(step, obj, place)
        job = self._session.submit(request, self._files.key, instead_of=step.job)
        job.add_notes(*notes)
        self._queue.ran(step, job)
        show_next(bpy.context.window_manager, self._session.jobs)

    def apply(self, job: Job) -> None:
        """Raises Img23DError where the object is gone or has other faces than the painted ones."""
        step = self._step_of(job)
        obj = self._checked_object(step)
        work = self._work[step.index]
        uv_name = apply_painting(obj, job, layout=job.uv or work.layout, own_map=work.captured.own_map)
        if obj.data.uv_layers.active.name == uv_name:  # Solid shading shows every picture by that one
            show_textures_where_untouched(workplace_of_object(obj))
        push_undo(workplace_of_object(obj), "Img23D: re-texture")

    def on_laid_out(self, job: Job) -> None:
        step = self._step_of(job)
        if step is not None:
            self._work[step.index].layout = job.uv

    # --- steps ------------------------------------------------------------------------------------------------------

    @property
    def _painting(self) -> Painting:
        return self._queue.running.painting

    def _mesh(self, step: QueueStep) -> MeshToPaint:
        return self._painting.meshes[step.index]

    def _step_of(self, job: Job) -> QueueStep | None:
        """None for what is no re-texture."""
        return self._queue.step_of(job) if job.is_retexture else None

    def _object(self, step: QueueStep) -> bpy.types.Object | None:
        work = self._work.get(step.index)
        if work is None:
            mesh = self._mesh(step)
            return object_of(self._queue.running.where, self._files, mesh.name, mesh.uid)
        obj = find_by_uid(work.uid) if work.file_key == self._files.key else None
        return obj if obj is not None and obj.users_scene else None

    def _checked_object(self, step: QueueStep) -> bpy.types.Object:
        """Raises Img23DError where it is gone, or not any more what was captured."""
        obj, work = self._object(step), self._work.get(step.index)
        if obj is None or obj.type != "MESH":
            sentence = _("“{name}” is no longer in this file, so its new texture was not used.") if step.job is not None else _gone()
            raise bad_request(sentence.format(name=step.name))
        check_paintable(obj, wants_own=bool(work and work.captured.own_map))
        if work is not None and not _is_as_captured(obj.data, work.captured.own_map, work.captured.state):
            raise bad_request(_("The faces or UV maps of “{name}” were changed meanwhile: press Re-texture again.").format(name=obj.name))
        return obj

    def _capture(self, step: QueueStep, obj: bpy.types.Object, place: Workplace) -> tuple[Unwrap | Paint, tuple[str, ...]]:
        painting, picture = self._painting, self._mesh(step).picture
        check_picture(picture)
        folder = new_run_folder(Path(self._queue.running.base_folder), picture.path)
        path, wants_own = folder / "mesh.npz", painting.uv is UvSource.OWN
        view = view_of(painting) or front_view(obj)
        captured = capture_mesh(obj, view, path, place.view_layer, wants_own=wants_own)
        self._work[step.index] = _Work(uid=obj.session_uid, file_key=self._files.key, folder=folder, captured=captured)
        uv = UvSource.OWN if captured.own_map else UvSource.NEW
        notes = (*captured.notes, *sharing_note(obj))
        if not captured.grows:
            request, further = self._paint(step, obj, str(path), uv)
            return request, (*notes, *further)
        size = painting.settings.common.texture_size
        return build_unwrap(mesh=str(path), name=step.name, uv=uv, texture_size=size, run_folder=folder), notes

    def _paint_grown(self, step: QueueStep, obj: bpy.types.Object, place: Workplace) -> tuple[Paint, tuple[str, ...]]:
        work = self._work[step.index]
        path, view = work.folder / "grown.npz", view_of(self._painting) or front_view(obj)
        layout = load_layout(work.layout, obj.data) if work.layout else None
        notes = capture_grown(obj, view, path, place.view_layer, layout=layout, own_map=work.captured.own_map)
        request, further = self._paint(step, obj, str(path), UvSource.GIVEN)
        return request, (*notes, *further)

    def _paint(self, step: QueueStep, obj: bpy.types.Object, mesh: str, uv: UvSource) -> tuple[Paint, tuple[str, ...]]:
        painting, folder = self._painting, self._work[step.index].folder
        splats = write_own_splats(obj, folder / "splats.ply") if painting.from_splats else ""
        engine, settings = painting.engine, painting.settings
        if splats:
            engine, settings = SPLAT_PAINTER.id, settings.changed(**SPLAT_PAINTER.splat_painting)
        request = build_paint(
            mesh=mesh,
            picture=self._mesh(step).picture.path,
            splats=splats,
            name=step.name,
            engine=engine,
            seed=painting.seed,
            settings=settings,
            run_folder=folder,
            uv=uv,
        )
        lacks = painting.from_splats and not splats
        return request, (_("“{name}” has no splats of its own, so the picture alone paints it.").format(name=obj.name),) if lacks else ()


def _gone() -> str:
    return _("“{name}” is no longer in this file, so it was not re-textured.")


def _is_as_captured(mesh: bpy.types.Mesh, own_map: str, state: str) -> bool:
    return (not own_map or own_map in mesh.uv_layers) and state_of(mesh, own_map) == state
