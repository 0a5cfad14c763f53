"""A small question mark in a panel's header that opens the manual at the panel's section."""

from __future__ import annotations

import bpy

from ...core.manual import Section, address


class HasHelp:
    """Mixed into panels."""

    manual = Section.USE

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        draw_help(self.layout, self.manual)


def draw_help(layout: bpy.types.UILayout, section: Section) -> None:
    layout.operator("wm.url_open", text="", icon="QUESTION", emboss=False).url = address(section)
