"""The region at a point of the photo: of those that stand out in it, else one that is grown there."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from img23d_protocol.messages import Box, Point

from ....result_cache import ResultCache
from ....stages import Context, Photo, PixelBox, Salience, Segmentation
from ..background.scene import Scene, SceneMemory
from ..regions.best_scene import seen_scene
from ..regions.further import light_regions
from ..regions.grow import grown
from ..regions.regions import Region, find_regions
from ..regions.things import parts_in, things_in

_MOST = 200  # things, the largest of what hangs together
_MOST_LABELS = 254  # of 8 bits, and one for what is grown from a point
_SHOWN = 1024  # pixels of the longer side that the small pictures are cut from
_FILLS = 0.6  # intersection over union with a box: then it is the region that the box was made for


@dataclass(frozen=True, kw_only=True)
class _Seen:
    segmentation: Segmentation
    scene: Scene

    @property
    def size(self) -> int:
        """Bytes, about."""
        return self.segmentation.rgb.nbytes + self.segmentation.labels.nbytes + sum(mask.nbytes for mask in self.segmentation.masks) + self.scene.lab.nbytes


class RegionPicker:
    """The preview engine's `Picker`. `memory` and `salience` may be shared with the other stages."""

    def __init__(self, memory: SceneMemory, salience: Salience | None = None) -> None:
        self._memory = memory
        self._salience = salience
        self._kept: ResultCache[_Seen] = ResultCache(1)
        self._newest: _Seen | None = None

    def segment(self, key: str, load: Callable[[], Photo], context: Context) -> Segmentation:
        """As `Picker` says."""
        return self._seen(key, load, context).segmentation

    def at(self, key: str, load: Callable[[], Photo], point: Point, context: Context, *, box: Box | None = None) -> np.ndarray | None:
        """As `Picker` says."""
        seen = self._seen(key, load, context)
        height, width = seen.scene.foreground.shape
        x, y = min(width - 1, int(point.x * width)), min(height - 1, int(point.y * height))
        here = [seen.segmentation.masks[label - 1] for label in seen.segmentation.labels[:, y, x] if label]
        others = (seen.segmentation.labels[1] > 0) & (not here)
        if box is None:
            return here[0] if here else grown(seen.scene, x, y, others)
        free = [] if here else [one for one in [grown(seen.scene, x, y, others)] if one is not None]
        best = max((*here, *free), key=lambda mask: _overlap(mask, box), default=None)
        if best is not None and _overlap(best, box) >= _FILLS:
            return best
        return grown(seen.scene, x, y, others, _pixels(box, width, height))

    def forget(self) -> int:
        """Frees what is kept; returns its bytes."""
        freed = 0 if self._newest is None else self._newest.size
        self._kept, self._newest = ResultCache(1), None
        return freed

    def _seen(self, key: str, load: Callable[[], Photo], context: Context) -> _Seen:
        self._newest = self._kept.get((key, context.settings.preview.cut_outs.cutter), lambda: self._made(load(), context))
        return self._newest

    def _made(self, photo: Photo, context: Context) -> _Seen:
        context.report(0.1, "Looking at the photo")
        scene = seen_scene(photo, self._salience, self._memory, context)
        context.report(0.8, "")
        wholes = _largest(light_regions(photo, scene, find_regions(scene), self._memory))
        masks, labels = _labelled(scene, wholes)
        segmentation = Segmentation(rgb=_shown(photo), masks=masks, labels=labels, width=photo.width, height=photo.height, notes=photo.notes)
        return _Seen(segmentation=segmentation, scene=scene)


def _labelled(scene: Scene, wholes: Sequence[Region]) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """The masks and the labels of a `Segmentation`."""
    masks: list[np.ndarray] = []
    labels = np.zeros((2, *scene.foreground.shape), np.uint8)
    shape = scene.foreground.shape
    things = [thing for whole in wholes for thing in things_in(scene, whole)][:_MOST]
    for thing in things:
        masks.append(thing.over(shape))
        labels[:, masks[-1]] = len(masks)
    for thing in things:
        parts = [part.over(shape) for part in parts_in(scene, thing)]
        for part in parts if 1 < len(parts) < _MOST_LABELS - len(masks) else ():
            masks.append(part)
            labels[1][part] = len(masks)
    return tuple(masks), labels


def _largest(regions: Sequence[Region]) -> list[Region]:
    """The largest ones, in the order in which they came."""
    kept = sorted(regions, key=lambda region: -region.area)[:_MOST]
    return [region for region in regions if any(region is one for one in kept)]


def _shown(photo: Photo) -> np.ndarray:
    scale = min(1.0, _SHOWN / max(photo.width, photo.height))
    size = (max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))
    return cv2.resize(photo.rgb, size, interpolation=cv2.INTER_AREA) if scale < 1 else photo.rgb.copy()


def _pixels(box: Box, width: int, height: int) -> PixelBox:
    """The box in pixels of the scene, at least two a side."""
    left, top = min(width - 2, math.floor(box.left * width)), min(height - 2, math.floor(box.top * height))
    right, bottom = max(left + 2, math.ceil(box.right * width)), max(top + 2, math.ceil(box.bottom * height))
    return PixelBox(left=max(0, left), top=max(0, top), right=min(width, right), bottom=min(height, bottom))


def _overlap(mask: np.ndarray, box: Box) -> float:
    """Intersection over union of the mask's own box and the other."""
    left, top, across, down = cv2.boundingRect(mask.astype(np.uint8))
    other = _pixels(box, mask.shape[1], mask.shape[0])
    width = min(left + across, other.right) - max(left, other.left)
    height = min(top + down, other.bottom) - max(top, other.top)
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / (across * down + other.width * other.height - width * height)
