"""Take the demo photo: a table in a room, a flowered cloth, light from a window. Needs Blender's Python module (bpy).

python demo/make_photo.py                                    photo.jpg, masks.png, camera.json and truth/ beside this file
python demo/make_photo.py --percent 30 --samples 12 --out F  a quick look
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import bpy  # noqa: E402
import materials as m  # noqa: E402
import rooms  # noqa: E402
import studio  # noqa: E402
from harder_things import HARDER_THINGS, watering_can  # noqa: E402
from things import THINGS  # noqa: E402


def yellow_can() -> bpy.types.Object:
    """Two things of one photo are not to share a colour by which they are named."""
    return watering_can("yellow watering can", ("#d39a17", "#e0ad2c"))


# Names as a person would type them; x, y in metres, the turn about z in degrees. Some stand a little before others.
PLACES: dict[str, tuple[Callable[[], bpy.types.Object], float, float, float]] = {
    "desk lamp": (HARDER_THINGS["desk lamp"], -0.4, 0.1, -8),
    "green bottle": (THINGS["green bottle"], -0.09, 0.25, 0),
    "basket": (HARDER_THINGS["basket"], 0.1, 0.12, 20),
    "yellow watering can": (yellow_can, 0.4, 0.22, 20),
    "brown book": (THINGS["brown book"], -0.28, -0.1, 30),
    "blue mug": (THINGS["blue mug"], -0.1, -0.17, -32),
    "white rabbit": (HARDER_THINGS["white rabbit"], 0.35, -0.2, 16),
    "red apple": (THINGS["red apple"], 0.08, -0.27, 20),
}
SHOT = studio.Shot(target=(0.03, 0, 0.185), distance=2.05, elevation=16, turn=4, lens=58, f_stop=11)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--samples", type=int, default=64, help="light samples a pixel")
    parser.add_argument("--percent", type=int, default=100, help="of the photo's full size, for a quick look")
    own = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    arguments = parser.parse_args(own)
    take(arguments.out, samples=arguments.samples, percent=arguments.percent)


def take(out: Path, *, samples: int, percent: int) -> None:
    """The photo with what is known about it."""
    studio.empty_scene()
    add_room()
    things = [_placed(name) for name in PLACES]
    camera = studio.add_camera(SHOT)
    studio.use_cycles(samples=samples)
    studio.use_film(exposure=0.25)
    bpy.context.scene.render.resolution_percentage = percent
    (out / "truth").mkdir(parents=True, exist_ok=True)
    studio.render(out / "photo.jpg")
    studio.render_masks(out / "masks.png", things)
    record = {"names": list(PLACES), **studio.camera_record(camera, SHOT)}
    (out / "camera.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    for item in things:
        studio.export_truth(out / "truth" / f"{item.name.replace(' ', '_')}.glb", item)


def add_room() -> None:
    """The table with its cloth, the wall behind it with two pictures, a plant on the floor, the window at the left."""
    rooms.add_table(size=(1.75, 0.95), back=0.5, top=rooms.TABLE_UNDER_CLOTH)
    blue_and_red = ("#b8443c", "#3d6a95", "#cf8f3a")
    rooms.add_cloth(m.flowered("print", "#e6dcc6", blue_and_red, every=0.052), size=(1.22, 0.74), at=(0.02, 0), flat=0.62)
    rooms.add_wall(1.15, color="#aeb5a6", height=3.4, foot=-0.75)
    rooms.add_picture((-0.12, 1.15, 0.6), (0.5, 0.36), ("#486a83", "#c98d5a"))
    rooms.add_picture((0.62, 1.15, 0.58), (0.28, 0.36), ("#8a4b3c", "#6d8a5a"), frame="#c4a468")
    rooms.add_plant((-0.86, 0.8, -0.75), size=3.4, seed=6)
    rooms.add_window_light(aim=(0, 0, 0.12), scale=0.75)


def _placed(name: str) -> bpy.types.Object:
    make, x, y, turn = PLACES[name]
    item = make()
    item.location, item.rotation_euler = (x, y, 0), (0, 0, math.radians(turn))
    return item


if __name__ == "__main__":
    main()
