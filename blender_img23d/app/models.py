"""What the AI models' panel shows, looked up by the pump, so that drawing needs no file system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING

import bpy

from ..core.session.environment import Environment
from ..properties import preferences_of
from ..scene.file.folders import models_folder
from ..shared.img23d_protocol import Img23DError
from ..shared.img23d_protocol.options.settings import SET_UP, first_to_set_up
from ..shared.img23d_protocol.values import Value

if TYPE_CHECKING:
    from ..core.session.setup import Plan
    from ..shared.img23d_protocol.messages import WeightsInfo
    from .owner import Extension


class ModelsView(Value):
    """`sets` are the file sets that the engine to set up works with in this scene; `missing` the bytes still to be downloaded, by the engine."""

    environment: Environment = field(default_factory=Environment)
    folder: str = ""
    sets: tuple[str, ...] = ()
    missing: Mapping[str, int] = field(default_factory=dict)
    lacks_painter: bool = False  # the chosen one is known not to be downloaded, so that the photo would be projected
    lacks_editor: str = ""  # file sets of the chosen model that cleans pictures that are known not to be downloaded, with spaces between
    engine: str = ""  # to set up: the chosen one, or as long as its licence is not accepted the one that may be used without
    is_complete: bool = False  # the environment, every one of `sets` and that engine are ready

    @property
    def missing_bytes(self) -> int:
        return self.missing.get(self.engine, 0)


class Models:
    """Main thread only."""

    def __init__(self) -> None:
        self.view = ModelsView()
        self._was_asked = False
        self._is_wanted = False

    def want(self) -> None:
        """The panel is open: whoever draws it needs to know what this machine has."""
        self._is_wanted = True

    def ask_again(self) -> None:
        """Another machine does the work."""
        self._was_asked = False

    def update(self, context: bpy.types.Context, owner: Extension) -> bool:
        """True when something has changed. Nothing is looked up before the panel was open."""
        if not self._is_wanted:
            return False
        before, self.view = self.view, _view(context, owner)
        if not self._was_asked:
            self._was_asked = True  # once only: a backend that cannot start is not started again and again
            self._ask(owner)
        return self.view != before

    def _ask(self, owner: Extension) -> None:
        if owner.session.weights or owner.session.active is not None or owner.setup.is_running:
            return
        try:
            owner.session.inspect()
        except Img23DError as error:
            owner.refusal = error.sentence


def _view(context: bpy.types.Context, owner: Extension) -> ModelsView:
    from ..core.session.setup_requests import missing_bytes, needed_sets, paint_sets
    from .jobs.requests import panel_settings

    settings = panel_settings(context)
    environment = owner.surroundings.read()
    values = preferences_of(context)
    engine = first_to_set_up(values.accepted).id if values.lacks_licence else values.setup_engine
    sets = needed_sets(engine, settings)
    weights = owner.session.weights
    ready = {info.id for info in weights if info.state == "ready"}
    ready |= {engine.id for engine in owner.session.engines if engine.ready}
    return ModelsView(
        environment=environment,
        folder=str(models_folder(context)),
        sets=sets,
        missing={one.id: missing_bytes(needed_sets(one.id, settings), weights) for one in SET_UP},
        lacks_painter=bool(weights) and not ready.issuperset(paint_sets(context.scene.img23d.engine, settings)),
        lacks_editor=" ".join(name for name in settings.edit.file_sets() if weights and name not in ready),
        engine=engine,
        is_complete=environment.is_ready and ready.issuperset((*sets, engine)),
    )


def setup_plan(context: bpy.types.Context, owner: Extension) -> Plan:
    """Everything that the engine to set up needs with the scene's settings. Raises Img23DError."""
    from ..core.session.setup_requests import needed_sets
    from .jobs.requests import panel_settings

    sets = needed_sets(preferences_of(context).setup_engine, panel_settings(context))
    return download_plan(context, owner, sets, renew=True)


def download_plan(context: bpy.types.Context, owner: Extension, sets: tuple[str, ...], *, renew: bool = False) -> Plan:
    """Chosen file sets, and the environment before them where it is not ready. Raises Img23DError."""
    from ..core.session.setup_requests import plan_download

    environment, values = owner.surroundings.read(), preferences_of(context)
    return plan_download(
        sets,
        environment=environment,
        tools=owner.surroundings.find_tools() if environment.is_ours else None,
        torch_build=values.torch_build or "auto",  # empty where the preferences came from another system
        licences=values.accepted,
        online=bpy.app.online_access,
        renew=renew,
    )


def verification_plan(weights: str) -> Plan:
    from ..core.session.setup_requests import plan_verify

    return plan_verify((weights,))


def deletion_plan(weights: str) -> Plan:
    from ..core.session.setup_requests import plan_delete

    return plan_delete((weights,))


def sync_weights(window_manager: bpy.types.WindowManager, owner: Extension) -> bool:
    """Mirrors the known file sets into the list. True when a line was added or taken away."""
    rows, wanted = window_manager.img23d.weights, len(owner.session.weights)
    if len(rows) == wanted:
        return False
    rows.clear()
    for index in range(wanted):
        rows.add().index = index
    return True


def weights_at(owner: Extension | None, index: int) -> WeightsInfo | None:
    weights = owner.session.weights if owner is not None else ()
    return weights[index] if 0 <= index < len(weights) else None
