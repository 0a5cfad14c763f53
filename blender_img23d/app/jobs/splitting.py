"""Makes parts of meshes: from the queue's job to the preview on the object, and from the list to objects of their own.

The preview is an undo step, and so is the cut. Between the two nothing is remembered here: the list lies in the object, and may be saved.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_rpt as _

from ...core.jobs import Job
from ...core.queue.queue import Queue, QueueStep
from ...core.queue.queued_jobs import Splitting, check_picture
from ...core.requests import new_run_folder
from ...core.split_requests import build_close, build_split
from ...scene.file.file_state import FileState
from ...scene.file.tags import find_by_uid
from ...scene.file.windows import Workplace, push_undo, workplace_of, workplace_of_object
from ...scene.parts.source import capture, check_divisible
from ...shared.img23d_protocol import ErrorCode, Img23DError
from ...shared.img23d_protocol.errors import bad_request
from ...shared.img23d_protocol.options.settings import licence_of, splitter_named
from .queued import object_of, view_of
from .result_rows import show_next

if TYPE_CHECKING:
    from ...core.session.session import Session
    from ...scene.parts.lids import Lids
    from ...shared.img23d_protocol.messages import Split


@dataclass(kw_only=True)
class _Work:
    """What is known of a job since it has begun; ids and names only. `state` is that of the faces that were captured."""

    uid: int
    name: str
    file_key: str
    state: str = ""


class Divider:
    """Main thread only. Keeps no reference to anything in bpy.data."""

    def __init__(self, files: FileState, session: Session, queue: Queue) -> None:
        self._files = files
        self._session = session
        self._queue = queue
        self._work: dict[str, _Work] = {}  # by the ids of the jobs
        self._closing = ""  # the job that makes lids for a cut

    @property
    def is_closing(self) -> bool:
        """A cut waits for its lids."""
        return bool(self._closing)

    # --- from the queue ---------------------------------------------------------------------------------------------

    def workplace(self, step: QueueStep) -> Workplace | None:
        """Where its mesh is; None where it is gone, its file is not open, or a picture alone is split."""
        obj = self._object(step)
        return workplace_of_object(obj) if obj is not None else None

    def workplace_for(self, job: Job) -> Workplace | None:
        work = self._work.get(job.id)
        if work is None or work.file_key != self._files.key:
            return None
        obj = find_by_uid(work.uid)
        return workplace_of_object(obj) if obj is not None and obj.users_scene else workplace_of(bpy.context.scene)

    def start(self, step: QueueStep) -> None:
        """Raises Img23DError."""
        splitting = self._splitting
        folder = new_run_folder(Path(self._queue.running.base_folder), _name(splitting))
        obj = self._object(step)
        if splitting.mesh is not None and obj is None:
            raise bad_request(_("“{name}” is no longer in this file, so no parts of it were made.").format(name=step.name))
        if splitting.picture is not None:
            check_picture(splitting.picture)
        request, work = self._request(splitting, obj, folder)
        job = self._session.submit(request, self._files.key)
        self._work[job.id] = work
        self._queue.ran(step, job)
        show_next(bpy.context.window_manager, self._session.jobs)

    def on_divided(self, job: Job) -> None:
        """The preview. Raises Img23DError where the object is gone or has other faces by now."""
        from ...scene.parts.division import show_division  # late: Blender's start waits for what is imported here
        from ...scene.view.part_shading import show_preview_colors

        work = self._known(job)
        obj = find_by_uid(work.uid) if work.uid else None
        if not work.uid:
            self._make_at_once(job)
            return
        if obj is None or not obj.users_scene or obj.type != "MESH":
            raise bad_request(_("“{name}” is no longer in this file, so its parts are not shown.").format(name=work.name))
        check_divisible(obj)
        place = workplace_of_object(obj)
        show_division(obj, work.state, job, place, licence=_licence(job.splitting))
        if not bpy.app.background:
            show_preview_colors(place)
        push_undo(place, "Img23D: parts")

    def on_ended(self, job: Job) -> None:
        """Parts that a model had finished stay, whatever became of the others. Raises Img23DError."""
        if job.is_close:
            self._closing = ""
        elif job.division is None and job.id in self._work and any(one.piece.part is not None for one in job.targets[0].results.values()):
            self.on_divided(job)
        self._work.pop(job.id, None)

    # --- from the list ----------------------------------------------------------------------------------------------

    def cut(self, host: bpy.types.Object, base: Path, *, closed: bool) -> Job | None:
        """The parts of a preview as objects, at once, or where they are to be closed when the job that is returned has made the lids.

        Raises Img23DError.
        """
        from ...scene.parts.division import check_cut, write_for_lids

        check_cut(host)
        place = workplace_of_object(host)
        if not closed or host.img23d_parts.rows[0].files:
            self._cut(host, place, None)
            return None
        if self._session.active is not None:
            raise Img23DError(ErrorCode.BUSY, "Something is being made: wait until it is done, or switch Closed off.")
        folder = Path(host.img23d_parts.folder)
        folder = folder if folder.is_dir() else new_run_folder(base, host.name)
        mesh, labels, state = write_for_lids(host, folder, place)
        job = self._session.submit(build_close(mesh=str(mesh), labels=str(labels), run_folder=folder), self._files.key)
        self._work[job.id] = _Work(uid=host.session_uid, name=host.name, file_key=self._files.key, state=state)
        self._closing = job.id
        return job

    def on_lids(self, job: Job) -> None:
        """Raises Img23DError where the object was changed meanwhile."""
        from ...scene.parts.division import lids_for

        work = self._known(job)
        host = find_by_uid(work.uid)
        if host is None or not host.users_scene or not host.img23d_parts.rows:
            raise bad_request(_("The parts of “{name}” are no longer in this file, so they were not cut.").format(name=work.name))
        place = workplace_of_object(host)
        lids = lids_for(host, job.lids, work.state, place)
        open_names = [row.name for row in host.img23d_parts.rows if row.number in job.open_parts]
        self._cut(host, place, lids)
        if open_names:
            job.add_notes(_("Could not be closed: {names}.").format(names=", ".join(open_names)))

    # --- steps ------------------------------------------------------------------------------------------------------

    @property
    def _splitting(self) -> Splitting:
        return self._queue.running.splitting

    def _known(self, job: Job) -> _Work:
        work = self._work.get(job.id)
        if work is None or work.file_key != self._files.key:
            raise bad_request("Another file is open by now: make the parts again.")
        return work

    def _object(self, step: QueueStep) -> bpy.types.Object | None:
        mesh = self._splitting.mesh
        obj = object_of(self._queue.running.where, self._files, mesh.name, mesh.uid) if mesh is not None else None
        return obj if obj is not None and obj.type == "MESH" else None

    def _request(self, splitting: Splitting, obj: bpy.types.Object | None, folder: Path) -> tuple[Split, _Work]:
        from ...scene.parts.division import view_onto
        from ...scene.parts.mask_file import write_mask

        mesh, work = "", _Work(uid=0, name=_name(splitting), file_key=self._files.key)
        splitter = splitter_named(splitting.settings.parts.splitter)
        if obj is not None and splitter.heeds_mesh:
            check_divisible(obj)
            place = workplace_of_object(obj)
            place.view_layer.update()
            view = view_of(splitting) or view_onto(obj) if splitter.heeds_picture and splitting.picture is not None else None
            captured = capture(obj, view, folder / "mesh.npz", place.view_layer)
            mesh, work = str(folder / "mesh.npz"), _Work(uid=obj.session_uid, name=obj.name, file_key=self._files.key, state=captured.state)
        picture = splitting.picture.path if splitting.picture is not None else ""
        mask = splitting.mask
        if splitting.painted and splitter.heeds_mask:
            mask = str(write_mask(folder / "mask.png", picture, splitting.painted))
        request = build_split(
            name=work.name,
            mesh=mesh,
            picture=picture,
            mask=mask,
            engine=splitting.engine,
            seed=splitting.seed,
            settings=splitting.settings,
            run_folder=folder,
        )
        return request, work

    def _cut(self, host: bpy.types.Object, place: Workplace, lids: Lids | None) -> None:
        from ...scene.parts.division import cut_division
        from ...scene.parts.rows import has_preview
        from ...scene.view.part_shading import give_shading_back

        said: list[str] = []
        cut_division(host, place, lids, said.append)
        if not has_preview(bpy.data.objects):
            give_shading_back()
        for sentence in said:
            self._session.notice = sentence
        push_undo(place, "Img23D: cut into parts")

    def _make_at_once(self, job: Job) -> None:
        """Of a picture alone: there is no mesh that a preview could be shown on."""
        from ...scene.parts.division import import_division

        place = workplace_of(bpy.context.scene)
        import_division(job, place, licence=_licence(job.splitting))
        push_undo(place, "Img23D: parts")


def _name(splitting: Splitting) -> str:
    if splitting.mesh is not None:
        return splitting.mesh.name
    return Path(splitting.picture.path).stem if splitting.picture is not None else "parts"


def _licence(request: Split) -> str:
    """Of what the splitter makes, empty where it asks for nothing."""
    settings = request.settings
    splitter = splitter_named(settings.parts.splitter)
    sets = [name for stage in settings.stages_of(splitter) for name in stage.file_sets()]
    return next(filter(None, (licence_of(name) for name in sets)), splitter.licence)
