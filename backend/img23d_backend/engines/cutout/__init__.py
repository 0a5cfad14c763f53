"""AI cut-outs with the preview engine's shapes: the learned search and matte, and the camera's tilt from a depth model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from img23d_protocol.messages import Stage

from ...stages import Engine

if TYPE_CHECKING:
    from .. import Engines


def assemble(engines: Engines) -> Engine:
    """The whole chain."""
    from ..birefnet import make_matter
    from ..depth_anything import make_depth
    from ..qwen3vl import make_grounder

    preview, weights, models = engines.assembled("preview"), engines.weights, engines.models
    grounder = make_grounder(weights, models)
    matter = make_matter(weights, models, fallback=preview.matter)
    return replace(
        preview,
        id="cutout",
        grounder=grounder,
        matter=matter,
        depth=make_depth(weights, models),
        prefetch=engines.prefetching({Stage.LOCATE: grounder.prefetch, Stage.MATTE: matter.prefetch}, preview),
    )
