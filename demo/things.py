"""The eight everyday things of the plain photo, in metres, base on the ground, front to -y."""

from __future__ import annotations

import math
from collections.abc import Callable

import bpy
import materials as m
import numpy as np
from mathutils import Matrix
from modelling import ball, block, coat, cushion, joined, melted, rounded, tube, turned


def mug() -> bpy.types.Object:
    """Blue with white dots, the handle to the right."""
    outer = [(0, 0), (0.046, 0), (0.046, 0), (0.05, 0.006), (0.052, 0.03), (0.052, 0.06), (0.052, 0.11), (0.052, 0.121)]
    inner = [(0.0505, 0.123), (0.048, 0.121), (0.047, 0.11), (0.047, 0.02), (0.042, 0.011), (0.03, 0.009), (0, 0.009)]
    body = turned("body", rounded(outer + inner, steps=4))
    blue = m.dotted("mug glaze", "#1f5fae", "#f3f0e8", columns=11, spacing=0.0285, radius=0.2, start=0.004)
    white = m.plain("mug inside", "#efeadf", roughness=0.3, coat=0.3)
    coat(body, (blue, None), (white, lambda p: math.hypot(p.x, p.y) < 0.0495 and p.z > 0.0085))
    path = [(0.05 + 0.036 * math.sin(t), 0.0, 0.064 + 0.036 * math.cos(t)) for t in [math.pi * i / 16 for i in range(17)]]
    handle = tube("handle", [(0.048, 0, path[0][2]), *path, (0.048, 0, path[-1][2])], [0.0075] * 19)
    return joined("blue mug", [body, coat(handle, (m.plain("mug handle", "#1f5fae", roughness=0.3, coat=0.4), None))])


def bottle() -> bpy.types.Object:
    """Dark green with a paper label and a cork."""
    glass = [(0, 0), (0.04, 0), (0.044, 0.004), (0.045, 0.012), (0.045, 0.05), (0.045, 0.12), (0.045, 0.165), (0.041, 0.19)]
    glass += [(0.026, 0.222), (0.0165, 0.245), (0.0155, 0.265), (0.0155, 0.283), (0.0155, 0.283), (0.0185, 0.283)]
    glass += [(0.0185, 0.283), (0.0185, 0.296), (0.0185, 0.296), (0.0135, 0.296), (0.0135, 0.296), (0.0135, 0.311)]
    glass += [(0.0135, 0.311), (0, 0.312)]
    body = turned("body", rounded(glass))
    green = m.mottled("bottle glass", "#0f5a2c", "#17763c", scale=12, roughness=0.22, coat=0.5)
    cork = m.mottled("cork", "#9a6b3f", "#c99a66", scale=160, roughness=0.9)
    coat(body, (green, None), (cork, lambda p: p.z > 0.2965))
    paper = [(0.0454, 0.05), (0.0457, 0.05), (0.0457, 0.05), (0.0457, 0.15), (0.0457, 0.15), (0.0454, 0.15)]
    label = turned("label", [(0, 0.05), *paper, (0, 0.15)])
    stripes = ((0, "#d9a93a"), (0.34, "#f1e9d2"), (0.5, "#b3402f"), (0.56, "#f1e9d2"), (0.6, "#17593a"), (0.78, "#f1e9d2"), (0.95, "#d9a93a"))
    coat(label, (m.banded("label", stripes, height=0.15, roughness=0.8), None))
    return joined("green bottle", [body, label])


def bowl() -> bpy.types.Object:
    """Orange outside, cream inside, with a darker ring."""
    outer = [(0, 0), (0.042, 0), (0.042, 0), (0.044, 0.008), (0.044, 0.008), (0.06, 0.014), (0.085, 0.034), (0.1, 0.062), (0.106, 0.085)]
    inner = [(0.105, 0.088), (0.102, 0.085), (0.095, 0.06), (0.079, 0.035), (0.055, 0.018), (0.025, 0.0125), (0, 0.012)]
    body = turned("body", rounded(outer + inner))
    glaze = ((0, "#d96a12"), (0.62, "#f4e6c4"), (0.69, "#a83f10"), (0.78, "#f4e6c4"), (0.84, "#e67a1c"))
    outside = m.banded("bowl glaze", glaze, height=0.088, roughness=0.35, coat=0.3)
    cream = m.mottled("bowl inside", "#e9d6a9", "#f4e8cb", scale=30, roughness=0.35, coat=0.3)

    def faces_in(p: object) -> bool:
        """Inner and outer wall are 4 mm apart: halfway between them is the border."""
        wall = np.interp(p.z, [0.012, 0.0165, 0.0345, 0.061, 0.0865], [0.03, 0.0575, 0.082, 0.0975, 0.104])
        return p.z > 0.0115 and math.hypot(p.x, p.y) < wall

    return _renamed(coat(body, (outside, None), (cream, faces_in)), "orange bowl")


def book() -> bpy.types.Object:
    """Brown leather with gold lines, standing upright, its pages to the right."""
    leather = m.mottled("leather", "#5f3718", "#744520", scale=110, roughness=0.55, bump=0.0008)
    paper = m.mottled("pages", "#d8c9a2", "#f2e8cf", scale=30, stretch=(1, 60, 1), roughness=0.9)
    gold = m.plain("gold", "#d8a437", roughness=0.3)
    gold.node_tree.nodes["Principled BSDF"].inputs["Metallic"].default_value = 0.3
    w, d, h = 0.155, 0.042, 0.215
    parts = [block("front", (w, 0.004, h), (0, -d / 2, h / 2), bevel=0.0015)]
    parts.append(block("back", (w, 0.004, h), (0, d / 2, h / 2), bevel=0.0015))
    parts.append(block("spine", (0.006, d + 0.004, h), (-w / 2, 0, h / 2), bevel=0.0025))
    for part in parts:
        coat(part, (leather, None))
    parts.append(coat(block("pages", (w - 0.006, d - 0.003, h - 0.01), (-0.002, 0, h / 2), bevel=0.0005), (paper, None)))
    for x, z, sx, sz in ((0.004, h - 0.02, w - 0.035, 0.003), (0.004, 0.02, w - 0.035, 0.003), (0.004, 0.145, 0.09, 0.012), (0.004, 0.12, 0.06, 0.007)):
        parts.append(coat(block("line", (sx, 0.0016, sz), (x, -d / 2 - 0.002, z), bevel=0.0004), (gold, None)))
    for x in (0.004 - (w - 0.035) / 2, 0.004 + (w - 0.035) / 2):
        parts.append(coat(block("line", (0.003, 0.0016, h - 0.037), (x, -d / 2 - 0.002, h / 2), bevel=0.0004), (gold, None)))
    return joined("brown book", parts)


def apple() -> bpy.types.Object:
    """Red with yellow streaks, a stem and a leaf."""
    outline = [(0, 0.012), (0.012, 0.004), (0.024, 0.0), (0.038, 0.012), (0.05, 0.04), (0.054, 0.062), (0.05, 0.085), (0.036, 0.099)]
    outline += [(0.02, 0.098), (0.008, 0.088), (0, 0.083)]
    body = turned("body", rounded(outline))
    for vertex in body.data.vertices:  # five soft lobes, as apples have
        angle = math.atan2(vertex.co.y, vertex.co.x)
        lobe = 1 + 0.018 * math.cos(5 * angle) + 0.015 * math.cos(angle + 1)
        vertex.co.x, vertex.co.y = vertex.co.x * lobe, vertex.co.y * lobe
    skin = m.mottled("apple skin", "#a8121c", "#d8392b", scale=26, stretch=(1, 1, 0.22), roughness=0.32, coat=0.4)
    coat(body, (skin, None))
    stem = tube("stem", [(0, 0, 0.08), (0.001, 0, 0.095), (0.004, 0, 0.108), (0.01, 0, 0.12)], [0.0024, 0.0022, 0.0024, 0.0034], sides=10)
    coat(stem, (m.mottled("stem", "#3e2a17", "#6b4a2a", scale=200, roughness=0.8), None))
    leaf = ball("leaf", (0.029, -0.002, 0.121), (0.025, 0.011, 0.0022), turn=math.radians(-14))
    coat(leaf, (m.mottled("leaf", "#3c7a2a", "#5fa03a", scale=60, roughness=0.5), None))
    return joined("red apple", [body, stem, leaf])


def star() -> bpy.types.Object:
    """A puffy purple toy star."""
    tips = [(math.pi / 2 + i * math.pi / 5, 0.135 if i % 2 == 0 else 0.052) for i in range(10)]
    outline = [(r * math.cos(a), r * math.sin(a)) for a, r in tips]
    body = cushion("body", outline, depth=0.07)
    body.data.transform(Matrix.Rotation(math.radians(11), 4, "Y"))  # it leans, as thrown toys do
    body.data.transform(Matrix.Translation((0, 0, -min(v.co.z for v in body.data.vertices))))
    felt = m.mottled("star cloth", "#6a35a0", "#7a42b2", scale=220, roughness=0.8, bump=0.0004)
    return _renamed(coat(body, (felt, None)), "purple star")


def lamp() -> bpy.types.Object:
    """A table lamp: wooden foot, white ceramic belly, pink pleated shade."""
    foot = [(0, 0), (0.06, 0), (0.06, 0), (0.06, 0.01), (0.055, 0.016), (0.03, 0.02), (0.022, 0.026), (0.03, 0.04), (0.046, 0.07)]
    foot += [(0.05, 0.095), (0.042, 0.125), (0.024, 0.148), (0.012, 0.16), (0.0075, 0.175), (0.0075, 0.2), (0.0075, 0.29), (0.0075, 0.29), (0, 0.29)]
    body = turned("body", rounded(foot))
    wood = m.mottled("wood", "#6b3f1f", "#9a6433", scale=30, stretch=(1, 1, 6), roughness=0.5)
    belly = m.mottled("belly", "#b5345f", "#cc4a74", scale=16, roughness=0.28, coat=0.4)
    brass = m.plain("brass", "#b88a3c", roughness=0.35)
    coat(body, (belly, None), (wood, lambda p: p.z < 0.021), (brass, lambda p: p.z > 0.16))
    shade = [(0, 0.285), (0.06, 0.285), (0.06, 0.285), (0.062, 0.287), (0.062, 0.287), (0.108, 0.178), (0.108, 0.178), (0.105, 0.178), (0.105, 0.178)]
    shade += [(0.058, 0.282), (0.058, 0.282), (0, 0.282)]
    cloth = m.woven("shade", "#d9708f", "#f2a6bd", threads=44, height=0.3)
    trim = m.plain("trim", "#c24e75", roughness=0.7)
    top = turned("shade", rounded(shade), segments=88)
    coat(top, (cloth, None), (trim, lambda p: p.z < 0.1785 or p.z > 0.2855))
    return joined("pink lamp", [body, top])


def duck() -> bpy.types.Object:
    """A yellow rubber duck that looks to the left."""
    skin = [ball("belly", (0.004, 0, 0.045), (0.07, 0.052, 0.046)), ball("tail", (0.064, 0, 0.07), (0.03, 0.028, 0.02), turn=math.radians(-35))]
    skin.append(ball("neck", (-0.032, 0, 0.085), (0.03, 0.028, 0.03)))
    skin.append(ball("head", (-0.036, 0, 0.12), (0.04, 0.037, 0.038)))
    skin += [ball("wing", (0.016, side * 0.046, 0.055), (0.036, 0.012, 0.022), turn=math.radians(-18)) for side in (-1, 1)]
    body = melted(joined("body", skin), voxel=0.004)
    coat(body, (m.mottled("rubber", "#f0b90e", "#f9d22e", scale=14, roughness=0.3, coat=0.2), None))
    beak = [ball("upper", (-0.08, 0, 0.118), (0.02, 0.018, 0.0065), turn=math.radians(-10)), ball("lower", (-0.076, 0, 0.111), (0.014, 0.014, 0.005))]
    orange = m.plain("beak", "#e2621b", roughness=0.35, coat=0.2)
    black = m.plain("eye", "#0d0d0f", roughness=0.1, coat=0.5)
    eyes = [ball("eye", (-0.06, side * 0.026, 0.131), (0.0065, 0.0055, 0.0075)) for side in (-1, 1)]
    parts = [coat(part, (orange, None)) for part in beak] + [coat(eye, (black, None)) for eye in eyes]
    return joined("yellow duck", [body, *parts])


def _renamed(item: bpy.types.Object, name: str) -> bpy.types.Object:
    item.name = item.data.name = name
    return item


THINGS: dict[str, Callable[[], bpy.types.Object]] = {
    "pink lamp": lamp,
    "green bottle": bottle,
    "brown book": book,
    "blue mug": mug,
    "red apple": apple,
    "yellow duck": duck,
    "purple star": star,
    "orange bowl": bowl,
}
