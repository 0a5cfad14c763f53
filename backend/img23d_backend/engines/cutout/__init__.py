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
    preview = engines.assembled("preview")
    grounder, matter = engines.grounder(), engines.matter(fallback=preview.matter)
    return replace(
        preview,
        id="cutout",
        grounder=grounder,
        matter=matter,
        depth=engines.depth(),
        prefetch=engines.prefetching({Stage.LOCATE: grounder.prefetch, Stage.MATTE: matter.prefetch}, preview),
    )
