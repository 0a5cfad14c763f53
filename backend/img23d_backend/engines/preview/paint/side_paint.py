"""The further photos of a thing as pictures of its mesh, each laid on the mesh's outline from its side."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from img23d_protocol.messages import Side

from ....mesh.projection.picture import make_picture
from ....mesh.raster.visibility import compute_visibility
from ....mesh.texture.bake import Shot
from ....stages import CutOut, Mesh, View

# To the right, down and towards the viewer
_AXES = {
    Side.LEFT: ((0, 0, 1), (0, -1, 0), (-1, 0, 0)),
    Side.BACK: ((-1, 0, 0), (0, -1, 0), (0, 0, -1)),
    Side.RIGHT: ((0, 0, -1), (0, -1, 0), (1, 0, 0)),
}
_FACING = (0.1, 0.4)  # cosines to the viewer from which a picture counts, and is fully trusted
_DEPTH_PIXELS = 640  # the depth map's longest side
_SQUEEZED = 1.6  # times: how much wider or narrower than the mesh a picture may be
_SOLID = 128  # alpha
_FRONT_TEXELS = 0.3  # of the texture's side: what a view takes of it, about


def side_shots(mesh: Mesh, sides: Mapping[Side, np.ndarray], *, texels: int) -> list[Shot]:
    """One a photo; `sides` are (h, w, 4) uint8 cut-outs."""
    return [_shot(mesh, rgba, side, texels) for side, rgba in sides.items() if _fits(mesh, rgba, side)]


def _fits(mesh: Mesh, rgba: np.ndarray, side: Side) -> bool:
    """Whether the mesh has about the picture's proportions from there: what would be squeezed onto it is of another face."""
    matrix = side_view(mesh, rgba, side).matrix
    across, down = (float(np.linalg.norm(matrix[line, :3])) for line in (0, 1))
    return 1 / _SQUEEZED < across / down < _SQUEEZED


def _shot(mesh: Mesh, rgba: np.ndarray, side: Side, texels: int) -> Shot:
    height, width = rgba.shape[:2]
    sight = compute_visibility(mesh.vertices, mesh.faces, side_view(mesh, rgba, side), width=width, height=height, longest=_DEPTH_PIXELS)
    picture = make_picture(CutOut(rgba=rgba), sight, zoom=_FRONT_TEXELS * texels / max(height, width))
    return Shot(view=sight.view, image=picture.colors, raster=sight.raster, confidence=picture.confidence, facing=_FACING)


def side_view(mesh: Mesh, rgba: np.ndarray, side: Side) -> View:
    """The parallel view from that side in which the mesh's box is that of what is solid in the picture.

    Both directions have a scale of their own, since a mesh of one photo is not as deep as the thing is.
    """
    solid = rgba[..., 3] >= _SOLID
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    right, down, towards = np.array(_AXES[side], dtype=np.float64)
    matrix = np.eye(4)
    for line, axis, first, last in ((0, right, columns[0], columns[-1] + 1), (1, down, rows[0], rows[-1] + 1)):
        along = mesh.vertices @ axis
        scale = (last - first) / max(float(np.ptp(along)), 1e-9)
        matrix[line, :3], matrix[line, 3] = axis * scale, first - float(along.min()) * scale
    matrix[2, :3] = -towards * np.abs(matrix[1, :3]).max()
    return View(matrix=matrix)
