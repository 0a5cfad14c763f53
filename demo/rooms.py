"""Where the harder photos are taken: a room, a table, cloths, white paper, and what stands about; light from a window."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import bmesh
import bpy
import materials as m
import studio
import things
from mathutils import Matrix, Vector
from modelling import Point3, add_object, block, coat, joined, moved, rounded, turned

TABLE_UNDER_CLOTH = -0.0105  # metres: below the deepest fold


def add_floor(*, dark: str = "#6d4526", light: str = "#b98652") -> None:
    """Boards in all directions, their top at z = 0."""
    _slab("floor", (12, 12, 0.1), (0, 0, -0.05), m.boards("floor boards", dark, light, width=0.13, length=1.6))


def add_wall(y: float, *, color: str = "#c9c4b6", height: float = 2.7, foot: float = 0.0) -> None:
    """A plastered wall behind, with a skirting board; it begins at the height `foot`."""
    plaster = m.mottled("plaster", _shade(color, 0.93), color, scale=2.5, roughness=0.95)
    _slab("wall", (12, 0.2, height), (0, y + 0.1, foot + height / 2), plaster)
    _slab("skirting", (12, 0.022, 0.11), (0, y - 0.011, foot + 0.055), m.painted("skirting", "#e4dfd3"), bevel=0.006)


def add_picture(at: Point3, size: tuple[float, float], colors: tuple[str, str], *, frame: str = "#5a3a20") -> None:
    """A framed picture on the wall, `at` the middle of its back."""
    wide, high = size
    wood = m.grained("frame", _shade(frame, 0.7), frame, fibres=60)
    x, y, z = at
    for dx, dz, sx, sz in ((0, high / 2, wide, 0.035), (0, -high / 2, wide, 0.035), (-wide / 2, 0, 0.035, high + 0.035), (wide / 2, 0, 0.035, high + 0.035)):
        _slab("frame", (sx, 0.025, sz), (x + dx, y - 0.0125, z + dz), wood, bevel=0.005)
    canvas = m.Nodes("canvas", roughness=0.8)
    tones = canvas.noise(5.0, stretch=(1, 1, 2.2), detail=6)
    canvas.color(canvas.ramp(tones, (0.36, m.srgb(colors[0])), (0.5, m.srgb("#e8e0cb")), (0.64, m.srgb(colors[1]))))
    _slab("canvas", (wide, 0.006, high), (x, y - 0.01, z), canvas.material)


def add_table(*, dark: str = "#5b3519", light: str = "#a9713d", size: tuple[float, float] = (2.4, 1.5), back: float = 0.6, top: float = 0.0) -> None:
    """A wooden top of planks that run from left to right, at the height `top`; a floor lies 0.75 m below."""
    wood = m.boards("table top", dark, light, width=0.19, length=3.0, roughness=0.34)
    slab = _slab("table", (size[1], size[0], 0.04), (0, 0, 0), wood, bevel=0.006)
    slab.matrix_world = Matrix.Translation((0, back - size[1] / 2, top - 0.02)) @ Matrix.Rotation(math.radians(90), 4, "Z")
    _slab("apron", (size[0] - 0.14, 0.025, 0.1), (0, back - size[1] + 0.07, top - 0.09), wood)
    for x in (-0.5, 0.5):
        for y in (back - 0.1, back - size[1] + 0.1):
            _slab("leg", (0.07, 0.07, 0.71), (x * (size[0] - 0.16), y, top - 0.395), wood, bevel=0.004)
    _slab("floor", (12, 12, 0.1), (0, 0, -0.8), m.boards("floor boards", "#5d4732", "#8f7355", width=0.13, length=1.6))


def add_cloth(material: bpy.types.Material, *, size: tuple[float, float] = (2.2, 1.5), at: tuple[float, float] = (0, 0), flat: float = 0.2) -> None:
    """A cloth with soft folds, level within `flat` metres of its middle so that things stand well on it; for a table at TABLE_UNDER_CLOTH."""
    shape = bmesh.new()
    bmesh.ops.create_grid(shape, x_segments=160, y_segments=110, size=0.5)
    for vertex in shape.verts:
        x, y = vertex.co.x * size[0], vertex.co.y * size[1]
        away = min(max((math.hypot(x, y) - flat) / 0.25, 0), 1)
        fold = math.sin(9 * x + 4 * y + 1.5 * math.sin(5 * y)) * 0.6 + math.sin(-6 * x + 11 * y) * 0.4
        vertex.co = (x + at[0], y + at[1], 0.0045 * away * (fold - 1) - 0.0005)
    coat(add_object("cloth", shape), (material, None))


def add_window_light(*, aim: Point3, scale: float, strength: float = 1.0) -> None:
    """The sun through a window of six panes at the left, and the sky's light from it; `scale` is the size of what is lit, in metres."""
    target = Vector(aim)
    toward = Vector((-1.0, -0.75, 0.85)).normalized()
    sun = bpy.data.objects.new("sun", bpy.data.lights.new("sun", "SUN"))
    sun.data.energy, sun.data.angle, sun.data.color = 4.2 * strength, math.radians(2.2), m.srgb("#fff0d8")
    sun.rotation_euler = (-toward).to_track_quat("-Z", "Y").to_euler()
    bpy.context.scene.collection.objects.link(sun)
    _add_panes(target + 3.0 * scale * toward, toward, scale)
    sky, room = (target + scale * Vector(way) for way in ((-2.4, -0.84, 1.32), (2.34, -2.08, 1.82)))
    watts = strength * scale**2
    studio.add_light("sky", at=sky, aim=target, size=1.7 * scale, watts=46 * watts, color="#eaf2ff")
    studio.add_light("room", at=room, aim=target, size=2.2 * scale, watts=14 * watts, color="#fff1df")


def _add_panes(at: Vector, toward: Vector, scale: float) -> None:
    """A wall with six holes across the sun's way, which no camera sees."""
    width, height, bar = 1.9 * scale, 1.7 * scale, 0.08 * scale
    far = 14 * scale
    rectangles = [(-far, -far, -width / 2, far), (width / 2, -far, far, far)]
    rectangles += [(-width / 2, height / 2, width / 2, far), (-width / 2, -far, width / 2, -height / 2)]
    rectangles += [(x - bar / 2, -height / 2, x + bar / 2, height / 2) for x in (-width / 6, width / 6)] + [(-width / 2, -bar / 2, width / 2, bar / 2)]
    shape = bmesh.new()
    for left, low, right, high in rectangles:
        shape.faces.new([shape.verts.new((x, y, 0)) for x, y in ((left, low), (right, low), (right, high), (left, high))])
    panes = add_object("window", shape)
    panes.matrix_world = Matrix.Translation(at) @ toward.to_track_quat("Z", "Y").to_matrix().to_4x4()
    for ray in ("camera", "diffuse", "glossy", "transmission"):
        setattr(panes, f"visible_{ray}", False)


# --- what stands about --------------------------------------------------------------------------------------------------


def add_plant(at: Point3, *, size: float = 1.0, pot: str = "#b0643c", leaf: str = "#3f7038", seed: int = 1) -> None:
    """Leaves in a clay pot, about 0.4 m high at size 1."""
    profile = [(0, 0), (0.06, 0), (0.06, 0), (0.083, 0.115), (0.083, 0.115), (0.092, 0.115), (0.092, 0.115), (0.095, 0.145), (0.095, 0.145)]
    profile += [(0.084, 0.145), (0.084, 0.145), (0.08, 0.125), (0, 0.125)]
    clay = m.mottled("clay", _shade(pot, 0.8), pot, scale=40, roughness=0.9)
    parts = [coat(turned("pot", rounded(profile, steps=3)), (clay, None))]
    green = m.mottled("leaf", _shade(leaf, 0.6), leaf, scale=30, roughness=0.5)
    dice = random.Random(seed)
    parts += [coat(_leaf(dice), (green, None)) for _ in range(46)]
    _stand(joined("plant", parts), at, scale=size)


def _leaf(dice: random.Random) -> bpy.types.Object:
    """A pointed, bent leaf on its way out of the pot."""
    length, width, rise = dice.uniform(0.12, 0.22), dice.uniform(0.022, 0.036), dice.uniform(25, 80)
    shape = bmesh.new()
    rows = []
    for step in range(9):
        t = step / 8
        half = width * math.sin(math.pi * min(0.04 + 0.94 * t, 1.0)) ** 0.8
        out, up = length * t, -0.5 * length * t * t
        rows.append([shape.verts.new((out, side * half, up + 0.25 * abs(side) * half)) for side in (-1, 0, 1)])
    for low, high in zip(rows, rows[1:]):
        for i in (0, 1):
            shape.faces.new((low[i], low[i + 1], high[i + 1], high[i]))
    leaf = moved(add_object("leaf", shape), turn=(0, -rise, 0))
    return moved(leaf, (0, 0, 0.13 + dice.uniform(0, 0.1)), turn=(0, 0, dice.uniform(0, 360)))


def add_books(at: Point3, *, colors: Sequence[str], seed: int = 1, turn: float = 0.0) -> None:
    """Lying books on top of each other."""
    dice, height, parts = random.Random(seed), 0.0, []
    paper = m.mottled("pages", "#d8c9a2", "#f2e8cf", scale=30, stretch=(1, 1, 60), roughness=0.9)
    for color in colors:
        deep, wide, thick = dice.uniform(0.14, 0.17), dice.uniform(0.2, 0.235), dice.uniform(0.022, 0.045)
        cover = m.mottled("cover", _shade(color, 0.85), color, scale=90, roughness=0.6)
        own = [coat(block("pages", (wide - 0.008, deep - 0.004, thick - 0.006), (0, 0.002, thick / 2), bevel=0.001), (paper, None))]
        for low in (0.0015, thick - 0.0015):
            own.append(coat(block("cover", (wide, deep, 0.003), (0, 0, low), bevel=0.001), (cover, None)))
        own.append(coat(block("spine", (wide, 0.004, thick), (0, -deep / 2, thick / 2), bevel=0.0015), (cover, None)))
        around = dice.uniform(-16, 16)
        parts += [moved(part, (0, 0, height), turn=(0, 0, around)) for part in own]
        height += thick
    _stand(joined("books", parts), at, turn=turn)


def add_box(at: Point3, size: Point3, color: str, *, turn: float = 0.0, bevel: float = 0.004) -> None:
    """A box of card or wood."""
    card = m.mottled("card", _shade(color, 0.94), color, scale=90, stretch=(1, 1, 0.08), roughness=0.85)
    _stand(coat(block("box", size, (0, 0, size[2] / 2), bevel=bevel), (card, None)), at, turn=turn)


def add_armchair(at: Point3, *, color: str, turn: float = 0.0) -> None:
    """A soft chair, 0.85 m wide."""
    cloth = m.mottled("upholstery", _shade(color, 0.82), color, scale=220, roughness=0.95, bump=0.002)
    parts = [block("seat", (0.6, 0.62, 0.2), (0, -0.02, 0.33), bevel=0.06), block("base", (0.78, 0.72, 0.16), (0, 0, 0.18), bevel=0.03)]
    parts += [block("arm", (0.14, 0.74, 0.36), (0.35 * side, 0, 0.42), bevel=0.06) for side in (-1, 1)]
    parts.append(moved(block("back", (0.8, 0.18, 0.62), (0, 0, 0.31), bevel=0.07), (0, 0.3, 0.3), turn=(-9, 0, 0)))
    _stand(joined("armchair", [coat(part, (cloth, None)) for part in parts]), at, turn=turn)


def add_known(name: str, at: Point3, *, turn: float = 0.0, scale: float = 1.0) -> None:
    """One of the eight things of the plain photo, as something that stands about."""
    _stand(things.THINGS[name](), at, turn=turn, scale=scale)


def _stand(item: bpy.types.Object, at: Point3, *, turn: float = 0.0, scale: float = 1.0) -> None:
    item.location, item.rotation_euler, item.scale = at, (0, 0, math.radians(turn)), (scale,) * 3


def _slab(name: str, size: Point3, center: Point3, material: bpy.types.Material, *, bevel: float = 0.001) -> bpy.types.Object:
    return coat(block(name, size, center, bevel=bevel), (material, None))


def _shade(color: str, share: float) -> str:
    """A hex colour made darker."""
    return "#" + "".join(f"{round(int(color[i : i + 2], 16) * share):02x}" for i in (1, 3, 5))
