"""A GLB of our own backend becomes an object in a millisecond or two, where Blender's importer takes a blink of the eye.

All that NumPy can do is done beside Blender's own thread, as soon as the file is there.
"""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import bpy

from .materials import principled

if TYPE_CHECKING:
    import numpy as np

    from .glb_arrays import GlbArrays

_log = logging.getLogger(__name__)

UV_MAP = "UVMap"  # as Blender's importer calls it
_MOST_AHEAD = 4  # files read and not yet taken: each may hold some ten megabytes


class GlbReader:
    """Reads ahead. Only the main thread calls it."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._begun: dict[str, Future[GlbArrays | None]] = {}  # by path
        self._prepared: tuple[str, int] | None = None  # path and session id of a mesh that no object has yet

    def begin(self, path: str) -> None:
        if path in self._begun:
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="img23d-glb")
        while len(self._begun) >= _MOST_AHEAD:  # the newest goes, since the oldest is wanted first
            self.forget(next(reversed(self._begun)))
        self._begun[path] = self._pool.submit(_read, path)

    def forget(self, path: str) -> None:
        future = self._begun.pop(path, None)
        if future is not None:
            future.cancel()

    def is_reading(self, path: str) -> bool:
        future = self._begun.get(path)
        return future is not None and not future.done()

    def prepare(self, path: str) -> bool:
        """Make the mesh, which fills a tick by itself: the object follows in a later one. False where nothing was to be done."""
        future = self._begun.get(path)
        arrays = future.result() if future is not None and future.done() and not future.cancelled() else None
        if arrays is None or (self._prepared is not None and self._prepared[0] == path):
            return False
        self._drop_prepared()
        self._prepared = (path, _mesh(arrays).session_uid)
        return True

    def mesh(self, path: str, arrays: GlbArrays) -> bpy.types.Mesh:
        """The prepared one, if nobody has taken it away, else a new one."""
        prepared, self._prepared = self._prepared, None
        found = _mesh_of(prepared[1]) if prepared is not None and prepared[0] == path else None
        return found if found is not None else _mesh(arrays)

    def take(self, path: str) -> GlbArrays | None:
        """None for a file that only Blender's importer understands. Waits where it was not read ahead."""
        future = self._begun.pop(path, None)
        return _read(path) if future is None or future.cancelled() else future.result()

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _drop_prepared(self) -> None:
        """A newer result has come before it was used."""
        mesh = _mesh_of(self._prepared[1]) if self._prepared is not None else None
        if mesh is not None and not mesh.users:
            bpy.data.meshes.remove(mesh)


def build_object(arrays: GlbArrays, mesh: bpy.types.Mesh, collection: bpy.types.Collection) -> bpy.types.Object:
    """As `glb.import_glb` returns it."""
    mesh.materials.append(_material(arrays))
    obj = bpy.data.objects.new(arrays.name, mesh)
    collection.objects.link(obj)
    return obj


def _read(path: str) -> GlbArrays | None:
    from .glb_arrays import NotOurs, read_glb

    try:
        return read_glb(path)
    except (OSError, NotOurs) as error:
        _log.info("left to Blender's importer: %s", error)
        return None


def _mesh_of(uid: int) -> bpy.types.Mesh | None:
    return next((mesh for mesh in bpy.data.meshes if mesh.session_uid == uid), None)


def _mesh(arrays: GlbArrays) -> bpy.types.Mesh:
    """Smoothly shaded, which is what a mesh without sharp faces is."""
    import numpy as np

    mesh = bpy.data.meshes.new(arrays.name)
    corners = len(arrays.corner_vertices)
    mesh.vertices.add(len(arrays.vertices))
    mesh.edges.add(len(arrays.edges))
    mesh.loops.add(corners)
    mesh.polygons.add(corners // 3)
    mesh.polygons.foreach_set("loop_start", np.arange(0, corners, 3, dtype=np.int32))
    _set(mesh, "position", "vector", arrays.vertices)
    _set(mesh, ".edge_verts", "value", arrays.edges)
    _set(mesh, ".corner_vert", "value", arrays.corner_vertices)
    _set(mesh, ".corner_edge", "value", arrays.corner_edges)
    if arrays.uv is not None:
        mesh.uv_layers.new(name=UV_MAP, do_init=False)
        _set(mesh, UV_MAP, "vector", arrays.uv)
    mesh.update()
    return mesh


def _set(mesh: bpy.types.Mesh, attribute: str, member: str, values: np.ndarray) -> None:
    mesh.attributes[attribute].data.foreach_set(member, values.ravel())


def _material(arrays: GlbArrays) -> bpy.types.Material:
    """The backend's remarks about it become custom properties, as with Blender's importer."""
    material = bpy.data.materials.new(arrays.name)
    if material.node_tree is None:  # from Blender 5.0 on every material has one, and the switch goes away
        material.use_nodes = True
    shader = principled(material)
    if arrays.png:
        nodes = material.node_tree.nodes
        picture = nodes.new("ShaderNodeTexImage")
        picture.image, picture.extension = _image(arrays), "EXTEND"
        picture.location = (shader.location.x - 320.0, shader.location.y)
        material.node_tree.links.new(picture.outputs["Color"], shader.inputs["Base Color"])
    else:
        shader.inputs["Base Color"].default_value = (*arrays.base_color, 1.0)
    for key, value in arrays.extras.items():
        material[key] = value
    return material


def _image(arrays: GlbArrays) -> bpy.types.Image:
    """Packed; Blender decodes it when it is first shown."""
    image = bpy.data.images.new(arrays.name, 8, 8)
    image.pack(data=arrays.png, data_len=len(arrays.png))
    image.source = "FILE"
    return image
