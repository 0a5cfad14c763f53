"""The preview engine: NumPy and OpenCV only, so that it runs anywhere Blender runs.

What stands out in a photo is told by whatever `make_engine` is given for it; without that, a plain background is needed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from img23d_protocol.messages import Settings, Stage

from ...stages import Engine, PlainMatter, Salience

if TYPE_CHECKING:
    from ...parts.splitter import ShapeSplitter
    from .. import Engines
    from ..further_views import FurtherViews

_LARGE_TEXTURE = 4096  # pixels a side: painting takes about as much memory as the cut-out network, which is read again in half a second


def assemble(engines: Engines) -> Engine:
    """The whole chain with the trained network that cuts out what stands out."""
    salience = engines.salience
    preview = make_engine(salience, engines.further_views)

    def prefetch(stage: Stage, settings: Settings) -> None:
        if stage is Stage.PAINT and settings.common.texture_size >= _LARGE_TEXTURE:
            salience.offload()

    matter = engines.built_in_matter(cast(PlainMatter, preview.matter))
    return replace(preview, matter=matter, depth=engines.depth_where_there(), prefetch=prefetch)


def make_splitter(engines: Engines) -> ShapeSplitter:
    """The one that goes by the shape alone."""
    from ...parts.splitter import ShapeSplitter

    return ShapeSplitter()


def make_engine(salience: Salience | None = None, further: FurtherViews | None = None) -> Engine:
    """The whole chain; its matter is the light-weight one. `further` draws views for its painter, where they are asked for."""
    from .background.scene import SceneMemory
    from .finding.locate import RegionGrounder
    from .finding.picker import RegionPicker
    from .matting.matte import GrabCutMatter
    from .paint.painter import ProjectionPainter
    from .shape.forms import FormDrawer
    from .shape.shaper import OutlineShaper

    memory = SceneMemory()
    picker = RegionPicker(memory, salience)
    return Engine(
        id="preview",
        grounder=RegionGrounder(memory, salience),
        matter=GrabCutMatter(memory),
        shaper=OutlineShaper(),
        forms=FormDrawer(),
        painter=ProjectionPainter(further),
        picker=picker,
        unload=lambda: memory.forget() + picker.forget(),
    )
