"""The whole of a run scaled about its ground, so that one of its objects gets its real height."""

from __future__ import annotations

import bpy
from mathutils import Matrix, Vector

from ..file.tags import CAMERA, RUN, is_result
from ..mesh.chosen import is_splats
from ..mesh.evaluated import evaluated_mesh
from ..mesh.extents import matrix_of, points_of, union, world_extents
from .photo_camera import scale_camera


def height_of(obj: bpy.types.Object, view_layer: bpy.types.ViewLayer) -> float:
    """In scene units, along the world's z, as the viewport shows it."""
    import numpy as np

    upward = np.array(obj.matrix_world[2][:3], np.float32)
    if is_splats(obj):
        heights = points_of(obj.data) @ upward  # what its modifier makes of them has no vertices
    else:
        with evaluated_mesh(obj, view_layer) as mesh:
            heights = points_of(mesh) @ upward
    return float(np.ptp(heights)) if len(heights) else 0.0


def scale_run(obj: bpy.types.Object, factor: float, scene: bpy.types.Scene) -> None:
    """Scale every object of this one's run, and its camera, about the middle of the ground they stand on.

    What was made by the run is known by its tags, also in a file that was saved with it.
    """
    run = [one for one in scene.objects if one.get(RUN) == obj[RUN] and one.library is None]
    results = [one for one in run if is_result(one)]
    room = union(world_extents(one) for one in results)
    ground = Vector((room.middle[0], room.middle[1], room.low[2]))
    scaling = Matrix.Translation(ground) @ Matrix.Scale(factor, 4) @ Matrix.Translation(-ground)
    for one in results:
        if not _hangs_on(one, results):  # what hangs on another one goes with it
            _scale(one, scaling, factor)
    for one in run:
        if CAMERA in one and one.type == "CAMERA":
            scale_camera(one, scaling, factor)


def _hangs_on(obj: bpy.types.Object, others: list[bpy.types.Object]) -> bool:
    parent = obj.parent
    while parent is not None and parent not in others:
        parent = parent.parent
    return parent is not None


def _scale(obj: bpy.types.Object, scaling: Matrix, factor: float) -> None:
    if obj.parent is None:
        obj.location, obj.scale = scaling @ obj.location, factor * obj.scale
    else:
        obj.matrix_world = scaling @ matrix_of(obj)
