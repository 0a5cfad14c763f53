"""Qwen3-VL as the grounder: names to boxes in any photo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...models.weights import WeightStore
from .locate import QwenGrounder

if TYPE_CHECKING:
    from ...models.memory import ModelStore


def make_grounder(weights: WeightStore, models: ModelStore) -> QwenGrounder:
    """Nothing is read before something is to be found."""
    return QwenGrounder(weights, models)
