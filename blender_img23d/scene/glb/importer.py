"""One GLB becomes one mesh object in a collection."""

from __future__ import annotations

from collections.abc import Callable

import bpy
from mathutils import Matrix

from ..file.windows import Workplace
from ..result_importer import Importer
from .materials import finish_materials
from .reader import GlbReader, build_object


class MeshImporter(Importer):
    """Reads ahead with a `GlbReader`."""

    def __init__(self) -> None:
        self._reader = GlbReader()

    def begin(self, path: str) -> None:
        self._reader.begin(path)

    def is_reading(self, path: str) -> bool:
        return self._reader.is_reading(path)

    def prepare(self, path: str) -> bool:
        return self._reader.prepare(path)

    def forget(self, path: str) -> None:
        self._reader.forget(path)

    def close(self) -> None:
        self._reader.close()

    def make(self, path: str, place: Workplace, collection: bpy.types.Collection) -> bpy.types.Object:
        return import_glb(path, place, collection, self._reader)

    def finish(self, obj: bpy.types.Object, name: str, tell: Callable[[str], None], plain: bpy.types.Mesh | None = None) -> None:
        finish_materials(obj.data, name, tell, plain=plain)


def import_glb(path: str, place: Workplace, collection: bpy.types.Collection, reader: GlbReader) -> bpy.types.Object:
    """The object of the GLB, without any transform of its own, linked to `collection` only.

    Selection and active object stay as they are. Raises Img23DError(MESH_UNREADABLE), and nothing is in the file then.
    """
    arrays = reader.take(path)
    obj = build_object(arrays, reader.mesh(path, arrays), collection)
    metre = 1.0 / place.scene.unit_settings.scale_length
    if metre != 1.0:
        obj.data.transform(Matrix.Scale(metre, 4))
    return obj
