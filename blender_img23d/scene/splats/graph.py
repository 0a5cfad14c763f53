"""Node trees from code: a node is made with its settings and inputs at once, and its outputs are values for the next."""

from __future__ import annotations

from collections.abc import Mapping

import bpy

_STEP = 180.0  # pixels between two nodes: enough that they can be told apart
_ROWS = 6


class Graph:
    def __init__(self, tree: bpy.types.NodeTree) -> None:
        self.tree = tree

    def node(self, kind: str, inputs: Mapping[str | int, object] | None = None, **settings: object) -> bpy.types.Node:
        """`inputs`: sockets of other nodes, or plain values, by the names of the sockets in small letters, or by their numbers."""
        node = self.tree.nodes.new(kind)
        count = len(self.tree.nodes) - 1
        node.location = (count // _ROWS * _STEP, -(count % _ROWS) * _STEP)
        node.hide = True
        for name, value in settings.items():
            setattr(node, name, value)
        for name, value in (inputs or {}).items():
            socket = shown(node.inputs, name)
            if isinstance(value, bpy.types.NodeSocket):
                self.tree.links.new(value, socket)
            else:
                socket.default_value = value
        return node

    def value(self, kind: str, inputs: Mapping[str | int, object] | None = None, output: str | int = 0, **settings: object) -> bpy.types.NodeSocket:
        """One output of a new node."""
        return shown(self.node(kind, inputs, **settings).outputs, output)

    def math(self, operation: str, *values: object) -> bpy.types.NodeSocket:
        return self.value("ShaderNodeMath", dict(enumerate(values)), operation=operation)

    def vector(self, operation: str, *values: object) -> bpy.types.NodeSocket:
        output = "value" if operation == "DOT_PRODUCT" else "vector"
        return self.value("ShaderNodeVectorMath", dict(enumerate(values)), output, operation=operation)

    def scaled(self, vector: object, factor: object) -> bpy.types.NodeSocket:
        return self.value("ShaderNodeVectorMath", {0: vector, "scale": factor}, operation="SCALE")


def shown(sockets: bpy.types.NodeInputs | bpy.types.NodeOutputs, name: str | int) -> bpy.types.NodeSocket:
    """A node for several types of data has a socket of that name for each, of which one is in use."""
    if isinstance(name, int):
        return sockets[name]
    return next(socket for socket in sockets if socket.name.lower() == name and socket.enabled)
