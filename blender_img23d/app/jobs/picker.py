"""Picking things in the photo: its segmentation, the clicks that wait for it, and the rows that come of them."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import bpy

from ...core.jobs import Job
from ...core.states import JobState
from ...scene.file.file_state import FileState
from ...scene.file.folders import absolute
from ...scene.file.windows import push_undo, why_not_now, workplace_of
from ...scene.photo.box_rows import put_picked
from ...scene.photo.picks import Picks, Stamp, read_picks, stamp_of
from ...scene.photo.target_rows import read_rows
from ...shared.img23d_protocol import ErrorCode, Img23DError
from ...shared.img23d_protocol.messages import Point, Regions
from ...shared.img23d_protocol.options.settings import PICKED_WITH
from .requests import pick_request

if TYPE_CHECKING:
    from ...core.session.session import Session

_log = logging.getLogger(__name__)

_MOST_CLICKS = 20  # that wait; more are hardly intended


@dataclass(frozen=True, kw_only=True)
class _Click:
    """Of which scene, file and photo, and where in it."""

    scene_uid: int
    file_key: str
    photo: str
    point: Point
    parts: bool


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What a job was asked for. `click` is the one that it answers, if there is one."""

    stamp: Stamp | None
    click: _Click | None = None


class Picker:
    """Main thread only. Keeps no reference to anything in bpy.data."""

    def __init__(self, files: FileState, session: Session) -> None:
        self._files = files
        self._session = session
        self._asked: dict[str, _Asked] = {}  # by job
        self._waiting: deque[_Click] = deque()
        self.changes = 0  # answers of the backend that have changed a list, after the click
        self.picks: Picks | None = None  # the newest look
        self.sentence = ""  # why the newest click or look came to nothing, for the panel

    @property
    def is_looking(self) -> bool:
        return self._session.active is not None and self._session.active.is_pick

    def shown(self, scene: bpy.types.Scene) -> Picks | None:
        """The segmentation of the scene's photo, without asking the disk: for what is drawn."""
        picks, values = self.picks, scene.img23d
        is_same = (
            picks is not None
            and picks.options == tuple(getattr(values, name) for name in PICKED_WITH)
            and bool(values.photo)
            and picks.photo == absolute(values.photo)
        )
        return picks if is_same else None

    def known(self, scene: bpy.types.Scene) -> Picks | None:
        """As `shown`, and only while the photo's file is what it was."""
        picks = self.shown(scene)
        return picks if picks is not None and stamp_of(picks.photo) == picks.stamp else None

    def advice(self, scene: bpy.types.Scene) -> str:
        """The sentence beside the photo while it is not being segmented: what failed, or what to do."""
        if self.sentence:
            return self.sentence
        if self.shown(scene) is None:
            return "Press Pick in the Photo to have it looked at."
        return "Click on what is outlined to list it, or on anything else to have it looked for there."

    def segment(self, context: bpy.types.Context) -> Job | None:
        """Have the photo segmented, unless that was done or is being done. Raises Img23DError."""
        self.sentence = ""
        if self.known(context.scene) is not None or self.is_looking:
            return None
        return self._ask(context, None)

    def click(self, context: bpy.types.Context, point: Point, *, parts: bool) -> Job | None:
        """Make a row of what is there: now where that is known, else when the backend has answered. Raises Img23DError."""
        self.sentence = ""
        scene, picks = context.scene, self.known(context.scene)
        click = _Click(
            scene_uid=scene.session_uid,
            file_key=self._files.key,
            photo=absolute(scene.img23d.photo),
            point=point,
            parts=parts,
        )
        index = -1 if picks is None else picks.at(point.x, point.y, parts=parts)
        if index >= 0:
            self._put(click, picks, index)
            return None
        if self.is_looking:
            if len(self._waiting) < _MOST_CLICKS:
                self._waiting.append(click)
            return None
        return self._ask(context, click)

    # --- what the backend says --------------------------------------------------------------------------------------

    def on_regions(self, job: Job, message: Regions) -> None:
        asked = self._asked.get(job.id)
        if asked is None:
            return
        try:
            self.picks = read_picks(job.request, job.regions, asked.stamp)
        except Img23DError as error:
            _log.warning("%s %s", error.sentence, error.detail)
            self.sentence = error.sentence
            self._waiting.clear()
            return
        if asked.click is not None:
            here = self.picks.at(asked.click.point.x, asked.click.point.y, parts=asked.click.parts)
            self._put(asked.click, self.picks, here if here >= 0 else message.picked)
            self.changes += 1
        self._put_waiting(self.picks)

    def on_end(self, job: Job) -> None:
        """The next click may go to the backend; what failed says why."""
        if self._asked.pop(job.id, None) is None:
            return
        if job.state is not JobState.DONE:
            self.sentence = job.error
        goes_on = job.state is JobState.DONE or job.code == ErrorCode.NO_REGION
        click = self._waiting.popleft() if goes_on and self._waiting else None
        if click is None or self._scene_of(click) != bpy.context.scene:
            self._waiting.clear()
            return
        try:
            self._ask(bpy.context, click)
        except Img23DError as error:
            self.sentence = error.sentence
            self._waiting.clear()

    # --- steps ------------------------------------------------------------------------------------------------------

    def _ask(self, context: bpy.types.Context, click: _Click | None) -> Job:
        picks = self.known(context.scene)
        request = pick_request(context, None if click is None else click.point, None if picks is None else picks.folder)
        job = self._session.submit(request, self._files.key)
        self._asked[job.id] = _Asked(stamp=stamp_of(request.photo), click=click)
        return job

    def _put_waiting(self, picks: Picks) -> None:
        """Those that need no further answer; the others wait on."""
        left = []
        for click in self._waiting:
            index = picks.at(click.point.x, click.point.y, parts=click.parts)
            if index >= 0:
                self._put(click, picks, index)
                self.changes += 1
            else:
                left.append(click)
        self._waiting = deque(left)

    def _put(self, click: _Click, picks: Picks, index: int) -> None:
        """A row and its undo step; nothing where the file, the scene or its photo is not the same any more."""
        scene = self._scene_of(click)
        if scene is None or not 0 <= index < len(picks.regions):
            return
        region = picks.regions[index]
        put_picked(scene.img23d, read_rows(scene), click.point, region.box, region.cutout)
        place = workplace_of(scene)
        if not why_not_now(place):  # otherwise it becomes a part of the artist's next step
            push_undo(place, "Img23D: Pick in the Photo")

    def _scene_of(self, click: _Click) -> bpy.types.Scene | None:
        if click.file_key != self._files.key:
            return None
        scene = next((scene for scene in bpy.data.scenes if scene.session_uid == click.scene_uid), None)
        return scene if scene is not None and absolute(scene.img23d.photo) == click.photo else None
