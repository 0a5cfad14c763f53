"""One line before a run: where, how long, how much memory; and the one button where something is short."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_iface as _

from ..properties import Img23DSceneSettings
from ..scene.durations import about
from ..scene.owner import Extension
from .fixes import draw_fix
from .text import draw_sentence

if TYPE_CHECKING:
    from ..core.forecast import Forecast
    from ..shared.img23d_protocol.messages import Finding

_ICONS = {"problem": "ERROR", "warning": "ERROR", "note": "INFO", "good": "CHECKMARK"}  # by the values of messages.Level


def draw_forecast(
    layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, values: Img23DSceneSettings
) -> None:
    """Nothing before a photo is chosen, while a job runs, or while nothing is known."""
    owner.forecaster.want()
    view = owner.forecaster.view
    if view is None or owner.session.active is not None or not values.photo:
        return
    worst = view.findings[0] if view.findings else None
    if worst is None or worst.level != "problem":
        line = _expectation(view)
        if line:
            draw_sentence(layout, context, line, icon="TIME")
    if worst is not None:
        _draw_finding(layout, context, owner, worst)


def _draw_finding(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, finding: Finding) -> None:
    box = layout.box().column()
    draw_sentence(box, context, _(finding.sentence), icon=_ICONS[finding.level], in_box=True)
    if not owner.setup.is_running:
        draw_fix(box, finding.action)


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
