"""AutoPartGen as a splitter (Chen et al., AutoPartGen: Autoregressive 3D Part Generation and Discovery, 2025)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .. import Engines
    from .splitter import AutoPartSplitter


def make_splitter(engines: Engines) -> AutoPartSplitter:
    """Cheap: the networks are read when the first thing is split."""
    from .splitter import AutoPartSplitter

    return AutoPartSplitter(engines.weights, engines.models)
