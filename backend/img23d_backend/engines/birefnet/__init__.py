"""BiRefNet cuts things out of any photo; the network is written here, in plain torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...models.store import ModelStore
    from ...stages import Matter
    from ...weights.store import WeightStore
    from .matte import BiRefNetMatter


def make_matter(weights: WeightStore, models: ModelStore, *, fallback: Matter) -> BiRefNetMatter:
    """The matte stage; `fallback` does the work where the artist has chosen the preview engine's matte."""
    from .matte import BiRefNetMatter

    return BiRefNetMatter(weights, models, fallback=fallback)
