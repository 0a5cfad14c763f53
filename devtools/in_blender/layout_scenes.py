"""Scenes of the demo's things, each photographed by a camera that is known: what the layout of the results is measured on.

    python devtools/in_blender/layout_scenes.py FOLDER

Each scene gives NAME.png, NAME_masks.png (a thing's number at its pixels, 0 elsewhere), NAME.json (camera and things) and
NAME_THING.glb (true meshes, in the scene's place).
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path

DEMO = Path(__file__).resolve().parent.parent.parent / "demo"
sys.path.insert(0, str(DEMO))

import studio  # noqa: E402
from things import THINGS  # noqa: E402

SAMPLES = 8
LONG_SIDE, SHORT_SIDE = 1024, 768  # pixels
SENSOR = 36.0  # mm along the longer side


@dataclass(frozen=True, kw_only=True)
class Scene:
    """`places` are x and y in metres and the turn about z in degrees; `lens` in mm, `elevation` and `turn` in degrees."""

    name: str
    places: dict[str, tuple[float, float, float]]
    lens: float
    elevation: float
    turn: float
    distance: float
    target: tuple[float, float, float] = (0, 0, 0.08)
    is_portrait: bool = False


SCENES = (
    Scene(
        name="low",
        places={"blue mug": (-0.3, 0.05, -28), "green bottle": (-0.08, 0.25, 0), "orange bowl": (0.27, -0.05, 0)},
        lens=35,
        elevation=10,
        turn=0,
        distance=1.25,
        target=(0, 0, 0.1),
    ),
    Scene(
        name="phone",
        places={
            "red apple": (-0.24, -0.16, 20),
            "pink lamp": (-0.3, 0.3, 0),
            "yellow duck": (0.06, -0.12, 30),
            "brown book": (0.3, 0.22, 24),
        },
        lens=26,
        elevation=22,
        turn=8,
        distance=1.1,
    ),
    Scene(
        name="steep",
        places={
            "purple star": (-0.3, 0.1, 8),
            "orange bowl": (0.0, 0.28, 0),
            "red apple": (0.3, 0.1, 0),
            "blue mug": (-0.16, -0.2, -60),
            "yellow duck": (0.15, -0.2, -20),
        },
        lens=28,
        elevation=40,
        turn=-15,
        distance=1.15,
        target=(0, 0, 0.04),
    ),
    Scene(
        name="upright",
        places={"green bottle": (-0.15, 0.2, 0), "brown book": (0.15, 0.18, -20), "red apple": (-0.12, -0.22, 0), "blue mug": (0.14, -0.2, -28)},
        lens=27,
        elevation=30,
        turn=0,
        distance=1.0,
        is_portrait=True,
    ),
    Scene(
        name="portrait lens",
        places={
            "pink lamp": (-0.38, 0.15, 0),
            "purple star": (-0.13, -0.1, 15),
            "orange bowl": (0.16, -0.15, 0),
            "green bottle": (0.1, 0.35, 0),
            "brown book": (0.36, 0.2, 10),
        },
        lens=70,
        elevation=18,
        turn=12,
        distance=2.4,
    ),
    Scene(
        name="wide",
        places={
            "red apple": (-0.3, -0.05, 0),
            "yellow duck": (-0.08, -0.14, 50),
            "blue mug": (0.16, -0.14, -28),
            "orange bowl": (0.4, 0.05, 0),
            "pink lamp": (-0.42, 0.4, 0),
            "brown book": (0.05, 0.42, -12),
        },
        lens=24,
        elevation=28,
        turn=-6,
        distance=0.95,
    ),
    Scene(
        name="six",
        places={
            "green bottle": (-0.36, 0.22, 0),
            "pink lamp": (0.02, 0.3, 0),
            "blue mug": (0.36, 0.22, 30),
            "yellow duck": (-0.34, -0.25, 18),
            "purple star": (-0.02, -0.25, -12),
            "red apple": (0.28, -0.28, 0),
        },
        lens=50,
        elevation=25,
        turn=5,
        distance=1.9,
    ),
    Scene(
        name="far apart",
        places={"yellow duck": (-0.22, -0.45, 10), "orange bowl": (0.2, 0.0, 0), "green bottle": (-0.28, 0.55, 0), "brown book": (0.3, 0.8, 15)},
        lens=35,
        elevation=15,
        turn=0,
        distance=1.6,
        target=(0, 0.05, 0.08),
    ),
)


def photograph(scene: Scene, out: Path) -> None:
    studio.empty_scene()
    studio.add_backdrop()
    things = []
    for name, (x, y, turn) in scene.places.items():
        item = THINGS[name]()
        item.location, item.rotation_euler = (x, y, 0), (0, 0, math.radians(turn))
        things.append(item)
    studio.add_lights()
    width, height = (SHORT_SIDE, LONG_SIDE) if scene.is_portrait else (LONG_SIDE, SHORT_SIDE)
    shot = studio.Shot(
        target=scene.target,
        distance=scene.distance,
        elevation=scene.elevation,
        turn=scene.turn,
        lens=scene.lens,
        width=width,
        height=height,
    )
    camera = studio.add_camera(shot)
    studio.use_cycles(samples=SAMPLES)
    stem = scene.name.replace(" ", "_")
    studio.render(out / f"{stem}.png")
    studio.render_masks(out / f"{stem}_masks.png", things)
    for item in things:
        studio.export_truth(out / f"{stem}_{item.name.replace(' ', '_')}.glb", item)
    record = {
        "names": list(scene.places),
        "width": width,
        "height": height,
        "focal": scene.lens / SENSOR * max(width, height) / width,  # in widths
        "pitch": math.radians(scene.elevation),
        "turn": math.radians(scene.turn),
        "at": list(camera.location),
    }
    (out / f"{stem}.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    folder = Path(sys.argv[-1])
    folder.mkdir(parents=True, exist_ok=True)
    for one in SCENES:
        photograph(one, folder)
