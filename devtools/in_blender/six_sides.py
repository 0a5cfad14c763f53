"""Pictures of textured meshes from six sides: a row a GLB, seen from the front, right, back, left, top and bottom.

To judge a texture by eye: seams, smeared sides, grey backs. It renders with Cycles on the processor and works in any
Blender, or with bpy as a module:

    python devtools/in_blender/six_sides.py OUT.png OBJECT.glb ...
    blender --background --python devtools/in_blender/six_sides.py -- OUT.png OBJECT.glb ...

The picture is WIDTH pixels wide. Each object is scaled to its cell; its front looks towards +Z in the GLB (glTF's axes).
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

DEMO = Path(__file__).resolve().parent.parent.parent / "demo"
sys.path.insert(0, str(DEMO))

import bpy  # noqa: E402
import studio  # noqa: E402
from mathutils import Matrix, Vector  # noqa: E402

WIDTH = 1602  # pixels, 267 a cell
CELL = 1.16  # an object's longest side is 1
# How an object is turned so that the side looks at the viewer, who stands at -y
SIDES = {
    "front": Matrix.Identity(4),
    "right": Matrix.Rotation(math.radians(-90), 4, "Z"),
    "back": Matrix.Rotation(math.radians(180), 4, "Z"),
    "left": Matrix.Rotation(math.radians(90), 4, "Z"),
    "top": Matrix.Rotation(math.radians(90), 4, "X"),
    "bottom": Matrix.Rotation(math.radians(-90), 4, "X"),
}


def main(out: Path, files: list[Path]) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    studio.add_world()
    _light_evenly()
    for row, file in enumerate(files):
        _set_out(_imported(file), row)
    _look_at_all(rows=len(files))
    studio.use_cycles(samples=5)
    bpy.context.scene.render.image_settings.compression = 100
    studio.render(out)


def _imported(file: Path) -> list[bpy.types.Object]:
    """The file's meshes as objects by themselves, about 1 large around the origin."""
    before = set(bpy.data.objects)
    bpy.ops.import_scene.gltf(filepath=str(file))
    new = [item for item in bpy.data.objects if item not in before]
    meshes = [item for item in new if item.type == "MESH"]
    bpy.context.view_layer.update()
    corners = [item.matrix_world @ Vector(corner) for item in meshes for corner in item.bound_box]
    low, high = (Vector(map(pick, zip(*corners, strict=True))) for pick in (min, max))
    fit = Matrix.Scale(1.0 / max(high - low), 4) @ Matrix.Translation(-(low + high) / 2)
    for item in meshes:
        world = item.matrix_world.copy()
        item.parent = None
        item.matrix_world = fit @ world
    for item in set(new) - set(meshes):
        bpy.data.objects.remove(item)
    return meshes


def _set_out(meshes: list[bpy.types.Object], row: int) -> None:
    for column, turn in enumerate(SIDES.values()):
        place = Matrix.Translation((column * CELL, 0.0, -row * CELL))
        for item in meshes:
            copy = item.copy()
            copy.matrix_world = place @ turn @ item.matrix_world
            bpy.context.scene.collection.objects.link(copy)
    for item in meshes:
        bpy.data.objects.remove(item)


def _light_evenly() -> None:
    """Mostly light from everywhere, so that the texture is what one sees, and a little from the upper left for the shape."""
    background = bpy.context.scene.world.node_tree.nodes["Background"].inputs
    background["Color"].default_value, background["Strength"].default_value = (0.82, 0.84, 0.86, 1.0), 0.75
    sun = bpy.data.objects.new("sun", bpy.data.lights.new("sun", "SUN"))
    sun.data.energy, sun.data.angle = 1.2, math.radians(20)
    sun.rotation_euler = Vector((0.5, 1.0, -0.8)).to_track_quat("-Z", "Y").to_euler()
    bpy.context.scene.collection.objects.link(sun)


def _look_at_all(*, rows: int) -> None:
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.data.type = "ORTHO"
    camera.data.ortho_scale = CELL * max(len(SIDES), rows)
    camera.location = ((len(SIDES) - 1) / 2 * CELL, -20.0, -(rows - 1) / 2 * CELL)
    camera.rotation_euler = (math.pi / 2, 0.0, 0.0)
    scene = bpy.context.scene
    scene.collection.objects.link(camera)
    scene.camera = camera
    scene.render.resolution_x = WIDTH
    scene.render.resolution_y = round(WIDTH * rows / len(SIDES))
    scene.render.resolution_percentage = 100


if __name__ == "__main__":
    own = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    main(Path(own[0]).resolve(), [Path(name).resolve() for name in own[1:]])
