"""Further photos of a thing, from its sides and its back: each cut out as a whole, or left out where that fails."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Side, SidePhoto

from ..images import decode_photo, read_file
from ..stages import Context, Engine, NotFound
from .failures import as_known
from .placement import solid_bounds
from .working_size import WorkingSizes

log = logging.getLogger(__name__)

_LEAST = 8  # pixels across or down; less shows nothing of a side
# What is wrong with one photo; anything else, such as a missing model, would meet every picture of the run.
_OF_THE_PHOTO = {
    ErrorCode.EMPTY_CUTOUT,
    ErrorCode.NO_REGION,
    ErrorCode.PHOTO_EMPTY_FILE,
    ErrorCode.PHOTO_IS_FOLDER,
    ErrorCode.PHOTO_MISSING,
    ErrorCode.PHOTO_NOT_FOUND,
    ErrorCode.PHOTO_TOO_SMALL,
    ErrorCode.PHOTO_TRANSPARENT,
    ErrorCode.PHOTO_TRUNCATED,
    ErrorCode.PHOTO_UNIFORM,
    ErrorCode.PHOTO_UNREADABLE,
}


def cut_out_sides(engine: Engine, photos: Sequence[SidePhoto], context: Context) -> tuple[dict[Side, np.ndarray], list[str]]:
    """(h, w, 4) uint8 a side, and a sentence about each photo that is left out."""
    cut, sentences = {}, []
    for one in photos:
        try:
            cut[one.side] = _cut_out(engine, one.photo, context)
        except Img23DError as error:
            if error.code not in _OF_THE_PHOTO:
                raise
            log.info("a further photo is left out: %s: %s", one.photo, error.sentence)
            sentences.append(_left_out(one.side, error))
        except OSError as error:
            sentences.append(_left_out(one.side, as_known(error)))
    return cut, sentences


def _left_out(side: Side, error: Img23DError) -> str:
    return f"Made without the photo of its {side} side: {error.sentence}" if side is not Side.BACK else f"Made without the photo of its back: {error.sentence}"


def _cut_out(engine: Engine, path: str, context: Context) -> np.ndarray:
    photo = decode_photo(read_file(path), path)
    found = engine.grounder.locate(photo, (), context.as_whole())[0]
    if isinstance(found, NotFound):
        raise Img23DError(ErrorCode.NO_REGION, found.sentence)
    scaled, found, _ = WorkingSizes(photo=photo).fitted(found)
    rgba = engine.matter.cut_out(scaled, found, context).rgba
    bounds = solid_bounds(rgba)
    if min(bounds.width, bounds.height) < _LEAST:
        raise Img23DError(ErrorCode.EMPTY_CUTOUT, "It is too small in it to be of use.")
    return rgba
