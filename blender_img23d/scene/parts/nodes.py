"""What Blender's geometry nodes do with a mesh much faster than its Python: separate faces, read weights.

Each works on an object that is in no scene's sight and in the file only until it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import bpy

if TYPE_CHECKING:
    import numpy as np

_WEIGHT = "img23d_weight_{number}"


def separated(mesh: bpy.types.Mesh, attribute: str, values: Sequence[int], view_layer: bpy.types.ViewLayer) -> list[bpy.types.Mesh]:
    """Of each value of an int face attribute a mesh of its faces, with all that is on them. `mesh` is used by nothing else."""
    tree, choose = _separating(attribute)
    parts = []
    with _object(mesh, tree, view_layer.id_data) as obj:
        for value in values:
            choose(value)
            view_layer.update()
            evaluated = obj.evaluated_get(view_layer.depsgraph)
            parts.append(bpy.data.meshes.new_from_object(evaluated, preserve_all_data_layers=True, depsgraph=view_layer.depsgraph))
    return parts


def weights_of(mesh: bpy.types.Mesh, names: Sequence[str]) -> Iterator[np.ndarray]:
    """(V,) float32 of each of these vertex groups, 0 for what is in none."""
    import numpy as np

    scene, view_layer = bpy.context.scene, bpy.context.view_layer
    with _object(mesh, _weighing(names), scene) as obj:
        view_layer.update()
        shown = obj.evaluated_get(view_layer.depsgraph).data
        for number in range(len(names)):
            values = np.zeros(len(mesh.vertices), np.float32)
            attribute = shown.attributes.get(_WEIGHT.format(number=number))
            if attribute is not None and len(attribute.data) == len(values):
                attribute.data.foreach_get("value", values)
            yield values


@contextmanager
def _object(mesh: bpy.types.Mesh, tree: bpy.types.NodeTree, scene: bpy.types.Scene) -> Iterator[bpy.types.Object]:
    obj = bpy.data.objects.new("img23d", mesh)
    try:
        obj.modifiers.new("img23d", "NODES").node_group = tree
        scene.collection.objects.link(obj)
        yield obj
    finally:
        bpy.data.objects.remove(obj)
        bpy.data.node_groups.remove(tree)


def _tree() -> tuple[bpy.types.NodeTree, bpy.types.NodeSocket, bpy.types.NodeSocket]:
    tree = bpy.data.node_groups.new("img23d", "GeometryNodeTree")
    for direction in ("INPUT", "OUTPUT"):
        tree.interface.new_socket("Geometry", in_out=direction, socket_type="NodeSocketGeometry")
    return tree, tree.nodes.new("NodeGroupInput").outputs[0], tree.nodes.new("NodeGroupOutput").inputs[0]


def _named(tree: bpy.types.NodeTree, name: str, kind: str) -> bpy.types.NodeSocket:
    node = tree.nodes.new("GeometryNodeInputNamedAttribute")
    node.data_type, node.inputs[0].default_value = kind, name
    return next(socket for socket in node.outputs if socket.enabled)  # the value; the other one tells whether there is such an attribute


def _separating(attribute: str) -> tuple[bpy.types.NodeTree, Callable[[int], None]]:
    tree, begin, end = _tree()
    faces, equal = tree.nodes.new("GeometryNodeSeparateGeometry"), tree.nodes.new("FunctionNodeCompare")
    faces.domain, equal.data_type, equal.operation = "FACE", "INT", "EQUAL"
    one, other = (socket for socket in equal.inputs if socket.type == "INT")
    tree.links.new(_named(tree, attribute, "INT"), one)
    tree.links.new(begin, faces.inputs[0])
    tree.links.new(equal.outputs[0], faces.inputs[1])
    tree.links.new(faces.outputs[0], end)

    def choose(value: int) -> None:
        other.default_value = value

    return tree, choose


def _weighing(names: Sequence[str]) -> bpy.types.NodeTree:
    tree, begin, end = _tree()
    for number, name in enumerate(names):
        store = tree.nodes.new("GeometryNodeStoreNamedAttribute")
        store.data_type, store.domain = "FLOAT", "POINT"
        inputs = [socket for socket in store.inputs if socket.enabled]
        next(socket for socket in inputs if socket.type == "STRING").default_value = _WEIGHT.format(number=number)
        tree.links.new(begin, store.inputs[0])
        tree.links.new(_named(tree, name, "FLOAT"), next(socket for socket in inputs if socket.type == "VALUE"))
        begin = store.outputs[0]
    tree.links.new(begin, end)
    return tree
