"""The sources of a photo; each of them ends in `use_photo`.

A file on disk is used where it lies. What has no file of its own (generated, painted, packed, pasted, rendered) is written as a
PNG into the folder `photos` beside the runs, once for each look: its name ends with a hash of its pixels.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import bpy
import numpy as np
from bpy.app.translations import pgettext_rpt as _

from ...scene.file.folders import absolute, runs_base
from ...scene.photo.picture_files import picture_data, save_picture, save_pixels
from ...scene.photo.rendering import save_render_result
from ...scene.photo.srgb import to_srgb
from ...shared.img23d_protocol import ErrorCode, Img23DError
from ...shared.img23d_protocol.errors import bad_request
from ...shared.img23d_protocol.files.disk_errors import disk_error
from ...shared.img23d_protocol.files.filenames import safe_stem
from ..owner import extension

EXTENSIONS = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif")  # what the backend opens
RENDER_RESULT = "Render Result"  # Blender's own name for it, in every language
_OF_THE_PHOTO = "img23d_photo"  # on an upright copy: the path of the photo that it shows (see `photo_image`)
_HASH_LENGTH = 8


def use_photo(context: bpy.types.Context, path: str) -> None:
    """Make it the scene's photo; the property itself empties the list of another one. The caller makes the undo step."""
    owner = extension()
    context.scene.img23d.photo = path
    owner.refusal = ""
    owner.thumbnails.load(absolute(path), again=True)
    owner.pump.is_stale = True
    owner.pump.wake()


def photo_of_image(context: bpy.types.Context, image: bpy.types.Image) -> str:
    """The path of a picture that looks like the image. Raises Img23DError where it has no pixels."""
    if image.type == "RENDER_RESULT":
        return photo_of_render(context)
    own = str(image.get(_OF_THE_PHOTO, "")) or _own_file(image)
    return own or _written(_folder(context), image.name, _seen(image))


def photo_of_render(context: bpy.types.Context) -> str:
    """Of the last render, as it is seen. Raises Img23DError where nothing was rendered."""
    folder = _folder(context)
    data = picture_data(folder, lambda draft: save_render_result(context.scene, draft))
    path = folder / f"render_{_hash(data)}.png"
    save_picture(path, data)
    return str(path)


def photo_in_clipboard(context: bpy.types.Context) -> str:
    """A copied picture, or the path or file:// address of one. Raises Img23DError where there is neither."""
    path = picture_named_in(context.window_manager.clipboard)
    if path:
        return path
    image = _pasted_image(context)
    if image is None:
        sentence = _(
            "There is no picture in the clipboard that Blender can read on this system: copy the picture's file or its path, or save it and choose the file."
        )
        raise bad_request(sentence)
    try:
        return photo_of_image(context, image)
    finally:
        bpy.data.images.remove(image)


def picture_named_in(text: str) -> str:
    """The first line that is the path or the file:// address of a picture's file, else an empty text."""
    for line in text.splitlines()[:20]:  # a whole document may have been copied
        path = _path_in(line.strip().strip("\"'"))
        if path is not None and path.suffix.lower() in EXTENSIONS and path.is_absolute() and path.is_file():
            return str(path)
    return ""


# --- steps --------------------------------------------------------------------------------------------------------------


def _path_in(line: str) -> Path | None:
    if not line or len(line) > 4096 or "\0" in line:
        return None
    if not line.lower().startswith("file:"):
        return Path(line).expanduser() if line.startswith("~") else Path(line)
    return Path(url2pathname(urlsplit(line).path))


def _own_file(image: bpy.types.Image) -> str:
    """Where the image is what its file shows, and the backend can open that."""
    if image.source not in ("FILE", "SEQUENCE") or image.is_dirty or image.packed_file is not None:
        return ""
    path = Path(bpy.path.abspath(image.filepath, library=image.library)) if image.filepath else Path()
    return str(path) if path.suffix.lower() in EXTENSIONS and path.is_file() else ""


def _seen(image: bpy.types.Image) -> np.ndarray:
    """(H, W, 4) float32 in sRGB, straight alpha, rows from the bottom. Raises Img23DError where there are no pixels."""
    width, height = image.size  # this reads the file
    values = np.empty(width * height * 4, np.float32)
    if image.channels != 4 or not values.size:
        raise bad_request(_why_no_pixels(image))
    try:
        image.pixels.foreach_get(values)
    except (TypeError, RuntimeError) as error:  # another number of pixels than it says, as several layers have
        raise Img23DError(ErrorCode.BAD_REQUEST, _why_no_pixels(image), str(error)) from error
    pixels = values.reshape(height, width, 4)
    return _display(pixels) if image.is_float else pixels


def _why_no_pixels(image: bpy.types.Image) -> str:
    if image.type in ("MULTILAYER", "COMPOSITING"):
        sentence = _("“{name}” cannot be read pixel by pixel: save it as a PNG and choose that one.")
    elif image.source == "MOVIE":
        sentence = _("“{name}” is a film: save one of its frames as a PNG and choose that one.")
    elif image.source in ("FILE", "SEQUENCE"):
        sentence = _("The file of “{name}” cannot be read (any more): find it again, or choose another picture.")
    else:
        sentence = _("“{name}” has no pixels yet: choose another picture.")
    return sentence.format(name=image.name)


def _display(pixels: np.ndarray) -> np.ndarray:
    """Scene-linear with premultiplied alpha to sRGB with straight alpha, (H, W, 4)."""
    alpha = np.clip(pixels[..., 3:], 0.0, 1.0)
    linear = np.clip(pixels[..., :3] / np.maximum(alpha, 1e-6), 0.0, 1.0)
    return np.concatenate([to_srgb(linear), alpha], axis=-1)


def _written(folder: Path, name: str, pixels: np.ndarray) -> str:
    """Raises Img23DError."""
    eight_bits = (np.clip(np.nan_to_num(pixels), 0.0, 1.0) * 255 + 0.5).astype(np.uint8)
    stem = safe_stem(name.rpartition(".")[0] if name.lower().endswith(EXTENSIONS) else name, "image")
    path = folder / f"{stem}_{_hash(eight_bits.tobytes())}.png"
    if not path.is_file():
        save_pixels(path, np.divide(eight_bits, 255, dtype=np.float32))
    return str(path)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:_HASH_LENGTH]


def _folder(context: bpy.types.Context) -> Path:
    """Raises Img23DError."""
    folder = runs_base(context) / "photos"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        sentence = _("The folder “{folder}” cannot be made: choose another one in the preferences.").format(folder=folder)
        raise disk_error(error, folder) or Img23DError(ErrorCode.FOLDER_UNWRITABLE, sentence, str(error)) from error
    return folder


def _pasted_image(context: bpy.types.Context) -> bpy.types.Image | None:
    """The clipboard's picture as a new image. Blender pastes in an Image Editor only: any area is one for a moment."""
    window = context.window
    if window is None:
        return None
    areas = sorted(window.screen.areas, key=lambda area: (area.type != "IMAGE_EDITOR", area == context.area))
    known = {image.session_uid for image in bpy.data.images}
    with _as_image_editor(areas[0]) as space, context.temp_override(window=window, area=areas[0]):
        before = space.image
        if bpy.ops.image.clipboard_paste.poll():
            bpy.ops.image.clipboard_paste()
        space.image = before
    return next((image for image in bpy.data.images if image.session_uid not in known), None)


class _as_image_editor:
    """An area that is an Image Editor inside of the `with`, and afterwards what it was."""

    def __init__(self, area: bpy.types.Area) -> None:
        self._area, self._was = area, area.ui_type

    def __enter__(self) -> bpy.types.SpaceImageEditor:
        if self._area.type != "IMAGE_EDITOR":
            self._area.ui_type = "IMAGE_EDITOR"
        return self._area.spaces.active

    def __exit__(self, *_: object) -> None:
        if self._area.ui_type != self._was:
            self._area.ui_type = self._was
