"""Take the harder photos, one thing each: thin parts and holes, white on white, wood on wood, clutter, cloths. Needs bpy.

    python demo/make_harder.py                       all of them into harder/ beside this file
    python demo/make_harder.py --missing             those that are not there yet in this size
    python demo/make_harder.py --only "basket"       one of them
    python demo/make_harder.py --size 256 --samples 8 --out FOLDER    a quick look

A thing gives NAME.jpg, NAME_mask.png (1 where it is seen, 0 elsewhere), NAME_camera.json and NAME_truth.glb.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import bpy  # noqa: E402, F401  (mathutils can only be imported after it)
import materials as m  # noqa: E402
import rooms  # noqa: E402
import studio  # noqa: E402
from harder_things import HARDER_THINGS  # noqa: E402


@dataclass(frozen=True, kw_only=True)
class Photo:
    """`turn` is the thing's about z in degrees, `add_surroundings` builds and lights what is round it."""

    add_surroundings: Callable[[], None]
    shot: studio.Shot
    turn: float = 0.0
    exposure: float = 0.0


def add_porch() -> None:
    """A wooden chair on a wooden floor."""
    rooms.add_floor(dark="#5a3318", light="#9c6535")
    rooms.add_wall(1.25, color="#b9ad96")
    rooms.add_picture((-0.95, 1.25, 1.35), (0.5, 0.62), ("#7a8f6c", "#b98a4e"))
    rooms.add_window_light(aim=(0, 0, 0.4), scale=1.3)


def add_white_room() -> None:
    """A white floor that runs into a white wall, in the light of a window."""
    studio.add_backdrop(color="#e9e7e2", size=14, back=0.9)
    rooms.add_window_light(aim=(0, 0, 0.45), scale=1.2)


def add_white_table() -> None:
    """The same for something small."""
    studio.add_backdrop(color="#f0eeea", size=6, back=0.5)
    studio.add_lights(aim=(0, 0, 0.12), scale=0.9)


def add_workshop() -> None:
    """Boxes, a plant and books behind and beside."""
    rooms.add_floor()
    rooms.add_wall(0.95, color="#a9b0ad")
    rooms.add_box((-0.42, 0.5, 0), (0.36, 0.3, 0.28), "#b08d62", turn=14)
    rooms.add_box((-0.38, 0.5, 0.28), (0.26, 0.22, 0.17), "#8f9aa3", turn=-9)
    rooms.add_plant((0.3, 0.55, 0), size=1.5, seed=3)
    rooms.add_books((0.5, 0.12, 0), colors=("#7c2f2a", "#2e4d6b", "#c0a060"), turn=24)
    rooms.add_box((0.02, 0.72, 0), (0.3, 0.2, 0.5), "#73563a", turn=4)
    rooms.add_window_light(aim=(0, 0, 0.25), scale=0.9)


def add_desk() -> None:
    """A desk before a wall with a picture, books and a mug on it."""
    rooms.add_table()
    rooms.add_wall(0.75, color="#bfc3b4", height=3.4, foot=-0.75)
    rooms.add_picture((0.3, 0.75, 0.42), (0.36, 0.28), ("#486a83", "#c98d5a"))
    rooms.add_books((0.24, 0.26, 0), colors=("#34506b", "#8b3a31", "#c7b184"), turn=-12)
    rooms.add_known("blue mug", (0.29, -0.02, 0), turn=-40)
    rooms.add_known("brown book", (-0.33, 0.33, 0), turn=30)
    rooms.add_window_light(aim=(0, 0, 0.15), scale=0.6)


def add_cafe_table() -> None:
    """A wooden table, close."""
    rooms.add_table(dark="#6d4020", light="#b97f48")
    rooms.add_wall(1.4, color="#8f8779", height=3.4, foot=-0.75)
    rooms.add_window_light(aim=(0, 0, 0.02), scale=0.3)


def add_potting_bench() -> None:
    """Clay pots with plants behind and beside the can."""
    rooms.add_table(dark="#544536", light="#97825f")
    rooms.add_wall(0.9, color="#aab09c", height=3.4, foot=-0.75)
    rooms.add_plant((-0.25, 0.3, 0), size=1.0, seed=5)
    rooms.add_plant((0.12, 0.36, 0), size=1.15, seed=8, leaf="#5a8a3c", pot="#a3573a")
    rooms.add_plant((0.44, 0.12, 0), size=0.75, seed=11, pot="#c4b49a")
    rooms.add_box((-0.46, 0.02, 0), (0.12, 0.12, 0.1), "#b9986c", turn=20)
    rooms.add_window_light(aim=(0, 0, 0.12), scale=0.55)


def add_picnic_cloth() -> None:
    """Red and white checks on a table."""
    rooms.add_table(top=rooms.TABLE_UNDER_CLOTH)
    rooms.add_cloth(m.gingham("gingham", "#b32a2a", check=0.024))
    rooms.add_wall(1.3, color="#93998c", height=3.4, foot=-0.75)
    rooms.add_window_light(aim=(0, 0, 0.1), scale=0.5)


def add_sewing_table() -> None:
    """Flowered cloth, from above."""
    rooms.add_table(top=rooms.TABLE_UNDER_CLOTH)
    rooms.add_cloth(m.flowered("print", "#e9dfc8", ("#b8443c", "#3d6a95", "#cf8f3a"), every=0.05), flat=0.12)
    rooms.add_window_light(aim=(0, 0, 0), scale=0.3)


def add_living_room() -> None:
    """An armchair behind, books and a plant beside, a picture on the wall."""
    rooms.add_floor(dark="#6b4a2c", light="#ad8455")
    rooms.add_wall(1.5, color="#9fa79a")
    rooms.add_armchair((0.42, 0.85, 0), color="#7d5a4a", turn=-14)
    rooms.add_picture((-0.55, 1.5, 1.35), (0.55, 0.42), ("#54728a", "#d3a45f"))
    rooms.add_plant((-0.62, 0.75, 0), size=2.0, seed=4)
    rooms.add_books((0.58, 0.06, 0), colors=("#8b3a31", "#35506a"), turn=18)
    rooms.add_window_light(aim=(0, 0, 0.6), scale=1.5)


def shot(height: float, distance: float, elevation: float, **more: float) -> studio.Shot:
    """A square photo of what is about twice that many metres high."""
    return studio.Shot(target=(more.pop("x", 0.0), 0, height), distance=distance, elevation=elevation, width=1024, height=1024, **more)


PHOTOS: dict[str, Photo] = {
    "rocking chair": Photo(add_surroundings=add_porch, shot=shot(0.5, 3.3, 12, lens=70, f_stop=5.6), turn=-38),
    "white chair": Photo(add_surroundings=add_white_room, shot=shot(0.47, 2.9, 13, lens=75), turn=32, exposure=0.2),
    "three-legged stool": Photo(add_surroundings=add_workshop, shot=shot(0.23, 1.8, 20, lens=75, f_stop=5.6), turn=17),
    "desk lamp": Photo(add_surroundings=add_desk, shot=shot(0.235, 1.55, 11, lens=75, f_stop=8), turn=-12),
    "cup and saucer": Photo(add_surroundings=add_cafe_table, shot=shot(0.024, 0.5, 30, lens=80, f_stop=11), turn=-28),
    "green watering can": Photo(add_surroundings=add_potting_bench, shot=shot(0.14, 1.5, 17, lens=75, f_stop=8, x=0.06), turn=-16),
    "white rabbit": Photo(add_surroundings=add_white_table, shot=shot(0.165, 1.05, 12, lens=75), turn=24, exposure=0.1),
    "basket": Photo(add_surroundings=add_picnic_cloth, shot=shot(0.13, 1.05, 24, lens=75, f_stop=11), turn=28),
    "scissors": Photo(add_surroundings=add_sewing_table, shot=shot(0.0, 0.62, 52, lens=75), turn=-34),
    "floor lamp": Photo(add_surroundings=add_living_room, shot=shot(0.74, 4.6, 9, lens=75, f_stop=4), turn=0),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE / "harder")
    parser.add_argument("--only", choices=list(PHOTOS), help="one of the things")
    parser.add_argument("--missing", action="store_true", help="leave out what is there already in this size")
    parser.add_argument("--size", type=int, default=1024, help="pixels a side")
    parser.add_argument("--samples", type=int, default=8, help="light samples a pixel")
    own = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    arguments = parser.parse_args(own)
    arguments.out.mkdir(parents=True, exist_ok=True)
    wanted = [arguments.only] if arguments.only else list(PHOTOS)
    for name in [name for name in wanted if not (arguments.missing and is_there(name, arguments.out, size=arguments.size))]:
        take(name, arguments.out, size=arguments.size, samples=arguments.samples)


def is_there(name: str, out: Path, *, size: int) -> bool:
    """Whether the photo was taken in this size; its truth is written last."""
    stem = out / name.replace(" ", "_")
    record = Path(f"{stem}_camera.json")
    return Path(f"{stem}_truth.glb").is_file() and json.loads(record.read_text(encoding="utf-8"))["width"] == size


def take(name: str, out: Path, *, size: int, samples: int) -> None:
    """The photo, the mask, the camera and the truth of one thing."""
    photo = PHOTOS[name]
    studio.empty_scene()
    photo.add_surroundings()
    item = HARDER_THINGS[name]()
    item.rotation_euler = (0, 0, math.radians(photo.turn))
    taken = replace(photo.shot, width=size, height=size)
    camera = studio.add_camera(taken)
    studio.use_cycles(samples=samples)
    studio.use_film(exposure=photo.exposure)
    stem = out / name.replace(" ", "_")
    studio.render(stem.with_suffix(".jpg"))
    studio.render_masks(Path(f"{stem}_mask.png"), [item])
    record = {"names": [name], **studio.camera_record(camera, taken)}
    Path(f"{stem}_camera.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    studio.export_truth(Path(f"{stem}_truth.glb"), item)


if __name__ == "__main__":
    main()
