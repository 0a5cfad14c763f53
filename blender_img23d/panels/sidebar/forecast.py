"""One line before a run: where, how long, how much memory; and the one button where something is short."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpy.app.translations import pgettext_iface as _

from ...app.durations import about
from ...app.owner import Extension
from ...properties import Img23DSceneSettings
from ..widgets.fixes import has_button
from ..widgets.steady_rows import Said

if TYPE_CHECKING:
    from ...core.estimate.forecast import Forecast
    from ...shared.img23d_protocol.findings import Action, Finding

_ICONS = {"problem": "ERROR", "warning": "ERROR", "note": "INFO", "good": "CHECKMARK"}  # by the values of messages.Level


def said_before(owner: Extension, values: Img23DSceneSettings) -> list[Said]:
    """Nothing before a photo is chosen, while a job runs, or while nothing is known."""
    view, worst = owner.forecaster.view, _worst(owner, values)
    if view is None or owner.session.active is not None or not values.photo:
        return []
    line = _expectation(view) if worst is None or worst.level != "problem" else ""
    said = [Said(text=line, icon="TIME")] if line else []
    return said if worst is None else [*said, Said(text=_(worst.sentence), icon=_ICONS[worst.level])]


def fix_before(owner: Extension, values: Img23DSceneSettings) -> Action | None:
    """The button that helps against the worst of what is short."""
    worst = _worst(owner, values)
    return worst.action if worst is not None and has_button(worst.action) and not owner.setup.is_running else None


def _worst(owner: Extension, values: Img23DSceneSettings) -> Finding | None:
    view = owner.forecaster.view
    return view.findings[0] if view is not None and view.findings and values.photo else None


def _expectation(view: Forecast) -> str:
    """Such as "About 40 s on NVIDIA GeForce RTX 3060, from your last runs; needs 5.1 of 10.4 GB"."""
    time = _time(view)
    if not time or view.is_processor or view.needed_bytes > view.free_bytes:  # the warning then says it
        return time
    memory = _("needs {needed} of {free} GB").format(needed=_number(view.needed_bytes), free=_number(view.free_bytes))
    return f"{time.rstrip('.')}; {memory}"


def _time(view: Forecast) -> str:
    device = view.device or _("the processor")
    if view.seconds is None:
        return f"{device}: {_(view.note)}" if view.basis == "device" else ""
    if view.basis == "same_runs":
        text = _("{time} on {device}, from your last runs")
    else:
        text = _("{time} on {device}, from similar runs")
    said = text.format(time=about(view.seconds), device=device)
    return said[:1].upper() + said[1:]


def _number(size: int) -> str:
    """1 GB is 1e9 bytes."""
    return f"{size / 1e9:.1f}"
