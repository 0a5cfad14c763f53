"""The mesh that an artist already has, as the file that `messages.Paint` describes."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from img23d_protocol import ErrorCode, Img23DError

from ..mesh.uv.charts import connected
from ..stages import Mesh

_TO_GLTF = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]], dtype=np.float64)  # from z up to y up


@dataclass(frozen=True, kw_only=True)
class MeshFile:
    """`mesh` has the vertices that faces use, in glTF's axes and moved to the origin, which `view` (4, 4) knows of.

    `corners` (T, 3) of `corner_count` are the mesh's own; `uv` (T, 3, 2) float32 has its origin top left.
    """

    mesh: Mesh
    corners: np.ndarray
    corner_count: int
    view: np.ndarray
    uv: np.ndarray | None = None

    def by_corner(self, uv: np.ndarray) -> np.ndarray:
        """(corner_count, 2) float32 with v upwards, as Blender keeps it, of (T, 3, 2)."""
        result = np.zeros((self.corner_count, 2), dtype=np.float32)
        result[self.corners] = uv
        result[:, 1] = 1.0 - result[:, 1]
        return result


def read_mesh_file(path: Path) -> MeshFile:
    """Raises Img23DError(MESH_UNREADABLE) for a file that holds no such mesh."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return _checked(
                vertices=np.asarray(file["vertices"], dtype=np.float64).reshape(-1, 3),
                triangles=np.asarray(file["triangles"], dtype=np.int64).reshape(-1, 3),
                corners=np.asarray(file["corners"], dtype=np.int64).reshape(-1, 3),
                corner_count=int(file["corner_count"]),
                view=np.asarray(file["view"], dtype=np.float64).reshape(4, 4),
                uv=np.asarray(file["uv"], dtype=np.float32).reshape(-1, 3, 2) if "uv" in file else None,
            )
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        sentence = "The mesh could not be read: check that it has faces and that no vertex is lost far away, then try again."
        raise Img23DError(ErrorCode.MESH_UNREADABLE, sentence, f"{path}: {error}") from error


def _checked(
    *,
    vertices: np.ndarray,
    triangles: np.ndarray,
    corners: np.ndarray,
    corner_count: int,
    view: np.ndarray,
    uv: np.ndarray | None,
) -> MeshFile:
    if not len(triangles) or len(corners) != len(triangles) or (uv is not None and len(uv) != len(triangles)):
        raise ValueError(f"{len(triangles)} triangles, {len(corners)} with corners")
    for what, numbers, count in (("vertex", triangles, len(vertices)), ("corner", corners, corner_count)):
        if numbers.min() < 0 or numbers.max() >= count:
            raise ValueError(f"{what} {numbers.min()}..{numbers.max()} of {count}")
    used, faces = np.unique(triangles, return_inverse=True)
    vertices = vertices[used] @ _TO_GLTF[:3, :3].T
    if not (np.isfinite(vertices).all() and np.isfinite(view).all()):
        raise ValueError("a number is not finite")
    from_origin = np.eye(4)  # single precision is enough near the origin, wherever the object stands
    from_origin[:3, 3] = (vertices.min(axis=0) + vertices.max(axis=0)) / 2
    mesh = Mesh(
        vertices=(vertices - from_origin[:3, 3]).astype(np.float32),
        faces=faces.reshape(-1, 3).astype(np.int32),
        polygons=_polygons(corners, corner_count),
    )
    return MeshFile(
        mesh=mesh,
        corners=corners,
        corner_count=corner_count,
        view=view @ _TO_GLTF.T @ from_origin,
        uv=None if uv is None else _from_top_left(uv),
    )


def _from_top_left(uv: np.ndarray) -> np.ndarray:
    """A corner without a finite place, such as a modifier may leave, gets the corner of the square."""
    uv = np.where(np.isfinite(uv), uv, 0.0)
    return np.stack([uv[:, :, 0], 1.0 - uv[:, :, 1]], axis=2).astype(np.float32)


def _polygons(corners: np.ndarray, corner_count: int) -> np.ndarray:
    """(T,) int32: triangles that share a corner are parts of one face, which has one uv there."""
    pairs = np.concatenate([corners[:, :2], corners[:, 1:]])
    face_of_corner = connected(corner_count, pairs)
    return np.unique(face_of_corner[corners[:, 0]], return_inverse=True)[1].reshape(-1).astype(np.int32)
