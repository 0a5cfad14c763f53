"""Seconds in words that Blender can translate."""

from __future__ import annotations

from bpy.app.translations import pgettext_iface as _

from ..core.rounding import rounded


def about(seconds: float) -> str:
    """`about 25 s`, `about 4 min`, `about 2 h 5 min`."""
    whole = rounded(seconds)
    if whole <= 90:
        return _("about {count} s").format(count=whole)
    hours, minutes = divmod(whole // 60, 60)
    if hours:
        return _("about {hours} h {minutes} min").format(hours=hours, minutes=minutes)
    return _("about {count} min").format(count=minutes)
