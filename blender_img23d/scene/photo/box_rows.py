"""The boxes of the list of targets, read and written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import bpy

from ...core.boxes.targets import Row, row_of
from ...properties import Img23DSceneSettings, Img23DTarget
from ...shared.img23d_protocol.job_requests import Box, Point
from ...shared.img23d_protocol.typed_names import split_names

NEW = -1  # in place of a row's index


@dataclass(frozen=True, kw_only=True)
class ShownBox:
    """A box as it is drawn over the photo."""

    name: str
    box: Box
    is_active: bool
    is_drawn: bool
    is_used: bool


def box_of(row: Img23DTarget) -> Box | None:
    if not row.has_box:
        return None
    return Box(left=row.left / 100, top=row.top / 100, right=row.right / 100, bottom=row.bottom / 100)


def active_row(scene: bpy.types.Scene) -> Img23DTarget | None:
    values = scene.img23d
    return values.targets[values.active_target] if 0 <= values.active_target < len(values.targets) else None


def row_for_new_box(values: Img23DSceneSettings) -> int:
    """The selected row where it has no box yet, otherwise a new one."""
    active = values.active_target
    waits = 0 <= active < len(values.targets) and not values.targets[active].has_box
    return active if waits else NEW


def put_box(values: Img23DSceneSettings, index: int, box: Box) -> int:
    """The row gets the box that the artist drew, and is selected; returns its index. What was known of another box goes."""
    if not 0 <= index < len(values.targets):
        name = new_name(values)
        values.targets.add().name = name
        index = len(values.targets) - 1
    row = values.targets[index]
    row.left, row.top, row.right, row.bottom = (100 * edge for edge in (box.left, box.top, box.right, box.bottom))
    row.has_box, row.is_drawn, row.has_point = True, True, False
    row.note = row.cutout = ""
    values.active_target = index
    return index


def put_picked(values: Img23DSceneSettings, rows: Sequence[Row], point: Point, box: Box, cutout: str) -> int:
    """What was picked at the point becomes a row, unless it is one already, and is selected; returns its index.

    `rows` is the list as it is.
    """
    known = row_of(rows, box)
    if known is not None:
        values.active_target = known
        return known
    index = put_box(values, row_for_new_box(values), box)
    row = values.targets[index]
    row.has_point, row.point, row.cutout = True, (point.x, point.y), cutout
    return index


def new_name(values: Img23DSceneSettings) -> str:
    """The first name that was typed since the last search and that no row has, else a number."""
    taken = {name.casefold() for row in values.targets for name in (row.name, row.found_as)}
    taken |= {name.casefold() for name in split_names(values.found_names)}
    for name in split_names(values.names):
        if name.casefold() not in taken:
            return name
    number = len(values.targets) + 1
    while f"thing {number}" in taken:
        number += 1
    return f"Thing {number}"
