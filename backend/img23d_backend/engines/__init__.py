"""The engines, one folder each, put together from stages here. Nothing heavy is imported before an engine is asked for.

    id          locate            matte                        shape        paint
    preview     preview, isnet    isnet (or preview)           preview      preview
    cutout      qwen3vl           birefnet (or preview's)      preview      preview
    hunyuan3d   qwen3vl           birefnet (or preview's)      hunyuan3d    hunyuan3d (or preview's)
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.choices import ENGINES, PREVIEW_ENGINE
from img23d_protocol.messages import EngineInfo, Settings, Stage, Status

from ..weights.registry import WEIGHT_SETS
from ..weights.store import WeightStore

if TYPE_CHECKING:  # a set-up begins in a Python without NumPy
    from ..models.store import ModelStore
    from ..stages import Engine, PlainMatter
    from .isnet.salience import IsNetSalience

# `note` is what a ready engine does; one that is not ready says what it lacks instead
PREVIEW, HUNYUAN3D, CUTOUT = (
    EngineInfo(id=identifier, label=label, ready=identifier == PREVIEW_ENGINE, note=note)
    for identifier, label, note in ENGINES
)

_PACKAGES = {CUTOUT.id: ("torch", "transformers"), HUNYUAN3D.id: ("torch", "transformers", "hy3dgen")}
_STAGES = {CUTOUT.id: (Stage.LOCATE,), HUNYUAN3D.id: (Stage.LOCATE, Stage.SHAPE)}  # that need weights in any case
_LARGE_TEXTURE = 4096  # pixels a side: painting takes about as much memory as the cut-out network, which is read again in half a second
_VERBS = {Stage.LOCATE: "finds", Stage.SHAPE: "shapes"}


class Engines:
    """The engines of one process, and what they share: the weights on disk and the models in memory."""

    def __init__(self, models_folder: Path) -> None:
        self.weights = WeightStore(models_folder)
        self._models: ModelStore | None = None
        self._salience: IsNetSalience | None = None
        self._makers: dict[str, Callable[[], Engine]] = {
            PREVIEW.id: self._make_preview,
            CUTOUT.id: self._make_cutout,
            HUNYUAN3D.id: self._make_hunyuan3d,
        }
        self._loaded: dict[str, Engine] = {}

    def infos(self) -> tuple[EngineInfo, ...]:
        """Every engine the panel may offer, and whether it is ready, without loading one."""
        return (PREVIEW, self._learned_info(HUNYUAN3D), self._learned_info(CUTOUT))

    def status(self) -> Status:
        """What this machine has; imports torch where it is installed, which takes seconds."""
        from ..machine.devices import device_infos, has_torch
        from ..machine.seen_cards import seen_cards

        cards = () if has_torch() else seen_cards()
        return Status(devices=device_infos(), cards=cards, engines=self.infos(), weights=self.weights.infos())

    def load(self, engine_id: str) -> Engine:
        """The engine of that id. Raises Img23DError(ENGINE_UNKNOWN) or (ENGINE_NOT_READY)."""
        maker = self._makers.get(engine_id)
        if maker is None:
            known = ", ".join(self._makers)
            raise Img23DError(ErrorCode.ENGINE_UNKNOWN, f"There is no engine called “{engine_id}”; there is: {known}.")
        info = next(info for info in self.infos() if info.id == engine_id)
        if not info.ready:
            raise Img23DError(ErrorCode.ENGINE_NOT_READY, info.note)
        if engine_id not in self._loaded:
            self._loaded[engine_id] = maker()
        return self._loaded[engine_id]

    def unload(self) -> int:
        """Gives back what is only held to be faster next time; returns bytes, as far as known."""
        freed = sum(engine.unload() for engine in self._loaded.values())
        self._loaded.clear()
        if self._salience is not None:
            freed += self._salience.unload()
        if self._models is not None:
            freed += self._models.unload()
        return freed

    # --- putting together -------------------------------------------------------------------------------------------

    def _learned_info(self, info: EngineInfo) -> EngineInfo:
        missing = [name for name in _PACKAGES[info.id] if importlib.util.find_spec(name) is None]
        if missing:
            return replace(info, note=f"{info.label} is not set up yet: press Set Up AI Models.")
        for stage in _STAGES[info.id]:
            rows = [row for row in WEIGHT_SETS if row.stage is stage and not row.is_addition]
            if not any(self.weights.is_ready(row.id) for row in rows):
                return replace(info, note=f"Lacks a model that {_VERBS[stage]} things: download one under AI Models.")
        return replace(info, ready=True)

    @property
    def models(self) -> ModelStore:
        """The models in memory, which all engines share."""
        if self._models is None:
            from ..models.store import ModelStore

            self._models = ModelStore()
        return self._models

    @property
    def salience(self) -> IsNetSalience:
        """What stands out in a photo, which all engines share."""
        if self._salience is None:
            from .isnet import make_salience

            self._salience = make_salience()
        return self._salience

    def _make_preview(self) -> Engine:
        from .isnet import make_matter
        from .preview import make_engine

        preview = make_engine(self.salience)

        def prefetch(stage: Stage, settings: Settings) -> None:
            if stage is Stage.PAINT and settings.texture_size >= _LARGE_TEXTURE:
                self.salience.offload()

        matter = make_matter(self.salience, fallback=cast("PlainMatter", preview.matter))
        return replace(preview, matter=matter, prefetch=prefetch)

    def _make_cutout(self) -> Engine:
        from .birefnet import make_matter
        from .depth_anything import make_depth
        from .qwen3vl import make_grounder

        preview, models = self._make_preview(), self.models
        grounder = make_grounder(self.weights, models)
        matter = make_matter(self.weights, models, fallback=preview.matter)
        prefetchers = {Stage.LOCATE: grounder.prefetch, Stage.MATTE: matter.prefetch}

        def prefetch(stage: Stage, settings: Settings) -> None:
            if stage in prefetchers:
                prefetchers[stage](settings)
            else:
                preview.prefetch(stage, settings)

        depth = make_depth(self.weights, models)
        return replace(preview, id=CUTOUT.id, grounder=grounder, matter=matter, depth=depth, prefetch=prefetch)

    def _make_hunyuan3d(self) -> Engine:
        from .hunyuan3d import make_painter, make_shaper

        cutout, models = self._make_cutout(), self.models
        shaper = make_shaper(self.weights, models)
        painter = make_painter(self.weights, models, fallback=cutout.painter)
        prefetchers = {Stage.SHAPE: shaper.prefetch, Stage.PAINT: painter.prefetch}

        def prefetch(stage: Stage, settings: Settings) -> None:
            if stage in prefetchers:
                prefetchers[stage](settings)
            else:
                cutout.prefetch(stage, settings)

        return replace(cutout, id=HUNYUAN3D.id, shaper=shaper, forms=None, painter=painter, prefetch=prefetch)
