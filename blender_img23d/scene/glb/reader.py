"""Reads a GLB of our own backend as an object, in a millisecond or two.

All that NumPy can do is done beside Blender's own thread, as soon as the file is there. Blender's own importer is never asked: it
takes a blink of the eye for each file, and a damaged one can end Blender.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import bpy

from ...shared.img23d_protocol import ErrorCode, Img23DError
from .materials import MEAN_COLOUR, base_image, principled

if TYPE_CHECKING:
    import numpy as np

    from .arrays import GlbArrays

_log = logging.getLogger(__name__)

UV_MAP = "UVMap"  # as Blender's importer calls it
_DAMAGED = "The finished mesh is damaged and cannot be read; press Generate again."
_FOREIGN = "This mesh was changed by another program: bring it in with File > Import > glTF 2.0."
_LOST = "The file of the finished mesh cannot be read; press Generate again."
_SLICE = 0.002  # seconds of a tick; after a mesh that took longer its material has a tick of its own
_MOST_AHEAD = 4  # files read and not yet taken: each may hold some ten megabytes


class GlbReader:
    """Reads ahead. Only the main thread calls it."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._begun: dict[str, Future[GlbArrays]] = {}  # by path
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
        """Make the mesh and its material, which fill a tick or two: the object follows in a later one. False where nothing is left to do."""
        future = self._begun.get(path)
        is_read = future is not None and future.done() and not future.cancelled() and future.exception() is None
        mesh = self._prepared_mesh(path)
        if not is_read or (mesh is not None and _material_of(mesh) is not None):
            return False
        arrays, started = future.result(), time.perf_counter()
        if mesh is None:
            self._drop_prepared()
            mesh = _mesh(arrays)
            self._prepared = (path, mesh.session_uid)
            if time.perf_counter() - started >= _SLICE:
                return True
        _give_material(mesh, arrays)
        return True

    def mesh(self, path: str, arrays: GlbArrays) -> bpy.types.Mesh:
        """With its material. The prepared one, if nobody has taken it away, else a new one."""
        mesh = self._prepared_mesh(path)
        if mesh is None:
            self._drop_prepared()
            mesh = _mesh(arrays)
        if _material_of(mesh) is None:
            _give_material(mesh, arrays)
        self._prepared = None
        return mesh

    def take(self, path: str) -> GlbArrays:
        """Waits where it was not read ahead. Raises Img23DError(MESH_UNREADABLE)."""
        future = self._begun.pop(path, None)
        return _read(path) if future is None or future.cancelled() else future.result()

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _prepared_mesh(self, path: str) -> bpy.types.Mesh | None:
        return _mesh_of(self._prepared[1]) if self._prepared is not None and self._prepared[0] == path else None

    def _drop_prepared(self) -> None:
        """A newer result has come before it was used."""
        mesh = _mesh_of(self._prepared[1]) if self._prepared is not None else None
        self._prepared = None
        if mesh is None or mesh.users:
            return
        material = _material_of(mesh)
        bpy.data.meshes.remove(mesh)
        if material is not None and not material.users:
            image = base_image(material)
            bpy.data.materials.remove(material)
            if image is not None and not image.users:
                bpy.data.images.remove(image)


def build_object(arrays: GlbArrays, mesh: bpy.types.Mesh, collection: bpy.types.Collection) -> bpy.types.Object:
    """As `glb.import_glb` returns it."""
    obj = bpy.data.objects.new(arrays.name, mesh)
    collection.objects.link(obj)
    return obj


def _read(path: str) -> GlbArrays:
    """Raises Img23DError(MESH_UNREADABLE), and nothing else."""
    from .arrays import NotOurs, read_glb

    try:
        return read_glb(path)
    except OSError as error:
        raise Img23DError(ErrorCode.MESH_UNREADABLE, _LOST, str(error)) from error
    except NotOurs as error:
        raise Img23DError(ErrorCode.MESH_UNREADABLE, _FOREIGN, str(error)) from error
    except Exception as error:  # the thread's boundary: whatever is wrong with a file, the next one comes
        _log.warning("a result cannot be read: %s", error)
        raise Img23DError(ErrorCode.MESH_UNREADABLE, _DAMAGED, repr(error)[:1000]) from error


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


def _material_of(mesh: bpy.types.Mesh) -> bpy.types.Material | None:
    return mesh.materials[0] if len(mesh.materials) else None


def _give_material(mesh: bpy.types.Mesh, arrays: GlbArrays) -> None:
    mesh.materials.clear()  # of a slot whose material somebody has taken away
    mesh.materials.append(_material(arrays))


def _material(arrays: GlbArrays) -> bpy.types.Material:
    """The backend's remark about it becomes a custom property."""
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
    if arrays.mean_color is not None:
        material[MEAN_COLOUR] = arrays.mean_color
    return material


def _image(arrays: GlbArrays) -> bpy.types.Image:
    """Packed; Blender decodes it when it is first shown."""
    image = bpy.data.images.new(arrays.name, 8, 8)
    image.pack(data=arrays.png, data_len=len(arrays.png))
    image.source = "FILE"
    return image
