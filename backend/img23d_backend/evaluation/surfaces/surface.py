"""A surface with its colours, as it is scored and drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...stages import Mesh


@dataclass(frozen=True, kw_only=True)
class Surface:
    """`mesh` in glTF's axes. Its colours are sRGB: `texture` (H, W, 3) uint8 with `uv` (F, 3, 2), origin top left, or `colors` (V, 3) 0..1;
    where there are both, their product.
    """

    mesh: Mesh
    colors: np.ndarray | None = None
    uv: np.ndarray | None = None
    texture: np.ndarray | None = None

    def moved(self, vertices: np.ndarray) -> Surface:
        return replace(self, mesh=Mesh(vertices=vertices.astype(np.float32), faces=self.mesh.faces))

    def colors_at(self, face: np.ndarray, weights: tuple[np.ndarray, ...]) -> np.ndarray:
        """(N, 3) float32 0..1 at points of faces (N,), by the weights of their corners, three of (N,)."""
        own = None if self.colors is None else mixed(self.colors[self.mesh.faces[face]], weights).astype(np.float32)
        if self.texture is not None and self.uv is not None:
            texels = _texels(self.texture, mixed(self.uv[face], weights))
            return texels if own is None else texels * own
        return np.full((len(face), 3), 0.5, np.float32) if own is None else own


def mixed(corners: np.ndarray, weights: tuple[np.ndarray, ...]) -> np.ndarray:
    """(N, C) from the values (N, 3, C) at the corners."""
    a, b, c = weights
    return a[:, None] * corners[:, 0] + b[:, None] * corners[:, 1] + c[:, None] * corners[:, 2]


def joined(surfaces: Sequence[Surface]) -> Surface:
    """Several with a colour at each vertex as one."""
    starts = np.cumsum([0, *(len(one.mesh.vertices) for one in surfaces)])
    faces = [one.mesh.faces + start for one, start in zip(surfaces, starts, strict=False)]
    colors = [one.colors if one.colors is not None else np.full_like(one.mesh.vertices, 0.5) for one in surfaces]
    mesh = Mesh(vertices=np.concatenate([one.mesh.vertices for one in surfaces]), faces=np.concatenate(faces).astype(np.int32))
    return Surface(mesh=mesh, colors=np.concatenate(colors))


def _texels(texture: np.ndarray, at: np.ndarray) -> np.ndarray:
    height, width = texture.shape[:2]
    column = np.clip((at[:, 0] % 1.0 * width).astype(np.intp), 0, width - 1)
    row = np.clip((at[:, 1] % 1.0 * height).astype(np.intp), 0, height - 1)
    return texture[row, column] / np.float32(255)
