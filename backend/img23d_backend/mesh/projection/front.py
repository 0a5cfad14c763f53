"""What a cut-out shows of a mesh: where each face lies in the texture, and the photo as a picture of the front."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ...stages import CutOut, Mesh, View
from ..raster.visibility import Visibility, compute_visibility
from ..texture.bake import Shot
from ..topology.normals import area_vectors, unit
from ..uv.charts import make_surface
from ..uv.layout import Layout, layout_from
from ..uv.unwrap import unwrap
from .picture import Picture, make_picture

_DEPTH_PIXELS = 640  # the depth map's longest side
# Cosines to the viewer from which the photo counts, and is all that counts: less of it the more steeply its pixels are smeared
FACING = (0.02, 0.25)
# Where there are other colours for what it smears
STEEP_FACING = (0.15, 0.5)
_LEAST_SIZE = 256  # texels a side
_TEXELS_A_PIXEL = 10  # of the texture's side: the front takes two thirds of it, so that a pixel is six texels wide


@dataclass(frozen=True, kw_only=True)
class Front:
    """`layout` is that of the texture, `picture` the cut-out prepared for it, `sight` what is seen of the mesh."""

    sight: Visibility
    layout: Layout
    picture: Picture

    def shot(self, facing: tuple[float, float] = FACING) -> Shot:
        """The photo as a picture to bake."""
        return Shot(view=self.sight.view, image=self.picture.colors, raster=self.sight.raster, confidence=self.picture.confidence, facing=facing)


def look_at_front(mesh: Mesh, view: View, cutout: CutOut, size: int, report: Callable[[float, str], None], *, uv: np.ndarray | None = None) -> Front:
    """For a texture of `size` texels a side, or fewer where the cut-out is small. `uv` as `stages.Painter.paint` takes it."""
    height, width = cutout.rgba.shape[:2]
    size = _enough_texels(size, max(height, width))
    report(0.0, "Looking at the mesh")
    sight = compute_visibility(mesh.vertices, mesh.faces, view, width=width, height=height, longest=_DEPTH_PIXELS)
    report(0.3, "Unwrapping")
    layout = _layout(mesh, sight, uv, size, lambda: report(0.4, "Unwrapping"))
    report(0.9, "Reading the colours")
    picture = make_picture(cutout, sight, zoom=_texels_a_pixel(mesh, sight, layout, width))
    return Front(sight=sight, layout=layout, picture=picture)


def _enough_texels(size: int, pixels: int) -> int:
    """The texture's side, halved while a small cut-out's pixels, of which its longer side has so many, still have texels enough."""
    while size > _LEAST_SIZE and size >= 2 * _TEXELS_A_PIXEL * pixels:
        size //= 2
    return size


def _layout(mesh: Mesh, sight: Visibility, uv: np.ndarray | None, size: int, report: Callable[[], None]) -> Layout:
    if uv is not None:
        return _given(mesh, sight, uv, size)
    normals = area_vectors(mesh.vertices, mesh.faces) * np.where(sight.inside_out, -1.0, 1.0)[:, None]
    polygon = np.arange(len(mesh.faces)) if mesh.polygons is None else mesh.polygons
    surface = make_surface(mesh.vertices, mesh.faces, frame=_frame(mesh, sight), normals=normals, polygon=polygon)
    return unwrap(surface, seen=sight.seen, size=size, report=report)


def _given(mesh: Mesh, sight: Visibility, uv: np.ndarray, size: int) -> Layout:
    """The layout `uv` as texels; where faces share them, the first that the photo shows well gets them, else the first.

    Which of two shows it better is not asked: the halves of a mirrored mesh are equal but for rounding, and would mix.
    """
    facing = np.einsum("fi,fi->f", unit(area_vectors(mesh.vertices, mesh.faces)), sight.towards[mesh.faces[:, 0]])
    order = np.argsort(np.abs(facing) * sight.seen < FACING[1], kind="stable")
    layout = layout_from(uv[order], None if mesh.polygons is None else mesh.polygons[order], size)
    placed = np.empty_like(layout.uv)
    placed[order] = layout.uv
    return replace(layout, uv=placed, face=np.where(layout.face >= 0, order[layout.face], -1).astype(np.int32))


def _frame(mesh: Mesh, sight: Visibility) -> np.ndarray:
    """(3, 3) rows: the picture's right and up and the direction to the viewer, at the middle of the mesh."""
    towards = unit(sight.towards.mean(axis=0))
    centred = mesh.vertices - mesh.vertices.mean(axis=0)
    downwards = np.linalg.lstsq(centred, sight.projected[:, 1] - sight.projected[:, 1].mean(), rcond=None)[0]
    up = -downwards + towards * (downwards @ towards)
    up = unit(up) if np.linalg.norm(up) > 1e-9 * np.linalg.norm(downwards) else _any_normal_to(towards)
    return np.stack([np.cross(up, towards), up, towards])


def _any_normal_to(axis: np.ndarray) -> np.ndarray:
    return unit(np.cross(axis, np.eye(3)[int(np.argmin(np.abs(axis)))]))


def _texels_a_pixel(mesh: Mesh, sight: Visibility, layout: Layout, width: int) -> float:
    """How many texels a side one pixel of the photo, which is `width` wide, gets where it is seen."""
    seen = sight.seen
    in_photo = _area(sight.projected[mesh.faces[seen]][:, :, :2]) * (width / sight.raster.face.shape[1]) ** 2
    in_texture = _area(layout.uv[seen].astype(np.float64)) * layout.face.size
    return float(np.sqrt(in_texture / in_photo)) if in_photo > 0.0 and in_texture > 0.0 else 1.0


def _area(corners: np.ndarray) -> float:
    b, c = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return float(np.abs(b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]).sum()) / 2
