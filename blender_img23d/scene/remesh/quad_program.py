"""A program of its own for a second Blender without a window: a mesh of triangles as one of quads, with its texture.

Blender's QuadriFlow cannot be interrupted, takes from a second to minutes and has ended programs on bad meshes, so it never works
in the artist's Blender. Usage: `blender -b --factory-startup -P quad_program.py -- SOURCE TARGET FACES`, both .blend files with one mesh.
"""

from __future__ import annotations

import gc
import math
import sys
from typing import TYPE_CHECKING

import bpy

if TYPE_CHECKING:
    import numpy as np

UNFIT = 3  # exit status: the mesh has no such surface; the same as in remesher
_MARGIN = 4  # pixels between the parts of the layout, which the colours around it fill
_ANGLE = math.radians(66.0)  # between faces that lie in one part of the layout
_REACH = 0.75  # pixels beyond a face's edges that it colours as well


def main(source: str, target: str, faces: int) -> int:
    """The program's exit status."""
    gc.disable()  # a million places are listed below, and nothing is to be collected
    with bpy.data.libraries.load(source) as (there, wanted):
        wanted.meshes = there.meshes[:1]
    (old,) = wanted.meshes
    new = _quads(old, faces)
    if new is None:
        return UNFIT
    material = new.materials[0] if len(new.materials) else None
    picture = next((node for node in material.node_tree.nodes if node.type == "TEX_IMAGE" and node.image), None) if material else None
    if picture is not None and len(old.uv_layers):
        _lay_out(new, old.uv_layers[_shown_map(old, material)].name, max(picture.image.size))
        picture.image = _carried(old, new, picture.image, _shown_map(old, material))
    new.name = "quads"
    bpy.data.libraries.write(target, {new}, fake_user=True)
    return 0


def _quads(old: bpy.types.Mesh, faces: int) -> bpy.types.Mesh | None:
    """None where QuadriFlow makes nothing of it: Blender 4.2 says then as well that it has finished, and leaves the mesh as it was."""
    obj = bpy.data.objects.new("quads", old.copy())
    bpy.context.scene.collection.objects.link(obj)
    bpy.context.view_layer.objects.active = obj
    obj.select_set(True)
    try:
        done = bpy.ops.object.quadriflow_remesh(mode="FACES", target_faces=faces, use_mesh_symmetry=False)
    except RuntimeError:
        return None
    mesh = obj.data
    if done != {"FINISHED"} or not len(mesh.polygons) or _places(mesh) == _places(old):
        return None
    used = {face.material_index for face in old.polygons}
    material = old.materials[min(used)] if len(old.materials) else None
    mesh.materials.clear()
    if material is not None:
        mesh.materials.append(material)
    while len(mesh.uv_layers):
        mesh.uv_layers.remove(mesh.uv_layers[0])
    mesh.polygons.foreach_set("use_smooth", [True] * len(mesh.polygons))
    mesh.polygons.foreach_set("material_index", [0] * len(mesh.polygons))
    return mesh


def _places(mesh: bpy.types.Mesh) -> bytes:
    """Of the vertices, to be compared."""
    import numpy as np

    numbers = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", numbers)
    return numbers.tobytes()


def _shown_map(mesh: bpy.types.Mesh, material: bpy.types.Material) -> str:
    """The UV map that the material shows its picture by."""
    named = next((node.uv_map for node in material.node_tree.nodes if node.type == "UVMAP" and node.uv_map), "")
    rendered = next((layer.name for layer in mesh.uv_layers if layer.active_render), mesh.uv_layers[0].name)
    return named if named in mesh.uv_layers else rendered


def _lay_out(mesh: bpy.types.Mesh, name: str, size: int) -> None:
    mesh.uv_layers.new(name=name)
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.uv.smart_project(angle_limit=_ANGLE, margin_method="FRACTION", island_margin=_MARGIN / size)
    bpy.ops.object.mode_set(mode="OBJECT")


def _carried(old: bpy.types.Mesh, new: bpy.types.Mesh, image: bpy.types.Image, uv_name: str) -> bpy.types.Image:
    """The picture for the new layout: each pixel gets the colour of the nearest place on the old surface."""
    import numpy as np

    width, height = image.size
    pixels = np.empty(width * height * image.channels, np.float32)
    image.pixels.foreach_get(pixels)
    pixels = pixels.reshape(height, width, image.channels)
    index, points, normals = _texels(new, width, height)
    colours = _sampled(pixels, _nearest_uv(old, uv_name, points, normals))
    result = np.zeros((height * width, 4), np.float32)
    result[index, :3], result[index, 3] = colours[:, :3], 1.0
    copy = bpy.data.images.new(image.name, width, height, alpha=False)
    copy.colorspace_settings.name, copy.alpha_mode = image.colorspace_settings.name, image.alpha_mode
    copy.pixels.foreach_set(_spread(result.reshape(height, width, 4)).ravel())
    copy.update()
    copy.pack()
    return copy


def _texels(mesh: bpy.types.Mesh, width: int, height: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The pixels that faces cover: their indices (N,), their places on the surface (N, 3) and the faces' normals (N, 3)."""
    import numpy as np

    uv, corners, points = _layout(mesh, mesh.uv_layers[0].name)
    uv = uv * (width, height) - 0.5
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for (a, b, c), (p, q, r) in zip(uv, points[corners], strict=True):
        low = np.maximum(np.ceil(np.minimum(np.minimum(a, b), c) - _REACH), 0).astype(int)
        high = np.minimum(np.floor(np.maximum(np.maximum(a, b), c) + _REACH), (width - 1, height - 1)).astype(int)
        area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        if abs(area) < 1e-9 or (high < low).any():
            continue
        x, y = np.meshgrid(np.arange(low[0], high[0] + 1), np.arange(low[1], high[1] + 1))
        v = ((x - a[0]) * (c[1] - a[1]) - (y - a[1]) * (c[0] - a[0])) / area
        w = ((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])) / area
        reach = [_REACH * math.dist(*side) / abs(area) for side in ((b, c), (a, c), (a, b))]  # as shares of the heights
        inside = (1 - v - w >= -reach[0]) & (v >= -reach[1]) & (w >= -reach[2])
        v, w = v[inside][:, None], w[inside][:, None]
        normal = np.cross(q - p, r - p)
        places = p + v * (q - p) + w * (r - p)
        found.append((y[inside] * width + x[inside], places, np.broadcast_to(normal, places.shape)))
    index, places, normals = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return index, places, normals


def _layout(mesh: bpy.types.Mesh, uv_name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of the triangles: (T, 3, 2) places in the UV map and (T, 3) vertex indices; and all vertices (V, 3)."""
    import numpy as np

    mesh.calc_loop_triangles()
    loops, corners = np.empty((2, len(mesh.loop_triangles), 3), np.int32)
    mesh.loop_triangles.foreach_get("loops", loops.ravel())
    mesh.loop_triangles.foreach_get("vertices", corners.ravel())
    uv, points = np.empty((len(mesh.loops), 2), np.float32), np.empty((len(mesh.vertices), 3), np.float32)
    mesh.uv_layers[uv_name].uv.foreach_get("vector", uv.ravel())
    mesh.vertices.foreach_get("co", points.ravel())
    return uv[loops].astype(np.float64), corners, points.astype(np.float64)


def _nearest_uv(mesh: bpy.types.Mesh, uv_name: str, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """(N, 2) in the UV map, of the nearest place on the surface that faces the same way, where there is one close by."""
    import numpy as np
    from mathutils.bvhtree import BVHTree

    uv, corners, vertices = _layout(mesh, uv_name)
    tree = BVHTree.FromPolygons(vertices.tolist(), corners.tolist(), all_triangles=True)
    find = tree.find_nearest
    faces = np.fromiter((find(point)[2] for point in points.tolist()), np.int64, len(points))
    a, b, c = (vertices[corners[faces, corner]] for corner in range(3))
    turned = np.flatnonzero(np.einsum("nd,nd->n", np.cross(b - a, c - a), normals) < 0)  # the other side of a thin wall
    for number in turned.tolist():
        point, normal = points[number].tolist(), normals[number].tolist()
        near = [one for one in tree.find_nearest_range(point, 4.0 * find(point)[3]) if one[1].dot(normal) > 0.0]
        faces[number] = min(near, key=lambda one: one[3], default=(None, None, faces[number], 0.0))[2]
    a, b, c = (vertices[corners[faces, corner]] for corner in range(3))
    return np.einsum("nc,ncd->nd", _barycentric(points, a, b, c), uv[faces])


def _barycentric(p: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """(N, 3) weights of points over triangles, all (N, 3); those beside a triangle are led to its edge."""
    import numpy as np

    u, v, w = b - a, c - a, p - a
    uu, uv, vv, wu, wv = (np.einsum("nd,nd->n", *pair) for pair in ((u, u), (u, v), (v, v), (w, u), (w, v)))
    area = np.maximum(uu * vv - uv * uv, 1e-30)
    second, third = (vv * wu - uv * wv) / area, (uu * wv - uv * wu) / area
    weights = np.clip(np.stack([1 - second - third, second, third], 1), 0.0, 1.0)
    return weights / weights.sum(axis=1, keepdims=True)


def _sampled(pixels: np.ndarray, uv: np.ndarray) -> np.ndarray:
    """(N, channels) between the four pixels around each place."""
    import numpy as np

    height, width = pixels.shape[:2]
    x, y = np.clip(uv * (width, height) - 0.5, 0, (width - 1, height - 1)).T
    left, low = np.minimum(x.astype(int), width - 2), np.minimum(y.astype(int), height - 2)
    right, high = (x - left)[:, None], (y - low)[:, None]
    below = pixels[low, left] * (1 - right) + pixels[low, left + 1] * right
    above = pixels[low + 1, left] * (1 - right) + pixels[low + 1, left + 1] * right
    return below * (1 - high) + above * high


def _spread(picture: np.ndarray) -> np.ndarray:
    """(H, W, 4) with the colours carried a few pixels beyond the faces, and opaque."""
    import numpy as np

    for _ in range(2 * _MARGIN):
        total = np.zeros_like(picture)
        for axis, step in ((0, 1), (0, -1), (1, 1), (1, -1)):
            total += np.roll(picture, step, axis)
        is_new = (picture[..., 3] == 0) & (total[..., 3] > 0)
        picture[is_new] = total[is_new] / total[is_new][:, 3:]
    picture[..., 3] = 1.0
    return picture


if __name__ == "__main__":
    source, target, faces = sys.argv[sys.argv.index("--") + 1 :]
    sys.exit(main(source, target, int(faces)))
