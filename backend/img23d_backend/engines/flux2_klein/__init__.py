"""FLUX.2 [klein] 4B (Black Forest Labs, 2026) as an editor of pictures: four steps, and a text that is embedded once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...weights.store import WeightStore

if TYPE_CHECKING:
    from ...models.store import ModelStore
    from .editor import KleinEditor


def make_editor(weights: WeightStore, models: ModelStore) -> KleinEditor:
    """Cheap: the networks are read when the first picture is edited."""
    from .editor import KleinEditor

    return KleinEditor(weights, models)
