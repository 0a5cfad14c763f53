"""The preview engine: NumPy and OpenCV only, so that it runs anywhere Blender runs."""

from __future__ import annotations

from ...stages import Engine


def make_engine() -> Engine:
    """The whole chain without a learned model."""
    from .locate import RegionGrounder
    from .matte import GrabCutMatter
    from .paint import ProjectionPainter
    from .scene import SceneMemory
    from .shape import OutlineShaper

    memory = SceneMemory()
    return Engine(
        id="preview",
        grounder=RegionGrounder(memory),
        matter=GrabCutMatter(memory),
        shaper=OutlineShaper(),
        painter=ProjectionPainter(),
        unload=memory.forget,
    )
