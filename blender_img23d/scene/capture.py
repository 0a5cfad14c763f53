"""A mesh and the view onto it, written as the .npz that the backend paints (see `messages.Paint`)."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from mathutils import Matrix

from ..shared.img23d_protocol import ErrorCode, Img23DError

if TYPE_CHECKING:
    import numpy as np

UV_MAPS_MAX = 8  # Blender's own limit


@dataclass(frozen=True, kw_only=True)
class Captured:
    """Which object was captured, and what must still be true of it when the painting comes back."""

    uid: int
    name: str
    corner_count: int
    topology: str


def check_paintable(obj: bpy.types.Object | None) -> bpy.types.Object:
    """The object, if it can be painted. Raises Img23DError(BAD_REQUEST) with what to do first."""
    if obj is None or obj.type != "MESH":
        raise _refuse("Select a mesh object first.")
    if obj.mode != "OBJECT":
        raise _refuse("Leave Edit Mode first: press Tab, then re-texture again.")
    mesh = obj.data
    if obj.library or mesh.library or obj.override_library or mesh.override_library:
        raise _refuse(f"“{obj.name}” is linked from another file: make it local first (Object > Relations > Make Local).")
    if mesh.users - mesh.use_fake_user > 1:
        raise _refuse(
            f"{mesh.users - mesh.use_fake_user} objects share the mesh of “{obj.name}”, and all would change: make it "
            "single-user first (Object > Relations > Make Single User > Object & Data)."
        )
    if not len(mesh.polygons):
        raise _refuse(f"“{obj.name}” has no faces to paint.")
    if len(mesh.uv_layers) >= UV_MAPS_MAX:
        raise _refuse(f"“{obj.name}” has {UV_MAPS_MAX} UV maps, which is Blender's limit: remove one first.")
    return obj


def front_view(obj: bpy.types.Object) -> Matrix:
    """The orthographic view onto the object's -Y side: x right, y up, z away from the viewer."""
    rotation = obj.matrix_world.to_quaternion().to_matrix()
    return Matrix((rotation.col[0], rotation.col[2], rotation.col[1])).to_4x4()


def viewport_view(region: bpy.types.Region, region_3d: bpy.types.RegionView3D) -> Matrix:
    """What the viewport shows, with x and y in the same unit."""
    aspect = region.width / max(region.height, 1)
    return Matrix.Diagonal((aspect, 1.0, 1.0, 1.0)) @ region_3d.perspective_matrix


def capture_mesh(obj: bpy.types.Object, view: Matrix, path: Path, depsgraph: bpy.types.Depsgraph) -> Captured:
    """Write `path`. Vertices are in world space, posed where the modifiers keep every vertex (armature, shape keys)."""
    import numpy as np

    mesh = obj.data
    vertices = _world_vertices(obj, depsgraph)
    matrix = np.array(view, dtype=np.float64)
    _check_in_front(vertices, matrix)
    mesh.calc_loop_triangles()
    triangles = np.empty(len(mesh.loop_triangles) * 3, np.int32)
    corners = np.empty_like(triangles)
    mesh.loop_triangles.foreach_get("vertices", triangles)
    mesh.loop_triangles.foreach_get("loops", corners)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(
            path,
            vertices=vertices,
            triangles=triangles.reshape(-1, 3),
            corners=corners.reshape(-1, 3),
            corner_count=np.int32(len(mesh.loops)),
            view=matrix,
        )
    except OSError as error:
        sentence = f"The folder for runs cannot be written ({path.parent.parent}): choose another one in the preferences."
        raise Img23DError(ErrorCode.FOLDER_UNWRITABLE, sentence, str(error)) from error
    return Captured(uid=obj.session_uid, name=obj.name, corner_count=len(mesh.loops), topology=topology_of(mesh))


def topology_of(mesh: bpy.types.Mesh) -> str:
    """Changes when faces do; moving vertices leaves it as it is."""
    import numpy as np

    corners = np.empty(len(mesh.loops), np.int32)
    mesh.loops.foreach_get("vertex_index", corners)
    starts = np.empty(len(mesh.polygons), np.int32)
    mesh.polygons.foreach_get("loop_start", starts)
    return blake2b(corners.tobytes() + starts.tobytes(), digest_size=16).hexdigest()


def _world_vertices(obj: bpy.types.Object, depsgraph: bpy.types.Depsgraph) -> np.ndarray:
    """(V, 3) float32"""
    import numpy as np

    evaluated = obj.evaluated_get(depsgraph)
    posed = evaluated.data if len(evaluated.data.vertices) == len(obj.data.vertices) else obj.data
    points = np.empty(len(posed.vertices) * 3, np.float32)
    posed.vertices.foreach_get("co", points)
    world = np.array(obj.matrix_world, dtype=np.float64)
    return (points.reshape(-1, 3) @ world[:3, :3].T + world[:3, 3]).astype(np.float32)


def _check_in_front(vertices: np.ndarray, matrix: np.ndarray) -> None:
    import numpy as np

    w = vertices @ matrix[3, :3] + matrix[3, 3]
    if np.any(w <= 1e-6):
        raise _refuse("Part of the mesh lies behind the viewpoint: move the view back until all of it is seen.")


def _refuse(sentence: str) -> Img23DError:
    return Img23DError(ErrorCode.BAD_REQUEST, sentence)
