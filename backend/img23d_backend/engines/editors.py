"""The model that edits pictures, whichever of them the settings choose: nothing is imported before one is wanted and there."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, cast

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Settings
from img23d_protocol.options.edit import EDITORS, KLEIN

from ..weights.registry import weight_set
from ..weights.store import WeightStore

if TYPE_CHECKING:  # a set-up begins in a Python without NumPy
    import numpy as np

    from ..models.store import ModelStore
    from ..result_cache import ResultCache
    from ..stages import Context

_PACKAGES = ("torch", "transformers", "diffusers")
_FOLDERS = {KLEIN: "flux2_klein"}  # of the models; all others are the other one's
_OTHER = "qwen_image_edit"
_MOST = 32  # pictures of at most 3 MB


class PictureModel(Protocol):
    def edit(self, rgb: np.ndarray, context: Context) -> np.ndarray:
        """See `editing.editor.Editor`."""
        ...

    def prefetch(self, settings: Settings) -> None: ...


class ChosenEditor:
    """It keeps what it has made: what the artist has seen is not drawn once more."""

    def __init__(self, weights: WeightStore, models: Callable[[], ModelStore]) -> None:
        self._weights = weights
        self._models = models
        self._made: ResultCache[np.ndarray] | None = None
        self._loaded: dict[str, PictureModel] = {}

    def check(self, settings: Settings) -> None:
        """See `editing.editor.Editor`."""
        label = next(label for identifier, label, _ in EDITORS if identifier == settings.edit.model)
        if not all(map(importlib.util.find_spec, _PACKAGES)):
            sentence = f"“{label}” needs the AI models' environment: press Set Up AI Models, or turn off Clean the Picture First."
            raise Img23DError(ErrorCode.ENGINE_NOT_READY, sentence)
        lacking = [name for name in _file_sets(settings) if not self._weights.is_ready(name)]
        if lacking:
            sentence = f"“{weight_set(lacking[0]).label}” is not downloaded: download it under AI Models, or turn off Clean the Picture First."
            raise Img23DError(ErrorCode.WEIGHTS_MISSING, sentence)

    def edit(self, rgb: np.ndarray, context: Context) -> np.ndarray:
        """See `editing.editor.Editor`."""
        from ..result_cache import ResultCache, digest

        self._made = self._made or ResultCache(_MOST)
        edit = context.settings.edit
        key = (digest(rgb), context.seed, edit.told, edit.model, edit.steps, edit.eight_bits)
        return self._made.get(key, lambda: self._chosen(context.settings).edit(rgb, context))

    def prefetch(self, settings: Settings) -> None:
        """See `editing.editor.Editor`."""
        self._chosen(settings).prefetch(settings)

    def _chosen(self, settings: Settings) -> PictureModel:
        name = _FOLDERS.get(settings.edit.model, _OTHER)
        if name not in self._loaded:
            module = importlib.import_module(f".{name}", __package__)
            self._loaded[name] = cast(PictureModel, module.make_editor(self._weights, self._models()))
        return self._loaded[name]


def _file_sets(settings: Settings) -> tuple[str, ...]:
    """Also where the whole is turned off: who asks for an edit means it."""
    return settings.changed(edit=True).edit.file_sets()
