"""Procedural surfaces for the demo's things: no picture file, only Blender's shader nodes."""

from __future__ import annotations

import bpy

Rgb = tuple[float, float, float]  # linear


def srgb(code: str) -> Rgb:
    """Linear colour of a hex code such as "#c0392b"."""
    values = [int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return tuple(v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values)


class Nodes:
    """A material's node tree with the few moves that are needed here."""

    def __init__(self, name: str, *, roughness: float, coat: float = 0.0) -> None:
        self.material = bpy.data.materials.new(name)
        if bpy.app.version < (5, 0, 0):
            self.material.use_nodes = True
        self.tree = self.material.node_tree
        self.surface = next(n for n in self.tree.nodes if n.type == "BSDF_PRINCIPLED")
        self.surface.inputs["Roughness"].default_value = roughness
        self.surface.inputs["Coat Weight"].default_value = coat
        self.surface.inputs["Coat Roughness"].default_value = 0.12

    def add(self, kind: str, **values: object) -> bpy.types.Node:
        """A node; `values` set its attributes."""
        node = self.tree.nodes.new(kind)
        for key, value in values.items():
            setattr(node, key, value)
        return node

    def link(self, source: bpy.types.NodeSocket, target: bpy.types.NodeSocket) -> None:
        self.tree.links.new(source, target)

    def position(self) -> bpy.types.NodeSocket:
        return self.add("ShaderNodeTexCoord").outputs["Object"]

    def noise(self, scale: float, *, stretch: tuple[float, float, float] = (1, 1, 1), detail: float = 4.0) -> bpy.types.NodeSocket:
        """A 0..1 value that wanders over the surface; `stretch` scales the three axes."""
        mapping = self.add("ShaderNodeMapping")
        mapping.inputs["Scale"].default_value = stretch
        self.link(self.position(), mapping.inputs["Vector"])
        noise = self.add("ShaderNodeTexNoise")
        noise.inputs["Scale"].default_value = scale
        noise.inputs["Detail"].default_value = detail
        self.link(mapping.outputs["Vector"], noise.inputs["Vector"])
        return noise.outputs[0]

    def math(self, operation: str, a: bpy.types.NodeSocket | float, b: bpy.types.NodeSocket | float = 0.0) -> bpy.types.NodeSocket:
        node = self.add("ShaderNodeMath", operation=operation)
        for value, socket in zip((a, b), node.inputs):
            if isinstance(value, (int, float)):
                socket.default_value = value
            else:
                self.link(value, socket)
        return node.outputs[0]

    def along(self) -> tuple[bpy.types.NodeSocket, bpy.types.NodeSocket, bpy.types.NodeSocket]:
        """x, y and z in metres."""
        parts = self.add("ShaderNodeSeparateXYZ")
        self.link(self.position(), parts.inputs[0])
        return parts.outputs["X"], parts.outputs["Y"], parts.outputs["Z"]

    def point(self, *values: bpy.types.NodeSocket | float) -> bpy.types.NodeSocket:
        """A point of x, y and z."""
        node = self.add("ShaderNodeCombineXYZ")
        for value, socket in zip(values, node.inputs, strict=True):
            if isinstance(value, (int, float)):
                socket.default_value = value
            else:
                self.link(value, socket)
        return node.outputs[0]

    def noise_at(self, point: bpy.types.NodeSocket, *, detail: float = 6.0, distortion: float = 0.0) -> bpy.types.NodeSocket:
        """A 0..1 value that wanders, about one change a unit."""
        node = self.add("ShaderNodeTexNoise")
        node.inputs["Scale"].default_value, node.inputs["Detail"].default_value = 1.0, detail
        node.inputs["Distortion"].default_value = distortion
        self.link(point, node.inputs["Vector"])
        return node.outputs[0]

    def random(self, value: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
        """Another 0..1 value for each value."""
        node = self.add("ShaderNodeTexWhiteNoise", noise_dimensions="1D")
        self.link(value, node.inputs["W"])
        return node.outputs["Value"]

    def shaded(self, color: bpy.types.NodeSocket, by: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
        """A colour times a value."""
        node = self.add("ShaderNodeVectorMath", operation="SCALE")
        self.link(color, node.inputs[0])
        self.link(by, node.inputs["Scale"])
        return node.outputs[0]

    def mixed(self, below: bpy.types.NodeSocket, above: bpy.types.NodeSocket, share: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
        """One colour over another."""
        node = self.add("ShaderNodeMix", data_type="RGBA")
        self.link(share, node.inputs["Factor"])
        for socket, color in zip([one for one in node.inputs if one.type == "RGBA"], (below, above), strict=True):
            self.link(color, socket)
        return next(one for one in node.outputs if one.type == "RGBA")

    def around(self) -> tuple[bpy.types.NodeSocket, bpy.types.NodeSocket]:
        """The angle about z in radians, and the height z in metres."""
        parts = self.add("ShaderNodeSeparateXYZ")
        self.link(self.position(), parts.inputs[0])
        return self.math("ARCTAN2", parts.outputs["Y"], parts.outputs["X"]), parts.outputs["Z"]

    def ramp(self, value: bpy.types.NodeSocket, *stops: tuple[float, Rgb], steps: bool = False) -> bpy.types.NodeSocket:
        node = self.add("ShaderNodeValToRGB")
        node.color_ramp.interpolation = "CONSTANT" if steps else "EASE"
        elements = node.color_ramp.elements
        for index, (at, color) in enumerate(stops):
            element = elements[index] if index < len(elements) else elements.new(at)
            element.position, element.color = at, (*color, 1)
        self.link(value, node.inputs[0])
        return node.outputs[0]

    def color(self, source: bpy.types.NodeSocket | Rgb) -> None:
        socket = self.surface.inputs["Base Color"]
        if isinstance(source, tuple):
            socket.default_value = (*source, 1)
        else:
            self.link(source, socket)

    def bump(self, height: bpy.types.NodeSocket, *, depth: float) -> None:
        node = self.add("ShaderNodeBump")
        node.inputs["Distance"].default_value = depth
        node.inputs["Strength"].default_value = 0.6
        self.link(height, node.inputs["Height"])
        self.link(node.outputs[0], self.surface.inputs["Normal"])


def plain(name: str, color: str, *, roughness: float = 0.45, coat: float = 0.0) -> bpy.types.Material:
    """One colour."""
    nodes = Nodes(name, roughness=roughness, coat=coat)
    nodes.color(srgb(color))
    return nodes.material


def mottled(
    name: str,
    dark: str,
    light: str,
    *,
    scale: float,
    stretch: tuple[float, float, float] = (1, 1, 1),
    roughness: float = 0.5,
    coat: float = 0.0,
    bump: float = 0.0,
) -> bpy.types.Material:
    """Two shades that run into each other, with a bump of that depth in metres: glaze, leather, wood, fruit."""
    nodes = Nodes(name, roughness=roughness, coat=coat)
    value = nodes.noise(scale, stretch=stretch)
    nodes.color(nodes.ramp(value, (0.35, srgb(dark)), (0.65, srgb(light))))
    if bump:
        nodes.bump(value, depth=bump)
    return nodes.material


def dotted(name: str, ground: str, dot: str, *, columns: int, spacing: float, radius: float, start: float = 0.0) -> bpy.types.Material:
    """Polka dots around the z axis: `columns` a turn, rows `spacing` metres apart, every second row shifted."""
    nodes = Nodes(name, roughness=0.3, coat=0.4)
    angle, height = nodes.around()
    row = nodes.math("DIVIDE", nodes.math("SUBTRACT", height, start), spacing)
    column = nodes.math("MULTIPLY", angle, columns / 6.283185307)
    shifted = nodes.math("ADD", column, nodes.math("MULTIPLY", nodes.math("FLOOR", row), 0.5))
    across = nodes.math("SUBTRACT", nodes.math("FRACT", shifted), 0.5)
    upward = nodes.math("SUBTRACT", nodes.math("FRACT", row), 0.5)
    distance = nodes.math("SQRT", nodes.math("ADD", nodes.math("POWER", across, 2.0), nodes.math("POWER", upward, 2.0)))
    nodes.color(nodes.ramp(distance, (0.0, srgb(dot)), (radius, srgb(ground)), steps=True))
    return nodes.material


def banded(name: str, bands: tuple[tuple[float, str], ...], *, height: float, roughness: float = 0.5, coat: float = 0.0) -> bpy.types.Material:
    """Rings around the z axis: (from this share of the height on, colour)."""
    nodes = Nodes(name, roughness=roughness, coat=coat)
    _, z = nodes.around()
    share = nodes.math("DIVIDE", z, height)
    nodes.color(nodes.ramp(share, *((at, srgb(color)) for at, color in bands), steps=True))
    return nodes.material


def woven(name: str, dark: str, light: str, *, threads: int, height: float) -> bpy.types.Material:
    """Pleated cloth: `threads` folds around the z axis, a little lighter towards the top."""
    nodes = Nodes(name, roughness=0.85)
    angle, z = nodes.around()
    fold = nodes.math("ADD", nodes.math("MULTIPLY", nodes.math("SINE", nodes.math("MULTIPLY", angle, threads)), 0.25), 0.5)
    value = nodes.math("MULTIPLY", nodes.math("ADD", fold, nodes.math("DIVIDE", z, height)), 0.5)
    nodes.color(nodes.ramp(value, (0.3, srgb(dark)), (0.8, srgb(light))))
    nodes.bump(fold, depth=0.002)
    return nodes.material


def metal(name: str, color: str, *, roughness: float) -> bpy.types.Material:
    """Bare metal of one colour."""
    material = plain(name, color, roughness=roughness)
    next(n for n in material.node_tree.nodes if n.type == "BSDF_PRINCIPLED").inputs["Metallic"].default_value = 1.0
    return material


def painted(name: str, color: str) -> bpy.types.Material:
    """Brushed paint: a little uneven in shade and gloss."""
    nodes = Nodes(name, roughness=0.42, coat=0.15)
    uneven = nodes.noise(18, stretch=(1, 1, 0.25))
    nodes.color(nodes.ramp(uneven, (0.3, _darker(color, 0.86)), (0.7, srgb(color))))
    nodes.bump(nodes.noise(160, stretch=(1, 1, 0.1)), depth=0.0004)
    return nodes.material


def enamel(name: str, dark: str, light: str) -> bpy.types.Material:
    """Enamelled sheet metal, worn in small spots."""
    nodes = Nodes(name, roughness=0.28, coat=0.5)
    spots = nodes.noise(45, detail=8)
    nodes.color(nodes.ramp(spots, (0.0, srgb(light)), (0.5, srgb(dark)), (0.735, srgb(dark)), (0.76, srgb("#3a322b"))))
    return nodes.material


def grained(name: str, dark: str, light: str, *, fibres: float) -> bpy.types.Material:
    """Wood of turned and bent parts: fibres mostly upwards, that many a metre."""
    nodes = Nodes(name, roughness=0.45, coat=0.12)
    broad, fine = nodes.noise(fibres / 4, stretch=(1, 1, 0.12)), nodes.noise(fibres * 3, stretch=(1, 1, 0.06), detail=8)
    both = nodes.math("ADD", nodes.math("MULTIPLY", broad, 0.6), nodes.math("MULTIPLY", fine, 0.4))
    nodes.color(nodes.ramp(both, (0.36, srgb(dark)), (0.62, srgb(light))))
    nodes.bump(fine, depth=0.0003)
    return nodes.material


def porcelain(name: str, *, line: str, heights: tuple[float, float], radius: float) -> bpy.types.Material:
    """White glaze with a painted line between two heights, beyond a radius in metres."""
    nodes = Nodes(name, roughness=0.12, coat=0.7)
    x, y, z = nodes.along()
    out = nodes.math("SQRT", nodes.math("ADD", nodes.math("POWER", x, 2.0), nodes.math("POWER", y, 2.0)))
    inside = nodes.math("MULTIPLY", nodes.math("GREATER_THAN", z, heights[0]), nodes.math("LESS_THAN", z, heights[1]))
    painted_at = nodes.math("MULTIPLY", inside, nodes.math("GREATER_THAN", out, radius))
    nodes.color(nodes.ramp(painted_at, (0.0, srgb("#f1efe9")), (0.5, srgb(line)), steps=True))
    return nodes.material


def fur(name: str, dark: str, light: str) -> bpy.types.Material:
    """Short fur: soft, with a fine uneven nap."""
    nodes = Nodes(name, roughness=0.95)
    nodes.surface.inputs["Sheen Weight"].default_value = 0.35
    nap = nodes.noise(330, stretch=(1, 1, 0.45), detail=8)
    nodes.color(nodes.ramp(nap, (0.3, srgb(dark)), (0.62, srgb(light))))
    nodes.bump(nap, depth=0.0035)
    return nodes.material


def linen(name: str, dark: str, light: str) -> bpy.types.Material:
    """Coarse cloth around the z axis."""
    nodes = Nodes(name, roughness=0.9)
    angle, z = nodes.around()
    upright = nodes.noise_at(nodes.point(nodes.math("MULTIPLY", angle, 60.0), 0.0, nodes.math("MULTIPLY", z, 9.0)), detail=8)
    level = nodes.noise_at(nodes.point(nodes.math("MULTIPLY", angle, 2.0), 5.0, nodes.math("MULTIPLY", z, 380.0)), detail=8)
    nodes.color(nodes.ramp(nodes.math("MULTIPLY", nodes.math("ADD", upright, level), 0.5), (0.4, srgb(dark)), (0.6, srgb(light))))
    nodes.bump(level, depth=0.0006)
    return nodes.material


def boards(name: str, dark: str, light: str, *, width: float, length: float, roughness: float = 0.4) -> bpy.types.Material:
    """Planks of that size in metres with grain along y, each of its own shade, with seams between them."""
    nodes = Nodes(name, roughness=roughness, coat=0.15)
    x, y, z = nodes.along()
    across = nodes.math("DIVIDE", x, width)
    row = nodes.math("FLOOR", across)
    along = nodes.math("ADD", nodes.math("DIVIDE", y, length), nodes.math("MULTIPLY", nodes.random(row), 7.0))
    number = nodes.math("ADD", nodes.math("MULTIPLY", row, 13.7), nodes.math("FLOOR", along))
    own = nodes.random(number)
    shift = nodes.math("MULTIPLY", own, 37.0)
    rings = nodes.noise_at(nodes.point(nodes.math("MULTIPLY", x, 22.0), nodes.math("MULTIPLY", y, 1.3), nodes.math("ADD", z, shift)), distortion=0.9)
    fibres = nodes.noise_at(nodes.point(nodes.math("MULTIPLY", x, 420.0), nodes.math("MULTIPLY", y, 9.0), shift), detail=8)
    waves = nodes.math("ADD", nodes.math("MULTIPLY", nodes.math("SINE", nodes.math("MULTIPLY", rings, 46.0)), 0.05), rings)
    grain = nodes.math("ADD", nodes.math("MULTIPLY", waves, 0.68), nodes.math("MULTIPLY", fibres, 0.32))
    wood = nodes.ramp(grain, (0.26, srgb(dark)), (0.66, srgb(light)))
    seam = nodes.math("MAXIMUM", _seam(nodes, across, 0.0022 / width), _seam(nodes, along, 0.0016 / length))
    shade = nodes.math("MULTIPLY", nodes.math("ADD", nodes.math("MULTIPLY", own, 0.42), 0.76), nodes.math("SUBTRACT", 1.0, nodes.math("MULTIPLY", seam, 0.72)))
    nodes.color(nodes.shaded(wood, shade))
    nodes.bump(nodes.math("SUBTRACT", nodes.math("MULTIPLY", fibres, 0.25), seam), depth=0.0012)
    return nodes.material


def _seam(nodes: Nodes, counted: bpy.types.NodeSocket, share: float) -> bpy.types.NodeSocket:
    """1 in that share of each unit, else 0."""
    return nodes.math("LESS_THAN", nodes.math("FRACT", counted), share)


def gingham(name: str, color: str, *, check: float) -> bpy.types.Material:
    """Woven checks of that many metres: white, half and full colour."""
    nodes = Nodes(name, roughness=0.92)
    x, y, _ = nodes.along()
    stripes = [nodes.math("GREATER_THAN", nodes.math("FRACT", nodes.math("DIVIDE", value, 2 * check)), 0.5) for value in (x, y)]
    white, full = "#f0ece2", srgb(color)
    half = tuple((a + b) / 2 for a, b in zip(srgb(white), full, strict=True))
    value = nodes.math("MULTIPLY", nodes.math("ADD", *stripes), 0.5)
    threads = nodes.math("ADD", *(nodes.math("SINE", nodes.math("MULTIPLY", axis, 4200.0)) for axis in (x, y)))
    cloth = nodes.ramp(value, (0.0, srgb(white)), (0.4, half), (0.8, full), steps=True)
    nodes.color(nodes.shaded(cloth, nodes.math("ADD", nodes.math("MULTIPLY", threads, 0.05), 0.93)))
    nodes.bump(threads, depth=0.0003)
    return nodes.material


def flowered(name: str, ground: str, colors: tuple[str, ...], *, every: float) -> bpy.types.Material:
    """Printed cloth: flowers of several colours, about one in each square of that many metres, with leaves between them."""
    nodes = Nodes(name, roughness=0.9)
    cells = nodes.add("ShaderNodeTexVoronoi", voronoi_dimensions="2D")
    cells.inputs["Scale"].default_value, cells.inputs["Randomness"].default_value = 1 / every, 0.75
    nodes.link(nodes.position(), cells.inputs["Vector"])
    apart = nodes.add("ShaderNodeVectorMath", operation="SUBTRACT")
    nodes.link(nodes.position(), apart.inputs[0])
    nodes.link(cells.outputs["Position"], apart.inputs[1])
    parts = nodes.add("ShaderNodeSeparateXYZ")
    nodes.link(apart.outputs[0], parts.inputs[0])
    angle = nodes.math("ARCTAN2", parts.outputs["Y"], parts.outputs["X"])
    own = nodes.add("ShaderNodeSeparateXYZ")
    nodes.link(cells.outputs["Color"], own.inputs[0])
    petals = nodes.math("ABSOLUTE", nodes.math("SINE", nodes.math("ADD", nodes.math("MULTIPLY", angle, 2.5), nodes.math("MULTIPLY", own.outputs[1], 6.0))))
    edge = nodes.math("ADD", nodes.math("MULTIPLY", petals, 0.2), 0.17)
    inside = nodes.math("LESS_THAN", cells.outputs["Distance"], edge)
    heart = nodes.math("LESS_THAN", cells.outputs["Distance"], 0.09)
    kind = nodes.ramp(own.outputs[0], *((i / len(colors), srgb(color)) for i, color in enumerate(colors)), steps=True)
    leaves = nodes.ramp(nodes.noise(1.6 / every, detail=1.0), (0.0, srgb(ground)), (0.62, srgb("#7d9468")), steps=True)
    yellow = nodes.ramp(heart, (0.0, srgb("#e6b93f")), (1.0, srgb("#e6b93f")))
    printed = nodes.mixed(nodes.mixed(leaves, kind, inside), yellow, heart)
    nodes.color(printed)
    nodes.bump(nodes.noise(900, detail=2), depth=0.0006)
    return nodes.material


def _darker(color: str, share: float) -> Rgb:
    return tuple(value * share for value in srgb(color))
