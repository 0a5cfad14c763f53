"""What the preferences and the disk say about how a backend is started: asked anew each time, since both change."""

from __future__ import annotations

from pathlib import Path

import bpy

from .app.machines import reach
from .core.session.environment import Environment, EnvironmentState, Tools
from .process import installer, launch
from .process.client import PipeLink
from .properties import preferences_of
from .scene.file.folders import chosen_python, environment_folder, log_folder, models_folder

_ROOT = Path(__file__).resolve().parent  # a live checkout is linked into Blender's folders


def new_link(*, bundled: bool = False, is_setup: bool = False) -> PipeLink:
    """To a backend in the environment where that is ready, else in Blender's own Python. Raises Img23DError."""
    context, logs = bpy.context, log_folder()
    return launch.new_link(
        _ROOT,
        logs / "setup" if is_setup else logs,  # it may run beside the main one, which writes a log of the same name
        environment=chosen_python(context) or environment_folder(context),
        models=models_folder(context),
        bundled=bundled,
        is_setup=is_setup,
    )


def new_main_link(machine: str, *, bundled: bool = False) -> PipeLink:
    """To the backend that does the work, here or on the machine of that key. Raises Img23DError."""
    return _relay_link(machine, log_folder()) if machine else new_link(bundled=bundled)


def new_test_link(machine: str) -> PipeLink:
    """For a look at another machine beside the work. Raises Img23DError."""
    return _relay_link(machine, log_folder() / "test")


def _relay_link(machine: str, logs: Path) -> PipeLink:
    return launch.new_relay_link(_ROOT, logs, reach(machine))


def read() -> Environment:
    context = bpy.context
    if preferences_of(context).chosen_machine is not None:
        return Environment(state=EnvironmentState.ELSEWHERE)
    chosen = chosen_python(context)
    if chosen is not None:
        state = EnvironmentState.CHOSEN if chosen.is_file() else EnvironmentState.BROKEN
        return Environment(state=state, place=str(chosen))
    folder = environment_folder(context)
    state = installer.environment_state(folder, launch.find_backend(_ROOT), preferences_of(context).torch_build)
    return Environment(state=state, place=str(folder))


def find_tools() -> Tools:
    """Raises Img23DError."""
    return Tools(uv=str(installer.find_uv()), python=str(launch.find_interpreter()))


def idle_seconds() -> float:
    return preferences_of(bpy.context).idle_minutes * 60.0
