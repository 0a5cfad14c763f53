"""Ten things with thin legs, rails, handles and holes, in metres, base on the ground, front to -y."""

from __future__ import annotations

import math
from collections.abc import Callable

import bpy
import materials as m
import numpy as np
from mathutils import Vector
from modelling import Point3, ball, block, coat, joined, melted, moved, plate, rounded, tube, turned


def rocking_chair() -> bpy.types.Object:
    """Spindles, arms and rockers of stained wood."""
    wood = m.grained("stained wood", "#4a2713", "#87502a", fibres=70)
    parts = [block("seat", (0.5, 0.46, 0.035), (0, 0, 0.42), bevel=0.014)]
    for x in (-1, 1):
        parts.append(tube("rocker", [(0.235 * x, y, _rocker(y)) for y in np.linspace(-0.42, 0.5, 24)], 0.02, sides=10, flat=0.75))
        parts += [_leg((0.2 * x, 0.18 * y, 0.41), (0.235 * x, 0.24 * y, _rocker(0.24 * y)), 0.017) for y in (-1, 1)]
        parts.append(_leg((0.222 * x, -0.19, 0.2), (0.222 * x, 0.19, 0.2), 0.011))
        parts.append(_leg((0.225 * x, 0.19, 0.42), (0.245 * x, 0.36, 1.0), 0.019))
        parts.append(_leg((0.215 * x, -0.17, 0.42), (0.25 * x, -0.19, 0.655), 0.014))
        parts.append(tube("arm", [(0.258 * x, y, 0.662 + 0.012 * math.sin(9 * y)) for y in np.linspace(-0.25, 0.27, 14)], 0.026, sides=12, flat=0.45))
    parts += [_leg((-0.225, y, z), (0.225, y, z), 0.012) for y, z in ((-0.2, 0.25), (0.2, 0.22))]
    for share in np.linspace(-0.75, 0.75, 6):
        parts.append(_leg((0.2 * share, 0.2, 0.43), (0.225 * share, 0.335 + 0.025 * (1 - share**2), 0.9), 0.0085))
    crest = [(x, 0.365 - 0.55 * (x * x - 0.06), 0.935 - 0.25 * x * x) for x in np.linspace(-0.27, 0.27, 17)]
    parts.append(tube("crest", crest, 0.015, sides=14, flat=4.0))
    return _made("rocking chair", parts, wood)


def _rocker(y: float) -> float:
    """The height of a rocker's middle."""
    return 0.016 + 1.25 - math.sqrt(1.25**2 - (y - 0.02) ** 2)


def kitchen_chair() -> bpy.types.Object:
    """A white painted chair with a ladder back."""
    parts = [block("seat", (0.42, 0.4, 0.03), (0, 0, 0.455), bevel=0.012)]
    for x in (-1, 1):
        parts.append(_leg((0.18 * x, -0.17, 0.45), (0.19 * x, -0.185, 0), 0.018))
        parts.append(tube("post", [(0.185 * x, 0.2 + 0.11 * (z - 0.42) ** 2, z) for z in np.linspace(0, 0.95, 14)], 0.017, sides=12))
        parts.append(_leg((0.186 * x, -0.18, 0.2), (0.186 * x, 0.2, 0.2), 0.0105))
    parts.append(_leg((-0.186, 0.01, 0.2), (0.186, 0.01, 0.2), 0.0105))
    parts.append(_leg((-0.186, -0.18, 0.3), (0.186, -0.18, 0.3), 0.0105))
    for z in (0.6, 0.735, 0.87):
        rail = [(x, 0.2 + 0.11 * (z - 0.42) ** 2 + 0.03 * (1 - (x / 0.185) ** 2), z) for x in np.linspace(-0.186, 0.186, 13)]
        parts.append(tube("rail", rail, 0.009, sides=12, flat=3.2))
    return _made("white chair", parts, m.painted("white paint", "#eeece6"))


def stool() -> bpy.types.Object:
    """A round blue seat on three splayed legs with rungs."""
    seat = [(0, 0.425), (0.14, 0.425), (0.155, 0.43), (0.16, 0.442), (0.155, 0.454), (0.14, 0.459), (0.08, 0.455), (0, 0.454)]
    top = coat(turned("seat", rounded(seat, steps=4)), (m.painted("blue paint", "#2b6f97"), None))
    wood = m.grained("beech", "#a87a48", "#d0a670", fibres=70)
    legs, rungs = [], []
    angles = [math.radians(a) for a in (90, 210, 330)]
    for angle in angles:
        across = np.array([math.cos(angle), math.sin(angle)])
        legs.append(_leg((*(0.095 * across), 0.432), (*(0.2 * across), 0.0), 0.0155))
    for angle, after in zip(angles, angles[1:] + angles[:1], strict=True):
        height = 0.16 + 0.03 * math.sin(angle)
        reach = 0.2 - 0.105 * height / 0.432
        ends = [(reach * math.cos(a), reach * math.sin(a), height) for a in (angle, after)]
        rungs.append(_leg(*ends, 0.0095))
    return joined("three-legged stool", [top, *(coat(part, (wood, None)) for part in legs + rungs)])


def desk_lamp() -> bpy.types.Object:
    """A black lamp with two thin double arms and a shade that looks down."""
    black = m.plain("black enamel", "#17181b", roughness=0.32, coat=0.3)
    steel = m.metal("steel", "#b9bcc0", roughness=0.3)
    foot = [(0, 0), (0.085, 0), (0.085, 0), (0.088, 0.004), (0.088, 0.014), (0.08, 0.02), (0.03, 0.026), (0.014, 0.034)]
    foot += [(0.012, 0.06), (0.012, 0.06), (0, 0.06)]
    parts = [coat(turned("foot", rounded(foot, steps=4)), (black, None))]
    elbow, head = (-0.15, 0, 0.29), (0.09, 0, 0.44)
    for y in (-0.011, 0.011):
        parts.append(coat(tube("arm", [(0, y, 0.055), (elbow[0], y, elbow[2])], 0.0042, sides=10), (steel, None)))
        parts.append(coat(tube("arm", [(elbow[0], y, elbow[2]), (head[0], y, head[2])], 0.0042, sides=10), (steel, None)))
    spring = [(0.0 - 0.05 * t + 0.006 * math.cos(50 * t), 0.006 * math.sin(50 * t), 0.06 + 0.0767 * t) for t in np.linspace(0, 1.4, 120)]
    parts.append(coat(tube("spring", spring, 0.0012, sides=5), (steel, None)))
    parts += [coat(moved(_drum(0.016, 0.034), at, turn=(90, 0, 0)), (black, None)) for at in ((0, 0, 0.056), elbow, head)]
    shade = [(0, 0.02), (0.026, 0.02), (0.026, 0.02), (0.03, 0.016), (0.033, -0.02), (0.036, -0.028), (0.072, -0.1), (0.074, -0.112), (0.072, -0.113)]
    shade += [(0.07, -0.1), (0.033, -0.028), (0.03, -0.02), (0.026, 0.012), (0.026, 0.012), (0, 0.012)]
    inside = m.plain("shade inside", "#f2efe8", roughness=0.5)

    def faces_in(p: Vector) -> bool:
        """The wall is 2 mm thick and widens downwards: halfway through it is the border."""
        return -0.112 < p.z < -0.03 and math.hypot(p.x, p.y) < 0.0298 - 0.52 * (p.z + 0.028)

    cone = coat(turned("shade", rounded(shade, steps=3), segments=48), (black, None), (inside, faces_in))
    parts.append(moved(cone, (head[0] + 0.012, 0, head[2] - 0.014), turn=(0, -28, 0)))
    bulb = coat(ball("bulb", (0, 0, -0.06), (0.024, 0.024, 0.03)), (m.plain("bulb", "#fbf4e0", roughness=0.2), None))
    parts.append(moved(bulb, (head[0] + 0.012, 0, head[2] - 0.014), turn=(0, -28, 0)))
    return joined("desk lamp", parts)


def cup_and_saucer() -> bpy.types.Object:
    """White porcelain with a thin blue line, coffee in the cup."""
    outer = [(0, 0.012), (0.02, 0.012), (0.021, 0.009), (0.023, 0.009), (0.024, 0.014), (0.03, 0.022), (0.038, 0.04), (0.0425, 0.066)]
    inner = [(0.0415, 0.067), (0.0405, 0.065), (0.036, 0.04), (0.028, 0.024), (0.018, 0.018), (0, 0.017)]
    porcelain = m.porcelain("porcelain", line="#29518c", heights=(0.0605, 0.0625), radius=0.039)
    cup = coat(turned("cup", rounded(outer + inner, steps=4)), (porcelain, None))
    path = [(0.038 + 0.022 * math.sin(t), 0.0, 0.041 + 0.017 * math.cos(t) - 0.004 * t) for t in np.linspace(0.1, math.pi - 0.15, 16)]
    handle = tube("handle", [(0.034, 0, path[0][2]), *path, (0.029, 0, path[-1][2])], 0.0034, sides=12, flat=0.8)
    plate_outer = [(0, 0.003), (0.026, 0.003), (0.027, 0), (0.03, 0), (0.031, 0.003), (0.055, 0.008), (0.074, 0.0165)]
    plate_inner = [(0.0735, 0.018), (0.055, 0.0105), (0.035, 0.0075), (0.027, 0.0075), (0.025, 0.009), (0, 0.009)]
    rim = m.porcelain("saucer", line="#29518c", heights=(0.0148, 0.0162), radius=0.06)
    saucer = coat(turned("saucer", rounded(plate_outer + plate_inner, steps=4)), (rim, None))
    coffee = turned("coffee", [(0, 0.02), (0.03, 0.03), (0.0395, 0.056), (0.0395, 0.0565), (0, 0.0565)])
    coat(coffee, (m.plain("coffee", "#2a1408", roughness=0.08), None))
    return joined("cup and saucer", [cup, coat(handle, (m.plain("handle", "#f1efe9", roughness=0.15, coat=0.6), None)), saucer, coffee])


def watering_can(name: str = "green watering can", colors: tuple[str, str] = ("#2f6b46", "#3b7d53")) -> bpy.types.Object:
    """Enamel with a long spout, a rose and two handles."""
    outer = [(0, 0), (0.096, 0), (0.1, 0.004), (0.1, 0.012), (0.097, 0.015), (0.092, 0.18), (0.092, 0.18), (0.095, 0.184), (0.095, 0.19), (0.092, 0.193)]
    inner = [(0.089, 0.19), (0.089, 0.18), (0.093, 0.02), (0.08, 0.008), (0, 0.008)]
    body = turned("body", rounded(outer + inner, steps=3))
    half = [(0.09 * math.cos(a), 0.09 * math.sin(a)) for a in np.linspace(-math.pi / 2.4, math.pi / 2.4, 24)]
    lid = moved(plate("lid", half, thickness=0.003, bevel=0.0008), (0, 0, 0.183))
    spout = [(0.085, 0, 0.035), (0.12, 0, 0.06), (0.2, 0, 0.14), (0.26, 0, 0.215), (0.285, 0, 0.235)]
    parts = [body, lid, tube("spout", spout, [0.03, 0.027, 0.017, 0.0125, 0.0125], sides=20)]
    rose = [(0, -0.012), (0.012, -0.012), (0.014, -0.01), (0.034, 0.02), (0.036, 0.024), (0.034, 0.027), (0.02, 0.03), (0, 0.031)]
    parts.append(moved(turned("rose", rounded(rose, steps=3), segments=36), (0.285, 0, 0.235), turn=(0, 48, 0)))
    parts.append(tube("brace", [(0.09, 0, 0.17), (0.2, 0, 0.15)], 0.0045, sides=10))
    top = [(0.0915 * math.cos(t), 0, 0.178 + 0.125 * math.sin(t)) for t in np.linspace(0.0, math.pi, 24)]
    parts.append(tube("bail", top, 0.0075, sides=12))
    grip = [(-0.088, 0, 0.165), (-0.125, 0, 0.172), (-0.158, 0, 0.155), (-0.17, 0, 0.12), (-0.16, 0, 0.08), (-0.13, 0, 0.048), (-0.092, 0, 0.04)]
    parts.append(tube("grip", _smooth(grip), 0.0085, sides=12))
    return _made(name, parts, m.enamel("enamel", *colors))


def rabbit() -> bpy.types.Object:
    """A sitting white rabbit with tall ears, looking to the left."""
    skin = [ball("belly", (0.03, 0, 0.082), (0.095, 0.072, 0.082)), ball("chest", (-0.045, 0, 0.085), (0.052, 0.054, 0.07))]
    skin += [ball("head", (-0.085, 0, 0.172), (0.05, 0.043, 0.042), turn=math.radians(18)), ball("muzzle", (-0.122, 0, 0.16), (0.026, 0.028, 0.023))]
    skin.append(ball("tail", (0.13, 0, 0.06), (0.03, 0.03, 0.028)))
    for y in (-1, 1):
        skin.append(ball("haunch", (0.055, 0.05 * y, 0.06), (0.06, 0.035, 0.058)))
        skin.append(ball("hind foot", (0.02, 0.056 * y, 0.014), (0.055, 0.019, 0.014)))
        skin.append(tube("fore leg", [(-0.062, 0.03 * y, 0.09), (-0.075, 0.034 * y, 0.04), (-0.09, 0.034 * y, 0.014)], [0.022, 0.017, 0.016]))
        skin.append(ball("paw", (-0.098, 0.034 * y, 0.013), (0.024, 0.016, 0.013)))
        skin.append(moved(ball("ear", (0, 0, 0.062), (0.0095, 0.021, 0.068)), (-0.068, 0.02 * y, 0.196), turn=(-10 * y, 22, 0)))
    body = melted(joined("body", skin), voxel=0.0035, smooth=5, share=0.25)
    coat(body, (m.fur("white fur", "#dedad2", "#f6f4ef"), None))
    black, pink = m.plain("rabbit eye", "#120d0c", roughness=0.08, coat=0.6), m.plain("rabbit nose", "#d39a94", roughness=0.6)
    parts = [coat(ball("eye", (-0.1, 0.0385 * y, 0.184), (0.0085, 0.0055, 0.0085)), (black, None)) for y in (-1, 1)]
    parts.append(coat(ball("nose", (-0.1465, 0, 0.167), (0.005, 0.008, 0.005)), (pink, None)))
    return joined("white rabbit", [body, *parts])


def basket() -> bpy.types.Object:
    """Wicker: stakes, woven strands with gaps between them, a twisted rim and a tall handle."""
    stakes, rows, height = 26, 11, 0.13
    wicker = m.grained("wicker", "#8a5c2c", "#c79a5d", fibres=90)
    radius = lambda z: 0.105 + 0.04 * math.sin(0.5 * math.pi * z / height)  # noqa: E731
    parts = [turned("bottom", [(0, 0), (0.1, 0), (0.106, 0.004), (0.1, 0.008), (0, 0.008)], segments=40)]
    for angle in np.linspace(0, math.tau, stakes, endpoint=False):
        path = [(radius(z) * math.cos(angle), radius(z) * math.sin(angle), z) for z in np.linspace(0.004, height, 6)]
        parts.append(tube("stake", path, 0.0026, sides=6))
    for row in range(rows):
        z = 0.012 + row * (height - 0.016) / rows
        angles = np.linspace(0, math.tau, 3 * stakes, endpoint=False)
        wave = [radius(z) + 0.0042 * math.cos(stakes * a / 2 + math.pi * row) for a in angles]
        strand = [(r * math.cos(a), r * math.sin(a), z) for r, a in zip(wave, angles, strict=True)]
        parts.append(tube("strand", strand, 0.004, sides=6, flat=0.7, is_loop=True))
    for phase in (0, math.pi):
        parts.append(_twist(lambda a: (radius(height) * math.cos(a), radius(height) * math.sin(a), height), 0, math.tau, phase, turns=30, is_loop=True))
        arch = lambda a: (radius(height) * math.cos(a) * 0.99, 0, height - 0.01 + 0.17 * math.sin(a))  # noqa: E731
        parts.append(_twist(arch, 0, math.pi, phase, turns=17, is_loop=False))
    return _made("basket", parts, wicker)


def _twist(line: Callable[[float], Point3], start: float, end: float, phase: float, *, turns: int, is_loop: bool) -> bpy.types.Object:
    """One of two strands that wind round a line by each other."""
    at = np.linspace(start, end, 4 * turns + (0 if is_loop else 1), endpoint=not is_loop)
    path = []
    for angle in at:
        x, y, z = line(angle)
        turn = turns * math.tau * (angle - start) / (end - start) + phase
        out = 1 + 0.0035 * math.cos(turn) / math.hypot(x, y, z)
        path.append((x * out, y * out + (0 if is_loop else 0.0035 * math.sin(turn)), z + 0.0035 * math.sin(turn) if is_loop else z * out))
    return tube("twist", path, 0.0044, sides=7, is_loop=is_loop)


def scissors() -> bpy.types.Object:
    """Steel blades, a little open, with red handles; they lie flat, points away."""
    steel, red = m.metal("blade", "#c3c6ca", roughness=0.25), m.plain("red handle", "#b3231f", roughness=0.35, coat=0.2)
    parts = []
    for side, z in ((-1, 0.004), (1, 0.0062)):
        blade = [(-0.009, -0.03), (0.0085, -0.03), (0.0085, 0.0), (0.008, 0.05), (0.0045, 0.095), (-0.001, 0.118)]
        blade += [(-0.0035, 0.1), (-0.006, 0.05), (-0.0085, 0.0)]
        outline = [(side * x, y) for x, y in blade][::side]
        shank = [(0, -0.02), (0.006 * side, -0.05), (0.01 * side, -0.068)]
        ring = [(side * (0.018 + 0.021 * math.cos(a)), -0.098 + 0.034 * math.sin(a), 0.0) for a in np.linspace(0, math.tau, 40, endpoint=False)]
        own = [coat(plate("blade", outline, thickness=0.0022, bevel=0.0005), (steel, None))]
        own.append(coat(moved(tube("ring", ring, 0.0058, sides=12, is_loop=True), (0, 0, 0.0015)), (red, None)))
        own.append(coat(tube("shank", [(x, y, 0.0015) for x, y in shank], [0.0068, 0.0064, 0.0062], sides=12, flat=0.8), (red, None)))
        parts += [moved(part, (0, 0, z), turn=(0, 0, 13 * side)) for part in own]
    parts.append(coat(moved(_drum(0.0055, 0.009), (0, 0, 0.0062)), (m.metal("rivet", "#8f9296", roughness=0.35), None)))
    return joined("scissors", parts)


def floor_lamp() -> bpy.types.Object:
    """Three thin wooden legs, a brass rod and a linen drum shade."""
    wood = m.grained("walnut", "#4b2c18", "#7d5030", fibres=60)
    brass, linen = m.metal("brass", "#b08a45", roughness=0.3), m.linen("linen", "#d9cdb4", "#efe6d2")
    parts = []
    for angle in (math.radians(a) for a in (255, 15, 135)):
        x, y = math.cos(angle), math.sin(angle)
        parts.append(coat(tube("leg", [(0.02 * x, 0.02 * y, 1.06), (0.27 * x, 0.27 * y, 0)], [0.014, 0.0095], sides=12), (wood, None)))
    parts.append(coat(tube("rod", [(0, 0, 0.98), (0, 0, 1.46)], 0.007, sides=12), (brass, None)))
    parts.append(coat(moved(_drum(0.034, 0.03), (0, 0, 1.06)), (brass, None)))
    shade = [(0, 1.43), (0.185, 1.43), (0.185, 1.43), (0.188, 1.43), (0.188, 1.43), (0.23, 1.15), (0.23, 1.15)]
    shade += [(0.227, 1.15), (0.227, 1.15), (0.182, 1.425), (0.182, 1.425), (0, 1.425)]
    parts.append(coat(turned("shade", rounded(shade), segments=64), (linen, None)))
    return joined("floor lamp", parts)


def _leg(start: Point3, end: Point3, radius: float) -> bpy.types.Object:
    """A round bar, a little thicker in its middle."""
    a, b = np.array(start), np.array(end)
    path = [tuple(a + t * (b - a)) for t in np.linspace(0, 1, 9)]
    return tube("leg", path, [radius * (0.78 + 0.32 * math.sin(math.pi * t)) for t in np.linspace(0, 1, 9)], sides=12)


def _drum(radius: float, height: float) -> bpy.types.Object:
    """A short round block about the origin."""
    r, h = radius, height / 2
    return turned("drum", [(0, -h), (0.94 * r, -h), (r, -0.85 * h), (r, 0.85 * h), (0.94 * r, h), (0, h)], segments=28)


def _smooth(points: list[Point3]) -> list[Point3]:
    """A finer path through the points of the plane y = 0, which must not turn back below x = -1."""
    return [(x - 1, 0, z) for x, z in rounded([(x + 1, z) for x, _, z in points], steps=4)]


def _made(name: str, parts: list[bpy.types.Object], material: bpy.types.Material) -> bpy.types.Object:
    """All parts as one object of one material."""
    return coat(joined(name, parts), (material, None))


HARDER_THINGS: dict[str, Callable[[], bpy.types.Object]] = {
    "rocking chair": rocking_chair,
    "white chair": kitchen_chair,
    "three-legged stool": stool,
    "desk lamp": desk_lamp,
    "cup and saucer": cup_and_saucer,
    "green watering can": watering_can,
    "white rabbit": rabbit,
    "basket": basket,
    "scissors": scissors,
    "floor lamp": floor_lamp,
}
