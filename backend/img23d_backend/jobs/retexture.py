"""A picture onto a mesh that the artist already has: read, fitted to each other, painted, uv for the mesh's own corners."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Settings, UvSource

from ..mesh.uv.layout import covers_twice
from ..mesh.uv.unwrap import unwrap_mesh
from ..stages import Context, CutOut, Painter, View
from .mesh_file import MeshFile, read_mesh_file

_STRETCH_WORTH_A_WORD = 1.15
_BESIDE = 1e-4  # of the square: rounding, not another tile
_OVERLAPS = 1e-3  # share of the texels that two faces may want, which is what touching islands have


@dataclass(frozen=True, kw_only=True)
class Retextured:
    """`uv` (corner_count, 2) float32 for the mesh's own face corners, v upwards as in Blender, or None where the file's own
    layout was painted into; `texture` (T, T, 3) uint8.
    """

    uv: np.ndarray | None
    texture: np.ndarray
    note: str = ""


def retexture(
    npz_path: Path, source: UvSource, cutout: CutOut, painter: Painter, settings: Settings, context: Context
) -> Retextured:
    """Paint the mesh in the file (see `messages.Paint`) with the cut-out, stretched to the mesh's extent in its view.

    Raises Img23DError: MESH_UNREADABLE for a file that holds no such mesh, BAD_REQUEST for a view that shows none of it.
    """
    file = read_mesh_file(npz_path)
    view, fit_note = _fit(file, cutout)
    uv, uv_note = _kept_uv(file, source, settings.texture_size)
    painted = painter.paint(file.mesh, view, cutout, settings, context, uv=uv)
    return Retextured(
        uv=file.by_corner(painted.uv) if uv is None else None,
        texture=painted.texture,
        note=" ".join(filter(None, (fit_note, uv_note, painted.note))),
    )


def unwrap_file(
    npz_path: Path, source: UvSource, size: int, report: Callable[[], None]
) -> tuple[np.ndarray | None, str]:
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


def _fit(file: MeshFile, cutout: CutOut) -> tuple[View, str]:
    """The view in pixels of the cut-out, in which the mesh and the thing on the cut-out fill the same rectangle."""
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
