"""Shapes from numbers: turned profiles, tubes, boxes, blobs. Every helper returns a new object with smooth shading."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import bmesh
import bpy
import numpy as np
from mathutils import Matrix, Vector

Point2 = tuple[float, float]
SMOOTH_BELOW = math.radians(40)  # edges flatter than that look rounded


def add_object(name: str, mesh_from: bmesh.types.BMesh) -> bpy.types.Object:
    """A scene object out of a bmesh, which is freed."""
    bmesh.ops.recalc_face_normals(mesh_from, faces=mesh_from.faces)
    mesh = bpy.data.meshes.new(name)
    mesh_from.to_mesh(mesh)
    mesh_from.free()
    mesh.shade_smooth()
    mesh.set_sharp_from_angle(angle=SMOOTH_BELOW)
    item = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(item)
    return item


def rounded(points: Sequence[Point2], *, steps: int = 6) -> list[Point2]:
    """A Catmull-Rom curve through the points; a point given twice in a row stays a corner."""
    pieces: list[list[Point2]] = [[points[0]]]
    for previous, point in zip(points, points[1:]):
        if point == previous:
            pieces.append([point])
        else:
            pieces[-1].append(point)
    curve: list[Point2] = []
    for piece in pieces:
        curve += _spline(np.array(piece), steps) if len(piece) > 2 else piece
    return [p for i, p in enumerate(curve) if i == 0 or math.dist(p, curve[i - 1]) > 1e-6]


def _spline(knots: np.ndarray, steps: int) -> list[Point2]:
    padded = np.vstack([2 * knots[0] - knots[1], knots, 2 * knots[-1] - knots[-2]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    out = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:]):
        out.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return [(max(float(r), 0.0), float(z)) for r, z in np.vstack([*out, knots[-1:]])]


def turned(name: str, profile: Sequence[Point2], *, segments: int = 56) -> bpy.types.Object:
    """A surface of revolution about z from (radius, height) points, both ends on the axis so that it is closed."""
    shape = bmesh.new()
    rings = [
        [shape.verts.new((r * math.cos(a), r * math.sin(a), z)) for a in np.linspace(0, math.tau, segments, endpoint=False)]
        if r > 1e-6
        else [shape.verts.new((0, 0, z))]
        for r, z in profile
    ]
    for low, high in zip(rings, rings[1:]):
        for i in range(segments):
            j = (i + 1) % segments
            corners = [low[i % len(low)], low[j % len(low)], high[j % len(high)], high[i % len(high)]]
            shape.faces.new(list(dict.fromkeys(corners)))
    return add_object(name, shape)


def tube(name: str, path: Sequence[tuple[float, float, float]], radii: Sequence[float], *, sides: int = 16) -> bpy.types.Object:
    """A closed round tube along a path in the plane y = 0, with one radius a point."""
    shape = bmesh.new()
    points = [Vector(p) for p in path]
    rings = []
    for i, (point, radius) in enumerate(zip(points, radii)):
        along = (points[min(i + 1, len(points) - 1)] - points[max(i - 1, 0)]).normalized()
        side, up = Vector((0, 1, 0)), along.cross(Vector((0, 1, 0)))
        angles = np.linspace(0, math.tau, sides, endpoint=False)
        rings.append([shape.verts.new(point + radius * (side * math.cos(a) + up * math.sin(a))) for a in angles])
    for low, high in zip(rings, rings[1:]):
        for i in range(sides):
            shape.faces.new((low[i], low[(i + 1) % sides], high[(i + 1) % sides], high[i]))
    shape.faces.new(rings[0])
    shape.faces.new(rings[-1])
    return add_object(name, shape)


def block(name: str, size: tuple[float, float, float], center: tuple[float, float, float], *, bevel: float) -> bpy.types.Object:
    """A box with rounded edges."""
    shape = bmesh.new()
    bmesh.ops.create_cube(shape, size=1, matrix=Matrix.Translation(center) @ Matrix.Diagonal((*size, 1)))
    bmesh.ops.bevel(shape, geom=shape.edges[:], offset=bevel, segments=3, affect="EDGES", profile=0.5)
    return add_object(name, shape)


def ball(name: str, center: tuple[float, float, float], radii: tuple[float, float, float], *, turn: float = 0.0) -> bpy.types.Object:
    """An ellipsoid, leaning by `turn` radians about y."""
    shape = bmesh.new()
    place = Matrix.Translation(center) @ Matrix.Rotation(turn, 4, "Y") @ Matrix.Diagonal((*radii, 1))
    bmesh.ops.create_uvsphere(shape, u_segments=32, v_segments=20, radius=1, matrix=place)
    return add_object(name, shape)


def cushion(name: str, outline: Sequence[Point2], *, depth: float, levels: int = 3) -> bpy.types.Object:
    """A puffy solid: an outline in the x-z plane, its middle raised to both sides, subdivided until round."""
    shape = bmesh.new()
    rim = [shape.verts.new((x, 0, z)) for x, z in outline]
    for y in (-depth, depth):
        middle = shape.verts.new((sum(x for x, _ in outline) / len(outline), y, sum(z for _, z in outline) / len(outline)))
        for a, b in zip(rim, rim[1:] + rim[:1]):
            shape.faces.new((a, b, middle))
    item = add_object(name, shape)
    item.modifiers.new("round", "SUBSURF").levels = levels
    return apply_modifiers(item)


def melted(item: bpy.types.Object, *, voxel: float, smooth: int = 8) -> bpy.types.Object:
    """Overlapping parts become one skin."""
    remesh = item.modifiers.new("melt", "REMESH")
    remesh.mode, remesh.voxel_size, remesh.use_smooth_shade = "VOXEL", voxel, True
    soften = item.modifiers.new("soften", "SMOOTH")
    soften.factor, soften.iterations = 0.5, smooth
    return apply_modifiers(item)


def apply_modifiers(item: bpy.types.Object) -> bpy.types.Object:
    """What the modifiers make becomes the object's own mesh."""
    mesh = bpy.data.meshes.new_from_object(item.evaluated_get(bpy.context.evaluated_depsgraph_get()))
    item.modifiers.clear()
    item.data = mesh
    mesh.shade_smooth()
    return item


def joined(name: str, parts: Sequence[bpy.types.Object]) -> bpy.types.Object:
    """One object of several; the first one's materials come first."""
    with bpy.context.temp_override(active_object=parts[0], selected_editable_objects=list(parts)):
        bpy.ops.object.join()
    parts[0].name = parts[0].data.name = name
    return parts[0]


def coat(item: bpy.types.Object, *layers: tuple[bpy.types.Material, Callable[[Vector], bool] | None]) -> bpy.types.Object:
    """Materials by rule: the last layer whose rule holds at a face's centre (None: everywhere) wins."""
    for slot, (material, rule) in enumerate(layers):
        item.data.materials.append(material)
        for face in item.data.polygons:
            if rule is None or rule(face.center):
                face.material_index = slot
    return item
