"""Projection painting: the photo on what it shows, its mirrored and smoothed copy on the back, the surface between them filled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from img23d_protocol.messages import Settings

from ....mesh.projection.drawn_views import DrawnView, view_shots
from ....mesh.projection.front import STEEP_FACING, Front, look_at_front
from ....mesh.projection.layers import in_light_of, laid_over
from ....mesh.projection.picture import Picture
from ....mesh.raster.rasterize import rasterize
from ....mesh.raster.visibility import Visibility
from ....mesh.texture.bake import Baked, Shot, bake
from ....mesh.texture.fill import fill_surface
from ....models.load_plan import progress_part
from ....result_cache import ResultCache, digest
from ....stages import Context, CutOut, Mesh, Painted, Painter, Splats, View
from ...further_views import FurtherViews
from ..revolution.symmetry import half_turn
from .side_paint import side_shots

_LIKENESS = (0.05, 0.35)  # cosines to the viewer from which the likeness counts, and is all that counts
_KEPT = 2  # painted meshes, of up to 50 MB each
_GUESSED = 0.1  # weight of the likeness against the photo's 1
_LOOKED = 0.55  # of the progress
_DRAWN = 0.7  # of it, where views are drawn first


class ProjectionPainter(Painter):
    """Projects the cut-out on the mesh; what the photo does not show is taken from further photos, then from views that `further` draws, and
    what these do not show either is continued.
    """

    def __init__(self, further: FurtherViews | None = None) -> None:
        self._further = further
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
        splats: Splats | None = None,
    ) -> Painted:
        """Paint any triangle mesh (open, non-manifold or inside out too) from the cut-out seen in `view`."""
        own = replace(context, report=progress_part(context.report, 0.0, _DRAWN))
        drawn = () if self._further is None else self._further.views_of(cutout, settings, own)
        context = replace(context, report=progress_part(context.report, _DRAWN, 1.0)) if drawn else context
        if uv is not None or mesh.polygons is not None:  # an artist's own
            return _made(mesh, view, cutout, settings, context, uv, drawn)
        pictures = (*cutout.sides.values(), *(one.image for one in drawn))
        key = (digest(cutout.rgba, *pictures, mesh.vertices, mesh.faces, view.matrix), tuple(cutout.sides), settings.common.texture_size)
        return self._kept.get(key, lambda: _made(mesh, view, cutout, settings, context, None, drawn))


def _made(
    mesh: Mesh,
    view: View,
    cutout: CutOut,
    settings: Settings,
    context: Context,
    uv: np.ndarray | None,
    drawn: Sequence[DrawnView],
) -> Painted:
    size = settings.common.texture_size
    front = look_at_front(mesh, view, cutout, size, lambda done, note: context.report(_LOOKED * done, note), uv=uv)
    layout = front.layout
    sides = side_shots(mesh, cutout.sides, texels=layout.face.shape[0])
    views = view_shots(mesh, view, drawn, texels=layout.face.shape[0])

    def report(done: float) -> None:
        context.report(0.6 + 0.2 * done, "Painting")

    if views:
        baked = _in_layers(mesh, front, sides, views, report)
    else:
        baked = bake(mesh, layout, (*_shots(mesh, front), *sides), report=report)
    texture = fill_surface(mesh, layout, baked, report=lambda done: context.report(0.8 + 0.2 * done, "Painting"))
    return Painted(mesh=mesh, uv=layout.uv, texture=texture, note=f"With {len(views)} of {len(drawn)} drawn views." if drawn else "")


def _in_layers(mesh: Mesh, front: Front, sides: Sequence[Shot], views: Sequence[Shot], report: Callable[[float], None]) -> Baked:
    """The photos, under them the drawn views in the photos' light, under these what is guessed."""
    part = 1 / 4

    def baked(shots: Sequence[Shot], number: int) -> Baked:
        return bake(mesh, front.layout, shots, report=lambda done: report(part * (number + done)))

    photos, below, guessed = baked((front.shot(STEEP_FACING), *sides), 0), baked(views, 1), baked(_shots(mesh, front), 2)
    lit = in_light_of(photos, below, mesh, front.layout, lambda done: report(part * (3 + done)))
    return laid_over(photos, laid_over(lit, guessed))


def _shots(mesh: Mesh, front: Front) -> tuple[Shot, Shot]:
    photo, turn = front.shot(), half_turn(mesh, front.sight.view)
    return photo, _from_behind(mesh, front.sight, front.picture) if turn is None else _from_the_other_side(photo, mesh, turn)


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
