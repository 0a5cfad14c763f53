"""Take the plain photo: eight things apart from each other on grey paper. Needs Blender's Python module (bpy).

python demo/make_plain.py                     photo.jpg, masks.png, camera.json and truth/ in plain/ beside this file
python demo/make_plain.py --single FOLDER     one photo, mask, camera and truth a thing, for the benchmark
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import bpy  # noqa: E402
import studio  # noqa: E402
from things import THINGS  # noqa: E402

# x, y in metres, the turn about z in degrees; two rows, standing apart as seen from the camera
PLACES: dict[str, tuple[float, float, float]] = {
    "pink lamp": (-0.38, 0.18, 0),
    "green bottle": (-0.115, 0.24, 0),
    "brown book": (0.115, 0.22, 24),
    "blue mug": (0.37, 0.24, -28),
    "red apple": (-0.375, -0.28, 20),
    "yellow duck": (-0.14, -0.28, 18),
    "purple star": (0.105, -0.28, 8),
    "orange bowl": (0.345, -0.27, 0),
}
GROUP_SHOT = studio.Shot(target=(0, 0, 0.125), distance=2.6, elevation=19)


def main() -> None:
    arguments = parse_arguments()
    if arguments.single:
        for name in THINGS:
            take_single(name, arguments.single, size=arguments.size, samples=arguments.samples)
    else:
        take_group(arguments.out, samples=arguments.samples, percent=arguments.percent)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE / "plain")
    parser.add_argument("--single", type=Path, help="folder for one photo a thing")
    parser.add_argument("--size", type=int, default=768, help="pixels a side of a single photo")
    parser.add_argument("--samples", type=int, default=64, help="light samples a pixel")
    parser.add_argument("--percent", type=int, default=100, help="of the photo's full size, for a quick look")
    own = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    return parser.parse_args(own)


def place(name: str, x: float, y: float, turn: float) -> bpy.types.Object:
    item = THINGS[name]()
    item.location = (x, y, 0)
    item.rotation_euler = (0, 0, math.radians(turn))
    return item


def take_group(out: Path, *, samples: int, percent: int) -> None:
    """The plain photo with what is known about it."""
    studio.empty_scene()
    studio.add_backdrop()
    things = [place(name, *PLACES[name]) for name in THINGS]
    studio.add_lights()
    camera = studio.add_camera(GROUP_SHOT)
    studio.use_cycles(samples=samples)
    bpy.context.scene.render.resolution_percentage = percent
    out.mkdir(parents=True, exist_ok=True)
    studio.render(out / "photo.jpg")
    studio.render_masks(out / "masks.png", things)
    write_json(out / "camera.json", {"names": list(THINGS), **studio.camera_record(camera, GROUP_SHOT)})
    (out / "truth").mkdir(exist_ok=True)
    for item in things:
        studio.export_truth(out / "truth" / f"{item.name.replace(' ', '_')}.glb", item)


def take_single(name: str, out: Path, *, size: int, samples: int) -> None:
    """One thing by itself, filling about two thirds of a square photo."""
    studio.empty_scene()
    studio.add_backdrop()
    item = place(name, 0, 0, PLACES[name][2])
    bpy.context.view_layer.update()
    corners = [item.matrix_world @ v.co for v in item.data.vertices]
    height = max(c.z for c in corners)
    reach = max(height, max(c.x for c in corners) - min(c.x for c in corners))
    middle = (max(c.x for c in corners) + min(c.x for c in corners)) / 2
    shot = studio.Shot(target=(middle, 0, height / 2), distance=reach * 1.5 * 85 / 36, elevation=10, width=size, height=size)
    studio.add_lights()
    camera = studio.add_camera(shot)
    studio.use_cycles(samples=samples)
    stem = name.replace(" ", "_")
    out.mkdir(parents=True, exist_ok=True)
    studio.render(out / f"{stem}.png")
    studio.render_masks(out / f"{stem}_mask.png", [item])
    write_json(out / f"{stem}_camera.json", {"names": [name], **studio.camera_record(camera, shot)})
    studio.export_truth(out / f"{stem}_truth.glb", item)


def write_json(path: Path, data: dict[str, object]) -> None:
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
