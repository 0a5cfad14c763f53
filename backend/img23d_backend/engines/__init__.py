"""The engines, one folder each, put together from stages there. Nothing heavy is imported before an engine is asked for.

    id          locate            matte                        shape        paint
    preview     preview, isnet    isnet (or preview)           preview      preview
    cutout      qwen3vl, llmdet   birefnet (or preview's)      preview      preview
    hunyuan3d   qwen3vl, llmdet   birefnet (or preview's)      hunyuan3d    hunyuan3d (or preview's)
    trellis     qwen3vl, llmdet   birefnet (or preview's)      trellis      trellis (or preview's)
    light       llmdet, qwen3vl   birefnet (or preview's)      triposr      triposr (or preview's)
    instantmesh qwen3vl, llmdet   birefnet (or preview's)      instantmesh  instantmesh (or preview's)
    triposg     qwen3vl, llmdet   birefnet (or preview's)      triposg      preview (or hunyuan3d's)

Which there are says `img23d_protocol.options.settings`: an engine of that id is made by `assemble` of the folder with its name. What only splits
things into parts is declared in `img23d_protocol.options.parts`, and made by `make_splitter` of the folder with its name.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import EngineInfo, Settings, Stage, Status
from img23d_protocol.options.declare import Engine as Declared
from img23d_protocol.options.search import LIGHT_GROUNDER
from img23d_protocol.options.settings import BUILT_IN, REGISTERED, SPLITTERS

from ..weights.store import WeightStore

if TYPE_CHECKING:  # a set-up begins in a Python without NumPy
    from ..fields.painter import FieldPainter
    from ..models.store import ModelStore
    from ..parts.stage import Splitter
    from ..stages import Engine, Matter, Painter, PlainMatter
    from .birefnet.matte import BiRefNetMatter
    from .depth_anything import DepthWhereThere
    from .depth_anything.depth import DepthAnything
    from .editors import ChosenEditor
    from .further_views import FurtherViews
    from .grounders import ChosenGrounder
    from .isnet.salience import IsNetSalience
    from .triposr.shape.shaper import TripoSRShaper


# `note` is what a ready engine does; one that is not ready says what it lacks instead
def _infos(engines: Iterable[Declared]) -> dict[str, EngineInfo]:
    return {one.id: EngineInfo(id=one.id, label=one.label, ready=one.is_built_in, note=one.tip) for one in engines}


INFOS = _infos(REGISTERED)
SPLITTER_INFOS = _infos(SPLITTERS)
PREVIEW = INFOS[BUILT_IN.id]

_VERBS = {Stage.LOCATE: "finds", Stage.SHAPE: "shapes", Stage.SPLIT: "splits"}


def require_known(engine_id: str) -> None:
    """Raises Img23DError(ENGINE_UNKNOWN)."""
    if engine_id not in INFOS:
        known = ", ".join(INFOS)
        raise Img23DError(ErrorCode.ENGINE_UNKNOWN, f"There is no engine called “{engine_id}”; there is: {known}.")


class Engines:
    """The engines of one process, and what they share: the weights on disk and the models in memory."""

    def __init__(self, models_folder: Path) -> None:
        self.weights = WeightStore(models_folder)
        self._models: ModelStore | None = None
        self._salience: IsNetSalience | None = None
        self._six_views: FurtherViews | None = None
        self._editor: ChosenEditor | None = None
        self._loaded: dict[str, Engine] = {}
        self._splitters: dict[str, Splitter] = {}

    def infos(self) -> tuple[EngineInfo, ...]:
        """Every engine the panel may offer, and whether it is ready, without loading one."""
        return tuple(self._info(one, INFOS[one.id]) for one in REGISTERED)

    def splitter_infos(self) -> tuple[EngineInfo, ...]:
        """The same of what splits things into parts."""
        return tuple(self._info(one, SPLITTER_INFOS[one.id]) for one in SPLITTERS)

    def status(self) -> Status:
        """What this machine has; imports torch where it is installed, which takes seconds."""
        from ..machine.devices import device_infos, has_torch
        from ..machine.seen_cards import seen_cards

        cards = () if has_torch() else seen_cards()
        return Status(devices=device_infos(), cards=cards, engines=self.infos(), splitters=self.splitter_infos(), weights=self.weights.infos())

    def load(self, engine_id: str) -> Engine:
        """The engine of that id. Raises Img23DError(ENGINE_UNKNOWN) or (ENGINE_NOT_READY)."""
        require_known(engine_id)
        info = next(info for info in self.infos() if info.id == engine_id)
        if not info.ready:
            raise Img23DError(ErrorCode.ENGINE_NOT_READY, info.note)
        return self.assembled(engine_id)

    def assembled(self, engine_id: str) -> Engine:
        """The engine of that id whether it is ready or not, for one that is put together with its stages."""
        if engine_id not in self._loaded:
            self._loaded[engine_id] = importlib.import_module(f".{engine_id}", __name__).assemble(self)
        return self._loaded[engine_id]

    def load_splitter(self, splitter_id: str) -> Splitter:
        """The splitter of that id. Raises Img23DError(ENGINE_UNKNOWN) or (ENGINE_NOT_READY)."""
        if splitter_id not in SPLITTER_INFOS:
            known = ", ".join(SPLITTER_INFOS)
            raise Img23DError(ErrorCode.ENGINE_UNKNOWN, f"There is no splitter called “{splitter_id}”; there is: {known}.")
        info = next(info for info in self.splitter_infos() if info.id == splitter_id)
        if not info.ready:
            raise Img23DError(ErrorCode.ENGINE_NOT_READY, info.note)
        if splitter_id not in self._splitters:
            self._splitters[splitter_id] = importlib.import_module(f".{splitter_id}", __name__).make_splitter(self)
        return self._splitters[splitter_id]

    def load_editor(self) -> ChosenEditor:
        """What cleans pictures, whichever engine then works on them."""
        if self._editor is None:
            from .editors import ChosenEditor

            self._editor = ChosenEditor(self.weights, lambda: self.models)
        return self._editor

    def unload(self) -> int:
        """Gives back what is only held to be faster next time; returns bytes, as far as known."""
        freed = sum(one.unload() for one in (*self._loaded.values(), *self._splitters.values()))
        self._loaded.clear()
        self._splitters.clear()
        self._six_views = self._editor = None
        if self._salience is not None:
            freed += self._salience.unload()
        if self._models is not None:
            freed += self._models.unload()
        return freed

    # --- putting together -------------------------------------------------------------------------------------------

    def _info(self, engine: Declared, info: EngineInfo) -> EngineInfo:
        if engine.is_built_in:
            return info
        missing = [name for name in engine.packages if importlib.util.find_spec(name) is None]
        if missing:
            return replace(info, note=f"{info.label} is not set up yet: press Set Up AI Models.")
        for stage in map(Stage, engine.needs):
            # Options of the stage that need no weights, such as how finely a surface is split, are no way to do without
            ways = [sets for part in Settings().stages_of(engine) if stage in part.stages for sets in part.alternatives() if sets]
            if not any(all(map(self.weights.is_ready, sets)) for sets in ways):
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

    @property
    def six_views(self) -> FurtherViews:
        """What draws six views of a thing from its picture, once for all that looks at them."""
        if self._six_views is None:
            self._six_views = importlib.import_module(".instantmesh", __name__).make_six_views(self.weights, self.models)
        return cast("FurtherViews", self._six_views)

    @property
    def further_views(self) -> FurtherViews:
        """The same for a painter that works without them."""
        from .further_views import ViewsWhereThere

        return ViewsWhereThere(self.weights, lambda: self.six_views)

    # --- what several engines are put together from ------------------------------------------------------------------

    def built_in_matter(self, fallback: PlainMatter) -> Matter:
        """What stands out is cut out by the trained network that comes with the extension."""
        from .isnet import make_matter

        return make_matter(self.salience, fallback=fallback)

    def grounder(self) -> ChosenGrounder:
        """The model that finds things by their names."""
        from . import llmdet, qwen3vl
        from .grounders import ChosenGrounder

        light = llmdet.make_grounder(self.weights, self.models)
        return ChosenGrounder(usual=qwen3vl.make_grounder(self.weights, self.models), others={LIGHT_GROUNDER: light})

    def matter(self, fallback: Matter) -> BiRefNetMatter:
        """The model that cuts things out."""
        from .birefnet import make_matter

        return make_matter(self.weights, self.models, fallback=fallback)

    def depth(self) -> DepthAnything:
        """The model that tells how the camera was held."""
        from .depth_anything import make_depth

        return make_depth(self.weights, self.models)

    def depth_where_there(self) -> DepthWhereThere:
        """The same for an engine that works without it."""
        from .depth_anything import DepthWhereThere

        return DepthWhereThere(self.weights, lambda: self.models)

    def reconstruction(self, *, projection: Painter, learned: Painter) -> tuple[TripoSRShaper, FieldPainter]:
        """The model that sees a whole thing in one picture of it; the others paint where they are chosen."""
        from .triposr import make_shaper_and_painter

        return make_shaper_and_painter(self.weights, self.models, projection=projection, learned=learned)

    def prefetching(self, own: Mapping[Stage, Callable[[Settings], None]], other: Engine) -> Callable[[Stage, Settings], None]:
        """Ahead of each stage what its own model needs, for all others what the `other` engine does."""

        def prefetch(stage: Stage, settings: Settings) -> None:
            if stage in own:
                own[stage](settings)
            else:
                other.prefetch(stage, settings)

        return prefetch
