"""Materials of results: the same surface for imported and for projected ones, seen in Solid shading too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bpy

from .textures import keep

SLOT_TAG = "img23d_made"  # on materials that this extension made, so that an artist's own are never replaced
_ROUGHNESS = 0.6  # most things are neither polished nor chalk; the GLB says the same
_UNKNOWN = (0.8, 0.8, 0.8)  # Blender's own colour of a new material
MEAN_COLOUR = "img23d_mean_color"  # a property that a new material comes with: the backend has measured it
_GLANCE = 512  # pixels a side that are enough for a mean colour


def finish_materials(mesh: bpy.types.Mesh, name: str, tell: Callable[[str], None], *, plain: bpy.types.Mesh | None = None) -> None:
    """Tag an imported mesh's materials, set their surface and their viewport colour, and keep their pictures by `name`.

    `plain` is the same thing before it was painted: it has that colour already, and asking it saves decoding the picture.
    `tell` as in `textures.keep`.
    """
    known = next((m.diffuse_color[:] for m in plain.materials if m is not None and m.get(SLOT_TAG)), None) if plain else None
    for material in filter(None, mesh.materials):
        image, shader = base_image(material), principled(material)
        _set_surface(material, image)
        if image is not None:
            keep(image, name, tell)
            told = material.pop(MEAN_COLOUR, None)
            material.diffuse_color = known or (*(told if told is not None else mean_colour(image, mesh)), 1.0)
        elif shader is not None:
            material.diffuse_color = shader.inputs["Base Color"].default_value[:]


def make_projected_material(name: str, texture: Path, uv_name: str, tell: Callable[[str], None] = lambda _: None) -> bpy.types.Material:
    """A material that shows a picture through the UV map of that name, whichever UV map is active."""
    material = bpy.data.materials.new(name)
    if material.node_tree is None:  # from Blender 5.0 on every material has one, and the switch goes away
        material.use_nodes = True
    image = bpy.data.images.load(str(texture), check_existing=False)
    image.name = name
    _set_surface(material, image)
    keep(image, name, tell)
    nodes, links = material.node_tree.nodes, material.node_tree.links
    picture = nodes.new("ShaderNodeTexImage")
    picture.image = image
    picture.location = (-320.0, 220.0)
    uv_map = nodes.new("ShaderNodeUVMap")
    uv_map.uv_map = uv_name
    uv_map.location = (-540.0, 220.0)
    links.new(uv_map.outputs["UV"], picture.inputs["Vector"])
    links.new(picture.outputs["Color"], principled(material).inputs["Base Color"])
    return material


def principled(material: bpy.types.Material) -> bpy.types.ShaderNode | None:
    if material.node_tree is None:
        return None
    return next((node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED"), None)


def base_image(material: bpy.types.Material) -> bpy.types.Image | None:
    if material.node_tree is None:
        return None
    return next((node.image for node in material.node_tree.nodes if node.type == "TEX_IMAGE" and node.image), None)


def mean_colour(image: bpy.types.Image, mesh: bpy.types.Mesh, uv_name: str = "") -> tuple[float, float, float]:
    """The mean of the picture where the mesh's corners lie in it; scene linear, as `diffuse_color` is."""
    import numpy as np

    from ..photo.srgb import to_linear

    layer = mesh.uv_layers.get(uv_name) or mesh.uv_layers.active
    if layer is None or not len(mesh.loops):
        return _UNKNOWN
    glance = image.copy()  # reading a large picture's pixels takes seconds, scaling it a fraction of one
    try:
        if 0 in glance.size:
            return _UNKNOWN
        if max(glance.size) > _GLANCE:
            glance.scale(_GLANCE, _GLANCE)
        width, height = glance.size
        pixels = np.empty(width * height * glance.channels, np.float32)
        glance.pixels.foreach_get(pixels)
        pixels = pixels.reshape(height, width, glance.channels)
    finally:
        bpy.data.images.remove(glance)
    uv = np.empty(len(mesh.loops) * 2, np.float32)
    layer.uv.foreach_get("vector", uv)
    columns, rows = ((uv.reshape(-1, 2) % 1.0) * (width, height)).astype(np.intp).T
    mean = pixels[np.minimum(rows, height - 1), np.minimum(columns, width - 1), :3].mean(axis=0)
    return tuple(float(value) for value in to_linear(mean))


def _set_surface(material: bpy.types.Material, image: bpy.types.Image | None) -> None:
    """Dull, opaque and no metal, from both sides; the picture holds colours as screens show them."""
    material[SLOT_TAG] = True
    material.use_backface_culling = False
    shader = principled(material)
    if shader is not None:
        for name, value in (("Roughness", _ROUGHNESS), ("Metallic", 0.0), ("Alpha", 1.0)):
            shader.inputs[name].default_value = value
    if image is not None:
        _set_colour_space(image)
        image.alpha_mode = "NONE"


def _set_colour_space(image: bpy.types.Image) -> None:
    """A studio's own colour configuration may not have this name: then its choice for pictures of 8 bits stays."""
    spaces = image.colorspace_settings.bl_rna.properties["name"].enum_items.keys()
    if image.colorspace_settings.name != "sRGB" and "sRGB" in spaces:
        image.colorspace_settings.name = "sRGB"
