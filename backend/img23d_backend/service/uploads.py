"""The body of a request, within its limits: a form with files, or JSON; and the pictures in it, looked at before anything is computed."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from starlette.datastructures import UploadFile
from starlette.requests import Request

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.errors import bad_request
from img23d_protocol.files.whole_files import write_whole

from ..images.decode import photo_size
from .job_files import JobFolder

_MOST_FILES, _MOST_FIELDS = 64, 64
_FIELD_BYTES = 16 * 2**20  # a message with two hundred things and a thousand brushed points each has a third of it
_NO_PICTURES = (".npz", ".npy", ".ply")  # meshes and splats of a `Paint`


class TooLarge(Img23DError):
    """More bytes or pixels than the server takes."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """`files` are by the names that the client gave them, `parts` by those of the form's fields."""

    fields: dict[str, str]
    files: dict[str, UploadFile]
    parts: dict[str, UploadFile]


async def read_form(request: Request) -> Form:
    """Raises Img23DError(BAD_REQUEST); the guard sees to bytes and seconds."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("multipart/form-data", "application/x-www-form-urlencoded"):
        raise bad_request("The request must be a form: multipart/form-data.")
    form = await request.form(max_files=_MOST_FILES, max_fields=_MOST_FIELDS, max_part_size=_FIELD_BYTES)
    parts = {key: value for key, value in form.multi_items() if isinstance(value, UploadFile)}
    files = {value.filename or key: value for key, value in form.multi_items() if isinstance(value, UploadFile)}
    fields = {key: value for key, value in form.multi_items() if isinstance(value, str)}
    return Form(fields=fields, files=files, parts=parts)


def save(upload: UploadFile, path: Path) -> None:
    """Raises OSError."""
    upload.file.seek(0)
    write_whole(path, upload.file.read(), private=True)


def save_all(files: dict[str, UploadFile], wanted: Iterable[str], folder: JobFolder) -> dict[str, Path]:
    """The files that a message speaks of, by their names. Raises Img23DError(BAD_REQUEST), OSError."""
    saved: dict[str, Path] = {}
    for name in dict.fromkeys(wanted):
        if name not in files:
            raise bad_request(f"The message speaks of a file “{name[:80]}”, which did not come with it.")
        saved[name] = folder.place_for(len(saved), name)
        save(files[name], saved[name])
    return saved


def check_picture(path: Path, most_pixels: int) -> None:
    """Raises Img23DError: a code of PHOTO_*, or TooLarge."""
    width, height = photo_size(str(path))
    if width * height > most_pixels:
        sentence = f"The picture has {width * height / 1e6:,.0f} megapixels, and this server takes {most_pixels / 1e6:,.0f}: send a smaller one."
        raise TooLarge(ErrorCode.PHOTO_UNREADABLE, sentence)


def is_picture(path: Path) -> bool:
    """Whatever it claims to be: what is none is refused before it waits for a worker."""
    return path.suffix.lower() not in _NO_PICTURES


def from_base64(text: str) -> bytes:
    """Raises Img23DError(BAD_REQUEST). A data URL is taken as well."""
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise bad_request(f"The picture is no base64: {error}.") from error
