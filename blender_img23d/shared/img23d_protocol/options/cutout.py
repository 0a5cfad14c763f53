"""AI cut-outs with the preview engine's shapes: a learned search and matte, and the camera's tilt from a depth model."""

from __future__ import annotations

from .all_engines import Common
from .camera import Camera
from .declare import Engine, Options
from .edit import Edit
from .further_views import FurtherViews
from .matte import Matte
from .preview import Outlines
from .search import Search


class CutOut(Options):
    """The engine of learned cut-outs, which has no options of its own."""

    engine = Engine(
        id="cutout",
        label="AI cut-outs, preview shapes",
        set_up="AI cut-outs: 5 GB, any machine",
        tip="Finds and cuts out named things in any photo; the shapes are the preview engine's.",
        uses=(Common, Edit, Search, Matte, Camera, Outlines, FurtherViews),
        title="Shape, Preview",
        has_kinds=True,
        packages=("torch", "transformers"),
        needs=("locate",),
    )
