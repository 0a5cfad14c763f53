"""The geometry-nodes group that gives each splat a body: made by code, once a file, and shared by all objects of splats.

The bodies are one mesh, since an instance for each costs a viewport a third of a second at each redraw, and Cycles three times as long.
A body only has to hold the splat: what is seen of it is the material's matter, which needs to know where on the body it is
(`splat_local`, in standard deviations over EXTENT) and how a direction is seen by the splat (`splat_x`, `splat_y`, `splat_z`).
"""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_iface as _

from ..mesh.chosen import ROTATION, SCALE
from .attributes import EXTENT, HARMONICS, RANK
from .graph import Graph, shown

NAME = "Img23D Splats"
GEOMETRY, VIEWPORT, RENDER, MATERIAL = range(4)  # the group's inputs
LOCAL, AXES = "splat_local", ("splat_x", "splat_y", "splat_z")
_VERSION_TAG, _VERSION = "img23d_splats", 1  # of the group: a file that was saved by another version keeps its own
_ROOT_3 = 3.0**0.5  # the octahedron whose faces touch the unit sphere
_ICOSAHEDRON = 1.2584086  # the same of the icosahedron: sqrt(15 - 6 sqrt 5), from its inradius
_LEAST = 1e-4  # share of the splats that is shown at least
_GROWTH = -1.0 / 3.0  # fewer splats are shown larger: between the same surface covered (-1/2) and the same sharpness (0)


def splat_group() -> bpy.types.NodeTree:
    """The file's own, or a new one."""
    for group in bpy.data.node_groups:
        if group.library is None and group.bl_idname == "GeometryNodeTree" and group.get(_VERSION_TAG) == _VERSION:
            return group
    return _make()


def give(modifier: bpy.types.NodesModifier, number: int, value: object) -> None:
    """Set one of the group's inputs on a modifier."""
    key = _key(modifier, number)
    if hasattr(modifier, "properties"):  # from Blender 5.2 on
        getattr(modifier.properties.inputs, key).value = value
    else:
        modifier[key] = value


def given(modifier: bpy.types.NodesModifier, number: int) -> object:
    """What one of the group's inputs is set to on a modifier."""
    key = _key(modifier, number)
    return getattr(modifier.properties.inputs, key).value if hasattr(modifier, "properties") else modifier[key]


def _key(modifier: bpy.types.NodesModifier, number: int) -> str:
    tree = modifier.node_group.interface.items_tree
    return [item.identifier for item in tree if item.item_type == "SOCKET" and item.in_out == "INPUT"][number]


def is_splat_group(group: bpy.types.NodeTree | None) -> bool:
    return group is not None and _VERSION_TAG in group


def _make() -> bpy.types.NodeTree:
    tree = bpy.data.node_groups.new(NAME, "GeometryNodeTree")
    tree[_VERSION_TAG] = _VERSION
    tree.is_modifier = True
    _declare(tree)
    graph = Graph(tree)
    inputs = graph.node("NodeGroupInput")
    in_viewport = graph.value("GeometryNodeIsViewport")
    share = _share(graph, in_viewport, inputs)
    rotation = _attribute(graph, ROTATION, "QUATERNION")
    size = graph.scaled(_attribute(graph, SCALE, "FLOAT_VECTOR"), graph.math("MULTIPLY", EXTENT, graph.math("POWER", share, _GROWTH)))
    size = graph.vector("MAXIMUM", size, (1e-9,) * 3)
    points = _with_axes(graph, inputs.outputs[0], rotation, size)
    bodies = graph.value(
        "GeometryNodeInstanceOnPoints",
        {
            "points": points,
            "selection": graph.math("LESS_THAN", _attribute(graph, RANK, "FLOAT"), share),
            "instance": _body(graph, in_viewport),
            "rotation": rotation,
            "scale": size,
        },
    )
    for name in (SCALE, ROTATION, RANK, f"{HARMONICS}*"):  # on each corner of each body they would take gigabytes
        bodies = _without(graph, bodies, name)
    mesh = graph.value("GeometryNodeRealizeInstances", {"geometry": bodies})
    made = graph.value("GeometryNodeSetMaterial", {"geometry": mesh, "material": inputs.outputs[MATERIAL]})
    graph.node("NodeGroupOutput", {0: made})
    return tree


def _declare(tree: bpy.types.NodeTree) -> None:
    """The names stand in the modifier's panel, in the language that Blender speaks now."""
    for in_out in ("OUTPUT", "INPUT"):
        tree.interface.new_socket(_("Geometry"), in_out=in_out, socket_type="NodeSocketGeometry")
    for name, told in (
        (_("Viewport Density"), _("How many of the splats the viewport shows; fewer are shown larger")),
        (_("Render Density"), _("How many of the splats a render shows; fewer are shown larger")),
    ):
        socket = tree.interface.new_socket(name, description=told, in_out="INPUT", socket_type="NodeSocketFloat")
        socket.subtype = "PERCENTAGE"
        socket.min_value, socket.max_value, socket.default_value = 0.0, 100.0, 100.0
    tree.interface.new_socket(_("Material"), in_out="INPUT", socket_type="NodeSocketMaterial")


def _share(graph: Graph, in_viewport: bpy.types.NodeSocket, inputs: bpy.types.Node) -> bpy.types.NodeSocket:
    percent = graph.value(
        "GeometryNodeSwitch", {"switch": in_viewport, "false": inputs.outputs[RENDER], "true": inputs.outputs[VIEWPORT]}, "output", input_type="FLOAT"
    )
    return graph.math("MAXIMUM", graph.math("DIVIDE", percent, 100.0), _LEAST)


def _attribute(graph: Graph, name: str, kind: str) -> bpy.types.NodeSocket:
    return graph.value("GeometryNodeInputNamedAttribute", {"name": name}, "attribute", data_type=kind)


def _stored(graph: Graph, geometry: bpy.types.NodeSocket, name: str, value: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
    return graph.value(
        "GeometryNodeStoreNamedAttribute", {"geometry": geometry, "name": name, "value": value}, "geometry", data_type="FLOAT_VECTOR", domain="POINT"
    )


def _with_axes(graph: Graph, points: bpy.types.NodeSocket, rotation: bpy.types.NodeSocket, size: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
    """Each of a splat's axes over its length: the rows of the matrix that takes the object's directions to the splat's."""
    lengths = graph.node("ShaderNodeSeparateXYZ", {0: size})
    for index, name in enumerate(AXES):
        along = tuple(float(index == axis) for axis in range(3))
        turned = graph.value("FunctionNodeRotateVector", {"vector": along, "rotation": rotation})
        row = graph.scaled(turned, graph.math("DIVIDE", 1.0, lengths.outputs[index]))
        points = _stored(graph, points, name, row)
    return points


def _body(graph: Graph, in_viewport: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
    """An octahedron in the viewport, which takes the least memory; an icosahedron in renders, which is closer to the splat."""
    octahedron = graph.value("GeometryNodeMeshUVSphere", {"segments": 4, "rings": 2, "radius": _ROOT_3}, "mesh")
    icosahedron = graph.value("GeometryNodeMeshIcoSphere", {"subdivisions": 1, "radius": _ICOSAHEDRON}, "mesh")
    body = graph.value("GeometryNodeSwitch", {"switch": in_viewport, "false": icosahedron, "true": octahedron}, "output", input_type="GEOMETRY")
    return _stored(graph, body, LOCAL, graph.value("GeometryNodeInputPosition"))


def _without(graph: Graph, geometry: bpy.types.NodeSocket, name: str) -> bpy.types.NodeSocket:
    node = graph.node("GeometryNodeRemoveAttribute", {"geometry": geometry, "name": name})
    if name.endswith("*"):
        if hasattr(node, "pattern_mode"):
            node.pattern_mode = "WILDCARD"
        else:  # newer ones have an input for it
            shown(node.inputs, "pattern mode").default_value = "Wildcard"
    return shown(node.outputs, "geometry")
