"""Inside Blender: install the zip, draw boxes in the photo of the room, press Generate, check, save the .blend, render the picture.

Arguments: ZIP OUT_FOLDER
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
DEMO = HERE.parent.parent / "demo"
# Pixels of left, top, right and bottom, as an artist draws them. The lamp, of which the table hides the foot from the cut-out,
# and the watering can behind the rabbit's ears are left where they are.
BOXES = {
    "brown book": (202, 425, 378, 662),
    "green bottle": (472, 280, 553, 552),
    "basket": (532, 320, 806, 612),
    "white rabbit": (765, 372, 1075, 722),
    "blue mug": (402, 535, 535, 692),
    "red apple": (573, 582, 692, 730),
}
sys.path[:0] = [str(HERE), str(DEMO)]

import bpy  # noqa: E402, I001  (bmesh exists only after it)
import bmesh  # noqa: E402
import installed  # noqa: E402
import studio  # noqa: E402
from mathutils import Vector  # noqa: E402


def main(zip_file: Path, out: Path) -> None:
    installed.install(zip_file)
    clear_scene()
    start = time.perf_counter()
    draw_boxes()
    installed.generate(DEMO / "photo.jpg", "")
    print(f"Generated {len(BOXES)} objects in {time.perf_counter() - start:.1f} s", flush=True)
    things = check_objects(list(BOXES))
    set_up_stage(things)
    bpy.ops.wm.save_as_mainfile(filepath=str(out / "demo.blend"), compress=True)
    studio.add_backdrop(size=40, back=3.0)  # only in the picture: the .blend holds the objects alone
    studio.render(out / "demo.png")


def draw_boxes() -> None:
    about = json.loads((DEMO / "camera.json").read_text(encoding="utf-8"))
    values = bpy.context.scene.img23d
    values.photo = str(DEMO / "photo.jpg")
    for name, (left, top, right, bottom) in BOXES.items():
        row = values.targets.add()
        row.name, row.has_box = name, True
        row.left, row.right = (100 * edge / about["width"] for edge in (left, right))
        row.top, row.bottom = (100 * edge / about["height"] for edge in (top, bottom))


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
    shot = studio.Shot(target=tuple(middle), distance=width * 1.12 * 85 / 36, elevation=14, turn=-12, width=1280, height=780)
    studio.add_lights(scale=width / 1.6, aim=tuple(middle))
    studio.add_camera(shot)
    studio.use_cycles(samples=24)


if __name__ == "__main__":
    own = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    main(*map(Path, own[:2]))
