"""Painting with splats: their colours on all sides, and the photo itself on the front, which is sharper.

The splats' colours are first made to agree with the photo's, where both show the same surface: they come from a model that has seen
other light, and an edge along the outline would tell.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from img23d_protocol.messages import Settings
from img23d_protocol.options.trellis import PREVIEW_PAINT, SPLATS_PAINT

from ....mesh.projection.front import look_at_front
from ....mesh.raster.visibility import corner_normals
from ....mesh.texture.bake import Baked, bake
from ....mesh.texture.padding import pad_edges
from ....mesh.texture.texels import CHUNK, CornerValues
from ....mesh.topology.normals import area_vectors
from ....mesh.uv.layout import Layout
from ....stages import Context, CutOut, Mesh, Painted, Painter, Splats, View
from .light import Light, learn_light
from .splat_colors import SplatColors

# Cosines to the viewer from which the photo counts, and is all that counts. Steeper than it is looked at elsewhere: there are
# other colours here for what it smears
_FACING = (0.15, 0.5)
_TRUSTED = 0.3  # texels that the photo shows so well tell how the splats' colours differ from it
_LEAST = 200  # such texels, without which nothing is changed
_SAMPLES = 20_000
_LOOKED, _BAKED = 0.4, 0.6  # of the progress


class TrellisPainter(Painter):
    """With the splats' colours where there are splats and nothing else was chosen. `projection` paints without, `learned` with a model."""

    def __init__(self, *, projection: Painter, learned: Painter) -> None:
        self._projection = projection
        self._learned = learned

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
        """See `stages.Painter`."""
        other = self._other(settings, splats)
        if other is not None:
            return other.paint(mesh, view, cutout, _for_other(settings), context, uv=uv)
        assert splats is not None, "without any the projection paints"
        front = look_at_front(mesh, view, cutout, settings.common.texture_size, lambda done, note: context.report(_LOOKED * done, note), uv=uv)
        shot = front.shot(_FACING)
        baked = bake(mesh, front.layout, [shot], report=lambda done: context.report(_LOOKED + (_BAKED - _LOOKED) * done, "Painting"))
        texture = _mixed(mesh, front.layout, baked, SplatColors(splats), lambda done: context.report(_BAKED + (1 - _BAKED) * done, "Painting"))
        return Painted(mesh=mesh, uv=front.layout.uv, texture=texture)

    def prepares(self, settings: Settings) -> bool:
        return self._is_learned(settings) and self._learned.prepares(_for_other(settings))

    def prepare(self, cutout: CutOut, settings: Settings, context: Context) -> np.ndarray | None:
        return self._learned.prepare(cutout, _for_other(settings), context)

    def paint_prepared(
        self,
        mesh: Mesh,
        view: View,
        cutout: CutOut,
        picture: np.ndarray | None,
        settings: Settings,
        context: Context,
        *,
        splats: Splats | None = None,
    ) -> Painted:
        if self._is_learned(settings):
            return self._learned.paint_prepared(mesh, view, cutout, picture, _for_other(settings), context)
        return self.paint(mesh, view, cutout, settings, context, splats=splats)

    def _is_learned(self, settings: Settings) -> bool:
        return settings.trellis.paint.trellis_painter not in (SPLATS_PAINT, PREVIEW_PAINT)

    def _other(self, settings: Settings, splats: Splats | None) -> Painter | None:
        if self._is_learned(settings):
            return self._learned
        has_splats = splats is not None and len(splats) > 0
        return None if has_splats and settings.trellis.paint.trellis_painter == SPLATS_PAINT else self._projection


def _for_other(settings: Settings) -> Settings:
    """The choice as the learned painter reads it."""
    chosen = settings.trellis.paint.trellis_painter
    return settings.changed(painter=PREVIEW_PAINT if chosen == SPLATS_PAINT else chosen)


def _mixed(mesh: Mesh, layout: Layout, baked: Baked, colors: SplatColors, report: Callable[[float], None]) -> np.ndarray:
    """(S, S, 3) uint8: the photo as far as it is trusted, the splats for the rest."""
    normals = corner_normals(mesh.vertices, mesh.faces, area_vectors(mesh.vertices, mesh.faces))
    corners = CornerValues(layout.uv, layout.face, np.concatenate([mesh.vertices[mesh.faces], normals], axis=2))
    covered = layout.face >= 0
    trust = baked.trust.ravel()
    texture = baked.color.reshape(-1, 3).copy()
    light = _light(mesh, corners, baked, colors)
    open_ = np.flatnonzero(covered.ravel() & (trust < 1.0))
    for start in range(0, len(open_), CHUNK):
        index = open_[start : start + CHUNK]
        place = corners.at(index).values
        own = light.of(255 * colors.at(place[:, :3]), place)
        kept = trust[index, None]
        texture[index] = np.rint(kept * texture[index] + (1 - kept) * own)
        report((start + len(index)) / len(open_))
    return pad_edges(texture.reshape(baked.color.shape), covered)


def _light(mesh: Mesh, corners: CornerValues, baked: Baked, colors: SplatColors) -> Light:
    """The photo's, as far as there are texels enough that it shows well."""
    seen = np.flatnonzero(baked.trust.ravel() >= _TRUSTED)
    seen = seen[np.linspace(0, len(seen) - 1, min(len(seen), _SAMPLES)).astype(np.int64)]
    if len(seen) < _LEAST:
        return Light.unchanged()
    place = corners.at(seen).values
    own = 255.0 * colors.at(place[:, :3]).astype(np.float64)
    size = float(np.linalg.norm(np.ptp(mesh.vertices, axis=0)))
    return learn_light(own, baked.color.reshape(-1, 3)[seen].astype(np.float64), place, size=size)
