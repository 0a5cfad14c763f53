"""The splats that a mesh was made with, written where the mesh stands now, for a painter that takes their colours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ...shared.img23d_protocol import Img23DError
from ..file.tags import RUN_FOLDER, TARGET
from ..mesh.extents import mesh_extents
from ..mesh.world_file import write_in_run

if TYPE_CHECKING:
    import numpy as np

    from ...core.jobs import JobTarget

_EVEN = 0.01  # by which share the axes of a mesh that was only scaled may differ: its ends are rounded, the artist's changes are larger


def write_own_splats(obj: bpy.types.Object, path: Path) -> str:
    """The file, whose places are those of the object's vertices in the world; empty where the run has no splats of it, or none that can
    be read. Raises Img23DError where the run's folder cannot be written.
    """
    from ..splats.formats.cloud import moved  # late, as everything that Blender's start should not wait for
    from ..splats.formats.files import read_splats, write_splats

    target = _target(obj)
    if target is None or not target.splat_file:
        return ""
    try:
        splats, _ = read_splats(Path(target.splat_file))
        placed = moved(splats, _to_world(obj, target))
    except (Img23DError, ValueError):  # ValueError: the object is scaled to nothing
        return ""
    write_in_run(path, lambda: write_splats(path, placed))
    return str(path)


def _target(obj: bpy.types.Object) -> JobTarget | None:
    """As the run's record has it; None where that is gone."""
    from ...core.runs.history import read_run

    job, index = read_run(Path(str(obj.get(RUN_FOLDER, "")))), obj.get(TARGET)
    return job.target(index) if job is not None and type(index) is int else None


def _to_world(obj: bpy.types.Object, target: JobTarget) -> np.ndarray:
    """(4, 4), from the files' frame, in metres, to the world."""
    import numpy as np

    metre = 1.0 / obj.users_scene[0].unit_settings.scale_length
    return np.array(obj.matrix_world) @ _to_mesh(obj.data, target, metre)


def _to_mesh(mesh: bpy.types.Mesh, target: JobTarget, metre: float) -> np.ndarray:
    """(4, 4), to the mesh's own axes: as it was imported, moved and scaled as it was since. What the artist has done to its form
    tells nothing about its frame.
    """
    import numpy as np

    before, now = _file_room(target), mesh_extents(mesh)
    plain = np.diag((metre, metre, metre, 1.0))
    if before is None:
        return plain
    low, high = before
    sizes = np.array(now.size) / np.maximum(high - low, 1e-9)
    if np.ptp(sizes) > _EVEN * sizes.mean():
        return plain
    factor = float(np.median(sizes))
    matrix = np.diag((factor, factor, factor, 1.0))
    matrix[:3, 3] = np.array(now.middle) - factor * (low + high) / 2
    return matrix


def _file_room(target: JobTarget) -> tuple[np.ndarray, np.ndarray] | None:
    """The lowest and the highest coordinates of the mesh in the run's folder."""
    from ..glb.arrays import Damaged, NotOurs, read_glb

    if target.main is None or not target.main.is_mesh:
        return None
    try:
        positions = read_glb(target.main.path).vertices
    except (OSError, NotOurs, Damaged):
        return None
    return positions.min(axis=0), positions.max(axis=0)
