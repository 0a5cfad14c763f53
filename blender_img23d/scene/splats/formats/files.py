"""A file of splats, whatever kind it is of, in Blender's axes: right, away from the viewer, up."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import numpy as np

from ....shared.img23d_protocol.files.whole_files import write_whole
from . import ply, spz
from .cloud import Splats, moved, whole
from .refusals import EMPTY, FOREIGN, NO_NUMBERS, TOO_MANY, UNREADABLE, SplatFileError

MOST = 20_000_000  # splats: five gigabytes as a PLY, and as much in memory
_LARGEST = 8 << 30  # bytes


class Up(StrEnum):
    """Which of a file's axes points up."""

    Y_DOWN = "Y_DOWN"  # right, down, forward: PLY, as trainers write it
    Y_UP = "Y_UP"  # right, up, back: SPZ
    Z_UP = "Z_UP"  # as in Blender


# Row by row: Blender's axes in those of the file
_TO_BLENDER = {
    Up.Y_DOWN: np.array(((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0))),
    Up.Y_UP: np.array(((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0))),
    Up.Z_UP: np.eye(3),
}


def read_splats(path: Path, up: Up | None = None, *, most: int = MOST) -> tuple[Splats, int]:
    """The splats, and how many were left out because they have a value that is no number. What the file is, it says itself; `up` None
    is what its kind has. Raises SplatFileError, and reads nothing of what it refuses.
    """
    data = _bytes_of(path)
    if data.startswith(ply.MAGIC):
        splats, usual = ply.read_ply(data, most=most), Up.Y_DOWN
    elif data.startswith((spz.GZIP, spz.MAGIC, spz.ZSTD)):
        splats, usual = spz.read_spz(data, most=most), Up.Y_UP
    else:
        raise SplatFileError(FOREIGN if data else EMPTY)
    if not len(splats):
        raise SplatFileError(EMPTY)
    fine = whole(splats)
    if not len(fine):
        raise SplatFileError(NO_NUMBERS)
    return moved(fine, _affine(_TO_BLENDER[up or usual])), len(splats) - len(fine)


def write_splats(path: Path, splats: Splats) -> None:
    """As SPZ where the name ends so, else as PLY. Raises OSError."""
    if path.suffix.lower() == ".spz":
        data = spz.write_spz(moved(splats, _affine(_TO_BLENDER[Up.Y_UP].T)))
    else:
        data = ply.write_ply(moved(splats, _affine(_TO_BLENDER[Up.Y_DOWN].T)))
    write_whole(path, data)


def _affine(turn: np.ndarray) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = turn
    return matrix


def _bytes_of(path: Path) -> bytes:
    """Of an ordinary file only: a pipe or a device may never end."""
    try:
        if not path.is_file():
            raise SplatFileError(UNREADABLE)
        if path.stat().st_size > _LARGEST:
            raise SplatFileError(TOO_MANY)
        return path.read_bytes()
    except OSError as error:
        raise SplatFileError(UNREADABLE, str(error)) from error
