"""The engine for any machine: things found by a light detector, shapes and colours by TripoSR."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from img23d_protocol.messages import Stage

from ...stages import Engine
from .own_choice import LightGrounder, LightMatter

if TYPE_CHECKING:
    from .. import Engines


def assemble(engines: Engines) -> Engine:
    """The whole chain: search and matte as in the engine of cut-outs, with the models that are chosen here, and what is made of them."""
    cutout, learned = engines.assembled("cutout"), engines.assembled("hunyuan3d")
    shaper, painter = engines.reconstruction(projection=cutout.painter, learned=learned.painter)
    grounder = LightGrounder(inner=engines.grounder())
    matter = LightMatter(inner=engines.matter(fallback=engines.assembled("preview").matter))
    own = {Stage.LOCATE: grounder.prefetch, Stage.MATTE: matter.prefetch, Stage.SHAPE: shaper.prefetch}
    return replace(
        cutout,
        id="light",
        grounder=grounder,
        matter=matter,
        shaper=shaper,
        forms=None,
        painter=painter,
        prefetch=engines.prefetching(own, cutout),
        unload=lambda: cutout.unload() + shaper.unload(),
    )
