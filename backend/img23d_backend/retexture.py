"""A picture onto a mesh that the artist already has: read, fitted to each other, painted, uv for the mesh's own corners."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Settings

from .mesh.charts import connected
from .stages import Context, CutOut, Mesh, Painter, View

_STRETCH_WORTH_A_WORD = 1.15


@dataclass(frozen=True, kw_only=True)
class Retextured:
    """`uv` (corner_count, 2) float32 for the mesh's own face corners, v upwards as in Blender; `texture` (T, T, 3) uint8."""

    uv: np.ndarray
    texture: np.ndarray
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class _Captured:
    """`messages.Paint`'s file, with the vertices that faces use moved to the origin."""

    mesh: Mesh
    corners: np.ndarray
    corner_count: int
    matrix: np.ndarray


def retexture(npz_path: Path, cutout: CutOut, painter: Painter, settings: Settings, context: Context) -> Retextured:
    """Paint the mesh in the file (see `messages.Paint`) with the cut-out, stretched to the mesh's extent in its view.

    Raises Img23DError: MESH_UNREADABLE for a file that holds no such mesh, BAD_REQUEST for a view that shows none of it.
    """
    captured = _read(npz_path)
    view, note = _fit(captured, cutout)
    painted = painter.paint(captured.mesh, view, cutout, settings, context)
    uv = np.zeros((captured.corner_count, 2), dtype=np.float32)
    uv[captured.corners] = painted.uv
    uv[:, 1] = 1.0 - uv[:, 1]
    return Retextured(uv=uv, texture=painted.texture, note=" ".join(part for part in (note, painted.note) if part))


def _read(path: Path) -> _Captured:
    try:
        with np.load(path, allow_pickle=False) as file:
            vertices = np.asarray(file["vertices"], dtype=np.float64).reshape(-1, 3)
            triangles = np.asarray(file["triangles"], dtype=np.int64).reshape(-1, 3)
            corners = np.asarray(file["corners"], dtype=np.int64).reshape(-1, 3)
            corner_count = int(file["corner_count"])
            matrix = np.asarray(file["view"], dtype=np.float64).reshape(4, 4)
        return _captured(vertices, triangles, corners, corner_count, matrix)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        sentence = "The mesh could not be read: check that it has faces and that no vertex is lost far away, then try again."
        raise Img23DError(ErrorCode.MESH_UNREADABLE, sentence, f"{path}: {error}") from error


def _captured(
    vertices: np.ndarray, triangles: np.ndarray, corners: np.ndarray, corner_count: int, matrix: np.ndarray
) -> _Captured:
    if not len(triangles) or len(corners) != len(triangles):
        raise ValueError(f"{len(triangles)} triangles, {len(corners)} with corners")
    for what, numbers, count in (("vertex", triangles, len(vertices)), ("corner", corners, corner_count)):
        if numbers.min() < 0 or numbers.max() >= count:
            raise ValueError(f"{what} {numbers.min()}..{numbers.max()} of {count}")
    used, faces = np.unique(triangles, return_inverse=True)
    vertices = vertices[used]
    if not (np.isfinite(vertices).all() and np.isfinite(matrix).all()):
        raise ValueError("a number is not finite")
    middle = np.eye(4)  # single precision is enough near the origin, wherever the object stands
    middle[:3, 3] = (vertices.min(axis=0) + vertices.max(axis=0)) / 2
    mesh = Mesh(
        vertices=(vertices - middle[:3, 3]).astype(np.float32),
        faces=faces.reshape(-1, 3).astype(np.int32),
        polygons=_polygons(corners, corner_count),
    )
    return _Captured(mesh=mesh, corners=corners, corner_count=corner_count, matrix=matrix @ middle)


def _polygons(corners: np.ndarray, corner_count: int) -> np.ndarray:
    """(T,) int32: triangles that share a corner are parts of one face, which has one uv there."""
    pairs = np.concatenate([corners[:, :2], corners[:, 1:]])
    face_of_corner = connected(corner_count, pairs)
    return np.unique(face_of_corner[corners[:, 0]], return_inverse=True)[1].reshape(-1).astype(np.int32)


def _fit(captured: _Captured, cutout: CutOut) -> tuple[View, str]:
    """The view in pixels of the cut-out, in which the mesh and the thing on the cut-out fill the same rectangle."""
    points = np.concatenate([captured.mesh.vertices, np.ones((len(captured.mesh.vertices), 1))], axis=1) @ captured.matrix.T
    if (points[:, 3] <= 0.0).any():
        sentence = "Part of the mesh lies behind the viewpoint: move the view back until all of it is seen."
        raise Img23DError(ErrorCode.BAD_REQUEST, sentence)
    left, bottom = (points[:, :2] / points[:, 3:]).min(axis=0)
    right, top = (points[:, :2] / points[:, 3:]).max(axis=0)
    width, height = right - left, top - bottom
    if min(width, height) <= 1e-6 * max(width, height, 1e-30):
        sentence = "The mesh is seen exactly from its edge, so nothing can be projected on it: turn the view."
        raise Img23DError(ErrorCode.BAD_REQUEST, sentence)
    x, y, w, h = _extent(cutout)
    to_pixels = np.diag([w / width, -h / height, 1.0, 1.0])
    to_pixels[:2, 3] = x - left * w / width, y + top * h / height
    return View(matrix=to_pixels @ captured.matrix), _stretch_note((w / h) / (width / height))


def _extent(cutout: CutOut) -> tuple[int, int, int, int]:
    """Left, top, width and height of what is more opaque than not."""
    alpha = cutout.rgba[:, :, 3]
    x, y, width, height = cv2.boundingRect((alpha >= 128).astype(np.uint8))
    return (x, y, width, height) if width else (0, 0, alpha.shape[1], alpha.shape[0])


def _stretch_note(ratio: float) -> str:
    if 1 / _STRETCH_WORTH_A_WORD < ratio < _STRETCH_WORTH_A_WORD:
        return ""
    shape, factor = ("wider", ratio) if ratio > 1.0 else ("taller", 1.0 / ratio)
    return f"The picture is {factor:.1f} times {shape} than the mesh in this view and was squeezed to fit."
