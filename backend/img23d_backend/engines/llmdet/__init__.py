"""LLMDet tiny as the grounder: a detector for any machine. S. Fu et al., LLMDet (CVPR 2025); the network is transformers' MM-Grounding-DINO."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from ...weights.store import WeightStore
from .locate import LlmDetGrounder

if TYPE_CHECKING:
    from ...models.store import ModelStore


def make_grounder(weights: WeightStore, models: ModelStore) -> LlmDetGrounder:
    """No weights are read before something is to be found."""
    importlib.import_module("transformers")  # by one thread before a second one does, see qwen3vl
    return LlmDetGrounder(weights, models)
