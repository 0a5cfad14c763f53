"""PartCrafter as a splitter: the parts of what a picture shows, all at once (Lin et al., PartCrafter: Structured 3D Mesh Generation via
Compositional Latent Diffusion Transformers, 2025).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .. import Engines
    from .splitter import PartCrafterSplitter


def make_splitter(engines: Engines) -> PartCrafterSplitter:
    """Cheap: the networks are read when the first parts are asked for."""
    from .splitter import PartCrafterSplitter

    return PartCrafterSplitter(engines.weights, engines.models)
