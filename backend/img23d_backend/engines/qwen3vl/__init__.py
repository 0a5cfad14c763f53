"""Qwen3-VL as the grounder: names to boxes in any photo."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from ...weights.store import WeightStore
from .locate import QwenGrounder

if TYPE_CHECKING:
    from ...models.store import ModelStore


def make_grounder(weights: WeightStore, models: ModelStore) -> QwenGrounder:
    """No weights are read before something is to be found."""
    # transformers puts another module in its own place while it is imported: a second thread that imports it meanwhile,
    # such as the one that reads ahead, gets the old one and finds no names in it.
    importlib.import_module("transformers")
    return QwenGrounder(weights, models)
