"""From what stands in the panel to a message that the backend can work on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from ..shared.img23d_protocol.messages import Box, Generate, Locate, Paint, Settings


def build_settings(
    *, texture: bool = True, texture_size: int | str, faces: int, shape: str, thickness: float
) -> Settings:
    """Raises Img23DError(BAD_REQUEST) for a value outside its range."""
    raise NotImplementedError


def build_generate(
    *,
    photo: str,
    names: str,
    engine: str,
    seed: int,
    settings: Settings,
    base_folder: Path,
    boxes: Sequence[Box | None] = (),
    now: datetime | None = None,
) -> Generate:
    """`photo` is an absolute path, `names` the text as typed, `seed` -1 for a random one (drawn here and in the message).

    `boxes[i]` belongs to the i-th name; boxes without a name are things of their own. The run's folder is named, not
    made. Raises Img23DError (PHOTO_MISSING, PHOTO_NOT_FOUND, PHOTO_IS_FOLDER, PHOTO_EMPTY_FILE, BAD_REQUEST).
    """
    raise NotImplementedError


def build_locate(*, photo: str, names: str, engine: str, seed: int, boxes: Sequence[Box | None] = ()) -> Locate:
    """As `build_generate`, for looking only."""
    raise NotImplementedError


def build_paint(
    *,
    mesh: str,
    picture: str,
    name: str,
    engine: str,
    seed: int,
    settings: Settings,
    run_folder: Path,
) -> Paint:
    """`mesh` is the .npz that the scene wrote into `run_folder` (see `new_run_folder`); `picture` an absolute path."""
    raise NotImplementedError


def new_run_folder(base_folder: Path, photo: str, now: datetime | None = None) -> Path:
    """`<base>/runs/<YYYYMMDD-HHMMSS>-<photo stem made safe>-<4 hex>`; a new name at each call, nothing is made on disk."""
    raise NotImplementedError
