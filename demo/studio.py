"""The photographer's corner: a seamless backdrop, soft lights, a camera that can be written down, and the render."""

from __future__ import annotations

import contextlib
import math
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import bpy
import materials
import numpy as np
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Matrix, Vector

GLTF_TO_BLENDER = Matrix.Rotation(math.radians(90), 4, "X")  # glTF: y up, front to +z; Blender: z up, front to -y


@dataclass(frozen=True, kw_only=True)
class Shot:
    """Where the camera stands. Lengths in metres, angles in degrees, sizes in pixels."""

    target: tuple[float, float, float]
    distance: float
    elevation: float
    turn: float = 0.0  # degrees to the right about the target, seen from the front
    lens: float = 85.0  # mm on a 36 mm sensor
    width: int = 1200
    height: int = 900
    f_stop: float = 0.0  # 0: everything is sharp


def empty_scene() -> None:
    """A new file without the default cube."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    add_world()


def add_world() -> None:
    """A faint sky that softens the shadows."""
    world = bpy.data.worlds.new("studio")
    bpy.context.scene.world = world
    if bpy.app.version < (5, 0, 0):
        world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.86, 0.93, 1.0, 1)
    world.node_tree.nodes["Background"].inputs["Strength"].default_value = 0.35


def add_backdrop(*, size: float = 6.0, back: float = 1.3, color: str = "#9da7ac") -> bpy.types.Object:
    """Paper that runs from the ground up behind the things in one curve of radius 0.8 m."""
    bend = [(back + 0.8 * math.sin(t), 0.8 - 0.8 * math.cos(t)) for t in np.linspace(0, math.pi / 2, 24)]
    line = [(-size / 2, 0.0), *bend, (bend[-1][0], size / 2)]
    vertices = [(x, y, z) for y, z in line for x in (-size / 2, size / 2)]
    faces = [(2 * i, 2 * i + 1, 2 * i + 3, 2 * i + 2) for i in range(len(line) - 1)]
    mesh = bpy.data.meshes.new("backdrop")
    mesh.from_pydata(vertices, [], faces)
    mesh.shade_smooth()
    mesh.materials.append(materials.plain("paper", color, roughness=0.9))
    item = bpy.data.objects.new("backdrop", mesh)
    bpy.context.scene.collection.objects.link(item)
    return item


def add_light(name: str, *, at: Vector, aim: Vector, size: float, watts: float, color: str) -> None:
    """A square soft box."""
    light = bpy.data.lights.new(name, "AREA")
    light.size, light.energy, light.color = size, watts, materials.srgb(color)
    item = bpy.data.objects.new(name, light)
    item.location = at
    item.rotation_euler = (aim - at).to_track_quat("-Z", "Y").to_euler()
    bpy.context.scene.collection.objects.link(item)


def add_lights(*, aim: tuple[float, float, float] = (0, 0, 0.1), scale: float = 1.0) -> None:
    """A big warm key from the upper left, a fill from the right, a light on the backdrop; `scale` enlarges the whole set."""
    middle = Vector(aim)
    behind = middle + scale * Vector((0, 0.5, -0.1))
    for name, at, target, size, watts, color in (
        ("key", (-1.3, -1.5, 1.8), middle, 1.5, 60, "#fff3e2"),
        ("fill", (1.8, -1.4, 0.9), middle, 1.8, 16, "#e4efff"),
        ("top", (0.1, 0.5, 1.9), behind, 1.6, 24, "#ffffff"),
    ):
        add_light(name, at=middle + scale * Vector(at), aim=target, size=scale * size, watts=scale**2 * watts, color=color)


def add_camera(shot: Shot) -> bpy.types.Object:
    """The scene's camera, looking at the target from the front and above."""
    up, aside = math.radians(shot.elevation), math.radians(shot.turn)
    target = Vector(shot.target)
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.data.lens = shot.lens
    camera.location = target + shot.distance * Vector((math.sin(aside) * math.cos(up), -math.cos(aside) * math.cos(up), math.sin(up)))
    camera.rotation_euler = (target - camera.location).to_track_quat("-Z", "Y").to_euler()
    camera.data.dof.use_dof = shot.f_stop > 0
    camera.data.dof.focus_distance, camera.data.dof.aperture_fstop = shot.distance, shot.f_stop or 2.8
    scene = bpy.context.scene
    scene.collection.objects.link(camera)
    scene.camera = camera
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = shot.width, shot.height, 100
    bpy.context.view_layer.update()
    return camera


def use_cycles(*, samples: int) -> None:
    """Cycles on the processor, denoised, with a plain view transform so that colours stay what they are."""
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = samples
    scene.cycles.use_denoising = True
    scene.cycles.max_bounces = 6
    scene.cycles.seed = 1
    scene.view_settings.view_transform = "Standard"
    scene.render.dither_intensity = 0.0
    scene.render.image_settings.color_mode = "RGB"


def use_film(*, exposure: float = 0.0) -> None:
    """Highlights that roll off as a camera's do, in place of colours that stay what they are; stops more or less."""
    view = bpy.context.scene.view_settings
    view.view_transform, view.look, view.exposure = "AgX", "AgX - Medium High Contrast", exposure


def render(path: Path, *, quality: int = 92) -> None:
    """Render the scene; the file's ending says JPEG or PNG."""
    settings = bpy.context.scene.render
    settings.image_settings.file_format = "JPEG" if path.suffix == ".jpg" else "PNG"
    settings.image_settings.quality = quality
    settings.filepath = str(path)
    with _quiet():
        bpy.ops.render.render(write_still=True)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Cycles prints a line for every few samples, from C."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def render_masks(path: Path, things: list[bpy.types.Object]) -> None:
    """A grey PNG whose pixel values are 1, 2, ... in the order of `things`, 0 elsewhere."""
    for number, item in enumerate(things, start=1):
        item.pass_index = number
    scene = bpy.context.scene
    kept = scene.world, scene.view_settings.view_transform, scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.pixel_filter_type
    bpy.context.view_layer.material_override = _number_material()
    scene.world = None
    film = scene.view_settings.look, scene.view_settings.exposure
    scene.view_settings.look, scene.view_settings.exposure = "None", 0.0
    scene.view_settings.view_transform = "Raw"
    scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.pixel_filter_type = 1, False, "BOX"
    scene.cycles.filter_width = 0.01
    lens = scene.camera.data.dof
    was_soft, lens.use_dof = lens.use_dof, False
    render(path)
    lens.use_dof = was_soft
    bpy.context.view_layer.material_override = None
    scene.world, scene.view_settings.view_transform, scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.pixel_filter_type = kept
    scene.view_settings.look, scene.view_settings.exposure = film
    scene.cycles.filter_width = 1.5


def _number_material() -> bpy.types.Material:
    """Every object shines with the grey of its number."""
    nodes = materials.Nodes("number", roughness=1.0)
    shine = nodes.add("ShaderNodeEmission")
    number = nodes.math("DIVIDE", nodes.add("ShaderNodeObjectInfo").outputs["Object Index"], 255.0)
    nodes.link(number, shine.inputs["Strength"])
    output = next(n for n in nodes.tree.nodes if n.type == "OUTPUT_MATERIAL")
    nodes.link(shine.outputs[0], output.inputs["Surface"])
    return nodes.material


def camera_record(camera: bpy.types.Object, shot: Shot) -> dict[str, object]:
    """The camera in glTF's axes, as plain numbers.

    `to_pixels` (4, 4): a homogeneous point (column) to (u, v, depth, 1) * w, v downwards, pixel (0, 0)'s centre at 0.5.
    `to_camera` (4, 4): to x right, y up, z towards the viewer, metres, the camera at the origin.
    """
    to_camera = camera.matrix_world.inverted() @ GLTF_TO_BLENDER
    focal = shot.lens / camera.data.sensor_width * shot.width  # pixels
    lens = np.array([[focal, 0, -shot.width / 2, 0], [0, -focal, -shot.height / 2, 0], [0, 0, 1, 0], [0, 0, -1, 0]])
    to_pixels = lens @ np.array(to_camera)
    _assert_same_pixel(camera, shot, to_pixels)
    return {
        "width": shot.width,
        "height": shot.height,
        "to_pixels": to_pixels.tolist(),
        "to_camera": np.array(to_camera).tolist(),
    }


def _assert_same_pixel(camera: bpy.types.Object, shot: Shot, to_pixels: np.ndarray) -> None:
    """Blender's own projection of a point must agree with the matrix that is written down."""
    point = Vector((0.13, -0.07, 0.21))
    share = world_to_camera_view(bpy.context.scene, camera, point)
    theirs = (share.x * shot.width, (1 - share.y) * shot.height)
    ours = to_pixels @ np.array(GLTF_TO_BLENDER.inverted() @ point.to_4d())
    if not np.allclose(ours[:2] / ours[3], theirs, atol=0.01):
        raise RuntimeError(f"the written camera is wrong: {ours[:2] / ours[3]} against {theirs}")


def export_truth(path: Path, item: bpy.types.Object) -> None:
    """The object alone, in world space, shape only."""
    for other in bpy.context.view_layer.objects:
        other.select_set(other is item)
    bpy.ops.export_scene.gltf(
        filepath=str(path),
        export_format="GLB",
        use_selection=True,
        export_apply=True,
        export_materials="NONE",
        export_normals=False,
        export_texcoords=False,
        export_yup=True,
    )
