"""The rows of options that the chosen engine looks at, as the options themselves say where they stand."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

import bpy

from ...properties import Img23DSceneSettings
from ...shared.img23d_protocol.options.declare import Engine, Option, Row
from ...shared.img23d_protocol.options.settings import OPTIONS, engine_named


def rows_of(values: Img23DSceneSettings, panel: str, engine: Engine | None = None) -> list[tuple[Option, Row]]:
    """In the order in which they are drawn, without the switch in the panel's title. The scene's engine, where none is named."""
    engine, value = engine or engine_named(values.engine), partial(getattr, values)
    rows = [(one, one.row) for one in OPTIONS if one.row is not None and one.row.panel == panel and not one.row.is_header]
    return sorted(((one, row) for one, row in rows if engine.shows(one, value)), key=lambda pair: pair[1].rank)


def draw_rows(column: bpy.types.UILayout, values: Img23DSceneSettings, panel: str, engine: Engine | None = None, *, without: Collection[str] = ()) -> None:
    """But for the options `without`. Wide ones stand together where the first of them comes: half of a narrow sidebar would cut off what tells their choices apart."""
    wide = None
    for one, row in [pair for pair in rows_of(values, panel, engine) if pair[0].key not in without]:
        if row.has_gap:
            column.separator()
        if row.is_wide and wide is None:
            wide = column.column()
            wide.use_property_split = False
        target = wide if row.is_wide and wide is not None else column
        if row.active is not None:
            target = target.row()
            target.active = row.active.holds(partial(getattr, values))
        if row.text is None:
            target.prop(values, one.key)
        else:
            target.prop(values, one.key, text=row.text)
