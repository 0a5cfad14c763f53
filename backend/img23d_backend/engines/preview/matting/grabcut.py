"""The hard cut: GrabCut (Rother, Kolmogorov, Blake, SIGGRAPH 2004) on a picture with the backdrop's light taken out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from ....stages import PixelBox
from ..background.backdrop import Backdrop, contact_shadow, shadow_factor, steepness, to_lab, visible
from ..background.holes import open_holes
from ..background.scene import Scene, standing_out

_WORKING_SIDE = 448  # pixels
_LEARN_STEP, _LEARN_LEAST = 2, 2000  # pixels; pixels of either side: enough for the five colours of each
_SURE_DEPTH = 2  # pixels from the seeds' outline in which the cut may still move it
_DOUBT_REACH = 10  # pixels into the thing in which a dark grey may be its contact shadow
_DEEP = 6  # pixels of the scene: farther from the backdrop there is no shadow of it any more
_RIM = 5  # pixels on either side of a hinted outline in which it may be wrong
_TOO_TIGHT = 0.07  # of a box's side: what reaches farther out of it belongs to a neighbour
_CROSS = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, kw_only=True)
class HardCut:
    """All (h, w) bool at the working size: what was cut out, where it was expected, where one sees through it."""

    inside: np.ndarray
    hint: np.ndarray
    open: np.ndarray


def cut_by_seeds(rgb: np.ndarray, scene: Scene, window: PixelBox, box: np.ndarray, hint: np.ndarray | None) -> HardCut:
    """Cut from a plain backdrop: nearly all is sure, GrabCut decides on the outline and on dark contact shadows."""
    size = _working_size(rgb)
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    lab = to_lab(small)
    here = _seen_through(window, scene, size)
    backdrop = _backdrop_here(lab, scene, here, size[0] / (window.width * scene.scale))
    standing, within = standing_out(lab, backdrop), _shrunk(box, size)
    if hint is None:
        wanted = within & _mostly_within(lab, standing, within)
    else:
        wanted = within & _near_hint(standing, _shrunk(hint, size))
    others = standing & ~wanted
    seeds = _seeds(lab, backdrop, wanted, others, within)
    inside = _grab(_evenly_lit(lab, backdrop), seeds, learn=1, cut=2)
    through = open_holes(lab, backdrop, ~backdrop.seen)
    return HardCut(inside=inside & ~others, hint=wanted, open=through)


def cut_by_box(rgb: np.ndarray, box: np.ndarray, hint: np.ndarray | None = None) -> HardCut:
    """Cut from a busy photo: outside the box is sure to be something else, what is hinted at in it, or else all, is probably the thing."""
    size = _working_size(rgb)
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    within = _shrunk(box, size)
    within[[0, -1], :] = False
    within[:, [0, -1]] = False
    seeds = np.where(within, cv2.GC_PR_FGD, cv2.GC_BGD).astype(np.uint8)
    if hint is not None:
        within &= _shrunk(hint, size)
        seeds = _seeds_at_edge(within, seeds)
    inside = _grab(cv2.cvtColor(small, cv2.COLOR_RGB2BGR), seeds, learn=4, cut=0)
    return HardCut(inside=inside, hint=within, open=np.zeros_like(inside))


def _seeds_at_edge(hint: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """GrabCut's four marks, all sure but for a rim about the hinted outline, where `allowed` is no background."""
    rim = np.ones((2 * _RIM + 1, 2 * _RIM + 1), np.uint8)
    seeds = np.full(hint.shape, cv2.GC_BGD, np.uint8)
    seeds[(cv2.dilate(hint.astype(np.uint8), rim) > 0) & (allowed != cv2.GC_BGD)] = cv2.GC_PR_BGD
    seeds[hint] = cv2.GC_PR_FGD
    seeds[cv2.erode(hint.astype(np.uint8), rim, borderValue=1) > 0] = cv2.GC_FGD
    return seeds


def _working_size(rgb: np.ndarray) -> tuple[int, int]:
    """(width, height) for cv2.resize."""
    height, width = rgb.shape[:2]
    scale = min(1.0, _WORKING_SIDE / max(height, width))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _shrunk(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) >= 0.5


def _seen_through(window: PixelBox, scene: Scene, size: tuple[int, int]) -> Callable[[np.ndarray], np.ndarray]:
    """What takes a field over the scene to the same over the window at `size` (width, height), smoothly."""
    width, height = size
    sx, sy = window.width / width * scene.scale, window.height / height * scene.scale
    to_scene = np.array(
        [
            [sx, 0, window.left * scene.scale + 0.5 * sx - 0.5],
            [0, sy, window.top * scene.scale + 0.5 * sy - 0.5],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return lambda field: cv2.warpAffine(field.astype(np.float32), to_scene, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)


def _backdrop_here(lab: np.ndarray, scene: Scene, here: Callable[[np.ndarray], np.ndarray], zoom: float) -> Backdrop:
    """The scene's backdrop in the window, looked at anew at the window's scale, `zoom` times the scene's."""
    backdrop = scene.known_backdrop
    colour, lit = here(backdrop.colour), here(backdrop.lit)
    seeds = here(cv2.erode(backdrop.seen.astype(np.uint8), _CROSS, borderValue=1)) > 0.99
    core = here(_sure_of_the_thing(scene)) > 0.5
    seen = visible(lab, [colour], backdrop.noise, seeds & ~core, _steepness_as_in_scene(lab, zoom)) & ~core
    seen |= contact_shadow(lab, lit, backdrop.noise, seen, max(4.0, 0.03 * max(seen.shape)))
    return Backdrop(colour=colour, lit=lit, seen=seen, noise=backdrop.noise, plain=True)


def _sure_of_the_thing(scene: Scene) -> np.ndarray:
    """(h, w) bool: the scene's foreground where it is no shadow by its colour or by its depth."""
    k, hue = shadow_factor(scene.lab, scene.known_backdrop.lit)
    unlike = scene.foreground & ((k > 0.97) | (k < 0.4) | (hue > 15))
    inner = cv2.erode(unlike.astype(np.uint8), _CROSS, iterations=2) > 0
    deep = cv2.distanceTransform((~scene.known_backdrop.seen).astype(np.uint8), cv2.DIST_L2, 3) > _DEEP
    return inner | (deep & scene.foreground)


def _steepness_as_in_scene(lab: np.ndarray, zoom: float) -> np.ndarray:
    """Changes in Lab units a pixel of the scene, each `zoom` pixels wide here, where outlines are blurrier."""
    if zoom <= 1.2:
        return steepness(lab)
    return steepness(cv2.GaussianBlur(lab, (0, 0), 0.3 * zoom, borderType=cv2.BORDER_REPLICATE)) * zoom**0.5


def _near_hint(standing: np.ndarray, hint: np.ndarray) -> np.ndarray:
    """What stands out and is nearer to the hinted thing than to anything clearly beside it."""
    others = standing & (cv2.dilate(hint.astype(np.uint8), _CROSS, iterations=2) == 0)
    to_hint = cv2.distanceTransform((~hint).astype(np.uint8), cv2.DIST_L2, 3)
    to_others = cv2.distanceTransform((~others).astype(np.uint8), cv2.DIST_L2, 3)
    return standing & (to_hint < to_others)


def _mostly_within(lab: np.ndarray, standing: np.ndarray, box: np.ndarray) -> np.ndarray:
    """What stands out in a drawn box, less its neighbours; one that touches the thing is parted from it by colour."""
    count, labels = cv2.connectedComponents(standing.astype(np.uint8), connectivity=8)
    side = np.sqrt(np.count_nonzero(box))
    beyond = cv2.distanceTransform((~box).astype(np.uint8), cv2.DIST_L2, 3) > _TOO_TIGHT * side
    inside = np.bincount(labels[box], minlength=count) / np.maximum(np.bincount(labels.ravel(), minlength=count), 1)
    reaching = np.bincount(labels[beyond], minlength=count) > 0
    within, crossing = ~reaching & (inside > 0.5), reaching & (inside > 0.1)
    within[0] = crossing[0] = False
    kept = within[labels]
    if crossing.any():
        kept |= _parted(lab, crossing[labels], box)
    return kept if (kept & box).any() else standing  # a box on a part of one thing means that part


def _parted(lab: np.ndarray, crossing: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Watershed between the middle of the box and what lies outside of it, over what crosses the box's side."""
    depth = cv2.distanceTransform(np.pad(box, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    middle, outside = crossing & (depth > 0.5 * depth.max()), crossing & ~box
    markers = np.where(crossing, 0, 3).astype(np.int32)
    markers[middle], markers[outside] = 1, 2
    image = np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB) * 255, 0, 255).astype(np.uint8)
    cv2.watershed(image, markers)
    return crossing & (markers == 1)


def _seeds(lab: np.ndarray, backdrop: Backdrop, wanted: np.ndarray, others: np.ndarray, box: np.ndarray) -> np.ndarray:
    """GrabCut's four marks. Shadow-like places under the thing's edge are left for the cut to decide."""
    k, hue = shadow_factor(lab, backdrop.lit)
    at_the_edge = cv2.distanceTransform((~backdrop.seen).astype(np.uint8), cv2.DIST_L2, 3) < _DOUBT_REACH
    doubtful = wanted & at_the_edge & (k < 0.95) & (hue < 8 + 20 * (1 - k) + backdrop.noise)
    sure = wanted & ~doubtful
    reach = 2 * _SURE_DEPTH + 1
    near = cv2.dilate(wanted.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    deep = cv2.erode(sure.astype(np.uint8), _CROSS, iterations=_SURE_DEPTH, borderValue=1) > 0
    seeds = np.full(lab.shape[:2], cv2.GC_BGD, np.uint8)
    seeds[near & box & ~others] = cv2.GC_PR_BGD
    seeds[wanted & ~doubtful] = cv2.GC_PR_FGD
    seeds[deep | _strong_ridge(lab, backdrop, sure)] = cv2.GC_FGD
    return seeds


def _strong_ridge(lab: np.ndarray, backdrop: Backdrop, sure: np.ndarray) -> np.ndarray:
    """The middle of thin parts that differ a lot from the backdrop: a cut's smoothness must not take them away."""
    distance = cv2.distanceTransform(sure.astype(np.uint8), cv2.DIST_L2, 3)
    ridge = (cv2.dilate(distance, _CROSS) <= distance) & (distance > 1)
    return ridge & (np.linalg.norm(lab - backdrop.colour, axis=2) > 25)


def _evenly_lit(lab: np.ndarray, backdrop: Backdrop) -> np.ndarray:
    """(H, W, 3) uint8, the difference from the lit backdrop: so gradients do not split it into many colours."""
    difference = lab - backdrop.lit
    return np.clip(128 + difference * (1.2, 1.6, 1.6), 0, 255).astype(np.uint8)


def _grab(image: np.ndarray, seeds: np.ndarray, *, learn: int, cut: int) -> np.ndarray:
    """(H, W) bool. Seeds without both sides, or without doubt, are the answer themselves.

    Most of GrabCut's time goes into finding the first colours, for which a sample of the pixels does as well: `learn`
    rounds on that. Then `cut` rounds on all pixels, each learning anew, or with 0 a single one with the colours as learned.
    """
    front = (seeds == cv2.GC_FGD) | (seeds == cv2.GC_PR_FGD)
    if not front.any() or front.all():
        return front
    models = np.zeros((1, 65)), np.zeros((1, 65))
    step = _step(front)
    sample = np.ascontiguousarray(image[::step, ::step])
    cv2.grabCut(sample, seeds[::step, ::step].copy(), None, *models, learn, cv2.GC_INIT_WITH_MASK)
    marks = seeds.copy()
    cv2.grabCut(image, marks, None, *models, max(1, cut), cv2.GC_EVAL if cut else cv2.GC_EVAL_FREEZE_MODEL)
    return (marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD)


def _step(front: np.ndarray) -> int:
    """Every how many pixels a row and a column are looked at first: few enough, but enough of either side."""
    sample = front[::_LEARN_STEP, ::_LEARN_STEP]
    seen = np.count_nonzero(sample)
    return _LEARN_STEP if min(seen, sample.size - seen) >= _LEARN_LEAST else 1
