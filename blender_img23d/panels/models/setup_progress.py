"""How far a set-up is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_iface as _

from ..widgets.text import draw_sentence, gigabytes

if TYPE_CHECKING:
    from ...core.session.setup import Setup
    from ...shared.img23d_protocol.messages import SetupProgress

_STEPS = {
    "check": "Looking at what is there",
    "python": "Python",
    "torch": "PyTorch",
    "packages": "Other packages",
    "try": "Trying it out",
    "download": "Downloading models",
    "verify": "Checking files",
    "delete": "Deleting",
}


def draw_setup_progress(layout: bpy.types.UILayout, context: bpy.types.Context, setup: Setup) -> None:
    progress = setup.progress
    number, count = setup.step
    heading = _STEPS[progress.step] if progress is not None else "Starting"
    if count > 1:
        heading = _("{step} (part {number} of {count})").format(step=_(heading), number=number, count=count)
    layout.label(text=heading)
    fraction = progress.fraction if progress is not None else 0.0
    layout.progress(factor=fraction, text=_("Cancelling...") if setup.is_cancelling else f"{round(fraction * 100)}%")
    if progress is not None:
        _draw_amount(layout, context, progress, setup.seconds_left)
    layout.operator("img23d.cancel_setup", text="Cancel", icon="CANCEL")
    draw_sentence(layout, context, "Generate can be used meanwhile. Cancel keeps what is downloaded.")


def _draw_amount(layout: bpy.types.UILayout, context: bpy.types.Context, progress: SetupProgress, seconds: float | None) -> None:
    if progress.total_bytes:
        amount = _("{done} of {total}")
        layout.label(text=amount.format(done=gigabytes(progress.done_bytes), total=gigabytes(progress.total_bytes)))
    if progress.bytes_per_second:
        left = "" if seconds is None else ", " + _("{time} left").format(time=duration(seconds))
        layout.label(text=f"{progress.bytes_per_second / 1e6:.1f} MB/s{left}", translate=False)
    if progress.note:
        draw_sentence(layout, context, progress.note)


def duration(seconds: float) -> str:
    """`about 2 h 5 min`: no more precise than a download is steady."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return _("less than a minute")
    hours, minutes = divmod(minutes, 60)
    text = _("about {hours} h {minutes} min") if hours else _("about {minutes} min")
    return text.format(hours=hours, minutes=minutes)
