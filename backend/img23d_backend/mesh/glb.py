"""A mesh as a GLB 2.0 file, texture inside.

Written by hand, since trimesh needs Pillow for textures, which has one wheel for each Python version.
Format: Khronos, glTF 2.0 specification, sections 3.6 (buffers), 3.9 (materials) and 4 (GLB).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from img23d_protocol.files.whole_files import write_whole

from ..stages import Mesh
from .glb_document import ROUGHNESS, GlbDocument
from .topology.normals import vertex_normals
from .topology.sorting import numbered

_LINEAR, _LINEAR_MIPMAPS, _CLAMP = 9729, 9987, 33071
MEAN_COLOR = "img23d_mean_color"  # in a material's extras: scene linear, where the faces' corners lie in the texture


def write_glb(
    path: Path,
    *,
    mesh: Mesh,
    name: str,
    uv: np.ndarray | None,
    texture: np.ndarray | None,
    base_color: tuple[float, float, float],
    scale: float,
    offset: np.ndarray,
) -> None:
    """Write one named, smoothly shaded mesh. Raises OSError.

    `uv` (F, 3, 2) with its origin top left and `texture` (T, T, 3) uint8 sRGB come together or not at all; without them
    the material is `base_color`, sRGB 0..1. Vertices are written as (v + offset) * scale and are doubled at UV seams only,
    where both keep the same normal.
    """
    vertex, corner, indices = _split_at_seams(mesh.faces, uv)
    normals = vertex_normals(mesh.vertices, mesh.faces)[vertex]
    document = _Document(name)
    attributes = {
        "POSITION": document.vectors(((mesh.vertices + offset) * scale)[vertex], bounds=True),
        "NORMAL": document.vectors(normals),
    }
    if uv is not None and texture is not None:
        attributes["TEXCOORD_0"] = document.vectors(uv.reshape(-1, 2)[corner])
        document.texture_material(texture, uv)
    else:
        document.plain_material(base_color)
    document.mesh(attributes, indices)
    write_whole(path, document.to_bytes())


def _split_at_seams(faces: np.ndarray, uv: np.ndarray | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The mesh's vertex of each written one, a corner that has its uv, and (F, 3) indices of written vertices."""
    if uv is None:
        key = faces.ravel().astype(np.int64)
    else:
        spots = np.ascontiguousarray(uv.reshape(-1, 2), dtype=np.float32).view(np.int64).ravel()
        _, spot = np.unique(spots, return_inverse=True)
        key = faces.ravel().astype(np.int64) * len(spots) + spot.reshape(-1)
    corner, indices = numbered(key)
    return faces.ravel()[corner], corner, indices.reshape(-1, 3)


def _mean_color(texture: np.ndarray, uv: np.ndarray) -> list[float]:
    """`texture` (T, T, 3) uint8 sRGB, `uv` (F, 3, 2) with its origin top left."""
    side = len(texture)
    columns, rows = np.clip((uv.reshape(-1, 2) * side).astype(np.intp), 0, side - 1).T
    return [round(_linear(float(channel)), 4) for channel in texture[rows, columns].mean(axis=0) / 255]


class _Document(GlbDocument):
    """With the one mesh and its material."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.json["nodes"] = [{"name": name, "mesh": 0}]
        self.json["scenes"] = [{"nodes": [0]}]

    def vectors(self, values: np.ndarray, *, bounds: bool = False) -> int:
        """An accessor of (N, 2) or (N, 3) float32; the specification asks for the bounds of positions."""
        return self.accessor(np.asarray(values, dtype="<f4"), bounds=bounds)

    def mesh(self, attributes: dict[str, int], indices: np.ndarray) -> None:
        primitive = {"attributes": attributes, "indices": self.indices(indices), "material": 0}
        self.json["meshes"] = [{"name": self._name, "primitives": [primitive]}]

    def texture_material(self, texture: np.ndarray, uv: np.ndarray) -> None:
        """With the thing's mean colour beside it, so that nobody needs to decode the picture for a small impression of it."""
        # level 1: five times faster than level 6 for a file a tenth larger
        png = cv2.imencode(".png", texture[:, :, ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()
        self.json["images"] = [{"name": self._name, "mimeType": "image/png", "bufferView": self.view(png)}]
        wrap = {"wrapS": _CLAMP, "wrapT": _CLAMP}
        self.json["samplers"] = [{"magFilter": _LINEAR, "minFilter": _LINEAR_MIPMAPS, **wrap}]
        self.json["textures"] = [{"source": 0, "sampler": 0}]
        self._material({"baseColorTexture": {"index": 0}}, {MEAN_COLOR: _mean_color(texture, uv)})

    def plain_material(self, srgb: tuple[float, float, float]) -> None:
        self._material({"baseColorFactor": [*(_linear(channel) for channel in srgb), 1.0]})

    def _material(self, color: dict[str, Any], extras: dict[str, Any] | None = None) -> None:
        surface = {**color, "metallicFactor": 0.0, "roughnessFactor": ROUGHNESS}
        material = {"name": self._name, "pbrMetallicRoughness": surface}
        self.json["materials"] = [material | {"extras": extras} if extras else material]


def _linear(srgb: float) -> float:
    """IEC 61966-2-1."""
    return srgb / 12.92 if srgb <= 0.04045 else ((srgb + 0.055) / 1.055) ** 2.4
