"""A photo segmented once at a working size: its backdrop and what stands in front of it."""

from __future__ import annotations

import weakref
from dataclasses import dataclass

import cv2
import numpy as np

from ....stages import Photo
from .backdrop import Backdrop, fit_backdrop, shadow_like, to_lab
from .holes import open_holes

_WORKING_SIDE = 448  # pixels: enough for the outline of a thing a twentieth of the photo wide
_SOLID = 0.4  # of a matte at the working size: thin legs have become fainter than the half
_STRIP = 5  # pixels: thinner shadow-like strips are the dark core of a contact shadow


@dataclass(frozen=True, kw_only=True)
class Scene:
    """`foreground` (h, w) bool and `backdrop` (None where the photo's alpha says it all) at `scale` times the photo.

    `lab` (h, w, 3) float32. `matte` (h, w) float32 0..1 where a network has told what stands out: how sure it was.
    """

    lab: np.ndarray
    foreground: np.ndarray
    backdrop: Backdrop | None
    scale: float
    matte: np.ndarray | None = None

    @property
    def known_backdrop(self) -> Backdrop:
        """For callers who know that there is one."""
        assert self.backdrop is not None, "the photo's alpha said it all"
        return self.backdrop

    @property
    def known_matte(self) -> np.ndarray:
        """For callers who know that there is one."""
        assert self.matte is not None, "no network has looked"
        return self.matte

    @property
    def separable(self) -> bool:
        """Whether things can be told from what is behind them."""
        return self.backdrop is None or self.backdrop.plain


class SceneMemory:
    """Keeps the last photo's scene, since every target of a run asks for the same one."""

    def __init__(self) -> None:
        self._photo: weakref.ref[Photo] | None = None
        self._scene: Scene | None = None

    def scene(self, photo: Photo) -> Scene:
        """The scene of a photo, made when asked for the first time."""
        if self._scene is None or self._photo is None or self._photo() is not photo:
            self._scene, self._photo = take_apart(photo), weakref.ref(photo)
        return self._scene

    def forget(self) -> int:
        """Frees what is kept; returns its bytes."""
        scene, self._scene, self._photo = self._scene, None, None
        if scene is None:
            return 0
        return scene.lab.nbytes * (1 if scene.backdrop is None else 2) + 2 * scene.foreground.nbytes


def small_photo(photo: Photo) -> tuple[np.ndarray, float]:
    """(h, w, 3) uint8, the photo at the working size, and the scale that this is."""
    scale = min(1.0, _WORKING_SIDE / max(photo.height, photo.width))
    size = (max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))
    return cv2.resize(photo.rgb, size, interpolation=cv2.INTER_AREA) if scale < 1 else photo.rgb, scale


def scene_of_matte(photo: Photo, matte: np.ndarray) -> Scene:
    """The scene of a photo by what a network says stands out in it, (h, w) float32 0..1 at any size."""
    rgb, scale = small_photo(photo)
    size = (rgb.shape[1], rgb.shape[0])
    shrinks = matte.shape[0] > size[1] or matte.shape[1] > size[0]
    small = cv2.resize(matte, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return Scene(lab=to_lab(rgb), foreground=small >= _SOLID, backdrop=None, scale=scale, matte=small)


def take_apart(photo: Photo) -> Scene:
    """The scene of a photo: by its alpha channel where it has one, else by what its border shows."""
    rgb, scale = small_photo(photo)
    size = (rgb.shape[1], rgb.shape[0])
    if photo.alpha is not None:
        alpha = cv2.resize(photo.alpha, size, interpolation=cv2.INTER_AREA)
        return Scene(lab=to_lab(rgb), foreground=alpha >= 64, backdrop=None, scale=scale)
    backdrop, lab = fit_backdrop(rgb), to_lab(rgb)
    foreground = standing_out(lab, backdrop) if backdrop.plain else np.zeros(lab.shape[:2], bool)
    return Scene(lab=lab, foreground=foreground, backdrop=backdrop, scale=scale)


def standing_out(lab: np.ndarray, backdrop: Backdrop) -> np.ndarray:
    """(H, W) bool: what hides the backdrop, without thin strips of shadow and with its holes open."""
    foreground = ~backdrop.seen
    like = shadow_like(lab, backdrop.colour, backdrop.noise)
    foreground &= ~open_holes(lab, backdrop, foreground)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_STRIP, _STRIP))
    thick = cv2.morphologyEx(foreground.astype(np.uint8), cv2.MORPH_OPEN, kernel) > 0
    return foreground & (thick | ~like)
