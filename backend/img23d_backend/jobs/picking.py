"""Picking: the regions of a photo for the one who picks, and a picked thing's place for the stages."""

from __future__ import annotations

import functools
import hashlib
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.files.filenames import FileName
from img23d_protocol.files.whole_files import write_whole
from img23d_protocol.messages import Box, Finished, PhotoRegion, Pick, Regions, Stage, Wanted
from img23d_protocol.options.settings import BUILT_IN

from ..images import decode_photo, read_file
from ..images.png_files import write_png
from ..result_cache import digest
from ..stages import Context, Engine, Found, NotFound, Photo, PixelBox, Segmentation
from .job import Caller, Job
from .runs import make_folder

LABELS_NAME = "regions.npy"
NOTE = "what was picked in the photo"

_MARGIN = 0.02  # of the region's longer side, around it in its box
_SOFT = 1.5  # pixels of a small picture's edge
_LEAST_SIDE = 4  # pixels of a box
_DIGITS = 12  # of a mask's digest, in a file's name
_MASK_BYTES = 256 << 20  # all masks of a run together; beyond, the boxes alone must do


def pick(request: Pick, caller: Caller) -> Finished:
    """The regions of a photo as files in the run's folder, and which of them is at the point. Raises Img23DError(NO_REGION)."""
    job = Job(request.job, request.seed, request.settings, caller)
    picker, context = caller.load_engine(BUILT_IN.id).picker, job.context(Stage.LOCATE)
    assert picker is not None, "the preview engine has one"
    context.report(0.0, "Reading the photo")
    data = read_file(request.photo)
    key, load = hashlib.sha256(data).hexdigest(), functools.partial(decode_photo, data, request.photo)
    segmentation = picker.segment(key, load, context)
    picked = None if request.point is None else picker.at(key, load, request.point, context)
    if request.point is not None and picked is None:
        raise Img23DError(ErrorCode.NO_REGION, _nothing("").sentence)
    job.emit(_written(request, segmentation, picked))
    return Finished(job=job.id, made=0, failed=0, seconds=job.elapsed)


@dataclass(frozen=True, kw_only=True)
class Pointed:
    """The wanted things of which some were pointed at: what to look for in their place, and what is known already."""

    wanted: tuple[Wanted, ...]  # without points; those that nothing is at are left out
    known: dict[int, Found | NotFound]  # by index in the request

    def answers(self, founds: Sequence[Found | NotFound]) -> list[Found | NotFound]:
        """One a thing as it was asked for, then whatever an engine found beyond."""
        found, asked = iter(founds), len(self.wanted) + sum(isinstance(one, NotFound) for one in self.known.values())
        merged: list[Found | NotFound] = []
        for index in range(asked):
            known = self.known.get(index)
            answer = known if isinstance(known, NotFound) else next(found)
            merged.append(answer if known is None or isinstance(answer, NotFound) else known)
        return [*merged, *found]


def pointed(engine: Engine, photo: Photo, key: str, wanted: tuple[Wanted, ...], context: Context) -> Pointed:
    """Where the things are that were pointed at. A box stays where nothing can be told apart in it."""
    known: dict[int, Found | NotFound] = {}
    asked: list[Wanted] = []
    count = sum(one.point is not None for one in wanted)
    with_masks = photo.width * photo.height * count <= _MASK_BYTES
    for index, one in enumerate(wanted):
        found = None
        if one.point is not None and engine.picker is not None:
            mask = engine.picker.at(key, lambda: photo, one.point, context, box=one.box)
            found = None if mask is None else _found(photo, one, mask, with_masks)
        if one.point is not None and found is None and one.box is None:
            known[index] = _nothing(one.name)
            continue
        if found is not None:
            known[index] = found
        asked.append(replace(one, point=None, box=one.box if found is None else _fractions(found.box, photo)))
    return Pointed(wanted=tuple(asked), known=known)


def _nothing(name: str) -> NotFound:
    if name:
        return NotFound(name=name, sentence=f"Nothing stands apart where “{name}” was picked: pick another place on it, or draw a box around it.")
    sentence = "Nothing stands apart from its surroundings there: pick another place on the thing, or draw a box around it."
    return NotFound(name=name, sentence=sentence)


def _found(photo: Photo, wanted: Wanted, mask: np.ndarray, with_mask: bool) -> Found:
    box = _box_of(mask)
    pixels = PixelBox(
        left=int(box.left * photo.width),
        top=int(box.top * photo.height),
        right=min(photo.width, max(int(box.left * photo.width) + _LEAST_SIDE, round(box.right * photo.width))),
        bottom=min(photo.height, max(int(box.top * photo.height) + _LEAST_SIDE, round(box.bottom * photo.height))),
    )
    full = None
    if with_mask:
        size = (photo.width, photo.height)
        full = cv2.resize(mask.astype(np.uint8) * 255, size, interpolation=cv2.INTER_LINEAR) > 127
    return Found(name=wanted.name, box=pixels, mask=full, note=NOTE)


def _box_of(mask: np.ndarray) -> Box:
    """In fractions of the photo, with a small margin."""
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    more, (rows, columns) = 1 + _MARGIN * max(width, height), mask.shape
    return Box(
        left=max(0.0, (left - more) / columns),
        top=max(0.0, (top - more) / rows),
        right=min(1.0, (left + width + more) / columns),
        bottom=min(1.0, (top + height + more) / rows),
    )


def _fractions(box: PixelBox, photo: Photo) -> Box:
    width, height = photo.width, photo.height
    return Box(left=box.left / width, top=box.top / height, right=box.right / width, bottom=box.bottom / height)


# --- the files of an answer -----------------------------------------------------------------------------------------


def _written(request: Pick, segmentation: Segmentation, picked: np.ndarray | None) -> Regions:
    """Raises Img23DError(FOLDER_UNWRITABLE, DISK_FULL), OSError."""
    folder, masks, labels = Path(request.run_folder), list(segmentation.masks), segmentation.labels
    index = -1 if picked is None else next((number for number, mask in enumerate(masks) if mask is picked), len(masks))
    if index == len(masks):
        assert picked is not None  # else the index is -1
        masks.append(picked)
        labels = np.where(picked & (labels == 0), np.uint8(len(masks)), labels)
    make_folder(folder)
    data = io.BytesIO()
    np.save(data, labels)
    write_whole(folder / LABELS_NAME, data.getvalue())
    return Regions(
        job=request.job,
        labels=FileName(LABELS_NAME),
        regions=tuple(PhotoRegion(box=_box_of(mask), cutout=_picture(folder, segmentation, number, mask)) for number, mask in enumerate(masks)),
        photo_width=segmentation.width,
        photo_height=segmentation.height,
        picked=index,
        notes=segmentation.notes,
    )


def _picture(folder: Path, segmentation: Segmentation, number: int, mask: np.ndarray) -> FileName:
    """The name of a small picture of a region by itself; the same region has the same file, which is not written again."""
    path = folder / f"{number:02d}_{digest(mask).hex()[:_DIGITS]}_cutout.png"
    if path.exists():
        return FileName(path.name)
    height, width = segmentation.rgb.shape[:2]
    box = _box_of(mask)
    part = np.s_[int(box.top * height) : math.ceil(box.bottom * height), int(box.left * width) : math.ceil(box.right * width)]
    whole = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)[part]
    alpha = cv2.GaussianBlur(whole, (0, 0), _SOFT, borderType=cv2.BORDER_REPLICATE)
    write_png(path, np.dstack([segmentation.rgb[part], np.rint(255 * np.clip(2 * alpha - 0.5, 0, 1)).astype(np.uint8)]))
    return FileName(path.name)
