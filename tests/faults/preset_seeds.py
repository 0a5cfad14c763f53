"""An artist's preset as Blender keeps it, a small Python file, with values that nobody can choose in the panel."""

from __future__ import annotations

import random

from mutate_json import TEXTS
from tally import split_case

PRESET = {
    "engine": "'preview'", "texture": "True", "texture_size": "'1024'", "faces": "10000", "shape": "'AUTO'", "thickness": "1.0",
    "matter": "'birefnet-general'", "shape_model": "'hunyuan3d-2mini'", "speed": "'turbo'", "steps": "0", "guidance": "0.0",
    "octree_resolution": "256", "budget": "20000", "painter": "'hunyuan3d-paint-turbo'", "paint_steps": "0",
    "paint_guidance": "0.0", "delight": "True", "layout": "'PHOTO'",
}  # fmt: skip
VALUES = (
    "float('nan')", "float('inf')", "-float('inf')", "1e38", "-1e38", "2**31 - 1", "-2**31", "2**31", "2**63", "10**400", "-1", "0",
    "None", "[]", "()", "{}", "'HUNYUAN3D'", "b'preview'", "True", "1.5", "''",
)  # fmt: skip


def damaged_preset(case: str) -> str:
    """`case` is `preset:number`. What it sets lies in the scene; besides the settings also the targets' numbers."""
    chance = random.Random(f"preset {split_case(case)[1]}")
    values = dict(PRESET)
    for name in chance.sample(list(values), 3):
        values[name] = chance.choice((*VALUES, *(repr(text) for text in TEXTS if len(text) < 100)))
    lines = [f"settings.{name} = {value}" for name, value in values.items()]
    lines.append("settings.targets.clear(); row = settings.targets.add(); row.name = 'cup'")
    name, value = chance.choice(("height", "height", "left", "right", "top")), chance.choice(VALUES[:8])
    lines.append(f"row.{name} = {value}")
    guarded = [line if ";" in line else f"try: {line}\nexcept Exception: pass" for line in lines]  # Blender stops at the first one
    return "\n".join(["import bpy", "settings = bpy.context.scene.img23d", *guarded])
