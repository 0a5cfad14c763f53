"""Parts that a model made as meshes of their own: imported where the whole lies, those that were merged as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import bpy
from mathutils import Matrix, Vector

from ...shared.img23d_protocol import Img23DError
from ..file.tags import PHOTO
from ..file.windows import Workplace
from ..glb.importer import import_glb
from ..glb.materials import finish_materials
from ..glb.reader import GlbReader
from ..mesh.extents import mesh_extents
from .cut import finish_group, make_group, new_group, put_parts
from .records import Division

Row = tuple[str, list[str]]  # a part's name, and its GLBs


def import_parts(obj: bpy.types.Object, rows: Sequence[Row], place: Workplace, division: Division, tell: Callable[[str], None]) -> bpy.types.Object:
    """The empty that holds the parts of `obj`, which is hidden. Raises Img23DError, and nothing is in the file then."""
    parts = _imported(rows, place, tell)
    group = make_group(obj, place)
    _put(group, parts)
    finish_group(group, parts, obj, division)
    return group


def import_from_picture(name: str, rows: Sequence[Row], place: Workplace, division: Division, tell: Callable[[str], None], *, photo: str) -> bpy.types.Object:
    """The same of what was made of a picture alone, with the middle of its base at the 3D cursor. Raises Img23DError."""
    parts = _imported(rows, place, tell)
    boxes = [mesh_extents(part.data) for part in parts]
    low = Vector(min(box.low[axis] for box in boxes) for axis in range(3))
    high = Vector(max(box.high[axis] for box in boxes) for axis in range(3))
    step = place.scene.cursor.location - Vector(((low.x + high.x) / 2, (low.y + high.y) / 2, low.z))
    for part in parts:
        part.data.transform(Matrix.Translation(step))
        part[PHOTO] = photo
    group = new_group(name, None, place, place.scene.cursor.location.copy())
    _put(group, parts)
    finish_group(group, parts, None, division, name=name)
    return group


# --- steps --------------------------------------------------------------------------------------------------------------


def _imported(rows: Sequence[Row], place: Workplace, tell: Callable[[str], None]) -> list[bpy.types.Object]:
    """In world space, in the scene's own collection for now."""
    reader, parts = GlbReader(), []
    try:
        for _name, files in rows:
            for path in files:
                reader.begin(path)
        for name, files in rows:
            several = [import_glb(path, place, place.scene.collection, reader) for path in files]
            parts += several
            for one in several:
                finish_materials(one.data, name, tell)
            joined = _joined(several, place)
            del parts[-len(several) :]
            parts.append(joined)
            joined.name = joined.data.name = name
    except Img23DError:
        for part in parts:
            bpy.data.objects.remove(part)
        raise
    finally:
        reader.close()
    return parts


def _joined(several: Sequence[bpy.types.Object], place: Workplace) -> bpy.types.Object:
    if len(several) > 1:
        place.view_layer.update()
        with place.context(active_object=several[0], object=several[0], selected_objects=several, selected_editable_objects=several):
            bpy.ops.object.join()
    return several[0]


def _put(group: bpy.types.Object, parts: Sequence[bpy.types.Object]) -> None:
    for part in parts:
        for collection in list(part.users_collection):
            collection.objects.unlink(part)
        group.users_collection[0].objects.link(part)
    put_parts(group, parts, Matrix.Identity(4))
