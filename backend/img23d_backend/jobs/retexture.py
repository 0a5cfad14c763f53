"""Re-texturing a mesh that the artist already has, which comes as the file that `messages.Paint` describes.

Both are read, fitted to each other, painted, and the uv given back for the mesh's own corners.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Settings, UvSource

from ..mesh.uv.charts import connected
from ..mesh.uv.layout import covers_twice
from ..mesh.uv.unwrap import unwrap_mesh
from ..splats.ply import read_ply
from ..stages import Context, CutOut, Mesh, Painter, Splats, View

_STRETCH_WORTH_A_WORD = 1.15
_BESIDE = 1e-4  # of the square: rounding, not another tile
_OVERLAPS = 1e-3  # share of the texels that two faces may want, which is what touching islands have
_TO_GLTF = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]], dtype=np.float64)  # from z up to y up


@dataclass(frozen=True, kw_only=True)
class Retextured:
    """`uv` (corner_count, 2) float32 for the mesh's own face corners, v upwards as in Blender, or None where the file's own
    layout was painted into; `texture` (T, T, 3) uint8.
    """

    uv: np.ndarray | None
    texture: np.ndarray
    note: str = ""


def retexture(npz_path: Path, source: UvSource, cutout: CutOut, painter: Painter, settings: Settings, context: Context, *, splats: str = "") -> Retextured:
    """Paint the mesh in the file (see `messages.Paint`) with the cut-out, stretched to the mesh's extent in its view, and the splats in theirs.

    Raises Img23DError: MESH_UNREADABLE for a file that holds no such mesh, BAD_REQUEST for a view that shows none of it.
    """
    file = read_mesh_file(npz_path)
    view, fit_note = fitted_view(file, cutout)
    uv, uv_note = _kept_uv(file, source, settings.common.texture_size)
    painted = painter.paint(file.mesh, view, cutout, settings, context, uv=uv, splats=_splats_of(file, Path(splats)) if splats else None)
    return Retextured(
        uv=file.by_corner(painted.uv) if uv is None else None,
        texture=painted.texture,
        note=" ".join(filter(None, (fit_note, uv_note, painted.note))),
    )


def _splats_of(file: MeshFile, path: Path) -> Splats:
    """In the mesh's frame."""
    splats = read_ply(path)
    return replace(splats, positions=(splats.positions - file.origin).astype(np.float32))


def unwrap_file(npz_path: Path, source: UvSource, size: int, report: Callable[[], None]) -> tuple[np.ndarray | None, str]:
    """The layout of the mesh in the file for its own corners, None where its own is good, and what is to be said about it.

    Raises Img23DError(MESH_UNREADABLE).
    """
    file = read_mesh_file(npz_path)
    uv, note = _kept_uv(file, source, size)
    if uv is not None:
        return None, note
    return file.by_corner(unwrap_mesh(file.mesh, size=size, report=report).uv), note


def _kept_uv(file: MeshFile, source: UvSource, size: int) -> tuple[np.ndarray | None, str]:
    """The file's own layout where it is to be painted into, and why it is not where it was asked for."""
    if source is UvSource.NEW:
        return None, ""
    if file.uv is None:
        return None, "The mesh has no UV map, so a new one was made."
    if source is UvSource.GIVEN:
        return file.uv, ""
    if file.uv.min() < -_BESIDE or file.uv.max() > 1.0 + _BESIDE:
        return None, "The mesh's own UV map reaches beyond the square, so a new one was made."
    if covers_twice(file.uv, file.mesh.polygons, size) > _OVERLAPS:
        return None, "Faces lie on top of each other in the mesh's own UV map, so a new one was made."
    return file.uv, ""


def fitted_view(file: MeshFile, cutout: CutOut) -> tuple[View, str]:
    """The view in pixels of the cut-out, in which the mesh and the thing on the cut-out fill the same rectangle, and what is to be said about it.

    Raises Img23DError(BAD_REQUEST) for a view that shows nothing of the mesh.
    """
    assert file.view is not None, "it is read with it"
    points = np.concatenate([file.mesh.vertices, np.ones((len(file.mesh.vertices), 1))], axis=1) @ file.view.T
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
    return View(matrix=to_pixels @ file.view), _stretch_note((w / h) / (width / height))


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


@dataclass(frozen=True, kw_only=True)
class MeshFile:
    """`mesh` has the vertices that faces use, in glTF's axes and moved to the origin, which `view` (4, 4) knows of, where there is one.

    `corners` (T, 3) of `corner_count` are the mesh's own; `uv` (T, 3, 2) float32 has its origin top left.
    """

    mesh: Mesh
    corners: np.ndarray
    corner_count: int
    view: np.ndarray | None
    origin: np.ndarray  # (3,) that was moved to the origin, in glTF's axes
    uv: np.ndarray | None = None

    def by_corner(self, uv: np.ndarray) -> np.ndarray:
        """(corner_count, 2) float32 with v upwards, as Blender keeps it, of (T, 3, 2)."""
        result = np.zeros((self.corner_count, 2), dtype=np.float32)
        result[self.corners] = uv
        result[:, 1] = 1.0 - result[:, 1]
        return result


def read_mesh_file(path: Path, *, needs_view: bool = True) -> MeshFile:
    """Without a view where it has none and needs none. Raises Img23DError(MESH_UNREADABLE) for a file that holds no such mesh."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return _checked(
                vertices=np.asarray(file["vertices"], dtype=np.float64).reshape(-1, 3),
                triangles=np.asarray(file["triangles"], dtype=np.int64).reshape(-1, 3),
                corners=np.asarray(file["corners"], dtype=np.int64).reshape(-1, 3),
                corner_count=int(file["corner_count"]),
                view=np.asarray(file["view"], dtype=np.float64).reshape(4, 4) if needs_view or "view" in file else None,
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
    view: np.ndarray | None,
    uv: np.ndarray | None,
) -> MeshFile:
    if not len(triangles) or len(corners) != len(triangles) or (uv is not None and len(uv) != len(triangles)):
        raise ValueError(f"{len(triangles)} triangles, {len(corners)} with corners")
    for what, numbers, count in (("vertex", triangles, len(vertices)), ("corner", corners, corner_count)):
        if numbers.min() < 0 or numbers.max() >= count:
            raise ValueError(f"{what} {numbers.min()}..{numbers.max()} of {count}")
    used, faces = np.unique(triangles, return_inverse=True)
    vertices = vertices[used] @ _TO_GLTF[:3, :3].T
    if not (np.isfinite(vertices).all() and (view is None or np.isfinite(view).all())):
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
        view=None if view is None else view @ _TO_GLTF.T @ from_origin,
        origin=from_origin[:3, 3],
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
