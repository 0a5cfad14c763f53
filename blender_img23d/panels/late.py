"""Methods of panels, lists, menus and tools whose modules are read when they are first drawn.

Blender has to know the classes at its start, which waits for every module that is read then: what draws them, and all that this
imports, takes a quarter of the time that enabling may take, and is wanted only once the tab is seen.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import bpy

Drawn = bpy.types.Panel | bpy.types.Menu


def drawn_by(module: str, function: str = "draw") -> Callable[[Drawn, bpy.types.Context], None]:
    """`draw`, or another method with its arguments, by a function of a module below `panels`."""

    def draw(self: Drawn, context: bpy.types.Context) -> None:
        _read(module, function)(self, context)

    return draw


def shown_by(module: str, function: str = "is_shown") -> Any:
    """`poll`."""

    @classmethod
    def poll(cls: type, context: bpy.types.Context) -> bool:
        return _read(module, function)(context)

    return poll


def row_drawn_by(module: str) -> Callable[..., None]:
    """`draw_item` of a list."""

    def draw_item(
        self: bpy.types.UIList,
        context: bpy.types.Context,
        layout: bpy.types.UILayout,
        data: bpy.types.AnyType,
        item: bpy.types.AnyType,
        icon: int,
        active_data: bpy.types.AnyType,
        active_property: str,
        index: int = 0,
        flt_flag: int = 0,
    ) -> None:
        _read(module, "draw_item")(context, layout, item)

    return draw_item


def tool_drawn_by(module: str, function: str) -> Any:
    """`draw_settings` or `draw_cursor` of a tool."""

    @staticmethod
    def draw(*asked: Any) -> None:
        _read(module, function)(*asked)

    return draw


@cache
def _read(module: str, function: str) -> Callable[..., Any]:
    return getattr(import_module(f"{__package__}.{module}"), function)
