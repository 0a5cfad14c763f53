"""A photo taken apart once at a working size: its backdrop and what stands in front of it."""

from __future__ import annotations

import weakref
from dataclasses import dataclass

import cv2
import numpy as np

from ...stages import Photo
from .backdrop import Backdrop, fit_backdrop, shadow_factor, shadow_like, steepness, to_lab

_WORKING_SIDE = 448  # pixels: enough for the outline of a thing a twentieth of the photo wide
_STRIP = 5  # pixels: thinner shadow-like strips are the dark core of a contact shadow
_HOLE_HUE, _HOLE_LIGHT = 5.0, 1.05  # Lab units, k: what may show through a hole
_HOLE_OUTLINE = 4.0  # Lab units a pixel


@dataclass(frozen=True, kw_only=True)
class Scene:
    """`foreground` (h, w) bool and `backdrop` (None where the photo's alpha says it all) at `scale` times the photo.

    `lab` (h, w, 3) float32.
    """

    lab: np.ndarray
    foreground: np.ndarray
    backdrop: Backdrop | None
    scale: float

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


def take_apart(photo: Photo) -> Scene:
    """The scene of a photo: by its alpha channel where it has one, else by what its border shows."""
    scale = min(1.0, _WORKING_SIDE / max(photo.height, photo.width))
    size = (max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))
    rgb = cv2.resize(photo.rgb, size, interpolation=cv2.INTER_AREA) if scale < 1 else photo.rgb
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


def open_holes(lab: np.ndarray, backdrop: Backdrop, inside: np.ndarray) -> np.ndarray:
    """(H, W) bool: places inside a thing where the backdrop shows through: of its colour, and with an outline around.

    Lit holes may be small; one that lies partly in the thing's own shadow must be large and calm, since highlights and
    the shading of a grey thing pass through the same colours.
    """
    area = inside.size
    lit = _outlined_parts(lab, backdrop, inside, darkest=0.84, least=max(8, 5e-5 * area), same=0.35, calm=0.0)
    return lit | _outlined_parts(lab, backdrop, inside, darkest=0.6, least=0.002 * area, same=0.15, calm=0.5)


def _outlined_parts(
    lab: np.ndarray,
    backdrop: Backdrop,
    inside: np.ndarray,
    *,
    darkest: float,
    least: float,
    same: float,
    calm: float,
) -> np.ndarray:
    """Connected parts of the inside, from `darkest` (k) to lit, of at least `least` pixels, outlined all around.

    `same` is the share that must have the backdrop's very colour, `calm` the share that must be without edges.
    """
    noise, slope = backdrop.noise, steepness(lab)
    k, hue = shadow_factor(lab, backdrop.lit)
    off = np.minimum(*(np.abs(lab[..., 0] - colour[..., 0]) for colour in (backdrop.lit, backdrop.colour)))
    clear = (hue < _HOLE_HUE + noise) & (k > darkest) & (k < _HOLE_LIGHT + 0.01 * noise) & inside
    count, labels, stats, _ = cv2.connectedComponentsWithStats(clear.astype(np.uint8), connectivity=4)
    area = stats[:, cv2.CC_STAT_AREA]

    def share(of: np.ndarray, among: np.ndarray) -> np.ndarray:
        total = np.maximum(np.bincount(among.ravel(), minlength=count), 1)
        return np.bincount(among[of], minlength=count) / total

    rim = cv2.dilate(labels.astype(np.float32), np.ones((3, 3), np.uint8)).astype(np.int32) * ~clear
    hole = (area >= least) & (share(inside & (slope > _HOLE_OUTLINE + noise), rim) > 0.85)
    hole &= share((off < 4 + noise) & (hue < 2 + noise), labels) >= same
    hole &= share(slope < 2 + 2 * noise, labels) >= calm
    hole[0] = False
    return hole[labels]
