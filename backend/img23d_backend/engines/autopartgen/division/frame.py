"""The cube in which the model sees a mesh, and the way back to the mesh's own place, which AutoPartGen's own code leaves out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from img23d_protocol import ErrorCode, Img23DError

from ....stages import Mesh


@dataclass(frozen=True, kw_only=True)
class Frame:
    """`centre` (3,) of the mesh's bounding box, and half its longest side, both in the mesh's unit."""

    centre: np.ndarray
    half: float

    @staticmethod
    def of(mesh: Mesh) -> Frame:
        """Raises Img23DError(BAD_REQUEST) for a mesh without faces or extent."""
        used = mesh.vertices[mesh.faces.ravel()].astype(np.float64)
        if len(used) == 0 or not np.isfinite(used).all():
            raise Img23DError(ErrorCode.BAD_REQUEST, "The mesh has no faces, or vertices that are nowhere.")
        low, high = used.min(axis=0), used.max(axis=0)
        half = float((high - low).max() / 2)
        if half <= 0:
            raise Img23DError(ErrorCode.BAD_REQUEST, "The mesh is only a point: there are no parts in it.")
        return Frame(centre=(low + high) / 2, half=half)

    def into(self, mesh: Mesh) -> Mesh:
        """The mesh with its longest side from -1 to 1."""
        return replace(mesh, vertices=((mesh.vertices - self.centre) / self.half).astype(np.float32))

    def back(self, mesh: Mesh) -> Mesh:
        return replace(mesh, vertices=(mesh.vertices * np.float64(self.half) + self.centre).astype(np.float32))


UNIT = Frame(centre=np.zeros(3), half=1.0)  # of what no mesh was given for
