"""PNG files written by Blender: atomically, for their owner only, and with a reason where that fails.

Blender says of a file only that it could not be saved, and sometimes not even that, so what it wrote is looked at.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np
from bpy.app.translations import pgettext_rpt as _

from ...shared.img23d_protocol import ErrorCode, Img23DError
from ...shared.img23d_protocol.files.disk_errors import disk_error
from ...shared.img23d_protocol.files.whole_files import write_whole

_END = b"\0\0\0\0IEND\xaeB`\x82"  # a PNG's last chunk (PNG specification, 11.2.5)
_LITTLE = 1 << 20  # bytes: where no more is free, that is the reason


def save_pixels(path: Path, pixels: np.ndarray) -> None:
    """`pixels` (H, W, 4) float32 0..1, rows from the bottom. Raises Img23DError."""
    height, width = pixels.shape[:2]
    image = bpy.data.images.new(path.stem, width, height, alpha=True)
    try:
        image.pixels.foreach_set(np.ascontiguousarray(pixels, dtype=np.float32).ravel())

        def write(draft: Path) -> None:
            image.filepath_raw, image.file_format = str(draft), "PNG"
            image.save()

        save_picture(path, picture_data(path.parent, write))
    finally:
        bpy.data.images.remove(image)


def picture_data(folder: Path, write: Callable[[Path], None]) -> bytes:
    """The PNG that `write` makes of the name it is given, which no other Blender uses. Raises Img23DError."""
    draft = folder / f".picture.{secrets.token_hex(4)}.part"
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        write(draft)
        data = draft.read_bytes()
        if not data.endswith(_END):
            raise _refusal(folder, OSError(_likely(folder), "half a picture"))
        return data
    except RuntimeError as error:
        raise _refusal(folder, OSError(_likely(folder), str(error))) from error
    except OSError as error:
        raise _refusal(folder, error) from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def save_picture(path: Path, data: bytes) -> None:
    """Raises Img23DError."""
    try:
        write_whole(path, data, private=True)
    except OSError as error:
        raise _refusal(path.parent, error) from error


def _likely(folder: Path) -> int:
    """The likely number of an error that Blender does not report."""
    try:
        return errno.ENOSPC if shutil.disk_usage(folder).free < _LITTLE else errno.EIO
    except OSError:
        return errno.EIO


def _refusal(folder: Path, error: OSError) -> Img23DError:
    sentence = _("A picture could not be written into “{folder}”: choose another folder for runs in the preferences.")
    known = disk_error(error, folder) if error.errno != errno.EIO else None
    return known or Img23DError(ErrorCode.FOLDER_UNWRITABLE, sentence.format(folder=folder), str(error))
