"""From the scene's settings to a request."""

from __future__ import annotations

import bpy

from ..core.requests import build_generate, build_learned, build_locate, build_settings
from ..properties import Img23DSceneSettings, Img23DTarget, preferences_of
from ..shared.img23d_protocol.messages import Box, Generate, LearnedSettings, Locate, Settings, StageDevices, UvSource
from ..shared.img23d_protocol.names import split_names
from .folders import absolute, runs_base
from .turns import Wish
from .views import viewport_view


def generate_request(context: bpy.types.Context) -> Generate:
    """Raises Img23DError."""
    values = context.scene.img23d
    names, boxes = names_with_boxes(values)
    return build_generate(
        photo=absolute(values.photo),
        names=names,
        engine=values.engine,
        seed=values.seed,
        settings=_settings(context),
        base_folder=runs_base(context),
        boxes=boxes,
    )


def locate_request(context: bpy.types.Context) -> Locate:
    """Raises Img23DError."""
    values = context.scene.img23d
    return build_locate(
        photo=absolute(values.photo),
        names=values.names,
        engine=values.engine,
        seed=values.seed,
        settings=_settings(context),
    )


def retexture_wish(context: bpy.types.Context) -> Wish:
    """Raises Img23DError."""
    values = context.scene.img23d
    return Wish(
        picture=absolute(values.retexture_picture),
        photo=absolute(values.photo),
        engine=values.engine,
        seed=values.seed,
        settings=_settings(context),
        base_folder=runs_base(context),
        uv=UvSource.OWN if values.retexture_uv == "OWN" else UvSource.NEW,
        view=viewport_view(context) if values.retexture_view == "VIEW" else None,
    )


def names_with_boxes(values: Img23DSceneSettings) -> tuple[str, list[Box | None]]:
    """The typed names, each with the first unused box of that name; boxes of other names are things of their own."""
    left = [row for row in values.targets if row.has_box and row.use]
    names = list(split_names(values.names))
    boxes: list[Box | None] = []
    for name in names:
        match = next((box for box in left if box.name.strip().casefold() == name.casefold()), None)
        if match is not None:
            left.remove(match)
        boxes.append(_box(match) if match is not None else None)
    for number, box in enumerate(left, start=1):
        names.append(box.name.strip() or f"Box {number}")
        boxes.append(_box(box))
    return ", ".join(_quoted(name) for name in names), boxes


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _box(box: Img23DTarget) -> Box:
    return Box(left=box.left / 100, top=box.top / 100, right=box.right / 100, bottom=box.bottom / 100)


def learned_settings(context: bpy.types.Context) -> LearnedSettings:
    """What the scene wants, and what this machine is to do it with. Raises Img23DError."""
    values, machine = context.scene.img23d, preferences_of(context)
    return build_learned(
        grounder=values.grounder,
        matter=values.matter,
        shape_model=values.shape_model,
        speed=values.speed,
        steps=values.steps,
        guidance=values.guidance,
        octree_resolution=values.octree_resolution,
        faces=values.budget,
        painter=values.painter,
        paint_steps=values.paint_steps,
        paint_guidance=values.paint_guidance,
        delight=values.delight,
        small_memory=machine.small_memory,
        devices=StageDevices(
            locate=machine.locate_device,
            matte=machine.matte_device,
            shape=machine.shape_device,
            paint=machine.paint_device,
        ),
    )


def _settings(context: bpy.types.Context) -> Settings:
    values = context.scene.img23d
    return build_settings(
        texture=values.texture,
        texture_size=values.texture_size,
        faces=values.faces,
        shape=values.shape,
        thickness=values.thickness,
        learned=learned_settings(context),
    )
