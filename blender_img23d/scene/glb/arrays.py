"""A GLB of our own backend as the arrays that a Blender mesh is made of. Knows no Blender, so that any thread may read.

Everything is checked before it is handed on, since Blender itself checks nothing: a file may have been damaged on its disk,
or made to do harm. Format: Khronos, glTF 2.0 specification, sections 3.6 (buffers) and 4 (GLB).
"""

from __future__ import annotations

import json
import os
import stat
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .picture import check_png

_GENERATOR = "Img23D"  # in the file: of others', or of what others have changed, nothing is assumed
_JSON_CHUNK, _BINARY_CHUNK = 0x4E4F534A, 0x004E4942
_LARGEST_FILE = 1 << 30  # bytes; five million triangles and a texture of 4096 pixels need half of it
_LARGEST_JSON = 1 << 20  # bytes; ours has a few thousand
_FARTHEST = 1e6  # metres: no thing in a photo is as far across, and its squares must fit into float32
_FLOAT, _UINT32 = 5126, 5125
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3}
_MEAN_COLOUR = "img23d_mean_color"  # in a material's extras, see the backend's `mesh/glb.py`
# Odd multipliers and a shift that spread the bits of a hash (splitmix64, Steele et al., 2014)
_SPREAD, _SHIFT = np.uint64(0x9E3779B97F4A7C15), np.uint64(29)


@dataclass(frozen=True, kw_only=True)
class GlbArrays:
    """A closed mesh of V vertices, E edges and F triangles in Blender's axes (z up), welded where the file had to split it.

    `uv` has v upwards, `png` is the picture's file; None and empty where it has none. Colours are scene linear; `mean_color` is
    the picture's own, None where the file does not tell.
    """

    name: str
    vertices: np.ndarray  # (V, 3) float32
    edges: np.ndarray  # (E, 2) int32
    corner_vertices: np.ndarray  # (3F,) int32
    corner_edges: np.ndarray  # (3F,) int32: from each corner to the next one of its triangle
    uv: np.ndarray | None  # (3F, 2) float32
    png: bytes
    base_color: tuple[float, float, float]
    mean_color: tuple[float, float, float] | None


class NotOurs(Exception):
    """A sound GLB that another program has written, or changed."""


class Damaged(Exception):
    """No GLB of our backend, or not as it was written."""


def read_glb(path: str) -> GlbArrays:
    """Raises OSError, NotOurs, and Damaged for what nothing can be made of."""
    data = _content(path)
    try:
        return _arrays(*_chunks(data))
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError, RecursionError, struct.error) as error:
        raise Damaged(f"{path}: {error!r}"[:1000]) from error


def _content(path: str) -> bytes:
    """Of a file: a pipe or a device would be read for ever."""
    try:
        found = os.stat(path)
    except ValueError as error:  # a NUL in the path
        raise Damaged(f"{path!r}: {error}") from error
    if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST_FILE:
        raise Damaged(f"no file, or one of {found.st_size} bytes: {path}")
    return Path(path).read_bytes()


def _chunks(data: bytes) -> tuple[dict[str, Any], memoryview]:
    magic, version, length, json_length, json_kind = struct.unpack_from("<4sIIII", data)
    if (magic, version, length, json_kind) != (b"glTF", 2, len(data), _JSON_CHUNK) or json_length > _LARGEST_JSON:
        raise ValueError("no GLB")
    start = 20 + json_length
    binary_length, binary_kind = struct.unpack_from("<II", data, start)
    if binary_kind != _BINARY_CHUNK or start + 8 + binary_length > len(data):
        raise ValueError("no binary chunk")
    return json.loads(data[20:start]), memoryview(data)[start + 8 : start + 8 + binary_length]


def _arrays(document: dict[str, Any], binary: memoryview) -> GlbArrays:
    generator = document["asset"].get("generator")
    if generator != _GENERATOR:
        raise NotOurs(f"made by {generator[:80]}") if isinstance(generator, str) else ValueError("nobody's file")
    (mesh,) = document["meshes"]
    (primitive,) = mesh["primitives"]
    attributes, material = primitive["attributes"], _at(document["materials"], primitive["material"])
    positions = _vectors(document, binary, attributes["POSITION"], 3)
    if np.abs(positions).max(initial=0.0) > _FARTHEST:
        raise ValueError("too large")
    normals = _vectors(document, binary, attributes["NORMAL"], 3)
    uv = _vectors(document, binary, attributes["TEXCOORD_0"], 2) if "TEXCOORD_0" in attributes else None
    if len(normals) != len(positions) or (uv is not None and len(uv) != len(positions)):
        raise ValueError("vertices that lack something")
    first, place = _welded(np.concatenate((positions, normals), axis=1))
    indices = _triangles(_indices(document, binary, primitive["indices"], len(positions)), place)
    corners = place[indices]  # (3F,)
    edges, corner_edges = _edges(corners, len(first))
    surface = material["pbrMetallicRoughness"]
    mean = material.get("extras", {}).get(_MEAN_COLOUR)
    return GlbArrays(
        name=_text(mesh["name"]),
        vertices=np.ascontiguousarray(positions[first][:, (0, 2, 1)] * np.array((1, -1, 1), np.float32)),
        edges=edges,
        corner_vertices=corners,
        corner_edges=corner_edges,
        uv=_upright(uv[indices]) if uv is not None else None,
        png=_picture(document, binary),
        base_color=_colour(surface.get("baseColorFactor", (1.0, 1.0, 1.0, 1.0))[:3]),
        mean_color=_colour(mean) if mean is not None else None,
    )


def _text(value: Any) -> str:
    """What Blender can use as a name: a lone surrogate is no character, and a NUL ends it."""
    if not isinstance(value, str):
        raise TypeError("a name that is no text")
    return value.encode("utf-8", "replace").decode().replace("\0", " ")


def _colour(values: Any) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values if type(value) in (int, float))
    if not np.isfinite((red, green, blue)).all():
        raise ValueError("no colour")
    return red, green, blue


def _at(items: Any, index: Any) -> dict[str, Any]:
    if not isinstance(items, list) or type(index) is not int or not 0 <= index < len(items) or not isinstance(items[index], dict):
        raise ValueError(f"nothing at {index!r}")
    return items[index]


def _vectors(document: dict[str, Any], binary: memoryview, index: Any, width: int) -> np.ndarray:
    """(N, width) float32, a view into the file; all of them are finite."""
    values = _accessor(document, binary, index, _FLOAT)
    if values.shape[1] != width or not np.isfinite(values).all():
        raise ValueError("no vectors")
    return values


def _indices(document: dict[str, Any], binary: memoryview, index: Any, count: int) -> np.ndarray:
    """(F, 3) uint32, each below `count`."""
    indices = _accessor(document, binary, index, _UINT32)
    if indices.shape[1] != 1 or not len(indices) or len(indices) % 3 or indices.max() >= count:
        raise ValueError("no triangles")
    return indices.reshape(-1, 3)


def _triangles(indices: np.ndarray, place: np.ndarray) -> np.ndarray:
    """(3F,) without those that have a vertex twice when they are welded, or stand a second time: Blender knows no such face."""
    a, b, c = np.sort(place[indices], axis=1).T
    whole = (a != b) & (b != c)
    order = np.lexsort((c, b, a))
    again = (a[order][1:] == a[order][:-1]) & (b[order][1:] == b[order][:-1]) & (c[order][1:] == c[order][:-1])
    whole[order[1:][again]] = False
    if not whole.any():
        raise ValueError("no triangle has an area")
    return (indices if whole.all() else indices[whole]).ravel()


def _accessor(document: dict[str, Any], binary: memoryview, index: Any, kind: int) -> np.ndarray:
    """(N, width), a view into the file."""
    accessor = _at(document["accessors"], index)
    count, width = accessor["count"], _WIDTHS[accessor["type"]]
    if accessor["componentType"] != kind or type(count) is not int or count < 0 or accessor.get("byteOffset", 0) != 0:
        raise ValueError("other numbers")
    part = _view(document, binary, accessor["bufferView"])
    if count * width * 4 > len(part):
        raise ValueError("too few numbers")
    return np.frombuffer(part, "<f4" if kind == _FLOAT else "<u4", count * width).reshape(-1, width)


def _view(document: dict[str, Any], binary: memoryview, index: Any) -> memoryview:
    view = _at(document["bufferViews"], index)
    start, length = view.get("byteOffset", 0), view["byteLength"]
    if type(start) is not int or type(length) is not int or not 0 <= start <= start + length <= len(binary):
        raise ValueError("cut off")
    return binary[start : start + length]


def _upright(uv: np.ndarray) -> np.ndarray:
    """(3F, 2) of its own, with v upwards."""
    uv[:, 1] = 1.0 - uv[:, 1]
    return uv


def _picture(document: dict[str, Any], binary: memoryview) -> bytes:
    images = document.get("images", [])
    if not images:
        return b""
    data = bytes(_view(document, binary, _at(images, 0)["bufferView"]))
    check_png(data)
    return data


def _welded(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(V,) the first of equal rows, in the rows' order, and (N,) int32 the place of each row among these.

    Rows are position and normal (N, 6), as in Blender's importer: what only touches stays apart.
    """
    bits = np.ascontiguousarray(rows).view(np.uint32).astype(np.uint64)
    keys = np.zeros(len(bits), np.uint64)
    for column in bits.T:
        keys = (keys ^ column) * _SPREAD
        keys ^= keys >> _SHIFT
    first, place = _numbered(keys)
    if not np.array_equal(rows[first][place], rows):  # two rows with one hash
        first, place = _numbered(np.ascontiguousarray(rows).view(np.dtype((np.void, rows.itemsize * rows.shape[1]))).ravel())
    return first, place


def _numbered(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As `_welded`, of keys (N,)."""
    _, first, place = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return first[order], rank[place.reshape(-1)]


def _edges(corners: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(E, 2) int32, the lower vertex first, and (3F,) int32 the edge that begins at each corner.

    `corners` (3F,) has no vertex twice in a triangle.
    """
    triangles = corners.reshape(-1, 3)
    ends = np.stack((triangles, np.roll(triangles, -1, axis=1)), axis=-1).reshape(-1, 2)  # (3F, 2)
    low, high = ends.min(axis=1), ends.max(axis=1)
    keys, corner_edges = np.unique(low.astype(np.int64) * count + high, return_inverse=True)
    edges = np.stack((keys // count, keys % count), axis=1).astype(np.int32)
    return edges, corner_edges.reshape(-1).astype(np.int32)
