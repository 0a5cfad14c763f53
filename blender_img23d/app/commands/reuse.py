"""An older run's photo, names, boxes and settings, put into the panel again."""

from __future__ import annotations

import contextlib

import bpy

from ...core.boxes.strokes import written
from ...core.jobs import Job, JobTarget
from ...properties import Img23DSceneSettings, Img23DTarget
from ...scene.photo.target_rows import set_sides
from ...shared.img23d_protocol.messages import Generate, Paint, Settings, Wanted
from ...shared.img23d_protocol.options.settings import OPTIONS

_PERCENT = 100.0


def reuse(job: Job, scene: bpy.types.Scene) -> None:
    """`job` generates or paints. What this version does not know stays as it is in the panel."""
    values, request = scene.img23d, job.request
    if isinstance(request, Paint):
        values.retexture_picture = request.picture
    else:
        values.photo = job.seen_photo  # first: with another photo the list is emptied
        values.original_photo = request.original or (request.photo if job.edited else "")
        _list_targets(values, job, scene.unit_settings.scale_length)
    _set(values, "engine", request.engine)
    _set(values, "seed", request.seed)
    _set_quality(values, request.settings)


def _list_targets(values: Img23DSceneSettings, job: Job, metres: float) -> None:
    """Without names the whole picture is made again, and the list is empty."""
    assert isinstance(job.request, Generate)
    wanted = job.request.wanted
    names = ", ".join(_quoted(one.name) for one in wanted)
    values.names = names
    values.targets.clear()
    for one, target in zip(wanted, job.targets[:: job.request.variants], strict=False):
        _fill(values.targets.add(), one, target, metres)
    values.found_names = names if len(values.targets) else ""
    values.active_target = 0


def _fill(row: Img23DTarget, wanted: Wanted, target: JobTarget, metres: float) -> None:
    box = wanted.box or target.box
    if box is not None:
        row.left, row.top = box.left * _PERCENT, box.top * _PERCENT
        row.right, row.bottom = box.right * _PERCENT, box.bottom * _PERCENT
    row.name = row.found_as = wanted.name
    row.cutout, row.note = target.cutout, target.error
    set_sides(row, wanted.sides)
    row.shape = wanted.shape.value
    row.strokes, row.height, row.faces = written(wanted.strokes), wanted.height / metres, wanted.faces
    row.is_edited = wanted.is_edited
    if wanted.point is not None:
        row.point = (wanted.point.x, wanted.point.y)
    row.has_point = wanted.point is not None
    row.has_box, row.is_drawn = box is not None, wanted.box is not None or wanted.point is not None  # last: an edge that moves says it was drawn


def _set_quality(values: Img23DSceneSettings, settings: Settings) -> None:
    for one in OPTIONS:
        if not one.is_machine:
            _set(values, one.key, one.as_property(settings.value(one.key)))


def _set(values: Img23DSceneSettings, name: str, value: object) -> None:
    with contextlib.suppress(TypeError, ValueError, OverflowError):  # a choice that another version had
        setattr(values, name, value)


def _quoted(name: str) -> str:
    """As it has to be typed: quotes protect commas and quotes."""
    return '"' + name.replace('"', '""') + '"' if set(name) & set(",，、،\"“'") else name
