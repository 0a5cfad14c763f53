"""What can be picked in the photo: the backend's label map, so that no move of the mouse needs a request."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...core.plausible import sound_box
from ...shared.img23d_protocol import ErrorCode, Img23DError
from ...shared.img23d_protocol.messages import PhotoRegion, Pick, Regions
from ...shared.img23d_protocol.options.settings import PICKED_WITH

_LONGEST_SIDE = 4096  # pixels of the labels
_UNREADABLE = "What can be picked in the photo could not be read: press Pick in the Photo again."

Stamp = tuple[int, int]  # of a file: when it was changed, in nanoseconds, and its size in bytes


@dataclass(frozen=True, kw_only=True, eq=False)
class Picks:
    """`labels` (2, h, w) uint8 as in `Regions`: of the things, and of the things and their parts."""

    photo: str
    stamp: Stamp | None
    options: tuple[object, ...]  # those that decide what can be picked
    folder: Path
    labels: np.ndarray
    regions: tuple[PhotoRegion, ...]

    def at(self, x: float, y: float, *, parts: bool) -> int:
        """The region at a place in fractions of the photo, -1 for none."""
        _, height, width = self.labels.shape
        if not (0.0 <= x <= 1.0 and 0.0 <= y <= 1.0):
            return -1
        return int(self.labels[int(parts), min(int(y * height), height - 1), min(int(x * width), width - 1)]) - 1

    def mask(self, index: int) -> np.ndarray:
        """(h, w) bool over the photo, a view or a copy."""
        things = self.labels[0] == index + 1
        return things if things.any() else self.labels[1] == index + 1


def stamp_of(photo: str) -> Stamp | None:
    """None for a file that is not there."""
    try:
        state = os.stat(photo)
    except (OSError, ValueError):
        return None
    return state.st_mtime_ns, state.st_size


def read_picks(request: Pick, message: Regions, stamp: Stamp | None) -> Picks:
    """Raises Img23DError for files that are gone or are not what the message says."""
    try:
        labels = np.load(message.labels, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise Img23DError(ErrorCode.INTERNAL, _UNREADABLE, str(error)) from error
    is_sound = labels.dtype == np.uint8 and labels.ndim == 3 and labels.shape[0] == 2 and 0 < max(labels.shape) <= _LONGEST_SIDE
    if not is_sound or not labels.size or labels.max() > len(message.regions) or not _are_sound(message):
        raise Img23DError(ErrorCode.INTERNAL, _UNREADABLE, f"{labels.dtype} {labels.shape} for {len(message.regions)} regions")
    return Picks(
        photo=request.photo,
        stamp=stamp,
        options=tuple(request.settings.value(name) for name in PICKED_WITH),
        folder=Path(request.run_folder),
        labels=labels,
        regions=message.regions,
    )


def _are_sound(message: Regions) -> bool:
    return -1 <= message.picked < len(message.regions) and all(sound_box(one.box) is not None for one in message.regions)
