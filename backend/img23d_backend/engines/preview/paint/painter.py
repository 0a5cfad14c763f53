"""Projection painting: the photo on what it shows, its mirrored and smoothed copy on the back, the surface between them filled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from img23d_protocol.messages import Settings

from ....mesh.raster.rasterize import rasterize
from ....mesh.raster.visibility import Visibility, compute_visibility
from ....mesh.texture.bake import Shot, bake
from ....mesh.texture.fill import fill_surface
from ....mesh.topology.normals import area_vectors, unit
from ....mesh.uv.charts import make_surface
from ....mesh.uv.layout import Layout, layout_from
from ....mesh.uv.unwrap import unwrap
from ....result_cache import ResultCache, digest
from ....stages import Context, CutOut, Mesh, Painted, Painter, View
from ..revolution.symmetry import half_turn
from .picture import Picture, make_picture
from .side_paint import side_shots

_DEPTH_PIXELS = 640  # the depth map's longest side
# Cosines to the viewer from which a picture counts, and is all that counts: less of it the more steeply its pixels are smeared
_PHOTO, _LIKENESS = (0.02, 0.25), (0.05, 0.35)
_KEPT = 2  # painted meshes, of up to 50 MB each
_LEAST_SIZE = 256  # texels a side
_TEXELS_A_PIXEL = 10  # of the texture's side: the front takes two thirds of it, so that a pixel is six texels wide
_GUESSED = 0.1  # weight of the likeness against the photo's 1


class ProjectionPainter(Painter):
    """Projects the cut-out on the mesh; what the photo does not show is continued from what it does."""

    def __init__(self) -> None:
        self._kept: ResultCache[Painted] = ResultCache(_KEPT)

    def paint(
        self,
        mesh: Mesh,
        view: View,
        cutout: CutOut,
        settings: Settings,
        context: Context,
        *,
        uv: np.ndarray | None = None,
    ) -> Painted:
        """Paint any triangle mesh (open, non-manifold or inside out too) from the cut-out seen in `view`."""
        if uv is not None or mesh.polygons is not None:  # an artist's own
            return self._made(mesh, view, cutout, settings, context, uv)
        key = (digest(cutout.rgba, *cutout.sides.values(), mesh.vertices, mesh.faces, view.matrix), tuple(cutout.sides), settings.common.texture_size)
        return self._kept.get(key, lambda: self._made(mesh, view, cutout, settings, context, None))

    def _made(self, mesh: Mesh, view: View, cutout: CutOut, settings: Settings, context: Context, uv: np.ndarray | None) -> Painted:
        height, width = cutout.rgba.shape[:2]
        size = _enough_texels(settings.common.texture_size, max(height, width))
        context.report(0.0, "Looking at the mesh")
        sight = compute_visibility(mesh.vertices, mesh.faces, view, width=width, height=height, longest=_DEPTH_PIXELS)
        context.report(0.15, "Unwrapping")
        layout = _layout(mesh, sight, uv, size, lambda: context.report(0.2, "Unwrapping"))
        context.report(0.5, "Reading the colours")
        picture = make_picture(cutout, sight, zoom=_texels_a_pixel(mesh, sight, layout, width))
        shots = (*_shots(mesh, sight, picture), *side_shots(mesh, cutout.sides, texels=size))
        baked = bake(mesh, layout, shots, report=lambda done: context.report(0.6 + 0.2 * done, "Painting"))
        texture = fill_surface(mesh, layout, baked, report=lambda done: context.report(0.8 + 0.2 * done, "Painting"))
        return Painted(mesh=mesh, uv=layout.uv, texture=texture)


def _enough_texels(size: int, pixels: int) -> int:
    """The texture's side, halved while a small cut-out's pixels, of which its longer side has so many, still have texels enough."""
    while size > _LEAST_SIZE and size >= 2 * _TEXELS_A_PIXEL * pixels:
        size //= 2
    return size


def _shots(mesh: Mesh, sight: Visibility, picture: Picture) -> tuple[Shot, Shot]:
    photo = Shot(view=sight.view, image=picture.colors, raster=sight.raster, confidence=picture.confidence, facing=_PHOTO)
    turn = half_turn(mesh, sight.view)
    return photo, _from_behind(mesh, sight, picture) if turn is None else _from_the_other_side(photo, mesh, turn)


def _from_the_other_side(photo: Shot, mesh: Mesh, turn: np.ndarray) -> Shot:
    """The photo once more, as it would be from there: what was turned about an axis looks alike all around."""
    assert photo.raster is not None, "the photo's own shot has one"
    height, width = photo.raster.face.shape
    view = View(matrix=photo.view.matrix @ turn)
    raster = rasterize(view.project(mesh.vertices), mesh.faces, width=width, height=height)
    return replace(photo, view=view, raster=raster, weight=_GUESSED)


def _from_behind(mesh: Mesh, sight: Visibility, picture: Picture) -> Shot:
    """The photo's likeness as if one saw through to the back: of what lies behind another surface that looks towards the
    viewer nothing, since that is a different thing.
    """
    height, width = sight.raster.face.shape
    mirror = np.array([1.0, 1.0, -1.0])
    behind = rasterize(sight.projected * mirror, mesh.faces, width=width, height=height, beyond=-sight.second)
    return Shot(
        view=View(matrix=np.diag([*mirror, 1.0]) @ sight.view.matrix),
        image=picture.likeness,
        weight=_GUESSED,
        raster=behind,
        confidence=np.ones((1, 1), dtype=np.float32),
        facing=_LIKENESS,
    )


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
    order = np.argsort(np.abs(facing) * sight.seen < _PHOTO[1], kind="stable")
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
