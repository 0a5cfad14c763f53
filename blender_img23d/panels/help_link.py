"""A small question mark that opens the manual where it tells about a panel."""

from __future__ import annotations

import bpy

from ..core.manual import Section, address


def draw_help(layout: bpy.types.UILayout, section: Section) -> None:
    """For a panel's `draw_header_preset`."""
    layout.operator("wm.url_open", text="", icon="QUESTION", emboss=False).url = address(section)
