"""AI cut-outs with the preview engine's shapes: a learned search and matte, and the camera's tilt from a depth model."""

from __future__ import annotations

from dataclasses import field

from .all_engines import Common
from .declare import Engine, Options, StageOptions
from .matte import Matte
from .preview import Outlines
from .search import Search

DEPTH_MODEL = "depth-anything-v2-metric-small"  # the file set that tells how the camera was held; used wherever it is downloaded


class Camera(StageOptions):
    """How the camera was held. No options yet."""

    def file_sets(self) -> tuple[str, ...]:
        return (DEPTH_MODEL,)


class CutOut(Options):
    """The engine of learned cut-outs."""

    camera: Camera = field(default_factory=Camera)

    engine = Engine(
        id="cutout",
        label="AI cut-outs, preview shapes",
        tip="Finds and cuts out named things in any photo; the shapes are the preview engine's.",
        uses=(Common, Search, Matte, Camera, Outlines),
        title="Shape, Preview",
        has_kinds=True,
        packages=("torch", "transformers"),
        needs=("locate",),
    )
