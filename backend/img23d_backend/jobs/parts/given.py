"""The mesh that is to be split or closed, as the extension wrote it, with a sentence for each that cannot be."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from img23d_protocol.errors import bad_request

from ...mesh.topology.normals import area_vectors
from ...parts.files.source import MOST_FACES
from ..retexture import MeshFile, read_mesh_file

_NAMELESS = "The mesh"


@dataclass(frozen=True, kw_only=True)
class Given:
    """`file.mesh` is in glTF's axes around the origin; `vertices` are so many in the file, those of no face included, and `used` (V,) the
    places in it of those that the mesh has.
    """

    file: MeshFile
    vertices: int
    used: np.ndarray

    def whole_polygons(self, label: np.ndarray) -> np.ndarray:
        """(T,) labels with all triangles of a polygon in one part: the one with most of its area."""
        polygons = self.file.mesh.polygons
        assert polygons is not None, "a mesh of an artist has them"
        count = int(label.max()) + 2
        area = np.linalg.norm(area_vectors(self.file.mesh.vertices, self.file.mesh.faces), axis=1)
        pair, which = np.unique(polygons.astype(np.int64) * count + label + 1, return_inverse=True)
        weight = np.bincount(which.reshape(-1), area)
        order = np.lexsort((pair % count, -weight, pair // count))  # by polygon, the most area first, of equal ones the larger part
        first = np.unique(pair[order] // count, return_index=True)[1]
        chosen = np.empty(int(polygons.max()) + 1, dtype=np.int64)
        chosen[pair[order][first] // count] = pair[order][first] % count - 1
        return chosen[polygons]


def read_given(path: str, name: str, *, needs_view: bool = False) -> Given:
    """Raises Img23DError: BAD_REQUEST, or MESH_UNREADABLE for a file that holds no mesh."""
    shown = f"“{name}”" if name else _NAMELESS
    faces = _count(path)
    if faces == 0:
        raise bad_request(f"{shown} has no faces, so there is nothing to split.")
    if faces is not None and faces > MOST_FACES:
        raise bad_request(f"{shown} has {faces:,} faces, and at most {MOST_FACES:,} can be split: decimate it first.")
    file = read_mesh_file(Path(path), needs_view=needs_view)
    if not np.ptp(file.mesh.vertices, axis=0).max() > 0:
        raise bad_request(f"All corners of {shown} lie in one place, so there is nothing to split.")
    with np.load(path, allow_pickle=False) as arrays:
        return Given(file=file, vertices=len(arrays["vertices"]), used=np.unique(arrays["triangles"]))


def _count(path: str) -> int | None:
    """None for a file that is told of when it is read as a whole."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return len(arrays["triangles"])
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None
