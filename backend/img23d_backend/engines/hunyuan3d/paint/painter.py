"""The learned painter: every side of a mesh from one picture, by the paint models of Hunyuan3D 2.0 (Zhao et al., 2025).

The picture loses its light and shadow, the mesh is drawn from six sides, a network paints the six sides so that they fit
each other, and these are baked into one texture. Nothing here needs a compiler: the drawing and the baking are `mesh/`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Settings
from img23d_protocol.options.declare import label_of
from img23d_protocol.options.hunyuan3d import PAINTERS, PREVIEW_PAINT

from ....mesh.projection.upright import facing_viewer
from ....mesh.texture.bake import Shot, bake
from ....mesh.texture.fill import fill_surface
from ....mesh.uv.layout import Layout, layout_from
from ....mesh.uv.unwrap import unwrap_mesh
from ....models.load_plan import Network, attempts, progress_part, read_ahead
from ....models.oom_fallbacks import with_less_memory
from ....models.store import ModelStore
from ....stages import Context, CutOut, Mesh, Painted, Painter, Splats, View
from ....weights.store import WeightStore
from .background_task import background_task
from .cameras import Cameras, make_cameras
from .control_maps import ControlMaps, draw_control_maps
from .plan import PaintPlan, make_paint_plan

_RASTER = 2048  # pixels a side of the six drawings, as in hy3dgen

# Shares of a thing's progress
_PREPARED, _DRAWN, _VIEWED, _BAKED = 0.25, 0.3, 0.85, 0.95

_SMALLER = "The graphics card's memory is short: pictures are painted in smaller pieces."
_STREAMED = "The graphics card's memory is short: the paint model stays outside and is lent to it layer by layer, slower."
_ON_PROCESSOR = "The graphics card's memory is too small for the paint model: the processor paints, slowly."
_NOTES = (_SMALLER, _STREAMED, _ON_PROCESSOR)
_NOT_THERE = "The models that paint are not downloaded, so the photo was projected instead: download them under AI Models."


class HunyuanPainter(Painter):
    """Keeps nothing but what it was given. `fallback` paints where the settings or missing weights say so."""

    def __init__(self, weights: WeightStore, models: ModelStore, *, fallback: Painter) -> None:
        self._weights = weights
        self._models = models
        self._fallback = fallback

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
        """Paint any triangle mesh from all sides; `view` says which side the picture shows.

        Raises Img23DError (EMPTY_CUTOUT, OUT_OF_MEMORY, WEIGHTS_DAMAGED, ...).
        """
        picture = self.prepare(cutout, settings, context)
        return self._paint(mesh, view, cutout, picture, settings, context, uv)

    def prepares(self, settings: Settings) -> bool:
        return True

    def prepare(self, cutout: CutOut, settings: Settings, context: Context) -> np.ndarray | None:
        """(s, s, 3) uint8 on white, without light and shadow, s the painter's own; None where the fallback paints."""
        plan = self._plan(settings, context)
        if plan is None:
            return None
        from .delight import recentred, remove_light, without_delight

        square = recentred(cutout.rgba)
        report = progress_part(context.report, 0.0, _PREPARED)
        if not plan.delight:
            return without_delight(square, side=plan.parts.side)
        return self._tried(
            plan,
            context,
            lambda one: remove_light(square, plan=one, models=self._models, report=report, side=plan.parts.side),
        )

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
        """As `paint`, with what `prepare` gave for this cut-out."""
        return self._paint(mesh, view, cutout, picture, settings, context, None)

    def prefetch(self, settings: Settings) -> None:
        """Begins to read the networks. What is wrong with them is told when they are needed."""

        def networks() -> Iterable[Network]:
            plan = self._plan(settings, Context())
            return plan.networks if plan is not None else ()

        read_ahead(networks, self._models)

    # --- steps ------------------------------------------------------------------------------------------------------

    def _plan(self, settings: Settings, context: Context) -> PaintPlan | None:
        if settings.hunyuan3d.paint.painter == PREVIEW_PAINT:
            return None
        try:
            return make_paint_plan(settings, self._weights)
        except Img23DError as error:
            if error.code != ErrorCode.WEIGHTS_MISSING:
                raise
            context.notify(_NOT_THERE)
            return None

    def _paint(
        self,
        mesh: Mesh,
        view: View,
        cutout: CutOut,
        picture: np.ndarray | None,
        settings: Settings,
        context: Context,
        uv: np.ndarray | None,
    ) -> Painted:
        plan = self._plan(settings, context) if picture is not None else None
        if plan is None or picture is None:
            return self._fallback.paint(mesh, view, cutout, settings, context, uv=uv)
        context.report(_PREPARED, "Drawing the sides")
        turned = facing_viewer(mesh, view)
        with background_task(lambda check: _layout(turned, uv, settings.common.texture_size, check)) as laid_out:
            cameras = make_cameras(turned.vertices, size=_RASTER)
            maps = draw_control_maps(turned, cameras, raster_size=_RASTER, size=plan.parts.side)
            views = self._views(plan, picture, maps, cameras, context)
            context.report(_VIEWED, "Unwrapping")
            layout = laid_out.result()
        texture = _baked(turned, layout, views, cameras, maps, progress_part(context.report, _VIEWED, 1.0))
        return Painted(mesh=mesh, uv=layout.uv, texture=texture, note=f"{_label(settings)}.")

    def _views(self, plan: PaintPlan, picture: np.ndarray, maps: ControlMaps, cameras: Cameras, context: Context) -> np.ndarray:
        """(6, s, s, 3) uint8"""
        from .multiview import paint_views

        report = progress_part(context.report, _DRAWN, _VIEWED)
        return self._tried(
            plan,
            context,
            lambda one: paint_views(picture, maps, cameras.ids, plan=one, models=self._models, seed=context.seed, report=report, show=context.show),
        )

    def _tried(self, plan: PaintPlan, context: Context, run: Callable[[PaintPlan], np.ndarray]) -> np.ndarray:
        return with_less_memory(attempts(plan, replace(plan, frugal=True), run, _NOTES), context, self._models)


def _label(settings: Settings) -> str:
    return label_of(PAINTERS, settings.hunyuan3d.paint.painter)


def _layout(mesh: Mesh, uv: np.ndarray | None, size: int, check: Callable[[], None]) -> Layout:
    return unwrap_mesh(mesh, size=size, report=check) if uv is None else layout_from(uv, mesh.polygons, size)


def _baked(
    mesh: Mesh,
    layout: Layout,
    views: np.ndarray,
    cameras: Cameras,
    maps: ControlMaps,
    report: Callable[[float, str], None],
) -> np.ndarray:
    """(S, S, 3) uint8"""
    shots = [
        Shot(view=view, image=image, weight=weight, raster=raster)
        for view, image, weight, raster in zip(cameras.views, views, cameras.weights, maps.rasters, strict=True)
    ]
    part = (_BAKED - _VIEWED) / (1.0 - _VIEWED)
    baked = bake(mesh, layout, shots, report=lambda done: report(part * done, "Baking"))
    return fill_surface(mesh, layout, baked, report=lambda done: report(part + (1 - part) * done, "Filling"))
