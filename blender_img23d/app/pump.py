"""The only timer: takes the session's updates, applies them to the scene, and redraws the panel."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_iface as _

from ..core.jobs import Job
from ..scene.file.folders import absolute
from ..scene.file.windows import StatusBar, redraw_sidebars
from ..scene.placement.seen_as_photo import watch_views
from ..shared.img23d_protocol.files.filenames import form_path
from ..shared.img23d_protocol.messages import ShapeKind, Side
from .durations import about
from .jobs.defaults import begin_with_defaults
from .jobs.result_rows import point_at_failure, sync_rows, sync_runs
from .models import sync_weights
from .owner import Extension, extension_or_none, shown_job

if TYPE_CHECKING:
    from ..core.session.session import Session
    from ..core.session.setup import Setup
    from .jobs.applier import Applier

_log = logging.getLogger(__name__)

BUSY_SECONDS, IDLE_SECONDS = 0.1, 1.0
_HELD = 4  # ticks that changed the scene, one after the other, before the panel is drawn between them all the same
_PICTURES = 4  # thumbnails loaded a tick: two hundred at once would be slow
BACKGROUND_SECONDS = 0.02  # between two looks while an operator waits in background mode


class Pump:
    """One `bpy.app.timers` callback. Also pumped by hand in background mode, where timers do not fire."""

    def __init__(self, session: Session, setup: Setup, applier: Applier) -> None:
        self._session = session
        self._setup = setup
        self._applier = applier
        self._callback = self._on_timer  # the same object each time, since Blender knows a timer by its function
        self._seen: tuple = ()
        self._has_looked = False  # for what a Blender before this one has left waiting
        self._status_bar = StatusBar()
        self._has_drawn = False  # since the timer last fired
        self._wants_drawing, self._held = False, 0  # and for how many ticks it has waited
        self._pictures: deque[str] = deque()  # paths of what is shown and may not be loaded yet
        # What `draw` only looks up: the parts of it, the one that waits longest first, and those to be looked at again
        self._parts = [self._look_at_lists, self._look_at_models, self._look_at_objects, self._look_at_pictures]
        self._due: set[Callable[[Extension, Job | None], bool]] = set()
        self.is_stale = True  # undo, redo or a loaded file: what is known about the scene must be looked up again
        self.tick_seconds: deque[float] = deque(maxlen=4096)  # main-thread time of each tick while something runs
        self.import_seconds: deque[float] = deque(maxlen=4096)  # of those among them that changed the scene

    # --- the timer --------------------------------------------------------------------------------------------------

    def start(self) -> None:
        bpy.app.timers.register(self._callback, first_interval=0.0, persistent=True)

    def stop(self) -> None:
        if bpy.app.timers.is_registered(self._callback):
            bpy.app.timers.unregister(self._callback)
        self._status_bar.show("")

    def wake(self) -> None:
        if bpy.app.timers.is_registered(self._callback):
            bpy.app.timers.unregister(self._callback)
        bpy.app.timers.register(self._callback, first_interval=0.0, persistent=True)

    def run_to_end(self, job: Job) -> None:
        """A result that has to wait for something stays in the list, since nobody could do anything about it."""
        while not job.is_over or (self._applier.is_busy and not self._applier.waiting):
            self.tick()
            time.sleep(BACKGROUND_SECONDS)

    def run_until_idle(self) -> None:
        """Until nothing is left to apply, or what is left has to wait for something."""
        while self._applier.is_busy and not self._applier.waiting:
            self.tick()
            time.sleep(BACKGROUND_SECONDS)

    def run_setup_to_end(self) -> None:
        while self._setup.is_running:
            self.tick()
            time.sleep(BACKGROUND_SECONDS)

    def run_tests_to_end(self) -> None:
        while (owner := extension_or_none()) is not None and owner.machines.is_testing:
            self.tick()
            time.sleep(BACKGROUND_SECONDS)

    @property
    def is_busy(self) -> bool:
        return self._session.active is not None or self._applier.is_busy or self._applier.runner.has_due or self._setup.is_running

    def _on_timer(self) -> float:
        try:
            self.tick()
        except Exception:  # the boundary: an error must not end the timer
            _log.exception("a tick failed")
        owner = extension_or_none()
        is_reading = owner is not None and owner.history.is_loading
        is_waking = owner is not None and (
            owner.machines.is_testing or self._has_drawn or owner.press_guard.is_waiting
        )  # what was drawn may have changed a button
        self._has_drawn = False
        return BUSY_SECONDS if self.is_busy or self.is_stale or is_reading or is_waking else IDLE_SECONDS

    # --- one tick ---------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        is_busy, start, owner = self.is_busy, time.perf_counter(), extension_or_none()
        for update in self._session.tick():
            self._applier.add(update)
            self.is_stale = True
            if owner is not None:
                owner.running.add(update)
            if owner is not None and update.job.is_over:
                owner.in_use.is_due = True
                owner.in_use.wants_cleaning |= not (update.job.is_search or update.job.is_pick or update.job.is_edit)
            if update.job.is_over:
                point_at_failure(bpy.context.window_manager, update.job)
        self.is_stale |= self._setup.tick()
        has_changed = self._applier.step()
        if not self._has_looked and not bpy.app.background:
            self._has_looked = True
            self._applier.runner.take_over()
        if owner is not None:
            owner.running.step()
            has_changed |= owner.machines.step(owner)
            has_changed |= owner.in_use.step(bpy.context)
            if not bpy.app.background:
                self._refresh(owner, has_changed)
        if is_busy:
            self._measure(time.perf_counter() - start, has_changed)

    def _measure(self, seconds: float, has_changed: bool) -> None:
        self.tick_seconds.append(seconds)
        if has_changed:
            self.import_seconds.append(seconds)

    def _refresh(self, owner: Extension, has_changed: bool) -> None:
        """Update everything that `draw` will only look up."""
        owner.editors.fit()
        owner.tabs.update()
        owner.popup.update()
        watch_views()
        job, has_worked = shown_job(owner, bpy.context), has_changed
        is_due = not has_changed and (self.is_stale or bool(self._due) or not self.is_busy)  # what took its time just now is enough for a tick
        was_stale = self.is_stale
        self.is_stale |= has_changed
        if is_due:
            has_changed |= self._look_up(owner, job)
        has_changed |= owner.history.step(bpy.context) | owner.forecaster.update(bpy.context, owner, is_stale=was_stale)
        has_changed |= self._load_pictures(owner) | owner.press_guard.step()
        seen = _visible_state(owner, job)
        self._wants_drawing |= has_changed or seen != self._seen
        self._seen = seen
        self._status_bar.show(_status_text(owner, self._session.active or self._setup_job()))  # at once: it is quickly drawn
        self._draw(owner, has_worked=has_worked)

    def _draw(self, owner: Extension, *, has_worked: bool) -> None:
        """In the tick after one that changed the scene: that one took its time, and the lists are looked up only then."""
        self._held = self._held + 1 if has_worked else 0
        if self._wants_drawing and not 0 < self._held <= _HELD:
            self._wants_drawing, self._held, self._has_drawn = False, 0, True
            redraw_sidebars()

    def _look_up(self, owner: Extension, job: Job | None) -> bool:
        """All that may have changed, or while a job runs one part of it a tick, in turn: together they take too long for one."""
        if self.is_stale or not self.is_busy:
            self._due.update(self._parts)
        self.is_stale, has_changed = False, False
        for part in [part for part in self._parts if part in self._due][: 1 if self.is_busy else None]:
            self._due.discard(part)
            self._parts.remove(part)
            self._parts.append(part)
            has_changed |= part(owner, job)
        return has_changed

    def _look_at_lists(self, owner: Extension, job: Job | None) -> bool:
        manager = bpy.context.window_manager
        for window in manager.windows:
            begin_with_defaults(bpy.context, window.scene)
        return sync_rows(manager, job) | sync_runs(manager, owner.history.runs, job)

    def _look_at_models(self, owner: Extension, job: Job | None) -> bool:
        return sync_weights(bpy.context.window_manager, owner) | owner.models.update(bpy.context, owner)

    def _look_at_objects(self, owner: Extension, job: Job | None) -> bool:
        before, owner.standings = owner.standings, self._applier.standings(job) if job else {}
        return owner.standings != before

    def _look_at_pictures(self, owner: Extension, job: Job | None) -> bool:
        self._pictures = deque(_shown_pictures(owner, job))
        return False

    def _load_pictures(self, owner: Extension) -> bool:
        loaded = 0
        while self._pictures and loaded < _PICTURES:
            loaded += owner.thumbnails.load(self._pictures.popleft())
        return loaded > 0

    def _setup_job(self) -> Job | None:
        return self._setup.job if self._setup.is_running else None


def _shown_pictures(owner: Extension, job: Job | None) -> set[str]:
    shown = [window.scene.img23d for window in bpy.context.window_manager.windows]
    paths = {absolute(path) for values in shown for path in (values.photo, values.retexture_picture)}
    paths.update(row.cutout for values in shown for row in values.targets)
    chosen = [values.targets[values.active_target] for values in shown if 0 <= values.active_target < len(values.targets)]
    paths.update(form_path(row.cutout, kind) for row in chosen if row.cutout and row.automatic for kind in ShapeKind)
    paths.update(absolute(getattr(row, f"{side}_photo")) for row in chosen for side in Side)
    paths.update(picture.path for waiting in owner.applier.queue.waiting for picture in waiting.pictures[:1])
    paths.update(one.edited for one in owner.session.jobs[:1] if one.is_edit)
    for one in {job, owner.session.active} - {None}:
        paths.update(target.preview or target.cutout for target in one.targets)
    return paths - {""}


def _visible_state(owner: Extension, job: Job | None) -> tuple:
    session, setup = owner.session, owner.setup
    known = (session.engines, session.devices, session.weights)
    step = (setup.is_running, setup.is_cancelling, setup.step, setup.progress, setup.failure)
    running = owner.running
    now = (session.active is None, session.unanswered, running.left.told, round(running.left.fraction, 2), running.picture)
    shown = () if job is None else (job.id, job.state, job.heard, job.notes)
    queue = (owner.applier.waiting, owner.applier.retexturer.progress, owner.applier.queue.version, owner.applier.queue.trouble)
    return (session.state, session.notice, known, step, now, owner.refusal, queue, shown)


def _status_text(owner: Extension, job: Job | None) -> str:
    if job is None:
        return owner.applier.remesher.progress
    left, is_active = owner.running.left, job is owner.session.active
    percent = left.percent if is_active else round(100 * job.progress)
    text = f"Img23D: {percent}%  {job.note}".rstrip()
    if not is_active or left.told is None:
        return text
    return _("{text}  ({time} left)").format(text=text, time=about(left.told))
