"""Qwen-Image-Edit 2509 and 2511 (Qwen, 2025) as editors of pictures, in 8 or 4 steps with the Lightning weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...weights.store import WeightStore

if TYPE_CHECKING:
    from ...models.store import ModelStore
    from .editor import QwenEditor


def make_editor(weights: WeightStore, models: ModelStore) -> QwenEditor:
    """Cheap: the networks are read when the first picture is edited."""
    from .editor import QwenEditor

    return QwenEditor(weights, models)
