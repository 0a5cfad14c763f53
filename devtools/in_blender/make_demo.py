"""Inside Blender: install the zip, press Generate on the plain photo, check, save the .blend, render the picture.

Arguments: ZIP OUT_FOLDER
"""

from __future__ import annotations

import json
import math
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
DEMO = HERE.parent.parent / "demo"
PHOTO = DEMO / "plain"  # the preview engine cuts the things of the room less cleanly than a picture to show asks for
sys.path[:0] = [str(HERE), str(DEMO)]

import bpy  # noqa: E402, I001  (bmesh exists only after it)
import bmesh  # noqa: E402
import installed  # noqa: E402
import studio  # noqa: E402
from mathutils import Vector  # noqa: E402


def main(zip_file: Path, out: Path) -> None:
    names = json.loads((PHOTO / "camera.json").read_text(encoding="utf-8"))["names"]
    installed.install(zip_file)
    clear_scene()
    start = time.perf_counter()
    installed.generate(PHOTO / "photo.jpg", ", ".join(names))
    print(f"Generated {len(names)} objects in {time.perf_counter() - start:.1f} s", flush=True)
    things = check_objects(names)
    set_up_stage(things)
    bpy.ops.wm.save_as_mainfile(filepath=str(out / "demo.blend"), compress=True)
    studio.add_backdrop(size=40, back=3.0)  # only in the picture: the .blend holds the objects alone
    studio.render(out / "demo.png")


def clear_scene() -> None:
    for item in list(bpy.data.objects):
        bpy.data.objects.remove(item)


def check_objects(names: list[str]) -> list[bpy.types.Object]:
    """Exactly one named, textured, closed mesh for each name. Raises SystemExit with what is wrong."""
    meshes = {item.name: item for item in bpy.context.scene.objects if item.type == "MESH"}
    wrong = [f"no object “{name}”" for name in names if name not in meshes]
    wrong += [f"“{name}” was not asked for" for name in meshes if name not in names]
    wrong += [f"“{name}” is not closed" for name, item in meshes.items() if not is_closed(item.data)]
    wrong += [f"“{name}” has no texture" for name, item in meshes.items() if not is_textured(item)]
    if wrong:
        raise SystemExit("The demo is wrong: " + "; ".join(wrong))
    return [meshes[name] for name in names]


def is_closed(mesh: bpy.types.Mesh) -> bool:
    """Every edge between two faces, where vertices at one place count as one (a texture's seam may part them)."""
    shape = bmesh.new()
    shape.from_mesh(mesh)
    bmesh.ops.remove_doubles(shape, verts=shape.verts, dist=1e-7)
    closed = len(shape.faces) > 0 and all(edge.is_manifold for edge in shape.edges)
    shape.free()
    return closed


def is_textured(item: bpy.types.Object) -> bool:
    if not item.data.uv_layers or not item.material_slots or item.material_slots[0].material is None:
        return False
    nodes = item.material_slots[0].material.node_tree.nodes
    return any(node.type == "TEX_IMAGE" and node.image is not None and min(node.image.size) > 0 for node in nodes)


def set_up_stage(things: list[bpy.types.Object]) -> None:
    """World, lights and a camera that sees all objects from the front, a little from the side and above."""
    corners = [item.matrix_world @ Vector(corner) for item in things for corner in item.bound_box]
    low = Vector([min(corner[axis] for corner in corners) for axis in range(3)])
    high = Vector([max(corner[axis] for corner in corners) for axis in range(3)])
    studio.add_world()
    width = high.x - low.x
    middle = (low + high) / 2
    shot = studio.Shot(target=tuple(middle), distance=width * 1.12 * 85 / 36, elevation=14, turn=-12, width=1280, height=640)
    studio.add_lights(scale=width / 1.6, aim=tuple(middle))
    studio.add_camera(shot)
    studio.use_cycles(samples=24)


if __name__ == "__main__":
    own = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    main(*map(Path, own[:2]))
