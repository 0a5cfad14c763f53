"""From the scene's settings to a request."""

from __future__ import annotations

import bpy
from mathutils import Matrix

from ..core.requests import build_generate, build_learned, build_locate, build_paint, build_settings, new_run_folder
from ..properties import Img23DBox, Img23DSceneSettings, preferences_of
from ..shared.img23d_protocol import ErrorCode, Img23DError
from ..shared.img23d_protocol.messages import Box, Generate, LearnedSettings, Locate, Paint, Settings, StageDevices
from ..shared.img23d_protocol.names import split_names
from .capture import Captured, capture_mesh, check_paintable, front_view, viewport_view
from .folders import absolute, runs_base


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


def paint_request(context: bpy.types.Context) -> tuple[Paint, Captured]:
    """Captures the active mesh into the run's folder. Raises Img23DError."""
    values = context.scene.img23d
    obj = check_paintable(context.object)
    picture = absolute(values.retexture_picture or values.photo)
    folder = new_run_folder(runs_base(context), picture)
    mesh = folder / "mesh.npz"
    request = build_paint(
        mesh=str(mesh),
        picture=picture,
        name=obj.name,
        engine=values.engine,
        seed=values.seed,
        settings=_settings(context),
        run_folder=folder,
    )
    captured = capture_mesh(obj, _view(context, obj, values), mesh, context.evaluated_depsgraph_get())
    return request, captured


def names_with_boxes(values: Img23DSceneSettings) -> tuple[str, list[Box | None]]:
    """The typed names, each with the first unused box of that name; boxes of other names are things of their own."""
    left = list(values.boxes)
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


def _box(box: Img23DBox) -> Box:
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


def _view(context: bpy.types.Context, obj: bpy.types.Object, values: Img23DSceneSettings) -> Matrix:
    if values.retexture_view == "FRONT":
        return front_view(obj)
    area = context.area
    if area is None or area.type != "VIEW_3D":
        raise Img23DError(ErrorCode.BAD_REQUEST, "To project from the current view, press the button in a 3D viewport.")
    region = next(region for region in area.regions if region.type == "WINDOW")
    return viewport_view(region, area.spaces.active.region_3d)
