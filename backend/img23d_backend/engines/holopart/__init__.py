"""HoloPart as a splitter: the pieces of a mesh's surface, completed (Yang et al., HoloPart: Generative 3D Part Amodal Segmentation, 2025)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .. import Engines
    from .splitter import HoloPartSplitter


def make_splitter(engines: Engines) -> HoloPartSplitter:
    """Cheap: the networks are read when the first parts are asked for."""
    from .splitter import HoloPartSplitter

    return HoloPartSplitter(engines.weights, engines.models)
