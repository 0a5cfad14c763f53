"""The material of splats: each body is seen as the Gaussian that it holds, in EEVEE and in Cycles.

A ray p + t v meets the Gaussian exp(-r^2 / 2) where it comes closest to its middle: with v of length 1 in the splat's own measure that is
at r^2 = p.p - (p.v)^2. Only the body's front side counts, so that each splat is met once.
"""

from __future__ import annotations

import bpy

from ..glb.materials import SLOT_TAG
from ..mesh.chosen import COLOR
from .attributes import EXTENT
from .geometry_nodes import AXES, LOCAL
from .graph import Graph, shown


def make_material(name: str, color: tuple[float, float, float]) -> bpy.types.Material:
    """`color`, scene linear, is what Solid shading shows."""
    material = bpy.data.materials.new(name)
    if material.node_tree is None:  # from Blender 5.0 on every material has one, and the switch goes away
        material.use_nodes = True
    material[SLOT_TAG] = True
    material.diffuse_color = (*color, 1.0)
    material.surface_render_method = "DITHERED"  # right in any order; blended faces of one mesh are not sorted
    if hasattr(material, "cycles"):
        material.cycles.emission_sampling = "NONE"  # a hundred thousand lamps otherwise, and no light from them is missed
    material.node_tree.nodes.clear()
    _shade(Graph(material.node_tree))
    return material


def _shade(graph: Graph) -> None:
    surface = graph.node("ShaderNodeNewGeometry")
    stored = graph.node("ShaderNodeAttribute", attribute_name=COLOR)
    local = _attribute(graph, LOCAL)
    toward = graph.value("ShaderNodeVectorTransform", {0: shown(surface.outputs, "incoming")}, vector_type="VECTOR", convert_from="WORLD", convert_to="OBJECT")
    seen = {axis: graph.vector("DOT_PRODUCT", toward, _attribute(graph, name)) for axis, name in zip("xyz", AXES, strict=True)}
    direction = graph.vector("NORMALIZE", graph.value("ShaderNodeCombineXYZ", seen))
    along = graph.vector("DOT_PRODUCT", local, direction)
    distance = graph.math("SUBTRACT", graph.vector("DOT_PRODUCT", local, local), graph.math("MULTIPLY", along, along))
    falloff = graph.math("EXPONENT", graph.math("MULTIPLY", graph.math("MAXIMUM", distance, 0.0), -0.5 * EXTENT**2))
    front = graph.math("SUBTRACT", 1.0, shown(surface.outputs, "backfacing"))
    alpha = graph.math("MULTIPLY", graph.math("MULTIPLY", falloff, front), shown(stored.outputs, "alpha"))
    color = graph.vector("MAXIMUM", shown(stored.outputs, "color"), (0.0, 0.0, 0.0))  # below black there is no light
    light = graph.value("ShaderNodeEmission", {"color": color})
    nothing = graph.value("ShaderNodeBsdfTransparent")
    graph.node("ShaderNodeOutputMaterial", {"surface": graph.value("ShaderNodeMixShader", {0: alpha, 1: nothing, 2: light})})


def _attribute(graph: Graph, name: str) -> bpy.types.NodeSocket:
    return graph.value("ShaderNodeAttribute", output="vector", attribute_name=name)
