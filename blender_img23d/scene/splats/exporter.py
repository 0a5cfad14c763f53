"""Objects of splats become a file that other programs read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_rpt as _

from ...shared.img23d_protocol import ErrorCode, Img23DError
from ...shared.img23d_protocol.errors import bad_request
from ...shared.img23d_protocol.files.disk_errors import disk_error
from .attributes import splats_of

if TYPE_CHECKING:
    from mathutils import Matrix

    from .formats.cloud import Splats


def export_splats(objects: Sequence[bpy.types.Object], path: Path, context: bpy.types.Context) -> int:
    """Write all splats of these objects into one file, where they stand in the scene and in metres: SPZ where the name ends so, else PLY.

    An uneven scale is applied as well, since a stretched splat is one. Returns how many there are. Raises Img23DError.
    """
    from .formats.cloud import joined
    from .formats.files import write_splats

    graph = context.evaluated_depsgraph_get()
    metre = context.scene.unit_settings.scale_length
    several = [_standing(obj, obj.evaluated_get(graph).matrix_world, metre) for obj in objects]
    splats = joined(several)
    if not len(splats):
        raise bad_request(_("“{name}” has no splats left.").format(name=objects[0].name))
    try:
        write_splats(path, splats)
    except OSError as error:
        sentence = "The file could not be written: choose another name or another folder."
        raise disk_error(error, path.parent) or Img23DError(ErrorCode.FOLDER_UNWRITABLE, sentence, str(error)) from error
    return len(splats)


def _standing(obj: bpy.types.Object, matrix: Matrix, metre: float) -> Splats:
    import numpy as np

    from .formats.cloud import moved, whole

    try:
        return whole(moved(splats_of(obj.data), np.diag((metre, metre, metre, 1.0)) @ np.array(matrix)))
    except ValueError as error:
        sentence = _("“{name}” is scaled to nothing along one of its axes: give it a size there, then export it.")
        raise bad_request(sentence.format(name=obj.name)) from error
