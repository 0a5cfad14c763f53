"""A whole photo, and a thing that was cut out, as a model edits them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from img23d_protocol import ErrorCode, Img23DError

from ..stages import Context, CutOut, Engine, NotFound, Photo, PixelBox
from .editor import Editor

# The ground around a cut-out: the one of the two that is further from the thing
_LIGHT, _DARK = 235, 45
_ROOM = 0.3  # of the thing's longer side, around it: for what is completed
_SAME = "The thing was kept as it was cut out of the photo: nothing stood out in the picture that the model made of it."


@dataclass(frozen=True, kw_only=True)
class EditedCutOut:
    """`note` says why it is the same as before, where it is."""

    cutout: CutOut
    note: str = ""


def edited_photo(editor: Editor, photo: Photo, context: Context) -> Photo:
    """What takes the photo's place: at most a megapixel, in its proportions, and with its lens where the view is kept. Raises as `Editor.edit`."""
    rgb = photo.rgb if photo.alpha is None else _over(photo.rgb, photo.alpha, _LIGHT)
    drawn = editor.edit(rgb, context)
    focal = photo.focal if context.settings.edit.keeps_the_view else None
    return Photo(rgb=drawn, name=photo.name, focal=focal, notes=(*photo.notes, *_size_note(photo, drawn)))


def _size_note(photo: Photo, drawn: np.ndarray) -> tuple[str, ...]:
    height, width = drawn.shape[:2]
    if width >= photo.width:
        return ()
    return (f"The cleaned picture has {width} x {height} pixels, the photo {photo.width} x {photo.height}: textures show no more than it does.",)


def edited_cutout(engine: Engine, editor: Editor, cutout: CutOut, context: Context) -> EditedCutOut:
    """The thing on plain ground, edited, and cut out once more at its place in the photo and in its scale. Raises as `Editor.edit`."""
    room = _room(cutout)
    alpha = cv2.copyMakeBorder(cutout.rgba[:, :, 3], room, room, room, room, cv2.BORDER_CONSTANT, value=0)
    rgb = cv2.copyMakeBorder(cutout.rgba[:, :, :3], room, room, room, room, cv2.BORDER_REPLICATE)
    drawn = editor.edit(_over(rgb, alpha, _ground(cutout)), context)
    again = _cut_out_again(engine, drawn, context)
    if again is None:
        return EditedCutOut(cutout=cutout, note=_SAME)
    scale = rgb.shape[1] / drawn.shape[1]
    rgba = _scaled(again.rgba, scale)
    left, top = cutout.left - room + round(again.left * scale), cutout.top - room + round(again.top * scale)
    return EditedCutOut(cutout=replace(cutout, rgba=rgba, left=left, top=top, photo=_moved(cutout, left, top)))


def _room(cutout: CutOut) -> int:
    rows, columns = np.flatnonzero(cutout.rgba[:, :, 3].any(axis=1)), np.flatnonzero(cutout.rgba[:, :, 3].any(axis=0))
    return round(_ROOM * max(np.ptp(rows) + 1, np.ptp(columns) + 1)) if len(rows) else 0


def _ground(cutout: CutOut) -> int:
    shown = cutout.rgba[:, :, 3] > 127
    mean = float(cutout.rgba[:, :, :3][shown].mean()) if shown.any() else 0.0
    return _LIGHT if abs(_LIGHT - mean) >= abs(_DARK - mean) else _DARK


def _over(rgb: np.ndarray, alpha: np.ndarray, shade: int) -> np.ndarray:
    share = alpha[:, :, None].astype(np.float32) / 255
    return np.rint(rgb * share + shade * (1 - share)).astype(np.uint8)


def _cut_out_again(engine: Engine, rgb: np.ndarray, context: Context) -> CutOut | None:
    """None where nothing stands out."""
    photo, whole = Photo(rgb=rgb, name="picture"), replace(context, report=lambda fraction, note: context.report(1.0, note)).as_whole()
    (found,) = engine.grounder.locate(photo, (), whole)[:1]
    if isinstance(found, NotFound):
        return None
    try:
        return engine.matter.cut_out(photo, found, whole)
    except Img23DError as error:
        if error.code == ErrorCode.EMPTY_CUTOUT:
            return None
        raise


def _scaled(rgba: np.ndarray, scale: float) -> np.ndarray:
    if scale == 1:
        return rgba
    size = (max(1, round(rgba.shape[1] * scale)), max(1, round(rgba.shape[0] * scale)))
    return cv2.resize(rgba, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)


def _moved(cutout: CutOut, left: int, top: int) -> PixelBox | None:
    """The photo's area in the pixels of the new cut-out."""
    if cutout.photo is None:
        return None
    x, y, old = cutout.left - left, cutout.top - top, cutout.photo
    return PixelBox(left=old.left + x, top=old.top + y, right=old.right + x, bottom=old.bottom + y)
