"""A layout that adds up heights as Blender's does: in units of a button, columns downwards, rows as high as their highest item."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import bpy
from drawing import Layout, drawn

_READ = ("text ", "progress")
_SPACE = 0.1  # between two items of a column that is not aligned: 2 of a button's 20 pixels


class Measured(Layout):
    """`controls` are the names of operators and properties, each with the height at which it begins."""

    def __init__(self, *, is_row: bool = False, align: bool = False, factor: float = 0.0) -> None:
        super().__init__()
        self._factor = factor  # of a split; 0.0 where Blender shares the width out by what stands there
        self.scale_y, self.enabled = 1.0, True
        self._is_row, self._align = is_row, align
        self._items: list[Measured | tuple[str, float]] = []

    def _child(self, *, is_row: bool = False, align: bool = False, factor: float = 0.0, **_: object) -> Measured:
        child = Measured(is_row=is_row, align=align, factor=factor)
        self._items.append(child)
        return child

    def column(self, **more: object) -> Measured:
        return self._child(**more)

    def row(self, **more: object) -> Measured:
        return self._child(is_row=True, **more)

    def split(self, **more: object) -> Measured:
        return self._child(is_row=True, **more)

    def box(self) -> Measured:
        return self._child()

    def _add(self, name: str, height: float = 1.0) -> None:
        self._items.append((name, height))

    def label(self, *, text: str = "", **_: object) -> None:
        self._add(f"text {text}" if text else "")

    def progress(self, **_: object) -> None:
        self._add("progress")

    def prop(self, data: object, name: str, **_: object) -> None:
        self._add(name)

    def operator(self, name: str, **_: object) -> SimpleNamespace:
        self._add(name)
        return SimpleNamespace()

    def menu(self, name: str, **_: object) -> None:
        self._add(name)

    def template_icon(self, *, scale: float, **_: object) -> None:
        self._add("", scale)

    def template_list(self, kind: str, *_: object, rows: int, maxrows: int, **__: object) -> None:
        assert rows == maxrows, "a list that grows moves what is below it"
        self._add(kind, rows)

    def dead(self, is_dead: bool = False) -> Iterator[str]:
        """The names of what is drawn and cannot be pressed."""
        is_dead = is_dead or not self.enabled
        for item in self._items:
            if isinstance(item, Measured):
                yield from item.dead(is_dead)
            elif item[0] and not item[0].startswith(_READ) and is_dead:
                yield item[0]

    def shares(self, name: str, share: float = 0.0) -> Iterator[float]:
        """For each control of this name: which share of the width its cell has, whatever stands beside it; 0.0 where it depends on that."""
        for item in self._items:
            if isinstance(item, Measured):
                yield from item.shares(name, self._factor or share)
            elif item[0] == name:
                yield self._factor or share

    def height(self, scale: float = 1.0) -> float:
        scale *= self.scale_y
        heights = [item.height(scale) if isinstance(item, Measured) else item[1] * scale for item in self._items]
        if self._is_row:
            return max(heights, default=0.0)
        return sum(heights) + (0.0 if self._align else _SPACE * max(len(heights) - 1, 0))

    def controls(self, top: float = 0.0) -> Iterator[tuple[str, float]]:
        """But for what is only read."""
        return ((name, at) for name, at in self.places(top) if not name.startswith(_READ))

    def places(self, top: float = 0.0, scale: float = 1.0) -> Iterator[tuple[str, float]]:
        scale *= self.scale_y
        for item in self._items:
            if isinstance(item, Measured):
                yield from item.places(top, scale)
            elif item[0]:
                yield item[0], round(top, 3)
            if not self._is_row:
                height = item.height(scale) if isinstance(item, Measured) else item[1] * scale
                top += height + (0.0 if self._align else _SPACE)


def measured(name: str) -> Measured:
    """A panel as it is now, in the sidebar as Blender opens it."""
    layout, panel = Measured(), getattr(bpy.types, f"IMG23D_PT_{name}")
    drawn(SimpleNamespace(draw=lambda _layout, context: panel.draw(layout, context)))
    return layout
