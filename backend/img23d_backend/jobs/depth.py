"""What the depth model tells of a run's photo, while that is at hand: the ground, and how far away each thing's surface is."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from img23d_protocol import Img23DError
from img23d_protocol.messages import Settings, Stage

from ..stages import Context, DepthEstimator, Engine, Ground, Photo, PixelBox, SeenDistances
from .job import Job
from .results import Cut

log = logging.getLogger(__name__)

_USUAL_FOCAL = 0.8  # photo widths, where the file does not tell: of a phone's usual lens


@dataclass(frozen=True, kw_only=True)
class Measured:
    """`ground` None: not known; `cuts` with what is needed to bend their solids, where that is wanted and known."""

    ground: Ground | None
    cuts: dict[int, Cut]


def measure(engine: Engine, photo: Photo, cuts: Mapping[int, Cut], settings: Settings, job: Job) -> Measured:
    """The camera can be found and solids be made without, so a failure is only told."""
    if engine.depth is None or not cuts:
        return Measured(ground=None, cuts=dict(cuts))
    context = job.context(Stage.MATTE)
    try:
        return _measured(engine.depth, photo, cuts, context, with_distances=engine.shaper.heeds_distances(settings))
    except (Img23DError, RuntimeError, MemoryError, OSError):
        log.exception("the photo's depth was not measured")
        context.notify("The photo's depth could not be measured, so its camera is found from the boxes alone.")
        return Measured(ground=None, cuts=dict(cuts))


def _measured(depth: DepthEstimator, photo: Photo, cuts: Mapping[int, Cut], context: Context, *, with_distances: bool) -> Measured:
    ground = depth.ground(photo, [_pixels(cut, photo) for cut in cuts.values()], context)
    distances = depth.distances(photo, context) if with_distances else None
    if distances is None:
        return Measured(ground=ground, cuts=dict(cuts))
    seen = _seen(distances, photo, ground)
    return Measured(ground=ground, cuts={index: replace(cut, distances=seen) for index, cut in cuts.items()})


def _seen(distances: np.ndarray, photo: Photo, ground: Ground | None) -> SeenDistances:
    focal = photo.focal or _USUAL_FOCAL
    pitch = 0.0 if ground is None else math.atan(ground.horizon / focal)
    return SeenDistances(values=distances, width=photo.width, height=photo.height, focal=focal * photo.width, pitch=pitch)


def _pixels(cut: Cut, photo: Photo) -> PixelBox:
    box = cut.solid_box
    return PixelBox(
        left=round(box.left * photo.width),
        top=round(box.top * photo.height),
        right=round(box.right * photo.width),
        bottom=round(box.bottom * photo.height),
    )
