"""From the units a stage works in to metres on the ground, and from there back to the photo's pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from img23d_protocol import ErrorCode, Img23DError

from ..stages import Ground, Mesh, PixelBox, Shaped, View

_SOLID = 128  # alpha from which a pixel counts as part of the thing
_LEAST_PERSPECTIVE = 1e-6  # of the matrix's rows: less is a parallel view
_LEAST_TURN = 0.02  # of the viewing direction, upwards or downwards

_NOTHING_MADE = "No solid could be made of it: draw a larger box around it."


@dataclass(frozen=True, kw_only=True)
class Placement:
    """A vertex v of the stage's mesh, or the middle of one of its splats, lies at (v + offset) * scale metres: centred on x = z = 0, base on y = 0."""

    scale: float
    offset: np.ndarray  # (3,) float64


def solid_bounds(rgba: np.ndarray) -> PixelBox:
    """Of what is solid in a cut-out, in its own pixels. Raises Img23DError(EMPTY_CUTOUT)."""
    solid = rgba[:, :, 3] >= _SOLID
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    if not len(rows):
        raise Img23DError(ErrorCode.EMPTY_CUTOUT, "Nothing is left of it after cutting it out: draw a box around it.")
    return PixelBox(left=int(columns[0]), top=int(rows[0]), right=int(columns[-1]) + 1, bottom=int(rows[-1]) + 1)


def place(shaped: Shaped, pixels_per_metre: float) -> Placement:
    low, high = shaped.points.min(axis=0), shaped.points.max(axis=0)
    offset = -np.array([(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2], dtype=np.float64)
    return Placement(scale=_pixels_per_unit(shaped.view) / pixels_per_metre, offset=offset)


def view_in_photo(shaped: Shaped, placement: Placement, left: int, top: int, scale: float) -> View:
    """The view from the GLB's metres to the whole photo's pixels.

    (left, top) is the cut-out's first pixel in the photo scaled by `scale`.
    """
    from_metres = np.eye(4)
    from_metres[:3, :3] /= placement.scale
    from_metres[:3, 3] = -placement.offset
    to_photo = np.eye(4)
    to_photo[:2, 3] = left, top
    to_photo[:2] /= scale
    return View(matrix=to_photo @ shaped.view.matrix @ from_metres)


def seen_ground(view: View, width: float, height: float) -> tuple[Ground, float] | None:
    """The horizon and the focal length, in photo widths, of a view in perspective from an upright mesh to a photo's pixels; None
    where the view has no perspective or is level, and so says nothing.
    """
    across, down, _, depth = view.matrix
    size = float(np.linalg.norm(depth[:3]))
    if abs(depth[2]) <= _LEAST_PERSPECTIVE * np.linalg.norm(across[:3]) or abs(depth[1]) <= _LEAST_TURN * size:
        return None
    direction = depth[:3] / size
    focal = float(np.linalg.norm(across[:3] - (across[:3] @ direction) * direction)) / size
    return Ground(horizon=float(height / 2 - down[2] / depth[2]) / width), focal / width


def base_color(rgba: np.ndarray) -> tuple[float, float, float]:
    """The mean sRGB colour, 0..1, of what is solid: what an unpainted mesh is shown in."""
    red, green, blue = rgba[rgba[:, :, 3] >= _SOLID][:, :3].mean(axis=0) / 255
    return float(red), float(green), float(blue)


def require_shape(shaped: Shaped) -> None:
    """Raises Img23DError(EMPTY_CUTOUT) where neither a mesh nor splats were made that could be shown."""
    if shaped.mesh is not None:
        require_mesh(shaped.mesh)
    elif len(shaped.points) == 0 or not np.isfinite(shaped.points).all():
        raise Img23DError(ErrorCode.EMPTY_CUTOUT, _NOTHING_MADE, f"{len(shaped.points)} splats")


def require_mesh(mesh: Mesh) -> None:
    """Raises Img23DError(EMPTY_CUTOUT) where a stage made nothing that could be shown."""
    if len(mesh.faces) == 0 or not np.isfinite(mesh.vertices).all():
        raise Img23DError(ErrorCode.EMPTY_CUTOUT, _NOTHING_MADE, f"{len(mesh.faces)} faces")


def _pixels_per_unit(view: View) -> float:
    """Across the picture, at the mesh's origin: in a perspective view, the nearer, the more."""
    across, _, _, depth = view.matrix
    here = across[3] / depth[3]
    return float(np.linalg.norm(across[:3] - here * depth[:3]) / depth[3])
