"""The forecast that the panel draws, made by the pump from the scene's settings and what is known of the machine."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import bpy

from ..core.estimate.forecast import Forecast, forecast
from ..core.estimate.free_disk import FreeDisk
from ..core.estimate.situation import Situation
from ..core.presets import lower, matching
from ..core.session.setup_requests import needed_sets
from ..core.states import SessionState
from ..scene.file.folders import runs_base
from ..shared.img23d_protocol import Img23DError
from ..shared.img23d_protocol.messages import DeviceInfo, Generate, Settings, WeightsState
from ..shared.img23d_protocol.options.settings import BUILT_IN, engine_named

if TYPE_CHECKING:
    from .owner import Extension

_AGAIN = 1.0  # seconds between two looks while nothing says that something has changed
_SEEN = 3.0  # seconds after it was drawn for which the tab counts as visible
_OLD = 20.0  # seconds after which free memory is asked for again


class Forecaster:
    """Main thread only. Never starts a backend, and sends nothing to a busy one."""

    def __init__(self) -> None:
        self.view: Forecast | None = None
        self._disk = FreeDisk()
        self._drawn = self._looked = self._asked = float("-inf")  # seconds of time.monotonic
        self._devices: tuple[DeviceInfo, ...] = ()
        self._free: dict[str, int] = {}  # by device, as it was when the backend held no models

    def want(self) -> None:
        """For `draw`: the tab is open."""
        self._drawn = time.monotonic()

    def update(self, context: bpy.types.Context, owner: Extension, *, is_stale: bool = False) -> bool:
        """True where there is something new to draw. Nothing is looked up while the tab is closed or a job runs."""
        now = time.monotonic()
        is_due = is_stale or now - self._looked >= _AGAIN
        if not is_due or now - self._drawn > _SEEN or owner.session.active is not None:
            return False
        self._looked = now
        self._learn_memory(owner, now)
        before, self.view = self.view, self._forecast(context, owner)
        return self.view != before

    # --- steps ------------------------------------------------------------------------------------------------------

    def _learn_memory(self, owner: Extension, now: float) -> None:
        session = owner.session
        if session.devices is not self._devices:
            self._devices, self._asked = session.devices, now
            if not session.holds_models:
                self._free = {device.id: device.free_bytes for device in session.devices}
        elif session.state is SessionState.READY and not owner.setup.is_running and now - self._asked > _OLD:
            self._asked = now
            session.inspect()

    def _forecast(self, context: bpy.types.Context, owner: Extension) -> Forecast | None:
        from .jobs.requests import panel_settings

        values, session = context.scene.img23d, owner.session
        try:
            settings = panel_settings(context)
        except Img23DError:  # Generate says it
            return None
        if values.engine != BUILT_IN.id or needed_sets(values.engine, settings):
            owner.models.want()
        request = _request(context, settings)
        missing = self._missing(owner, request)
        view = owner.models.view
        return forecast(
            Situation(
                request=request,
                devices=tuple(self._with_own_memory(device, owner) for device in session.devices),
                engines=session.engines,
                weights=session.weights,
                past=[job for job in session.jobs if job.machine == session.machine],
                paces=session.paces,
                missing=tuple(info.label for info in missing),
                missing_bytes=sum(info.size_bytes for info in missing),
                is_environment_ready=not view.folder or view.environment.is_ready,
                holds_models=session.holds_models,
                can_lower=bool(lower(matching(values))),
                free_disk=self._disk.read(runs_base(context)),
            )
        )

    def _with_own_memory(self, device: DeviceInfo, owner: Extension) -> DeviceInfo:
        """The models of the last run make room for those of the next one."""
        if not owner.session.holds_models:
            return device
        return replace(device, free_bytes=max(device.free_bytes, self._free.get(device.id, 0)))

    def _missing(self, owner: Extension, request: Generate) -> list:
        is_painted = request.settings.paints(engine_named(request.engine))
        has_photos = bool(request.wanted) and all(one.sides for one in request.wanted)
        sets = needed_sets(request.engine, request.settings, with_texture=is_painted, with_photos=has_photos)
        return [info for info in owner.session.weights if info.id in sets and info.state is not WeightsState.READY]


def _request(context: bpy.types.Context, settings: Settings) -> Generate:
    """What Generate would ask for, as far as it costs anything: neither photo nor folder is looked at."""
    from ..core.boxes.targets import things_to_make
    from ..scene.photo.target_rows import read_rows

    values = context.scene.img23d
    try:
        wanted = things_to_make(read_rows(context.scene), values.names, values.found_names)
    except Img23DError:  # nothing in the list is to be made; Generate says it
        wanted = ()
    return Generate(job="", photo="", run_folder="", wanted=wanted, engine=values.engine, settings=settings)
