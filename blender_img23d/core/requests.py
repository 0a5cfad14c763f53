"""Requests to the backend, made from the panel's settings."""

from __future__ import annotations

import math
import re
import secrets
import stat
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ..shared.img23d_protocol import ErrorCode, Img23DError, ProtocolError, encode
from ..shared.img23d_protocol.errors import bad_request
from ..shared.img23d_protocol.files.filenames import safe_stem
from ..shared.img23d_protocol.limits import BUDGET_MAX, FACES_MIN, HEIGHT_MAX, SEED_MAX
from ..shared.img23d_protocol.messages import (
    Diagnose,
    Edit,
    Generate,
    Locate,
    Pick,
    Point,
    Settings,
    ShapeKind,
    ToBackend,
    Wanted,
)
from ..shared.img23d_protocol.options.declare import check
from ..shared.img23d_protocol.options.settings import engine_named

RANDOM_SEED = -1
STAMPED_NAME = re.compile(r"\d{8}-\d{6}-.+-([0-9a-f]{4}){1,2}", re.DOTALL)  # what `stamped_name` makes, and made


def build_settings(**values: Any) -> Settings:
    """Of options by their properties' names, as the panel has them. Raises Img23DError(BAD_REQUEST) for a value outside its range."""
    settings = Settings.of(**values)
    check(settings)
    return settings


def build_edit(*, photo: str, engine: str, seed: int, settings: Settings, base_folder: Path, now: datetime | None = None) -> Edit:
    """A cleaner picture of the photo in a folder that no cleaning up takes away, since it may become a scene's photo. Raises as `build_generate`."""
    path = checked_photo(photo)
    folder = base_folder / "pictures" / stamped_name(photo, now)
    return Edit(job=new_id(), photo=str(path), run_folder=str(folder), engine=engine, seed=draw_seed(seed), settings=settings)


def build_generate(
    *,
    photo: str,
    original: str = "",
    wanted: Sequence[Wanted],
    engine: str,
    seed: int,
    settings: Settings,
    base_folder: Path,
    now: datetime | None = None,
) -> Generate:
    """`photo` is an absolute path, `original` that of the photo which it was edited from, `seed` -1 for a random one (drawn here and in the message).

    Nothing wanted is the whole picture as one object. The run's folder is named, not made. Raises Img23DError (PHOTO_MISSING,
    PHOTO_NOT_FOUND, PHOTO_IS_FOLDER, PHOTO_EMPTY_FILE, BAD_REQUEST).
    """
    path = checked_photo(photo)
    return Generate(
        job=new_id(),
        photo=str(path),
        original=original,
        run_folder=str(new_run_folder(base_folder, photo, now)),
        wanted=tuple(heeded(checked_wanted(one), engine, settings) for one in wanted),
        engine=engine,
        seed=draw_seed(seed),
        settings=settings,
    )


def heeded(wanted: Wanted, engine: str, settings: Settings) -> Wanted:
    """Without the kind, where the engine makes shapes of its own, and the further photos, where it does not look at them: the panel
    does not show them then.
    """
    known = engine_named(engine)
    shape = wanted.shape if known.has_kinds else ShapeKind.AUTO
    return replace(wanted, shape=shape, sides=wanted.sides if known.takes_side_photos(settings.value) else ())


def build_locate(*, photo: str, original: str = "", wanted: Sequence[Wanted], engine: str, seed: int, settings: Settings, folder: Path | None = None) -> Locate:
    """As `build_generate`, for looking only; with a `folder` what is found is also cut out there."""
    path = checked_photo(photo)
    return Locate(
        job=new_id(),
        photo=str(path),
        original=original,
        run_folder=str(folder) if folder is not None else "",
        wanted=tuple(replace(checked_wanted(one), shape=ShapeKind.AUTO, sides=()) for one in wanted),
        engine=engine,
        seed=draw_seed(seed),
        settings=settings,
    )


def build_pick(*, photo: str, point: Point | None, settings: Settings, folder: Path) -> Pick:
    """What can be picked in the photo, and what is at the point; as files in the folder. Raises Img23DError as `build_generate`."""
    path = checked_photo(photo)
    if point is not None:
        _check_point(point, "")
    return Pick(job=new_id(), photo=str(path), run_folder=str(folder), point=point, settings=settings)


def build_diagnose(*, run_folder: str = "", settings: Settings | None = None, try_stages: bool = False) -> Diagnose:
    return Diagnose(job=new_id(), run_folder=run_folder, settings=settings or Settings(), try_stages=try_stages)


def check_sendable(request: ToBackend) -> None:
    """Raises Img23DError(BAD_REQUEST) for what no message can hold, such as an infinite number, or more than fits into a line."""
    try:
        encode(request)
    except ProtocolError as error:
        sentence = "One of the settings holds a value that cannot be used: enter the names, boxes and sizes again."
        raise Img23DError(ErrorCode.BAD_REQUEST, sentence, str(error)) from error


def draw_seed(seed: int) -> int:
    """The seed itself, or a random one for -1. Raises Img23DError(BAD_REQUEST)."""
    if seed == RANDOM_SEED:
        return secrets.randbelow(SEED_MAX + 1)
    if not 0 <= seed <= SEED_MAX:
        raise bad_request(f"The seed must be 0 to {SEED_MAX}, or -1 for a random one, not {seed}.")
    return seed


def new_run_folder(base_folder: Path, photo: str, now: datetime | None = None) -> Path:
    """`<base>/runs/<stamped name>`; a new name at each call, nothing is made on disk."""
    return base_folder / "runs" / stamped_name(photo, now)


def stamped_name(photo: str, now: datetime | None = None) -> str:
    """`<YYYYMMDD-HHMMSS>-<photo stem made safe>-<8 hex>`: in the order of time, and never the same twice."""
    stamp = (now or datetime.now()).strftime("%Y%m%d-%H%M%S")
    return f"{stamp}-{safe_stem(Path(photo).stem, 'photo')}-{secrets.token_hex(4)}"


def new_id() -> str:
    return secrets.token_hex(6)


def checked_photo(photo: str) -> Path:
    """What can be said at once, before a backend is started for it; the picture itself is the backend's to judge."""
    if not photo.strip():
        raise Img23DError(ErrorCode.PHOTO_MISSING, "No photo is chosen: choose one first.")
    path = Path(photo)
    try:
        state = path.stat()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        sentence = f"The photo “{path.name}” is not there: choose it again."
        raise Img23DError(ErrorCode.PHOTO_NOT_FOUND, sentence, str(error)) from error
    if path.is_dir():
        raise Img23DError(ErrorCode.PHOTO_IS_FOLDER, f"“{path.name}” is a folder: choose a picture inside it.")
    if not stat.S_ISREG(state.st_mode):
        sentence = f"“{path.name}” is no file but a device or a pipe: choose a picture's file."
        raise Img23DError(ErrorCode.PHOTO_UNREADABLE, sentence)
    if state.st_size == 0:
        raise Img23DError(ErrorCode.PHOTO_EMPTY_FILE, f"The file “{path.name}” is empty: choose another photo.")
    return path


def checked_wanted(wanted: Wanted) -> Wanted:
    """Raises Img23DError(BAD_REQUEST) for a box that is none, or a height that nothing has."""
    box = wanted.box
    if wanted.point is not None:
        _check_point(wanted.point, wanted.name)
    if not 0.0 <= wanted.height <= HEIGHT_MAX:  # false for NaN, too
        raise bad_request(f"The real height of “{wanted.name}” must be 0 to {HEIGHT_MAX:.0f} m: type it again.")
    if wanted.faces and not FACES_MIN <= wanted.faces <= BUDGET_MAX:
        raise bad_request(f"The faces of “{wanted.name}” must be {FACES_MIN} to {BUDGET_MAX}, or 0 for the usual number.")
    if box is None:
        return wanted
    sides = (box.left, box.top, box.right, box.bottom)
    is_inside = all(math.isfinite(side) and 0.0 <= side <= 1.0 for side in sides)
    if not is_inside or box.left >= box.right or box.top >= box.bottom:
        raise bad_request(f"The box of “{wanted.name}” must lie inside the photo and have a width and a height: draw it again.")
    return wanted


def _check_point(point: Point, name: str) -> None:
    whose = f" of “{name}”" if name else ""
    if not (0.0 <= point.x <= 1.0 and 0.0 <= point.y <= 1.0):  # false for NaN, too
        raise bad_request(f"The point{whose} is outside of the photo: pick a place in it.")
