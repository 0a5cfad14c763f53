"""The scene's photo as an image of Blender's, upright, for its Image Editors."""

from __future__ import annotations

import hashlib
from pathlib import Path

import bpy
import numpy as np
from bpy.app.translations import pgettext_rpt as _

from ...core.orientation import Orientation, photo_orientation
from ...core.requests import checked_photo
from ...shared.img23d_protocol import ErrorCode, Img23DError
from ..file.folders import absolute, upright_folder
from .picture_files import save_pixels
from .shown_photo import PHOTO
from .srgb import to_srgb

_LONGEST_SIDE = 4096  # pixels of the upright copy, which is only looked at


def load_photo_image(scene: bpy.types.Scene) -> bpy.types.Image:
    """The image, loaded where it is not there yet. Raises Img23DError."""
    path = absolute(scene.img23d.photo)
    if not path:
        raise Img23DError(ErrorCode.PHOTO_MISSING, "No photo is chosen: choose one first.")
    checked_photo(path)  # Blender's own reader would wait at a pipe, and the window with it
    orientation = photo_orientation(path)
    image = _loaded(path if orientation == Orientation() else str(_upright_copy(path, orientation)), Path(path).name)
    image[PHOTO] = path
    return image


def photo_aspect(scene: bpy.types.Scene) -> float:
    """Height over width of the photo that is shown; 1 where it is not loaded."""
    path = absolute(scene.img23d.photo)
    shown = next((image for image in bpy.data.images if image.get(PHOTO) == path), None)
    return shown.size[1] / shown.size[0] if shown is not None and 0 not in shown.size else 1.0


def photo_size(path: str) -> tuple[int, int]:
    """Width and height in pixels as it is seen, upright. Raises Img23DError."""
    checked_photo(path)
    stored = _opened(path, check_existing=False)
    try:
        _check_size(stored, Path(path).name)
        width, height = stored.size
        return (height, width) if photo_orientation(path).quarters % 2 else (width, height)
    finally:
        bpy.data.images.remove(stored)


def _loaded(path: str, name: str) -> bpy.types.Image:
    image = _opened(path, check_existing=True, name=name)
    try:
        _check_size(image, name)
    except Img23DError:
        if not image.users:
            bpy.data.images.remove(image)
        raise
    return image


def _opened(path: str, *, check_existing: bool, name: str = "") -> bpy.types.Image:
    """Raises Img23DError, with the file's name or `name`."""
    try:
        return bpy.data.images.load(path, check_existing=check_existing)
    except RuntimeError as error:
        sentence = _("“{name}” cannot be opened (any more): choose the photo again.").format(name=name or Path(path).name)
        raise Img23DError(ErrorCode.PHOTO_NOT_FOUND, sentence, str(error)) from error


def _check_size(image: bpy.types.Image, name: str) -> None:
    """Blender says only by a size of nothing that it cannot read a file. Raises Img23DError."""
    if 0 in image.size:
        sentence = _("Blender's Image Editor cannot show “{name}”: save it as JPEG or PNG and choose that one.")
        raise Img23DError(ErrorCode.PHOTO_UNREADABLE, sentence.format(name=name))


def _upright_copy(path: str, orientation: Orientation) -> Path:
    """Blender shows pixels as a camera stored them, and most phones store an upright photo lying on its side."""
    folder = upright_folder()
    try:
        state = f"{path}|{Path(path).stat().st_mtime_ns}"
    except OSError as error:
        sentence = _("“{name}” is not there (any more): choose the photo again.").format(name=Path(path).name)
        raise Img23DError(ErrorCode.PHOTO_NOT_FOUND, sentence, str(error)) from error
    copy = folder / f"{Path(path).stem}_{hashlib.sha256(state.encode()).hexdigest()[:8]}.png"
    if not copy.exists():
        _write_upright(path, orientation, copy)
    return copy


def _write_upright(path: str, orientation: Orientation, copy: Path) -> None:
    save_pixels(copy, _read_upright(path, orientation, _LONGEST_SIDE)[::-1])


def read_photo(path: str, longest: int) -> np.ndarray:
    """(h, w, 4) float32 0..1 as it is seen, upright, rows from the top, no side longer than `longest`; nothing of it stays in
    the file. Raises Img23DError."""
    checked_photo(path)
    return _read_upright(path, photo_orientation(path), longest)


def _read_upright(path: str, orientation: Orientation, longest: int) -> np.ndarray:
    """As `read_photo`."""
    stored = _opened(path, check_existing=False)
    try:
        _check_size(stored, Path(path).name)
        return upright(_pixels(stored, longest), orientation)
    finally:
        bpy.data.images.remove(stored)


def _pixels(image: bpy.types.Image, longest: int) -> np.ndarray:
    """(H, W, 4) float32, rows from the top, reduced to what is looked at. Changes the image."""
    share = longest / max(image.size)
    if share < 1:
        image.scale(*(max(1, round(side * share)) for side in image.size))
    width, height = image.size
    values = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(values)
    pixels = values.reshape(height, width, 4)[::-1]
    return np.concatenate([_seen(pixels[..., :3]), pixels[..., 3:]], axis=2) if image.is_float else pixels


def _seen(linear: np.ndarray) -> np.ndarray:
    """Blender holds what has more than 8 bits as light."""
    return to_srgb(linear.clip(0.0, 1.0)).astype(np.float32)


def upright(pixels: np.ndarray, orientation: Orientation) -> np.ndarray:
    """(H, W, C), rows from the top, to the same or (W, H, C)."""
    return np.rot90(pixels[:, ::-1] if orientation.mirrored else pixels, -orientation.quarters)
