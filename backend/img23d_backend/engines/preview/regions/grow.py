"""Region growing around a point where nothing was found: GrabCut from it at a few sizes, of which the clearest outline counts."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ....stages import PixelBox
from ..background.scene import Scene

_SIZES = (0.05, 0.1, 0.2, 0.36)  # of the scene's longer side: radii of the thing that is tried
_AROUND = 2.2  # times the radius: half the side of what is looked at for it
_WORKING_SIDE = 96  # pixels of that
_CORE = 0.2  # of the radius: that much around the point is the thing
_CORE_LEAST = 1.5  # pixels
_CORE_OF_BOX = 0.1  # of the box's shorter side
_ROUNDS = 2  # of GrabCut
_LEAST = 0.0015  # of the scene; less is a speck
_MOST = 0.5  # of the scene; more is what is behind the things
_OPEN = 0.12  # of an outline along the border of what was looked at: more, and the thing was not seen whole
_GAP = 0.4  # of an outline along other things: more, and it is the gap between them
_PLAIN = 9.0  # Lab units across the outline, in the mean; less is a shade, no edge
_SHARP = 0.6  # of the outline that must show at least so much
_CROSS = np.ones((3, 3), np.uint8)


def grown(scene: Scene, x: int, y: int, others: np.ndarray, box: PixelBox | None = None) -> np.ndarray | None:
    """(h, w) bool over the scene: what stands apart around pixel (x, y), and in `box` (of the scene) where that is given.

    `others` (h, w) bool is not a part of it. None where there is no outline to be seen.
    """
    height, width = scene.foreground.shape
    if box is not None:
        tried = [_in_box(scene, x, y, others, box)]
    else:
        tried = [_at_size(scene, x, y, others, round(size * max(height, width))) for size in _SIZES]
    plain = [one for one in tried if one is not None and (box is not None or one.is_plain)]
    return max(plain, key=lambda one: one.contrast).mask if plain else None


@dataclass(frozen=True, kw_only=True)
class _Grown:
    mask: np.ndarray  # over the scene
    contrast: float  # Lab units across the outline, in the mean
    sharp: float  # share of the outline that shows an edge
    open: float  # share of the outline along the border of what was looked at
    beside: float  # share of the outline along other things

    @property
    def is_plain(self) -> bool:
        area = np.count_nonzero(self.mask)
        fits = _LEAST * self.mask.size <= area <= _MOST * self.mask.size
        return bool(fits and self.open <= _OPEN and self.beside <= _GAP and self.contrast >= _PLAIN and self.sharp >= _SHARP)


def _at_size(scene: Scene, x: int, y: int, others: np.ndarray, radius: int) -> _Grown | None:
    window = _square(scene, x, y, max(8, round(_AROUND * radius)))
    inner = _disc(scene, x, y, radius)
    return _cut(scene, window, inner, _disc(scene, x, y, max(_CORE_LEAST, _CORE * radius)), others, (x, y))


def _in_box(scene: Scene, x: int, y: int, others: np.ndarray, box: PixelBox) -> _Grown | None:
    side = max(box.width, box.height)
    window = _square(scene, (box.left + box.right) // 2, (box.top + box.bottom) // 2, max(8, round(0.65 * side)))
    inner = np.zeros(scene.foreground.shape, bool)
    inner[box.top : box.bottom, box.left : box.right] = True
    core = _disc(scene, x, y, max(_CORE_LEAST, _CORE_OF_BOX * min(box.width, box.height)))
    return _cut(scene, window, inner, core & inner, others | ~inner, (x, y))


def _cut(scene: Scene, window: tuple[slice, slice], inner: np.ndarray, core: np.ndarray, others: np.ndarray, at: tuple[int, int]) -> _Grown | None:
    """GrabCut in a window of the scene: `core` is sure, `inner` likely, `others` not the thing, nor is the window's border."""
    lab = scene.lab[window]
    scale = min(1.0, _WORKING_SIDE / max(lab.shape[:2]))
    size = (max(8, round(lab.shape[1] * scale)), max(8, round(lab.shape[0] * scale)))
    small = cv2.resize(lab, size, interpolation=cv2.INTER_AREA)
    marks = np.full(small.shape[:2], cv2.GC_PR_BGD, np.uint8)
    marks[_shrunk(inner[window], size)] = cv2.GC_PR_FGD
    marks[_shrunk(others[window], size)] = cv2.GC_BGD
    marks[_border(window, scene, size)] = cv2.GC_BGD
    marks[cv2.resize(core[window].astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.2] = cv2.GC_FGD
    front = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD))
    if not front.any() or front.all():
        return None
    cv2.setRNGSeed(0)
    picture = np.clip(small * (2.55, 1, 1) + (0, 128, 128), 0, 255).astype(np.uint8)
    cv2.grabCut(picture, marks, None, np.zeros((1, 65)), np.zeros((1, 65)), _ROUNDS, cv2.GC_INIT_WITH_MASK)
    cut = _around_point(np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)), window, size, at)
    return None if cut is None else _measured(scene, window, small, cut, others)


def _around_point(cut: np.ndarray, window: tuple[slice, slice], size: tuple[int, int], at: tuple[int, int]) -> np.ndarray | None:
    """The connected part at the point, without threads and with its holes as they are."""
    cut = cv2.morphologyEx(cut.astype(np.uint8), cv2.MORPH_OPEN, _CROSS)
    _, labels = cv2.connectedComponents(cut, connectivity=4)
    rows, columns = window
    x = min(size[0] - 1, int((at[0] - columns.start + 0.5) * size[0] / (columns.stop - columns.start)))
    y = min(size[1] - 1, int((at[1] - rows.start + 0.5) * size[1] / (rows.stop - rows.start)))
    near = labels[max(0, y - 2) : y + 3, max(0, x - 2) : x + 3]
    there = near[near > 0]
    if not len(there):
        return None
    return labels == (labels[y, x] or np.bincount(there).argmax())


def _measured(scene: Scene, window: tuple[slice, slice], small: np.ndarray, cut: np.ndarray, others: np.ndarray) -> _Grown:
    mask = np.zeros(scene.foreground.shape, bool)
    height, width = scene.lab[window].shape[:2]
    mask[window] = cv2.resize(cut.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR) > 0.5
    inside = cv2.erode(cut.astype(np.uint8), _CROSS, borderValue=0) > 0
    outline = cut & ~inside
    beyond = (cv2.dilate(cut.astype(np.uint8), _CROSS, iterations=2) > 0) & (cv2.dilate(cut.astype(np.uint8), _CROSS) == 0)
    ours, theirs = _spread(small, inside), _spread(small, beyond)
    steps = np.linalg.norm((ours - theirs)[outline], axis=1)
    edge = np.zeros_like(cut)
    edge[[0, 1, -2, -1], :] = True
    edge[:, [0, 1, -2, -1]] = True
    near = cv2.dilate(_shrunk(others[window], (small.shape[1], small.shape[0])).astype(np.uint8), _CROSS, iterations=2) > 0
    return _Grown(
        mask=mask,
        contrast=float(steps.mean()) if len(steps) else 0.0,
        sharp=float((steps >= _PLAIN / 2).mean()) if len(steps) else 0.0,
        open=float(edge[outline].mean()) if outline.any() else 1.0,
        beside=float(near[outline].mean()) if outline.any() else 0.0,
    )


def _spread(lab: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """(h, w, 3): the mean colour of the masked pixels near each place."""
    weight = cv2.blur(mask.astype(np.float32), (7, 7))
    return cv2.blur(lab * mask[..., None].astype(np.float32), (7, 7)) / np.maximum(weight, 1e-6)[..., None]


def _square(scene: Scene, x: int, y: int, half: int) -> tuple[slice, slice]:
    height, width = scene.foreground.shape
    return np.s_[max(0, y - half) : min(height, y + half + 1), max(0, x - half) : min(width, x + half + 1)]


def _disc(scene: Scene, x: int, y: int, radius: float) -> np.ndarray:
    height, width = scene.foreground.shape
    rows, columns = np.ogrid[:height, :width]
    return (rows - y) ** 2 + (columns - x) ** 2 <= radius**2


def _border(window: tuple[slice, slice], scene: Scene, size: tuple[int, int]) -> np.ndarray:
    """(h, w) bool: the window's sides, but for those where the photo itself ends: a thing may go on there."""
    height, width = scene.foreground.shape
    rows, columns = window
    border = np.zeros((size[1], size[0]), bool)
    if rows.start > 0:
        border[0] = True
    if rows.stop < height:
        border[-1] = True
    if columns.start > 0:
        border[:, 0] = True
    if columns.stop < width:
        border[:, -1] = True
    return border


def _shrunk(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) >= 0.5
