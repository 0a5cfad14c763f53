"""The list of an object's parts: filled, shown as colours, merged, and taken away."""

from __future__ import annotations

from collections.abc import Sequence

import bpy

from ...properties import Img23DPart, Img23DParts, own_parts
from ...shared.img23d_protocol.values import Value
from .labels import LABELS, read_labels, relabel
from .preview import GREY, Color, hide_parts, lighter, recolor, select_parts

_FIELDS = {"run": "", "folder": "", "splitter": "", "licence": "", "settings": "", "seed": 0, "note": ""}


class Found(Value):
    """A part that was found: `color` is #rrggbb; `files` are meshes that a model made."""

    name: str
    color: str
    files: tuple[str, ...] = ()


def host_of(obj: bpy.types.Object | None) -> bpy.types.Object | None:
    """For `draw`: what carries the preview of this object's parts, None where there is none."""
    parts = own_parts(obj) if obj is not None and obj.type == "MESH" else None
    if obj is None or parts is None:
        return None
    if parts.stand_in is not None and parts.stand_in.users_scene:
        return parts.stand_in
    return obj if parts.rows else None


def source_of(host: bpy.types.Object) -> bpy.types.Object:
    """The object that is divided."""
    return host.img23d_parts.source or host


def fill_rows(host: bpy.types.Object, found: Sequence[Found], **said: str | int) -> None:
    """`said`: run, folder, splitter, licence, settings, seed, note. Before the preview is shown, which follows each change of a colour."""
    parts = host.img23d_parts
    parts.rows.clear()
    for number, one in enumerate(found):
        row = parts.rows.add()
        row.number, row.name, row.files = number, one.name, "\n".join(one.files)
        row.color = from_hex(one.color)
    parts.active = -1
    for key, default in _FIELDS.items():
        setattr(parts, key, said.get(key, default))


def colors_of(parts: Img23DParts) -> dict[int, Color]:
    """What the preview shows each part in."""
    return {row.number: _color(row) for row in parts.rows}


def refresh(host: bpy.types.Object) -> None:
    """The preview as the list says; in Edit Mode the faces of the selected parts are selected, and the colours come when it is left."""
    parts = host.img23d_parts
    if host.type != "MESH" or not parts.rows:
        return
    if host.mode == "EDIT":
        select_parts(host.data, {row.number for row in parts.rows if row.is_marked})
    elif host.mode == "OBJECT":
        recolor(host.data, colors_of(parts))


def mark(host: bpy.types.Object, number: int) -> None:
    """Select a part besides the others, or no longer."""
    for row in host.img23d_parts.rows:
        if row.number == number:
            row.is_marked = not row.is_marked
    refresh(host)


def marked(parts: Img23DParts) -> list[Img23DPart]:
    """Those that are selected, the active one first."""
    rows = [row for row in parts.rows if row.is_marked]
    active = parts.rows[parts.active] if 0 <= parts.active < len(parts.rows) else None
    return sorted(rows, key=lambda row: row != active)


def merge(host: bpy.types.Object) -> str:
    """The selected parts become one, with the name and the colour of the active one among them; returns its name."""
    parts = host.img23d_parts
    kept, *others = marked(parts)
    number, name = kept.number, kept.name
    kept.files = "\n".join(filter(None, (row.files for row in (kept, *others))))
    gone = {row.number for row in others}
    if LABELS in host.data.attributes:
        relabel(host.data, dict.fromkeys(gone, number))
    for index in reversed([index for index, row in enumerate(parts.rows) if row.number in gone]):
        parts.rows.remove(index)
    parts.active = next(index for index, row in enumerate(parts.rows) if row.number == number)  # which shows it
    return name


def face_counts(host: bpy.types.Object) -> dict[int, int]:
    """How many faces each part has."""
    import numpy as np

    labels = read_labels(host.data)
    numbers, counts = np.unique(labels, return_counts=True)
    return dict(zip(numbers.tolist(), counts.tolist(), strict=True))


def discard(host: bpy.types.Object) -> bpy.types.Object:
    """The object that is divided, as it was without the preview."""
    source = source_of(host)
    clear_rows(host)
    hide_parts(host.data)
    if source is not host:
        was_visible = source.img23d_parts.was_visible
        source.property_unset("img23d_parts")
        mesh = host.data
        bpy.data.objects.remove(host)
        if not mesh.users:
            bpy.data.meshes.remove(mesh)
        if was_visible:
            source.hide_set(False)
    return source


def clear_rows(host: bpy.types.Object) -> None:
    host.property_unset("img23d_parts")


def has_preview(objects: Sequence[bpy.types.Object]) -> bool:
    return any(parts.rows for obj in objects if obj.type == "MESH" and (parts := own_parts(obj)) is not None)


def from_hex(color: str) -> Color:
    try:
        red, green, blue = (int(color[start : start + 2], 16) / 255 for start in (1, 3, 5))
    except ValueError:
        return GREY
    return red, green, blue


def _color(row: Img23DPart) -> Color:
    red, green, blue = row.color
    if not (row.use and row.is_shown):
        return GREY
    return lighter((red, green, blue)) if row.is_marked else (red, green, blue)
