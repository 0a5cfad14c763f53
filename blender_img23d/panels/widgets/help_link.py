"""A small question mark in a panel's header that opens the manual at the panel's section."""

from __future__ import annotations

from typing import Protocol

import bpy

from ...core.manual import Section, address


class HasHelp(Protocol):
    """A panel with a section of its own."""

    layout: bpy.types.UILayout
    manual: str  # the name of a Section


def draw_header_preset(panel: HasHelp, context: bpy.types.Context) -> None:
    draw_help(panel.layout, Section[panel.manual])


def draw_help(layout: bpy.types.UILayout, section: Section) -> None:
    layout.operator("wm.url_open", text="", icon="QUESTION", emboss=False).url = address(section)
