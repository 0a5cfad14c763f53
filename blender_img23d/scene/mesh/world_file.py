"""A mesh in world space, written as the .npz that the backend reads (see `messages.Paint`)."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_rpt as _
from mathutils import Matrix

from ...shared.img23d_protocol import ErrorCode, Img23DError
from ...shared.img23d_protocol.errors import bad_request
from ...shared.img23d_protocol.files.disk_errors import disk_error
from ...shared.img23d_protocol.files.whole_files import write_whole
from .uv_maps import read_uv_map

if TYPE_CHECKING:
    import numpy as np


def write_mesh(obj: bpy.types.Object, mesh: bpy.types.Mesh, view: Matrix | None, path: Path, uv: np.ndarray | None) -> None:
    """`mesh` at the place of `obj`; `view` where a picture shows it, `uv` (corners, 2) where it is painted into. Raises Img23DError."""
    import numpy as np

    world = np.array(obj.matrix_world, dtype=np.float64)
    triangles, corners = triangles_of(mesh)
    if np.linalg.det(world[:3, :3]) < 0.0:  # mirrored: outsides shall look outside
        triangles, corners = triangles[:, ::-1], corners[:, ::-1]
    vertices = _points(mesh, world)
    _check_points(obj.name, vertices, triangles)
    more = {} if uv is None else {"uv": uv[corners]}
    if view is not None:
        more["view"] = np.array(view, dtype=np.float64)
        _check_in_view(vertices, triangles, more["view"])
    data = io.BytesIO()  # NumPy's own writing to a full disk leaves an open file behind
    np.savez(
        data,
        vertices=vertices,
        triangles=triangles,
        corners=corners,
        corner_count=np.int32(len(mesh.loops)),
        **more,
    )
    write_in_run(path, lambda: write_whole(path, data.getbuffer()))


def write_in_run(path: Path, write: Callable[[], None]) -> None:
    """Into a run's folder, which is made. Raises Img23DError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write()
    except OSError as error:
        with contextlib.suppress(OSError):
            path.parent.rmdir()  # unless something lies in it
        sentence = _("The folder for runs cannot be written ({folder}): choose another one in the preferences.")
        other = Img23DError(ErrorCode.FOLDER_UNWRITABLE, sentence.format(folder=path.parent.parent), str(error))
        raise disk_error(error, path.parent.parent) or other from error


def _points(mesh: bpy.types.Mesh, world: np.ndarray) -> np.ndarray:
    """(V, 3) float32 in world space"""
    import numpy as np

    points = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.attributes["position"].data.foreach_get("vector", points)
    return (points.reshape(-1, 3) @ world[:3, :3].T + world[:3, 3]).astype(np.float32)


def triangles_of(mesh: bpy.types.Mesh) -> tuple[np.ndarray, np.ndarray]:
    """(T, 3) int32 vertices and (T, 3) int32 corners of faces with any number of corners"""
    import numpy as np

    mesh.calc_loop_triangles()
    corners = np.empty((len(mesh.loop_triangles), 3), np.int32)
    mesh.loop_triangles.foreach_get("loops", corners.reshape(-1))
    return _vertex_of_corner(mesh)[corners], corners


def state_of(mesh: bpy.types.Mesh, uv_map: str = "") -> str:
    """Changes when faces do, or what is in that UV map; moving vertices leaves it as it is."""
    digest = blake2b(_vertex_of_corner(mesh), digest_size=16)
    digest.update(_first_corners(mesh))
    if uv_map:
        digest.update(read_uv_map(mesh, uv_map))
    return digest.hexdigest()


def has_same_faces(one: bpy.types.Mesh, other: bpy.types.Mesh) -> bool:
    """Modifiers that only move vertices, and none at all."""
    sizes = [(len(mesh.vertices), len(mesh.loops), len(mesh.polygons)) for mesh in (one, other)]
    return sizes[0] == sizes[1] and state_of(one) == state_of(other)


def _first_corners(mesh: bpy.types.Mesh) -> np.ndarray:
    """(faces,) int32"""
    import numpy as np

    starts = np.empty(len(mesh.polygons), np.int32)
    mesh.polygons.foreach_get("loop_start", starts)
    return starts


def _vertex_of_corner(mesh: bpy.types.Mesh) -> np.ndarray:
    """(corners,) int32. Blender's own arrays are read a hundred times faster than `loops` and `vertices`."""
    import numpy as np

    vertices = np.empty(len(mesh.loops), np.int32)
    mesh.attributes[".corner_vert"].data.foreach_get("value", vertices)
    return vertices


def _check_points(name: str, vertices: np.ndarray, triangles: np.ndarray) -> None:
    """Those of faces; a loose vertex may be anywhere."""
    import numpy as np

    is_bad = ~np.isfinite(vertices).all(axis=1)
    if is_bad.any() and is_bad[triangles].any():
        raise bad_request(_("Some vertices of “{name}” have no valid position: delete them, or undo what moved them.").format(name=name))


def _check_in_view(vertices: np.ndarray, triangles: np.ndarray, view: np.ndarray) -> None:
    w = vertices @ view[3, :3] + view[3, 3]
    is_behind = w <= 1e-6
    if is_behind.any() and is_behind[triangles].any():
        raise bad_request("Part of the mesh lies behind the viewpoint: move the view back until all of it is seen.")
