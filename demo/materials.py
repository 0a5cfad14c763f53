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
