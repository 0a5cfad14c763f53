"""Which part each face belongs to, as an attribute of the mesh that follows all edits of its faces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

if TYPE_CHECKING:
    import numpy as np

LABELS = "img23d_part"  # int face attribute: 1 + the part's number, 0 for what belongs to none, such as faces that were added later
NONE = -1


def has_labels(mesh: bpy.types.Mesh) -> bool:
    return LABELS in mesh.attributes


def write_labels(mesh: bpy.types.Mesh, labels: np.ndarray) -> None:
    """`labels` (F,) are numbers of parts, NONE for what belongs to none."""
    import numpy as np

    attribute = mesh.attributes.get(LABELS) or mesh.attributes.new(LABELS, "INT", "FACE")
    attribute.data.foreach_set("value", (labels + 1).astype(np.int32))


def read_labels(mesh: bpy.types.Mesh) -> np.ndarray:
    """(F,) int32"""
    import numpy as np

    values = np.empty(len(mesh.polygons), np.int32)
    mesh.attributes[LABELS].data.foreach_get("value", values)
    return values - 1


def relabel(mesh: bpy.types.Mesh, changed: dict[int, int]) -> None:
    """Faces of one part become those of another one."""
    labels = read_labels(mesh)
    for old, new in changed.items():
        labels[labels == old] = new
    write_labels(mesh, labels)


def remove_labels(mesh: bpy.types.Mesh) -> None:
    if LABELS in mesh.attributes:
        mesh.attributes.remove(mesh.attributes[LABELS])


def labels_of_faces(mesh: bpy.types.Mesh, of_triangles: np.ndarray) -> np.ndarray:
    """(F,) from those (T,) of the mesh's triangles: a face is of the part that most of its area is of."""
    import numpy as np

    face, area = face_of_triangle(mesh), np.empty(len(of_triangles), np.float32)
    if len(face) == len(mesh.polygons):
        return of_triangles.astype(np.int32)
    mesh.calc_loop_triangles()
    mesh.loop_triangles.foreach_get("area", area)
    parts = int(of_triangles.max(initial=0)) + 2
    keys, place = np.unique(face.astype(np.int64) * parts + of_triangles + 1, return_inverse=True)
    weight = np.bincount(place.ravel(), weights=area.astype(np.float64) + 1e-30)
    order = np.lexsort((weight, keys // parts))  # of each face, the heaviest comes last
    labels = np.full(len(mesh.polygons), NONE, np.int32)
    labels[keys[order] // parts] = keys[order] % parts - 1
    return labels


def labels_of_triangles(mesh: bpy.types.Mesh, of_faces: np.ndarray) -> np.ndarray:
    """(T,) int32 from those (F,) of its faces"""
    import numpy as np

    return of_faces[face_of_triangle(mesh)].astype(np.int32)


def faces_with_any(mesh: bpy.types.Mesh, of_triangles: np.ndarray) -> np.ndarray:
    """(F,) bool, true for a face that one of its triangles (T,) is true of"""
    import numpy as np

    found = np.zeros(len(mesh.polygons), bool)
    found[face_of_triangle(mesh)[of_triangles]] = True
    return found


def face_of_triangle(mesh: bpy.types.Mesh) -> np.ndarray:
    """(T,) int32: Blender makes triangles face by face, two less than a face has corners."""
    import numpy as np

    starts = np.empty(len(mesh.polygons) + 1, np.int32)
    mesh.polygons.foreach_get("loop_start", starts[:-1])
    starts[-1] = len(mesh.loops)
    return np.repeat(np.arange(len(mesh.polygons), dtype=np.int32), np.diff(starts) - 2)
