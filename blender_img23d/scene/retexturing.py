"""Meshes that get a picture, one after the other.

Each is an undo step of its own: it arrives minutes after the one before, and an artist who went on working meanwhile must
not lose that work by taking a texture back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_rpt as _

from ..core.jobs import Job
from ..core.requests import checked_photo, new_run_folder
from ..core.retexture_requests import build_paint, build_unwrap
from ..shared.img23d_protocol import ErrorCode, Img23DError
from ..shared.img23d_protocol.errors import bad_request
from ..shared.img23d_protocol.messages import Cancelled, Failed, Finished, Paint, Unwrap, UvSource
from .capture import capture_grown, capture_mesh, state_of
from .file_state import FileState
from .first_look import show_textures_where_untouched
from .paintable import check_paintable, sharing_note
from .result_rows import show_job
from .retexture import apply_painting
from .tags import find_by_uid
from .turns import Turn, TurnState, Wish
from .uv_maps import load_layout
from .windows import Workplace, push_undo, workplace_of

if TYPE_CHECKING:
    from ..core.session import Session


class Retexturer:
    """Main thread only. Keeps no reference to anything in bpy.data."""

    def __init__(self, files: FileState, session: Session, failures: dict[tuple[str, int], str]) -> None:
        """`failures` are the sentences that the result list shows, by job and target."""
        self.turns: list[Turn] = []  # of the newest wish
        self._files = files
        self._session = session
        self._failures = failures
        self._wish: Wish | None = None
        self._file_key = ""

    @property
    def is_busy(self) -> bool:
        return any(not turn.state.is_over for turn in self.turns)

    @property
    def progress(self) -> str:
        """Which of several meshes it is, while they are worked on; else empty."""
        number = sum(turn.state.is_over for turn in self.turns) + 1
        if len(self.turns) < 2 or number > len(self.turns):
            return ""
        turn = next(turn for turn in self.turns if not turn.state.is_over)
        return _("Mesh {number} of {count}: {name}").format(number=number, count=len(self.turns), name=turn.name)

    def begin(self, wish: Wish, objects: Sequence[bpy.types.Object]) -> Job:
        """The first one's job; the others follow by `start_next`. Raises Img23DError where none can be begun."""
        if self.is_busy or self._session.active is not None:
            raise Img23DError(ErrorCode.BUSY, "A job is running already: wait for it to finish, or cancel it.")
        self._wish, self._file_key = wish, self._files.key
        self.turns = [Turn(uid=obj.session_uid, name=obj.name) for obj in objects]
        while self.start_next():
            pass
        job = next((turn.job for turn in self.turns if turn.state is TurnState.RUNNING), None)
        if job is None:
            sentence, self.turns = self.turns[0].sentence, []
            raise bad_request(sentence)
        return job

    def next_workplace(self) -> Workplace | None:
        """Where the next mesh is that has to be taken from the scene; None where nothing is to be begun."""
        turn = self._next()
        obj = self._object(turn) if turn is not None else None
        return _workplace(obj) if obj is not None else None

    def start_next(self) -> bool:
        """Begin what is due. False where nothing is, or another job runs."""
        turn = self._next()
        if turn is None:
            return False
        try:
            self._start(turn)
        except Img23DError as error:
            self.fail(turn, error.sentence)
        return True

    def fail(self, turn: Turn, sentence: str) -> None:
        turn.fail(sentence)
        if turn.job is not None:
            self._failures[turn.job.id, 0] = sentence

    def fail_next(self, sentence: str) -> None:
        turn = self._next()
        if turn is not None:
            self.fail(turn, sentence)

    def stop(self) -> None:
        """What was not begun stays as it is."""
        for turn in self.turns:
            if not turn.state.is_over:
                turn.state = TurnState.DROPPED

    def workplace(self, job: Job) -> Workplace | None:
        turn = self._turn_of(job)
        obj = self._object(turn) if turn is not None else None
        return _workplace(obj) if obj is not None else None

    def apply(self, job: Job) -> None:
        """Raises Img23DError where the object is gone or has other faces than the painted ones."""
        turn = self._turn_of(job)
        obj = self._checked_object(turn)
        layout = job.uv or turn.layout
        uv_name = apply_painting(obj, job, layout=layout, own_map=turn.captured.own_map)
        if obj.data.uv_layers.active.name == uv_name:  # Solid shading shows every picture by that one
            show_textures_where_untouched(_workplace(obj))
        push_undo(_workplace(obj), "Img23D: re-texture")

    def on_end(self, job: Job, last: Finished | Cancelled | Failed) -> None:
        """A job's last word, after everything else of it was applied."""
        turn = self._turn_of(job)
        if turn is None or turn.state is not TurnState.RUNNING:
            return
        match last:
            case Cancelled():
                self.stop()
            case Failed():
                turn.fail(last.sentence)
            case Finished() if isinstance(job.request, Unwrap):
                turn.state, turn.layout = TurnState.LAID_OUT, job.uv
            case Finished() if (sentence := self._failures.get((job.id, 0))) is not None:
                turn.fail(sentence)
            case Finished():
                turn.state = TurnState.PAINTED

    # --- steps ------------------------------------------------------------------------------------------------------

    def _next(self) -> Turn | None:
        if self._session.active is not None or any(turn.state is TurnState.RUNNING for turn in self.turns):
            return None
        return next((turn for turn in self.turns if not turn.state.is_over), None)

    def _turn_of(self, job: Job) -> Turn | None:
        return next((turn for turn in self.turns if turn.job is job), None)

    def _object(self, turn: Turn) -> bpy.types.Object | None:
        if self._file_key != self._files.key:
            return None
        obj = find_by_uid(turn.uid)
        return obj if obj is not None and obj.users_scene else None

    def _checked_object(self, turn: Turn) -> bpy.types.Object:
        """Raises Img23DError where it is gone, or not any more what was captured."""
        obj = self._object(turn)
        if obj is None:
            raise bad_request(_("“{name}” is no longer in this file, so its new texture was not used.").format(name=turn.name))
        captured = turn.captured
        check_paintable(obj, wants_own=bool(captured and captured.own_map))
        if captured is not None and not _is_as_captured(obj.data, captured.own_map, captured.state):
            raise bad_request(_("The faces or UV maps of “{name}” were changed meanwhile: press Re-texture again.").format(name=obj.name))
        return obj

    def _start(self, turn: Turn) -> None:
        """Raises Img23DError."""
        obj = self._checked_object(turn)
        place = _workplace(obj)
        place.view_layer.update()  # for where it stands
        if turn.state is TurnState.LAID_OUT:
            request, notes = self._paint_grown(turn, obj, place)
        else:
            request, notes = self._capture(turn, obj, place)
        turn.job = self._session.submit(request, self._file_key, instead_of=turn.job)
        turn.job.add_notes(*notes)
        turn.state = TurnState.RUNNING
        show_job(bpy.context.window_manager, turn.job)

    def _capture(self, turn: Turn, obj: bpy.types.Object, place: Workplace) -> tuple[Unwrap | Paint, tuple[str, ...]]:
        wish = self._wish
        turn.picture = str(checked_photo(wish.picture_for(obj)))
        turn.folder = new_run_folder(wish.base_folder, turn.picture)
        path, wants_own = turn.folder / "mesh.npz", wish.uv is UvSource.OWN
        turn.captured = capture_mesh(obj, wish.view_of(obj), path, place.view_layer, wants_own=wants_own)
        uv = UvSource.OWN if turn.captured.own_map else UvSource.NEW
        notes = (*turn.captured.notes, *sharing_note(obj))
        if not turn.captured.grows:
            return self._paint(turn, str(path), uv), notes
        size = wish.settings.texture_size
        return build_unwrap(mesh=str(path), name=turn.name, uv=uv, texture_size=size, run_folder=turn.folder), notes

    def _paint_grown(self, turn: Turn, obj: bpy.types.Object, place: Workplace) -> tuple[Paint, tuple[str, ...]]:
        path, view = turn.folder / "grown.npz", self._wish.view_of(obj)
        layout = load_layout(turn.layout, obj.data) if turn.layout else None
        own_map = turn.captured.own_map
        notes = capture_grown(obj, view, path, place.view_layer, layout=layout, own_map=own_map)
        return self._paint(turn, str(path), UvSource.GIVEN), notes

    def _paint(self, turn: Turn, mesh: str, uv: UvSource) -> Paint:
        wish = self._wish
        return build_paint(
            mesh=mesh,
            picture=turn.picture,
            name=turn.name,
            engine=wish.engine,
            seed=wish.seed,
            settings=wish.settings,
            run_folder=turn.folder,
            uv=uv,
        )


def _is_as_captured(mesh: bpy.types.Mesh, own_map: str, state: str) -> bool:
    return (not own_map or own_map in mesh.uv_layers) and state_of(mesh, own_map) == state


def _workplace(obj: bpy.types.Object) -> Workplace:
    """Where the object is shown, if it is shown anywhere."""
    places = [workplace_of(scene) for scene in obj.users_scene]
    return next((place for place in places if place.is_shown), places[0])
