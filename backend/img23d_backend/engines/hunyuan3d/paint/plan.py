"""What a mesh is to be painted with: model, device and numbers, resolved from the settings before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from img23d_protocol.options.hunyuan3d import PAINT_DELIGHT, TURBO_PAINTER
from img23d_protocol.options.settings import Settings

from ....machine.devices import choose
from ....models.load_plan import LoadPlan, Network
from ....weights.registry import weight_set
from ....weights.store import WeightStore
from .loaders import PaintParts

_STEPS, _TURBO_STEPS = 30, 10  # hy3dgen's
_GUIDANCE = 2.0
_FUSED = ("cuda", "cpu")  # device types whose attention never holds the whole table of products
_QUERY_CHUNK = 1024  # 24,576 keys of 5 heads then take 0.25 GB in half precision at a time instead of 6


@dataclass(frozen=True, kw_only=True)
class PaintPlan(LoadPlan):
    """`frugal` also takes both halves of a guided step one after the other. `query_chunk` 0 is all at once.

    `match_positions` is for the turbo model only: its views attend to each other where they show the same place.
    """

    set_id: str
    parts: PaintParts
    is_turbo: bool
    steps: int
    guidance: float
    delight: bool
    match_positions: bool

    @property
    def query_chunk(self) -> int:
        return 0 if self.device.kind in _FUSED else _QUERY_CHUNK

    @property
    def delight_unet(self) -> Network:
        return self.network("unet", PAINT_DELIGHT, self.parts.delight_unet)

    @property
    def delight_vae(self) -> Network:
        return self.network("vae", PAINT_DELIGHT, self.parts.delight_vae)

    @property
    def reference(self) -> Network:
        return self.network("reference", self.set_id, self.parts.reference_unet)

    @property
    def multiview(self) -> Network:
        return self.network("multiview", self.set_id, self.parts.multiview_unet)

    @property
    def paint_vae(self) -> Network:
        return self.network("vae", self.set_id, self.parts.paint_vae)

    @property
    def networks(self) -> tuple[Network, ...]:
        """In the order in which they compute."""
        delight = (self.delight_vae, self.delight_unet) if self.delight else ()
        return *delight, self.paint_vae, self.reference, self.multiview


def make_paint_plan(settings: Settings, weights: WeightStore) -> PaintPlan:
    """Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED) and (BAD_REQUEST) for a device that is not there."""
    paint = settings.hunyuan3d.paint
    is_turbo = paint.painter == TURBO_PAINTER
    delight = _folder(weights, PAINT_DELIGHT) if paint.delight else None
    return PaintPlan(
        set_id=paint.painter,
        parts=PaintParts(delight=delight, paint=_folder(weights, paint.painter)),
        device=choose(settings.machine.devices.paint),
        is_turbo=is_turbo,
        steps=paint.paint_steps or (_TURBO_STEPS if is_turbo else _STEPS),
        guidance=1.0 if is_turbo else paint.paint_guidance or _GUIDANCE,
        delight=paint.delight,
        match_positions=paint.match_positions,
        frugal=settings.machine.small_memory,
    )


def _folder(weights: WeightStore, set_id: str) -> Path:
    return weights.path(set_id) / weight_set(set_id).subfolder
