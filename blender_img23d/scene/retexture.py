"""A painted picture comes onto the artist's mesh: one UV map and one material more, everything else as it was."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..core.jobs import Job
from ..shared.img23d_protocol import ErrorCode, Img23DError
from .capture import Captured, check_paintable, topology_of
from .faces import remember_faces
from .file_state import FileState
from .materials import base_image, make_projected_material, mean_colour
from .tags import find_by_uid
from .windows import Workplace, push_undo, workplace_of

UV_NAME = "Img23D"


class Retexturer:
    """Knows for which object each re-texture job is. Keeps no reference to anything in bpy.data."""

    def __init__(self, files: FileState) -> None:
        self._files = files
        self._captured: dict[str, Captured] = {}  # by job

    def expect(self, job: Job, captured: Captured) -> None:
        self._captured[job.id] = captured

    def workplace(self, job: Job) -> Workplace | None:
        obj = self._object(job)
        return workplace_of(obj.users_scene[0]) if obj is not None else None

    def apply(self, job: Job) -> None:
        """Raises Img23DError where the object is gone or has other faces than the painted ones."""
        captured, obj = self._captured[job.id], self._object(job)
        if obj is None:
            raise _refuse(f"“{captured.name}” is no longer in this file, so its new texture was not used.")
        check_paintable(obj)
        if len(obj.data.loops) != captured.corner_count or topology_of(obj.data) != captured.topology:
            raise _refuse(f"The faces of “{obj.name}” were changed meanwhile: press Re-texture again.")
        apply_painting(obj, Path(job.uv), Path(job.texture))
        push_undo(workplace_of(obj.users_scene[0]), "Img23D: re-texture")

    def _object(self, job: Job) -> bpy.types.Object | None:
        captured = self._captured.get(job.id)
        if captured is None or job.file_key != self._files.key:
            return None
        obj = find_by_uid(captured.uid)
        return obj if obj is not None and obj.users_scene else None


def apply_painting(obj: bpy.types.Object, uv_path: Path, texture: Path) -> None:
    mesh = obj.data
    uv_name = _add_uv_map(mesh, uv_path)
    material = make_projected_material(f"{obj.name} {uv_name}", texture, uv_name)
    material.diffuse_color = (*mean_colour(base_image(material), mesh, uv_name), 1.0)  # seen in Solid shading
    remember_faces(obj, material)


def _add_uv_map(mesh: bpy.types.Mesh, path: Path) -> str:
    """Active and render UV map stay the artist's: the new material names its own."""
    import numpy as np

    uv = np.load(path, allow_pickle=False).astype(np.float32)
    if uv.shape != (len(mesh.loops), 2):
        raise Img23DError(ErrorCode.INTERNAL, "The new texture does not fit the mesh.", f"{uv.shape}, {len(mesh.loops)}")
    active = mesh.uv_layers.active_index
    layer = mesh.uv_layers.new(name=UV_NAME, do_init=False)
    if layer is None:
        raise _refuse("The mesh has too many UV maps: remove one first.")
    layer.uv.foreach_set("vector", uv.ravel())
    name = layer.name
    if len(mesh.uv_layers) > 1:
        mesh.uv_layers.active_index = active
    return name


def _refuse(sentence: str) -> Img23DError:
    return Img23DError(ErrorCode.BAD_REQUEST, sentence)
