"""A mesh and the view onto it, written as the .npz that the backend lays out or paints (see `messages.Paint`)."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass
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
from ..mesh.evaluated import CARRIED, evaluated_mesh
from ..mesh.uv_maps import read_uv_map, rendered_uv_map

if TYPE_CHECKING:
    import numpy as np

TRIANGLES_MAX = 4_000_000  # of what modifiers make; beyond that the mesh is painted without them
_COPYING = {"MIRROR", "ARRAY"}
_LOST_SHARE = 0.01  # of corners without UV coordinates that is worth a word


@dataclass(frozen=True, kw_only=True)
class Captured:
    """What was written, and what must still be true of the mesh when the painting comes back.

    `own_map` is the UV map of the artist's that is in the file, empty where a new one is wanted. `grows`: modifiers make
    further faces, so what is in the file is to be laid out, and painted by `capture_grown`.
    """

    own_map: str
    state: str
    grows: bool
    notes: tuple[str, ...] = ()


def capture_mesh(obj: bpy.types.Object, view: Matrix, path: Path, view_layer: bpy.types.ViewLayer, *, wants_own: bool = False) -> Captured:
    """Write `path`: the mesh, posed where the modifiers keep every face (armature, shape keys). Raises Img23DError."""
    mesh, notes = obj.data, []
    own_map = rendered_uv_map(mesh) if wants_own else ""
    if wants_own and not own_map:
        notes.append(_("“{name}” has no UV map of its own, so it gets a new one.").format(name=obj.name))
    with evaluated_mesh(obj, view_layer) as shown:
        shown.calc_loop_triangles()
        count, is_same = len(shown.loop_triangles), _has_same_faces(shown, mesh)
        if count > TRIANGLES_MAX and not is_same:
            note = _("Its modifiers make {millions:.0f} million triangles, so “{name}” is painted without them.")
            notes.append(note.format(millions=count / 1e6, name=obj.name))
        _write(obj, shown if is_same else mesh, view, path, read_uv_map(mesh, own_map) if own_map else None)
    grows = not is_same and 0 < count <= TRIANGLES_MAX
    return Captured(own_map=own_map, state=state_of(mesh, own_map), grows=grows, notes=tuple(notes))


def capture_grown(
    obj: bpy.types.Object,
    view: Matrix,
    path: Path,
    view_layer: bpy.types.ViewLayer,
    *,
    layout: np.ndarray | None = None,
    own_map: str = "",
) -> tuple[str, ...]:
    """Write `path`: what the modifiers make of the mesh, and of a new layout (corners, 2) or the artist's own UV map.

    Returns what there is to be known about it. Raises Img23DError where it cannot be painted.
    """
    import numpy as np

    with evaluated_mesh(obj, view_layer, layout) as shown:
        name = own_map if layout is None else CARRIED
        uv = read_uv_map(shown, name) if name in shown.uv_layers else np.zeros((len(shown.loops), 2), np.float32)
        lost = 1.0 - float(np.mean(uv.any(axis=1)))  # corners that the modifiers made without coordinates
        if lost == 1.0:
            sentence = _("The modifiers of “{name}” leave no UV map, so no texture would show: apply them first.")
            raise bad_request(sentence.format(name=obj.name))
        _write(obj, shown, view, path, uv)
    notes = []
    if lost >= _LOST_SHARE:
        note = _("Some faces that the modifiers of “{name}” make have no UV coordinates: they show one colour.")
        notes.append(note.format(name=obj.name))
    if any(modifier.type in _COPYING and modifier.show_viewport for modifier in obj.modifiers):
        note = _("Copies that the modifiers of “{name}” make show the same texture: apply them first for different ones.")
        notes.append(note.format(name=obj.name))
    return tuple(notes)


def state_of(mesh: bpy.types.Mesh, uv_map: str = "") -> str:
    """Changes when faces do, or what is in that UV map; moving vertices leaves it as it is."""
    digest = blake2b(_vertex_of_corner(mesh), digest_size=16)
    digest.update(_first_corners(mesh))
    if uv_map:
        digest.update(read_uv_map(mesh, uv_map))
    return digest.hexdigest()


# --- steps --------------------------------------------------------------------------------------------------------------


def _write(obj: bpy.types.Object, mesh: bpy.types.Mesh, view: Matrix, path: Path, uv: np.ndarray | None) -> None:
    import numpy as np

    world = np.array(obj.matrix_world, dtype=np.float64)
    triangles, corners = _triangles(mesh)
    if np.linalg.det(world[:3, :3]) < 0.0:  # mirrored: outsides shall look outside
        triangles, corners = triangles[:, ::-1], corners[:, ::-1]
    vertices, matrix = _points(mesh, world), np.array(view, dtype=np.float64)
    _check_points(obj.name, vertices, triangles, matrix)
    layout = {} if uv is None else {"uv": uv[corners]}
    data = io.BytesIO()  # NumPy's own writing to a full disk leaves an open file behind
    np.savez(
        data,
        vertices=vertices,
        triangles=triangles,
        corners=corners,
        corner_count=np.int32(len(mesh.loops)),
        view=matrix,
        **layout,
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


def _triangles(mesh: bpy.types.Mesh) -> tuple[np.ndarray, np.ndarray]:
    """(T, 3) int32 vertices and (T, 3) int32 corners of faces with any number of corners"""
    import numpy as np

    mesh.calc_loop_triangles()
    corners = np.empty((len(mesh.loop_triangles), 3), np.int32)
    mesh.loop_triangles.foreach_get("loops", corners.reshape(-1))
    return _vertex_of_corner(mesh)[corners], corners


def _has_same_faces(one: bpy.types.Mesh, other: bpy.types.Mesh) -> bool:
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


def _check_points(name: str, vertices: np.ndarray, triangles: np.ndarray, view: np.ndarray) -> None:
    """Those of faces; a loose vertex may be anywhere."""
    import numpy as np

    is_bad = ~np.isfinite(vertices).all(axis=1)
    if is_bad.any() and is_bad[triangles].any():
        raise bad_request(_("Some vertices of “{name}” have no valid position: delete them, or undo what moved them.").format(name=name))
    w = vertices @ view[3, :3] + view[3, 3]
    is_behind = w <= 1e-6
    if is_behind.any() and is_behind[triangles].any():
        raise bad_request("Part of the mesh lies behind the viewpoint: move the view back until all of it is seen.")
