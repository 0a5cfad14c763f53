"""What is on a mesh, as values that can be compared, and what an artist sees of its texture."""

from __future__ import annotations

import hashlib

import bpy
import numpy as np
import photos

UV_NAME = "Img23D"
QUARTERS = np.array([[(220, 40, 40), (40, 60, 220)], [(40, 170, 60), (230, 210, 40)]], np.uint8)  # rows from the top


def in_edit_mode(name: str) -> bpy.types.Object:
    """An object of the artist's, who is at work on its mesh."""
    obj = bpy.data.objects.new(name, bpy.data.meshes.new("m"))
    bpy.context.scene.collection.objects.link(obj)
    bpy.context.view_layer.objects.active = obj
    bpy.ops.object.mode_set(mode="EDIT")
    return obj


def everything(obj) -> dict[str, object]:
    """What must stay as it is when the object is re-textured."""
    mesh = obj.data
    own_maps = [layer for layer in mesh.uv_layers if not layer.name.startswith(UV_NAME)]
    keys = mesh.shape_keys.key_blocks if mesh.shape_keys else ()
    return {
        "vertices": _digest(mesh.vertices, "co", 3),
        "edges": _digest(mesh.edges, "vertices", 2, np.int32),
        "corners": _digest(mesh.loops, "vertex_index", 1, np.int32),
        "faces": _digest(mesh.polygons, "loop_start", 1, np.int32),
        "smooth": _digest(mesh.polygons, "use_smooth", 1, bool),
        "uv": [(layer.name, layer.active, layer.active_render, _digest(layer.uv, "vector", 2)) for layer in own_maps],
        "weights": [[(g.group, g.weight) for g in v.groups] for v in mesh.vertices] if obj.vertex_groups else [],
        "groups": [(group.name, group.index) for group in obj.vertex_groups],
        "keys": [(key.name, key.value, _digest(key.data, "co", 3)) for key in keys],
        "modifiers": [_settings(modifier) for modifier in obj.modifiers],
        "transform": [tuple(row) for row in obj.matrix_basis],
        "parent": (obj.parent.name if obj.parent else "", [tuple(row) for row in obj.matrix_parent_inverse]),
        "name": (obj.name, mesh.name, mesh.users),
        "selected": (obj.select_get(), obj.hide_viewport, bpy.context.view_layer.objects.active.name),
    }


def whole(obj) -> dict[str, object]:
    """As `everything`, with what a re-texture adds: it must be the same again after an undo."""
    mesh = obj.data
    more = {
        "maps": [layer.name for layer in mesh.uv_layers],
        "slots": [slot.material.name if slot.material else "" for slot in obj.material_slots],
        "indices": indices(obj),
        "attributes": sorted(attribute.name for attribute in mesh.attributes),
        "custom": (sorted(obj.keys()), sorted(mesh.keys())),
    }
    return everything(obj) | more | blocks()


def blocks() -> dict[str, list[str]]:
    """The names of everything in the file that a re-texture might leave behind."""
    kinds = ("objects", "meshes", "materials", "images", "shape_keys", "actions", "node_groups")
    return {kind: sorted(block.name for block in getattr(bpy.data, kind)) for kind in kinds}


def indices(obj) -> list[int]:
    return [polygon.material_index for polygon in obj.data.polygons]


def write_quarters(path):
    """A square of four colours on light ground."""
    picture = np.full((128, 128, 3), 240, np.uint8)
    picture[16:112, 16:112] = QUARTERS.repeat(48, 0).repeat(48, 1)
    return photos.write_png(path, picture)


def share_in_place(obj, *, forward, up, uv_map: str = UV_NAME, colours=QUARTERS) -> float:
    """The share of faces seen along `forward` (world space, `up` is up) whose texture has their quarter's colour."""
    forward, up = np.array(forward, float), np.array(up, float)
    texture = _pixels(next(n.image for n in obj.data.materials[-1].node_tree.nodes if n.type == "TEX_IMAGE"))
    centres, normals, uv = _shown_faces(obj, uv_map)
    places = np.stack([centres @ np.cross(forward, up), -(centres @ up)], axis=1)
    low, high = places.min(axis=0), places.max(axis=0)
    places = (places - low) / (high - low) * 2 - 1  # -1..1, y downwards
    is_clear = (normals @ forward < -0.6) & (np.abs(places) > 0.15).all(axis=1)
    assert is_clear.sum() > 20
    wanted = colours[(places[is_clear, 1] > 0).astype(int), (places[is_clear, 0] > 0).astype(int)]
    columns, rows = (uv[is_clear] % 1.0 * texture.shape[0]).astype(int).T
    found = texture[rows, columns, :3] * 255
    return float((np.abs(found - wanted).max(axis=1) < 40).mean())


def _shown_faces(obj, uv_map: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centres and normals in world space and the middle uv of the faces as the viewport shows them."""
    bpy.context.view_layer.update()
    mesh = obj.evaluated_get(bpy.context.view_layer.depsgraph).to_mesh()
    uv, matrix = mesh.uv_layers[uv_map].uv, np.array(obj.matrix_world)
    centres = np.array([face.center for face in mesh.polygons]) @ matrix[:3, :3].T + matrix[:3, 3]
    normals = np.array([face.normal for face in mesh.polygons]) @ np.linalg.inv(matrix[:3, :3])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    middles = np.array([np.mean([uv[corner].vector for corner in face.loop_indices], axis=0) for face in mesh.polygons])
    return centres, normals, middles


def _pixels(image) -> np.ndarray:
    """(H, W, 4) float32, from the bottom row up"""
    pixels = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(pixels)
    return pixels.reshape(image.size[1], image.size[0], 4)


def _settings(block) -> list[tuple[str, str]]:
    """What the artist can set of it."""
    names = [prop.identifier for prop in block.bl_rna.properties if prop.type != "COLLECTION" and not prop.is_readonly]
    return [(name, str(getattr(block, name))) for name in names]


def _digest(collection, attribute: str, width: int, dtype=np.float32) -> str:
    values = np.empty(len(collection) * width, dtype)
    collection.foreach_get(attribute, values)
    return hashlib.sha256(values.tobytes()).hexdigest()
