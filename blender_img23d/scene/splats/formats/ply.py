"""Gaussian splats as PLY files: anyone's are read, with their properties in any order; ours are written as trainers write them.

Format: Turk, The PLY Polygon File Format, 1994; the properties are those of `img23d_protocol.files.splat_ply`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ....shared.img23d_protocol.files import splat_ply as names
from .cloud import Splats, from_logarithms, from_logits, logarithms, logits, unit
from .harmonics import COUNTS
from .refusals import DAMAGED, TOO_MANY, TRUNCATED, SplatFileError

MAGIC = b"ply"
_LONGEST_HEADER = 1 << 16  # bytes; one of splats has two thousand
_MOST_WIDE = 1 << 12  # properties of an element
_ORDERS = {"binary_little_endian": "<", "binary_big_endian": ">"}
_KINDS = {
    **{"char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4", "float": "f4", "double": "f8"},
    **{"int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4", "uint32": "u4", "float32": "f4", "float64": "f8"},
}
_ORDINARY = "This PLY holds an ordinary mesh or points and no splats: bring it in with File > Import > Stanford PLY."
_COMPRESSED = "This PLY is packed in a way of its own: save it as a plain PLY or as SPZ in the program that it is from."
_TEXT = "This PLY is written as text: save it as a binary PLY in the program that it is from."
_NO_SCALES = "The splats of this PLY have no sizes and cannot be shown: it is damaged, or not complete."
_NO_ROTATIONS = "The splats of this PLY have no rotations and cannot be shown: it is damaged, or not complete."
_NO_OPACITIES = "The splats of this PLY have no opacity and cannot be shown: it is damaged, or not complete."
_NO_COLOURS = "The splats of this PLY have no colours and cannot be shown: it is damaged, or not complete."
_NO_PLACES = "The splats of this PLY have no positions and cannot be shown: it is damaged, or not complete."
_ODD_REST = "The colours of the splats of this PLY are not complete: save it again in the program that it is from."
_NEEDED = (
    (names.PLACE, _NO_PLACES),
    (names.SCALE, _NO_SCALES),
    (names.ROTATION, _NO_ROTATIONS),
    (names.OPACITY, _NO_OPACITIES),
    (names.COLOUR, _NO_COLOURS),
)
_TELLING = {*names.SCALE, *names.ROTATION, *names.OPACITY, *names.COLOUR}  # one of them, and it is of splats


@dataclass(frozen=True, kw_only=True)
class _Element:
    name: str
    count: int
    properties: dict[str, str]  # name -> type, as NumPy writes it; a list has none

    @property
    def bytes_a_row(self) -> int:
        return sum(np.dtype(kind).itemsize for kind in self.properties.values())


def read_ply(data: bytes, *, most: int) -> Splats:
    """In the file's own axes, with the spherical harmonics up to the third degree. Raises SplatFileError; more than `most` are refused."""
    order, elements, start = _header(data)
    wanted = next((one for one in elements if one.name == "vertex"), None)
    if wanted is None or not _TELLING & wanted.properties.keys():
        is_packed = wanted is not None and "packed_position" in wanted.properties
        raise SplatFileError(_COMPRESSED if is_packed else _ORDINARY)
    for group, sentence in _NEEDED:
        if not set(group) <= wanted.properties.keys():
            raise SplatFileError(sentence)
    if wanted.count > most:
        raise SplatFileError(TOO_MANY)
    for one in elements[: elements.index(wanted)]:
        if "" in one.properties.values():
            raise SplatFileError(_COMPRESSED)
        start += one.count * one.bytes_a_row
    return _splats(_rows(data, start, wanted, order), wanted)


def write_ply(splats: Splats) -> bytes:
    """The axes are the file's: right, down, forward."""
    count = splats.harmonics.shape[1]
    columns = (
        splats.positions,
        np.zeros_like(splats.positions),
        splats.constants,
        splats.harmonics.transpose(0, 2, 1).reshape(len(splats), 3 * count),
        logits(splats.opacities)[:, None],
        logarithms(splats.scales),
        splats.rotations,
    )
    return names.header(len(splats), count) + np.concatenate(columns, axis=1).astype("<f4").tobytes()


def _header(data: bytes) -> tuple[str, list[_Element], int]:
    """The byte order, the elements, and where their values begin."""
    end = data.find(b"end_header", 0, _LONGEST_HEADER)
    line_end = data.find(b"\n", end, end + 16) if end >= 0 else -1
    if line_end < 0:
        raise SplatFileError(TRUNCATED if len(data) < _LONGEST_HEADER else DAMAGED)
    order, elements = "", []
    for line in data[:end].decode("ascii", "replace").splitlines()[1:]:
        words = line.split()
        match words:
            case [] | ["comment" | "obj_info", *_]:
                continue
            case ["format", "ascii", *_]:
                raise SplatFileError(_TEXT)
            case ["format", form, *_] if form in _ORDERS:
                order = _ORDERS[form]
            case ["element", name, count] if count.isdecimal() and len(count) < 16:
                elements.append(_Element(name=name, count=int(count), properties={}))
            case ["property", "list", _, _, name] if elements:
                elements[-1].properties[name] = ""
            case ["property", kind, name] if elements and kind in _KINDS and name not in elements[-1].properties:
                elements[-1].properties[name] = order + _KINDS[kind]
            case _:
                raise SplatFileError(DAMAGED)
        if elements and len(elements[-1].properties) > _MOST_WIDE:
            raise SplatFileError(DAMAGED)
    if not order:
        raise SplatFileError(DAMAGED)
    return order, elements, line_end + 1


def _rows(data: bytes, start: int, wanted: _Element, order: str) -> np.ndarray:
    if "" in wanted.properties.values():
        raise SplatFileError(_COMPRESSED)
    if start + wanted.count * wanted.bytes_a_row > len(data):
        raise SplatFileError(TRUNCATED)
    kinds = set(wanted.properties.values())
    if kinds == {order + "f4"}:  # of floats only, as nearly all: one block of numbers
        width = len(wanted.properties)
        return np.frombuffer(data, order + "f4", wanted.count * width, start).reshape(wanted.count, width)
    return np.frombuffer(data, np.dtype(list(wanted.properties.items())), wanted.count, start)


def _splats(rows: np.ndarray, element: _Element) -> Splats:
    order = list(element.properties)

    def columns(group: tuple[str, ...]) -> np.ndarray:
        values = [rows[:, order.index(name)] if rows.ndim == 2 else rows[name] for name in group]
        return np.stack([value.astype(np.float32) for value in values], axis=1)

    with np.errstate(over="ignore", invalid="ignore"):
        return Splats(
            positions=columns(names.PLACE),
            scales=from_logarithms(columns(names.SCALE)),
            rotations=unit(columns(names.ROTATION)),
            opacities=from_logits(columns(names.OPACITY)[:, 0]),
            constants=columns(names.COLOUR),
            harmonics=_harmonics(columns, element),
        )


def _harmonics(columns: Callable[[tuple[str, ...]], np.ndarray], element: _Element) -> np.ndarray:
    """Of a fourth degree, which some write, the first three are taken: nobody sees the rest."""
    total = sum(name.startswith("f_rest_") for name in element.properties)
    count = total // 3
    if total % 3 or count not in (*COUNTS, 24) or not set(names.rest(count)) <= element.properties.keys():
        raise SplatFileError(_ODD_REST)
    if not count:
        return np.zeros((element.count, 0, 3), np.float32)
    values = columns(names.rest(count)).reshape(element.count, 3, count)
    return np.ascontiguousarray(values[:, :, : COUNTS[-1]].transpose(0, 2, 1))
