"""Materials of results: seen in Solid shading too, and independent of files on disk."""

from __future__ import annotations

from pathlib import Path

import bpy

SLOT_TAG = "img23d_made"  # on materials that this extension made, so that an artist's own are never replaced


def make_visible_in_solid(mesh: bpy.types.Mesh, plain: bpy.types.Mesh | None = None) -> None:
    """Give each material the mean colour of what it shows as its viewport colour, tag it, and pack its picture.

    `plain` is the same thing before it was painted: it has that colour already, and asking it saves decoding the picture.
    """
    known = next((m.diffuse_color[:] for m in plain.materials if m is not None and m.get(SLOT_TAG)), None) if plain else None
    for material in filter(None, mesh.materials):
        material[SLOT_TAG] = True
        image = base_image(material)
        if image is not None:
            pack(image)
            material.diffuse_color = known or (*mean_colour(image, mesh), 1.0)
        elif (shader := principled(material)) is not None:
            material.diffuse_color = shader.inputs["Base Color"].default_value[:]


def principled(material: bpy.types.Material) -> bpy.types.ShaderNode | None:
    if material.node_tree is None:
        return None
    return next((node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED"), None)


def base_image(material: bpy.types.Material) -> bpy.types.Image | None:
    if material.node_tree is None:
        return None
    return next((node.image for node in material.node_tree.nodes if node.type == "TEX_IMAGE" and node.image), None)


def pack(image: bpy.types.Image) -> None:
    if image.packed_file is None:
        image.pack()


def mean_colour(image: bpy.types.Image, mesh: bpy.types.Mesh, uv_name: str = "") -> tuple[float, float, float]:
    """The mean of the picture where the mesh's corners lie in it; scene linear, as `diffuse_color` is."""
    import numpy as np

    width, height = image.size
    layer = mesh.uv_layers.get(uv_name) or mesh.uv_layers.active
    if not width or not height or layer is None or not len(mesh.loops):
        return (0.8, 0.8, 0.8)
    pixels = np.empty(width * height * image.channels, np.float32)
    image.pixels.foreach_get(pixels)
    pixels = pixels.reshape(height, width, image.channels)
    uv = np.empty(len(mesh.loops) * 2, np.float32)
    layer.uv.foreach_get("vector", uv)
    columns, rows = np.clip(uv.reshape(-1, 2) * (width, height), 0, (width - 1, height - 1)).astype(np.intp).T
    mean = pixels[rows, columns, :3].mean(axis=0)
    linear = np.where(mean <= 0.04045, mean / 12.92, ((mean + 0.055) / 1.055) ** 2.4)  # sRGB, IEC 61966-2-1
    return tuple(float(value) for value in linear)


def make_projected_material(name: str, texture: Path, uv_name: str) -> bpy.types.Material:
    """A material that shows a packed picture through the UV map of that name, whichever UV map is active."""
    material = bpy.data.materials.new(name)
    if material.node_tree is None:  # from Blender 5.0 on every material has one, and the switch goes away
        material.use_nodes = True
    material[SLOT_TAG] = True
    image = bpy.data.images.load(str(texture), check_existing=False)
    image.name = name
    pack(image)
    nodes, links = material.node_tree.nodes, material.node_tree.links
    shader = principled(material)
    shader.inputs["Roughness"].default_value = 0.6
    picture = nodes.new("ShaderNodeTexImage")
    picture.image = image
    picture.location = (-320.0, 220.0)
    uv_map = nodes.new("ShaderNodeUVMap")
    uv_map.uv_map = uv_name
    uv_map.location = (-540.0, 220.0)
    links.new(uv_map.outputs["UV"], picture.inputs["Vector"])
    links.new(picture.outputs["Color"], shader.inputs["Base Color"])
    return material
