"""Gaussian splats as a PLY file, as trainers write it: the run's folder always gets one, and a mesh that is painted comes with its own.

The layout and its source stand in `img23d_protocol.files.splat_ply`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.files.splat_ply import COLOUR, CONSTANT_PART, OPACITY, PLACE, ROTATION, SCALE, header
from img23d_protocol.files.whole_files import write_whole

from ..stages import Splats

_LEAST, _MOST = 1e-6, 1.0 - 1e-6  # opacities whose logit is a number that every reader can take
_LARGEST = 30.0  # of a logarithm: beyond is nothing that could be told apart
_END = b"end_header\n"
_AXES = np.array((1.0, -1.0, -1.0), np.float32)  # the file's, of a mesh's
_TURNED = np.array((1.0, 1.0, -1.0, -1.0), np.float32)  # the same turn seen from the turned axes; a splat is the same along -x as along x
_UNTURNED = np.array((1.0, 0.0, 0.0, 0.0), np.float32)
_UNREADABLE = "The splats of this mesh could not be read: paint it with the picture alone."
_SMALLEST = 1e-9  # metres: the logarithm of nothing is none


def write_ply(path: Path, splats: Splats, *, scale: float = 1.0, offset: np.ndarray | None = None) -> None:
    """Write splats, whose axes are those of a mesh. Raises OSError, and ValueError where a value is not finite.

    As with a mesh, positions are written as (p + offset) * scale. The file's axes are right, down, forward: half a turn about x.
    """
    rotations, opacities = splats.rotations, splats.opacities
    places = (splats.positions + (0.0 if offset is None else offset)) * scale
    lengths = np.linalg.norm(rotations, axis=1, keepdims=True)
    turns = np.where(lengths == 0.0, (1.0, 0.0, 0.0, 0.0), rotations / np.where(lengths == 0.0, 1.0, lengths))
    opaque = np.clip(opacities, _LEAST, _MOST).reshape(-1, 1)
    columns = (
        places * _AXES,
        np.zeros_like(places),
        (splats.colors - 0.5) / CONSTANT_PART,
        np.log(opaque / (1.0 - opaque)),
        np.log(np.maximum(splats.scales * scale, _SMALLEST)),
        turns * _TURNED,
    )
    rows = np.concatenate(columns, axis=1).astype("<f4")
    if not np.isfinite(rows).all():
        raise ValueError("splats with values that are not finite")
    write_whole(path, header(len(rows)) + rows.tobytes())


def read_ply(path: Path) -> Splats:
    """In a mesh's axes; higher bands of the colours are left out. Raises Img23DError(MESH_UNREADABLE) for what is no such file, or has
    numbers that are not finite.
    """
    try:
        data = path.read_bytes()
        names, count, start = _layout(data)
        rows = np.frombuffer(data, "<f4", offset=start).reshape(-1, len(names)).astype(np.float32)
        if len(rows) != count:
            raise ValueError(f"{len(rows)} splats in place of {count}")
        columns = [rows[:, [names.index(name) for name in group]] for group in (PLACE, COLOUR, OPACITY, SCALE, ROTATION)]
    except (OSError, ValueError) as error:
        raise Img23DError(ErrorCode.MESH_UNREADABLE, _UNREADABLE, f"{path}: {error}") from error
    if not all(np.isfinite(one).all() for one in columns) or not len(rows):
        raise Img23DError(ErrorCode.MESH_UNREADABLE, _UNREADABLE, f"{path}: {len(rows)} splats, or numbers that are not finite")
    places, colors, opacities, scales, turns = columns
    lengths = np.linalg.norm(turns.astype(np.float64), axis=1, keepdims=True)
    return Splats(
        positions=places * _AXES,
        colors=0.5 + np.float32(CONSTANT_PART) * colors,
        opacities=1.0 / (1.0 + np.exp(-np.clip(opacities[:, 0], -_LARGEST, _LARGEST))),
        scales=np.exp(np.minimum(scales, _LARGEST)),
        rotations=np.where(lengths == 0.0, _UNTURNED, turns / np.maximum(lengths, 1e-12)).astype(np.float32) * _TURNED,
    )


def _layout(data: bytes) -> tuple[list[str], int, int]:
    """The names in the order of a row, how many rows there are, and where they begin. Raises ValueError."""
    start = data.index(_END) + len(_END)
    lines = data[:start].decode("ascii").splitlines()
    if lines[:2] != ["ply", "format binary_little_endian 1.0"]:
        raise ValueError("no binary PLY")
    elements = [line.split() for line in lines if line.startswith("element")]
    if len(elements) != 1 or elements[0][1:2] != ["vertex"] or len(elements[0]) != 3:
        raise ValueError("other elements than splats")
    properties = [line.split() for line in lines if line.startswith("property")]
    if any(len(one) != 3 or one[1] != "float" for one in properties):
        raise ValueError("a property that is no float")
    return [one[2] for one in properties], int(elements[0][2]), start
