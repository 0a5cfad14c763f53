"""Shapes from numbers: turned profiles, tubes, boxes, blobs. Every helper returns a new object with smooth shading."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import bmesh
import bpy
import numpy as np
from mathutils import Euler, Matrix, Vector

Point2 = tuple[float, float]
Point3 = tuple[float, float, float]
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


def tube(name: str, path: Sequence[Point3], radii: Sequence[float] | float, *, sides: int = 16, flat: float = 1.0, is_loop: bool = False) -> bpy.types.Object:
    """A closed tube along a path, with one radius a point; `flat` scales it along its second axis.

    The first axis lies flat or is y. A loop runs from its last point back to its first.
    """
    shape = bmesh.new()
    points = [Vector(point) for point in path]
    widths = [radii] * len(points) if isinstance(radii, (int, float)) else radii
    angles = np.linspace(0, math.tau, sides, endpoint=False)
    rings = []
    for point, radius, (side, up) in zip(points, widths, _frames(points, is_loop), strict=True):
        rings.append([shape.verts.new(point + radius * (side * math.cos(a) + flat * up * math.sin(a))) for a in angles])
    for low, high in zip(rings, rings[1:] + rings[:1] if is_loop else rings[1:]):
        for i in range(sides):
            shape.faces.new((low[i], low[(i + 1) % sides], high[(i + 1) % sides], high[i]))
    if not is_loop:
        shape.faces.new(rings[0])
        shape.faces.new(rings[-1])
    return add_object(name, shape)


def _frames(points: Sequence[Vector], is_loop: bool) -> list[tuple[Vector, Vector]]:
    """Two axes across the path at each point, carried along it without a twist."""
    count = len(points)
    last = count - 1
    ends = [(i - 1, (i + 1) % count) if is_loop else (max(i - 1, 0), min(i + 1, last)) for i in range(count)]
    along = [(points[b] - points[a]).normalized() for a, b in ends]
    first = Vector((0, 1, 0))
    side = first if abs(along[0].dot(first)) < 0.3 else along[0].cross(Vector((0, 0, 1)) if abs(along[0].z) < 0.9 else Vector((1, 0, 0)))
    frames = []
    for direction in along:
        side = (side - direction * side.dot(direction)).normalized()
        frames.append((side, direction.cross(side)))
    return frames


def plate(name: str, outline: Sequence[Point2], *, thickness: float, bevel: float) -> bpy.types.Object:
    """An outline in the x-y plane made solid, from z = 0 upwards, with rounded edges."""
    shape = bmesh.new()
    face = shape.faces.new([shape.verts.new((x, y, 0)) for x, y in outline])
    raised = bmesh.ops.extrude_face_region(shape, geom=[face])["geom"]
    bmesh.ops.translate(shape, vec=(0, 0, thickness), verts=[part for part in raised if isinstance(part, bmesh.types.BMVert)])
    bmesh.ops.recalc_face_normals(shape, faces=shape.faces)
    rims = [edge for edge in shape.edges if edge.calc_face_angle(0.0) > math.radians(60)]
    bmesh.ops.bevel(shape, geom=rims, offset=bevel, segments=2, affect="EDGES", profile=0.5, clamp_overlap=True)
    return add_object(name, shape)


def moved(item: bpy.types.Object, at: Point3 = (0, 0, 0), *, turn: Point3 = (0, 0, 0)) -> bpy.types.Object:
    """The object's own mesh turned by degrees about x, y and z, in this order, then moved."""
    rotation = Euler([math.radians(angle) for angle in turn]).to_matrix().to_4x4()
    item.data.transform(Matrix.Translation(at) @ rotation)
    return item


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


def melted(item: bpy.types.Object, *, voxel: float, smooth: int = 8, share: float = 1.0) -> bpy.types.Object:
    """Overlapping parts become one skin, of which that share of the faces is kept."""
    remesh = item.modifiers.new("melt", "REMESH")
    remesh.mode, remesh.voxel_size, remesh.use_smooth_shade = "VOXEL", voxel, True
    soften = item.modifiers.new("soften", "SMOOTH")
    soften.factor, soften.iterations = 0.5, smooth
    if share < 1:
        item.modifiers.new("fewer", "DECIMATE").ratio = share
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
