"""The one owner object with its Blender side; `core.session.app` holds it."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_rpt as _

from ..core.session import app
from ..properties import preferences_of

if TYPE_CHECKING:
    from ..core.jobs import Job
    from ..core.press_guard import PressGuard
    from ..core.session.environment import Surroundings
    from ..scene.file.windows import TabOpener
    from ..scene.photo.editors import Editors
    from ..scene.photo.overlay import Overlay
    from ..scene.picking.popup import PickPopup
    from ..scene.placement.result_status import Standing
    from ..shared.img23d_protocol import Img23DError
    from .doctor import Checkup
    from .forecast import Forecaster
    from .history import History
    from .in_use import FoldersInUse
    from .jobs.applier import Applier
    from .jobs.picker import Picker
    from .machines import Machines
    from .models import Models
    from .running import Running
    from .thumbnails import Thumbnails


class Extension(app.App):
    """Made at the first use, lives until the extension is disabled."""

    applier: Applier
    thumbnails: Thumbnails
    surroundings: Surroundings
    machines: Machines  # others that can do the work
    models: Models  # what the AI models' panel shows
    forecaster: Forecaster  # what the next run will take
    running: Running  # how far the present one is
    in_use: FoldersInUse  # what of the disk must not be cleaned away
    history: History  # what the panels of past runs and of the active object show
    checkup: Checkup | None = None  # the last look at everything
    editors: Editors  # the Image Editors that show the photo
    overlay: Overlay  # the boxes over it
    popup: PickPopup  # the photo over a viewport, to pick things in
    tabs: TabOpener
    press_guard: PressGuard  # when the panel's buttons may be pressed
    after_cleaning: str = ""  # the operator that goes on when the artist has seen the cleaned picture
    refusal: str = ""  # why the last button did nothing, for the panel
    standings: dict[int, Standing] = field(default_factory=dict)  # of the shown job's targets, for the panel

    @property
    def picker(self) -> Picker:
        return self.applier.picker

    @property
    def list_changes(self) -> int:
        """How often the lists of targets have changed by themselves: a button on the list was meant for what it showed."""
        return self.applier.targets.changes + self.picker.changes

    def job(self, job_id: str) -> Job | None:
        return next((job for job in self.session.jobs if job.id == job_id), None) if job_id else None

    def on_parts_changed(self, obj: object) -> None:
        from ..scene.parts.rows import refresh  # late: Blender's start waits for what the panels import

        assert isinstance(obj, bpy.types.Object)
        refresh(obj)

    def on_machine_changed(self, key: str) -> None:
        self.machines.on_changed(self, key)
        self.pump.wake()

    def after_undo(self) -> None:
        """What a viewport shows is not undone with the preview that it shows."""
        from ..scene.parts.rows import has_preview
        from ..scene.view.part_shading import follow_undo

        follow_undo(has_preview=has_preview(bpy.data.objects))

    def refuse(self, operator: bpy.types.Operator, error: Img23DError) -> set[str]:
        """What an operator returns when it cannot do what it was asked for."""
        self.refusal = error.sentence
        operator.report({"ERROR"}, _(error.sentence))
        return {"CANCELLED"}


def extension() -> Extension:
    """For operators, and for the tab's top: made now if need be. Raises RuntimeError while nothing is registered."""
    owner = app.current()
    assert isinstance(owner, Extension)
    return owner


def extension_or_none() -> Extension | None:
    """For `draw` and `poll`: None where nothing was done with the extension yet."""
    owner = app.installed()
    return owner if isinstance(owner, Extension) else None


def listed_jobs(owner: Extension) -> list[Job]:
    """Those that make something, newest first; what a search found stands in the scene's own list."""
    return [job for job in owner.session.jobs if job.is_generation or job.is_retexture]


def newest_listed(owner: Extension) -> Job | None:
    """The first of `listed_jobs`, without looking at the others: for what is asked many times while the tab is drawn."""
    return next((job for job in owner.session.jobs if job.is_generation or job.is_retexture), None)


def has_listed() -> bool:
    """For `poll` of what stands there as soon as a run is begun."""
    owner = extension_or_none()
    return owner is not None and newest_listed(owner) is not None


def shown_job(owner: Extension, context: bpy.types.Context) -> Job | None:
    """The job whose results are listed: the chosen one, else the newest."""
    return owner.job(context.window_manager.img23d.job) or newest_listed(owner)


def poll_own_models(operator: type[bpy.types.Operator]) -> bool:
    """For `poll` of what changes the models or their environment: those of another machine are set up there."""
    operator.poll_message_set(_("Another machine does the work: its models are set up there"))
    return preferences_of(bpy.context).chosen_machine is None and poll_no_setup(operator)


def poll_no_setup(operator: type[bpy.types.Operator]) -> bool:
    """For `poll` of what needs the models as they are."""
    operator.poll_message_set(_("A set-up is running: wait for it to finish, or cancel it"))
    owner = extension_or_none()
    return owner is None or not owner.setup.is_running


def poll_idle(operator: type[bpy.types.Operator], otherwise: str = "A job is running: wait for it to finish, or cancel it") -> bool:
    """For `poll` of what needs an idle backend; while a job runs, the tooltip says `otherwise`."""
    operator.poll_message_set(_(otherwise))
    owner = extension_or_none()
    return owner is None or owner.session.active is None
