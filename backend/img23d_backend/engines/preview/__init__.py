"""The preview engine: NumPy and OpenCV only, so that it runs anywhere Blender runs.

What stands out in a photo is told by whatever `make_engine` is given for it; without that, a plain background is needed.
"""

from __future__ import annotations

from ...stages import Engine, Salience


def make_engine(salience: Salience | None = None) -> Engine:
    """The whole chain; its matter is the light-weight one."""
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
        painter=ProjectionPainter(),
        picker=picker,
        unload=lambda: memory.forget() + picker.forget(),
    )
