"""Finding the wanted things without recognition: by boxes first, then by words on appearance, then by order."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np

from img23d_protocol.messages import Box, Nameless, Wanted

from ....finding.assignment import Choice, Unmet, assign_regions
from ....finding.words import NameQuery, parse
from ....stages import Context, Found, NotFound, Photo, PixelBox, Salience
from ..background.agreement import agrees
from ..background.scene import Scene, SceneMemory
from ..regions.best_scene import seen_scene
from ..regions.cast_shadow import without_shade
from ..regions.further import light_regions, with_missed_regions
from ..regions.regions import Region, find_regions, is_line, touches_border
from ..regions.split import split_by_colours, split_by_matte, split_by_waist
from ..regions.tiles import completed, is_crowded, scene_of_tiles

_MASK_BYTES = 64 << 20  # all masks of an answer together; beyond, the boxes alone must do
_MOST_THINGS = 200  # of a photo without names, the largest of them
_HAS_COLOUR = 0.25  # of a region's area: less, and the word means another thing
_IN_A_BOX = 0.6  # of a region: then a box of the artist's has taken it
_LARGE = 0.5  # of the largest region's area: where names are left over, one that large may hold more than one thing
_LOOK = "look whether it is"  # in every doubt
_LEAST_SIDE = 4  # pixels of a box
_MARGIN = 0.02  # of the region's longer side


class RegionGrounder:
    """The preview engine's `locate`. `memory` may be shared with the matter, so that a photo is looked at once.

    `salience` tells what stands out; where there is none, or it cannot tell, what stands apart from a plain background counts.
    """

    def __init__(self, memory: SceneMemory | None = None, salience: Salience | None = None) -> None:
        self._memory = memory or SceneMemory()
        self._salience = salience

    def locate(self, photo: Photo, wanted: tuple[Wanted, ...], context: Context) -> tuple[Found | NotFound, ...]:
        """One answer a wanted thing, in the same order. Without any, the whole picture as one or each thing in it."""
        context.report(0.0, "")
        answers = [None if one.box is None else _boxed(photo, one.name, one.box) for one in wanted]
        boxed = tuple(answer for answer in answers if answer is not None)
        if wanted and len(boxed) == len(wanted):
            return boxed
        scene = seen_scene(photo, self._salience, self._memory, context)
        context.report(0.5, "")
        if not wanted:
            each = _each(photo, scene) if context.settings.preview.cut_outs.nameless is Nameless.EACH else ()
            return each if len(each) > 1 else (_whole(photo, scene, photo.name),)
        open_names = [one.name for one, answer in zip(wanted, answers, strict=True) if answer is None]
        boxed = [box for box in answers if isinstance(box, Found)]
        found = iter(self._by_words(photo, scene, open_names, boxed, context))
        return tuple(next(found) if answer is None else answer for answer in answers)

    def _by_words(self, photo: Photo, scene: Scene, names: list[str], boxed: list[Found], context: Context) -> list[Found | NotFound]:
        """Answers for the names without a box, among the regions that no box has taken."""
        queries = [parse(name) for name in names]
        taken, regions = _sorted_out(scene, boxed)
        closer = self._closer(photo, scene, regions, queries, context)
        if closer is not None:
            scene = closer
            taken, regions = _sorted_out(scene, boxed)
            regions = split_by_colours(scene, regions, _colours(queries), len(regions) + len(queries))
        elif scene.matte is not None and _lacks(regions, queries):
            regions = self._more_regions(photo, scene, regions, taken, queries, context)
            regions = [region for region in regions if not _taken(region, scene, boxed)]
        if not regions:
            return _nothing_apart(photo, scene, names, boxed)
        regions = _candidates(scene, _enough_regions(scene, regions, queries), len(queries))
        choices = assign_regions(queries, regions)
        chosen = {choice.region for choice in choices if isinstance(choice, Choice)}
        if closer is not None:
            regions = self._completed(photo, scene, regions, chosen, context)
        return _answers(photo, scene, names, queries, regions, choices)

    def _closer(self, photo: Photo, scene: Scene, regions: list[Region], queries: list[NameQuery], context: Context) -> Scene | None:
        """The scene by looks at parts of the photo, where one look at the whole has seen many things as one."""
        if self._salience is None or scene.matte is None or not is_crowded(scene, regions, len(queries), lacks=_lacks(regions, queries)):
            return None
        whole_tables = [region for region in regions if touches_border(region, scene.foreground.shape)]
        if not whole_tables and agrees(self._memory.scene(photo), scene.matte):
            return None  # all that stands before a plain background is seen already
        closer = scene_of_tiles(photo, self._salience, context)
        return closer if closer is not None and len(find_regions(closer)) >= len(regions) else None

    def _completed(self, photo: Photo, scene: Scene, regions: list[Region], chosen: set[int], context: Context) -> list[Region]:
        assert self._salience is not None, "it has looked closer"
        whole = list(regions)
        for number, index in enumerate(sorted(chosen)):
            context.report(0.8 + 0.2 * number / len(chosen), "")
            others = [region for other, region in enumerate(regions) if other != index]
            whole[index] = completed(photo, scene, regions[index], others, self._salience, context)
        return whole

    def _more_regions(self, photo: Photo, scene: Scene, regions: list[Region], taken: list[Region], queries: list[NameQuery], context: Context) -> list[Region]:
        """Where the one look missed things: by colour within what it saw, then beside it, then in the light-weight way."""
        regions = split_by_colours(scene, regions, _colours(queries), len(queries))
        count = len(taken) + max(len(queries), len(regions) + 1)
        if self._salience is not None and _lacks(regions, queries):
            regions = with_missed_regions(photo, scene, [*taken, *regions], self._salience, context, count)[len(taken) :]
        if _lacks(regions, queries):
            regions = light_regions(photo, scene, [*taken, *regions], self._memory)[len(taken) :]
        return regions


def _sorted_out(scene: Scene, boxed: list[Found]) -> tuple[list[Region], list[Region]]:
    """The scene's regions: those that a box has taken, and the others."""
    taken: list[Region] = []
    regions: list[Region] = []
    for region in find_regions(scene):
        (taken if _taken(region, scene, boxed) else regions).append(region)
    return taken, regions


def _candidates(scene: Scene, regions: list[Region], names: int) -> list[Region]:
    """The regions without grounds and lines, as far as the others are enough for the names; one that is large and salient stays."""
    shape = scene.foreground.shape
    largest = max(regions, key=lambda region: region.area)
    things = [
        region for region in regions if not is_line(region, shape) and (region is largest and scene.matte is not None or not touches_border(region, shape))
    ]
    return things if len(things) >= names else regions


def _answers(
    photo: Photo,
    scene: Scene,
    names: list[str],
    queries: list[NameQuery],
    regions: list[Region],
    choices: list[Choice | Unmet | None],
) -> list[Found | NotFound]:
    with_masks = photo.width * photo.height * len(names) <= _MASK_BYTES
    largest = max(region.area for region in regions)
    answers: list[Found | NotFound] = []
    for name, query, choice in zip(names, queries, choices, strict=True):
        if isinstance(choice, Choice):
            region = without_shade(scene, regions[choice.region], query.colours)
            parted = region.parted or region is not regions[choice.region]
            may_hold_more = len(regions) < len(names) and region.area >= _LARGE * largest
            reason = f"{choice.reason} {_doubt(choice.reason, region, may_hold_more)}".strip()
            answers.append(replace(_found(photo, scene, name, region, reason, with_masks), parted=parted))
        else:
            answers.append(_unmet(name, choice.words) if isinstance(choice, Unmet) else _missing(name, len(regions)))
    return answers


def _doubt(reason: str, region: Region, may_hold_more: bool) -> str:
    """Where a region may not be just the thing; empty where the reason doubts already, or nothing speaks against it."""
    if _LOOK in reason:
        return ""
    if region.parted:
        return "It was parted from what it touches: look whether it is the one that is meant."
    return "There are more names than things: look whether it is only the one that is meant." if may_hold_more else ""


def _lacks(regions: list[Region], queries: list[NameQuery]) -> bool:
    """Whether there are fewer regions than names, or none of a named colour."""
    if len(regions) < len(queries):
        return True
    return any(all(region.share(colour) < _HAS_COLOUR for region in regions) for colour in _colours(queries))


def _colours(queries: list[NameQuery]) -> list[str]:
    return [colour for query in queries for colour in query.colours]


def _each(photo: Photo, scene: Scene) -> tuple[Found, ...]:
    """Every region by itself, named by its number in reading order."""
    regions = find_regions(scene)
    least = sorted((region.area for region in regions), reverse=True)[:_MOST_THINGS]
    regions = [region for region in regions if region.area >= least[-1]][:_MOST_THINGS] if least else []
    with_masks = photo.width * photo.height * len(regions) <= _MASK_BYTES
    return tuple(
        _found(photo, scene, f"{photo.name} {number}", region, "a thing that stands out in the photo", with_masks)
        for number, region in enumerate(regions, start=1)
    )


def _boxed(photo: Photo, name: str, drawn: Box) -> Found | NotFound:
    box = _pixels(drawn, photo)
    if box is None:
        sentence = f"The box of “{name}” is empty; draw it again around the thing."
        return NotFound(name=name, sentence=sentence)
    return Found(name=name, box=box, note="in the box that was drawn")


def _pixels(box: Box, photo: Photo) -> PixelBox | None:
    """The pixels that a box touches, within the photo; None for a box without any area there."""
    sides = (box.left, box.top, box.right, box.bottom)
    if not all(math.isfinite(side) for side in sides):
        return None
    left, top, right, bottom = (min(max(side, 0.0), 1.0) for side in sides)
    pixels = PixelBox(
        left=math.floor(left * photo.width),
        top=math.floor(top * photo.height),
        right=math.ceil(right * photo.width),
        bottom=math.ceil(bottom * photo.height),
    )
    return pixels if min(pixels.width, pixels.height) >= _LEAST_SIDE else None


def _whole(photo: Photo, scene: Scene, name: str) -> Found:
    """Everything that stands out as one thing."""
    regions = find_regions(scene)
    if not regions:
        everything = PixelBox(left=0, top=0, right=photo.width, bottom=photo.height)
        note = "the whole photo, since nothing in it stands apart from its background"
        return Found(name=name, box=everything, note=note)
    mask = np.zeros(scene.foreground.shape, bool)
    for region in regions:
        mask |= region.over(scene.foreground.shape)
    left, top = min(region.left for region in regions), min(region.top for region in regions)
    right, bottom = max(region.right for region in regions), max(region.bottom for region in regions)
    box = _photo_box(photo, scene, left, top, right, bottom)
    return Found(name=name, box=box, mask=_photo_mask(photo, mask), note="everything that stands out in the photo")


def _enough_regions(scene: Scene, regions: list[Region], queries: list[NameQuery]) -> list[Region]:
    """Regions parted until there are as many as names, or nothing more to part them by."""
    count = len(queries)
    if len(regions) >= count:
        return regions
    regions = split_by_colours(scene, regions, _colours(queries), count)
    return split_by_waist(scene, split_by_matte(scene, regions, count), count)


def _taken(region: Region, scene: Scene, boxed: list[Found]) -> bool:
    for found in boxed:
        left, top, right, bottom = (round(side * scene.scale) for side in (found.box.left, found.box.top, found.box.right, found.box.bottom))
        rows = slice(max(0, top - region.top), max(0, bottom - region.top))
        part = region.mask[rows, max(0, left - region.left) : max(0, right - region.left)]
        if np.count_nonzero(part) >= _IN_A_BOX * region.area:
            return True
    return False


def _nothing_apart(photo: Photo, scene: Scene, names: list[str], boxed: list[Found]) -> list[Found | NotFound]:
    """No region at all: a single name still gets the photo as a whole, several cannot be told apart."""
    if len(names) == 1 and not boxed:
        return [_whole(photo, scene, names[0])]
    why = "is left for" if boxed else "in this photo stands apart from its background enough to be found as"
    return [NotFound(name=name, sentence=f"Nothing {why} “{name}”; give it a box.") for name in names]


def _missing(name: str, regions: int) -> NotFound:
    only = "only one thing stands" if regions == 1 else f"only {regions} things stand"
    return NotFound(
        name=name,
        sentence=f"Nothing is left in the photo for “{name}”: {only} apart. Give “{name}” a box, or leave it out.",
    )


def _unmet(name: str, words: str) -> NotFound:
    return NotFound(
        name=name,
        sentence=f"Nothing that stands out in the photo is clearly “{words}”: give “{name}” a box, or leave it out.",
    )


def _found(photo: Photo, scene: Scene, name: str, region: Region, reason: str, with_mask: bool) -> Found:
    return Found(
        name=name,
        box=_photo_box(photo, scene, region.left, region.top, region.right, region.bottom),
        mask=_photo_mask(photo, region.over(scene.foreground.shape)) if with_mask else None,
        note=reason,
    )


def _photo_box(photo: Photo, scene: Scene, left: int, top: int, right: int, bottom: int) -> PixelBox:
    """A rectangle of the scene as pixels of the photo, with a small margin."""
    more = 1 + _MARGIN * max(right - left, bottom - top)
    return PixelBox(
        left=max(0, math.floor((left - more) / scene.scale)),
        top=max(0, math.floor((top - more) / scene.scale)),
        right=min(photo.width, math.ceil((right + more) / scene.scale)),
        bottom=min(photo.height, math.ceil((bottom + more) / scene.scale)),
    )


def _photo_mask(photo: Photo, mask: np.ndarray) -> np.ndarray:
    return cv2.resize(mask.astype(np.uint8), (photo.width, photo.height), interpolation=cv2.INTER_NEAREST) > 0
