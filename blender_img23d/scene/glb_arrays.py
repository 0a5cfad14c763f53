"""A GLB of our own backend as the arrays that a Blender mesh is made of. Knows no Blender, so that any thread may read.

Format: Khronos, glTF 2.0 specification, sections 3.6 (buffers) and 4 (GLB).
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

_GENERATOR = "Img23D"  # in the file: of others', or of what others have changed, nothing is assumed
_JSON_CHUNK, _BINARY_CHUNK = 0x4E4F534A, 0x004E4942
_FLOAT, _UINT32 = 5126, 5125
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3}
# Odd multipliers and a shift that spread the bits of a hash (splitmix64, Steele et al., 2014)
_SPREAD, _SHIFT = np.uint64(0x9E3779B97F4A7C15), np.uint64(29)


@dataclass(frozen=True, kw_only=True)
class GlbArrays:
    """A closed mesh of V vertices, E edges and F triangles in Blender's axes (z up), welded where the file had to split it.

    `uv` has v upwards, `png` is the picture's file; None and empty where it has none. `base_color` is scene linear.
    """

    name: str
    vertices: np.ndarray  # (V, 3) float32
    edges: np.ndarray  # (E, 2) int32
    corner_vertices: np.ndarray  # (3F,) int32
    corner_edges: np.ndarray  # (3F,) int32: from each corner to the next one of its triangle
    uv: np.ndarray | None  # (3F, 2) float32
    png: bytes
    base_color: tuple[float, float, float]
    extras: dict[str, Any]  # of the material


class NotOurs(Exception):
    """Something that only a full importer understands."""


def read_glb(path: str) -> GlbArrays:
    """Raises OSError, and NotOurs for what was not written by our backend, or not to its end."""
    data = Path(path).read_bytes()
    try:
        return _arrays(*_chunks(data))
    except (KeyError, IndexError, TypeError, ValueError, struct.error, AttributeError) as error:
        raise NotOurs(f"{path}: {error!r}") from error


def _chunks(data: bytes) -> tuple[dict[str, Any], memoryview]:
    magic, version, length, json_length, json_kind = struct.unpack_from("<4sIIII", data)
    if (magic, version, length, json_kind) != (b"glTF", 2, len(data), _JSON_CHUNK):
        raise ValueError("no GLB")
    start = 20 + json_length
    binary_length, binary_kind = struct.unpack_from("<II", data, start)
    if binary_kind != _BINARY_CHUNK:
        raise ValueError("no binary chunk")
    return json.loads(data[20:start]), memoryview(data)[start + 8 : start + 8 + binary_length]


def _arrays(document: dict[str, Any], binary: memoryview) -> GlbArrays:
    if document["asset"].get("generator") != _GENERATOR or len(document["nodes"]) != 1 or len(document["meshes"]) != 1:
        raise ValueError("another program's file")
    (primitive,) = document["meshes"][0]["primitives"]
    attributes, material = primitive["attributes"], document["materials"][primitive["material"]]
    positions = _accessor(document, binary, attributes["POSITION"], _FLOAT)
    normals = _accessor(document, binary, attributes["NORMAL"], _FLOAT)
    indices = _accessor(document, binary, primitive["indices"], _UINT32).ravel()
    if not len(indices) or len(indices) % 3 or indices.max() >= len(positions):
        raise ValueError("no triangles")
    first, place = _welded(np.concatenate((positions, normals), axis=1))
    corners = place[indices]  # (3F,)
    edges, corner_edges = _edges(corners, len(first))
    surface = material["pbrMetallicRoughness"]
    return GlbArrays(
        name=document["meshes"][0]["name"],
        vertices=np.ascontiguousarray(positions[first][:, (0, 2, 1)] * np.array((1, -1, 1), np.float32)),
        edges=edges,
        corner_vertices=corners,
        corner_edges=corner_edges,
        uv=_uv(document, binary, attributes, indices),
        png=_picture(document, binary),
        base_color=tuple(surface.get("baseColorFactor", (1.0, 1.0, 1.0))[:3]),
        extras=material.get("extras", {}),
    )


def _accessor(document: dict[str, Any], binary: memoryview, index: int, kind: int) -> np.ndarray:
    """(N, width), a view into the file."""
    accessor = document["accessors"][index]
    if accessor["componentType"] != kind:
        raise ValueError("other numbers")
    width = _WIDTHS[accessor["type"]]
    dtype = "<f4" if kind == _FLOAT else "<u4"
    part = _view(document, binary, accessor["bufferView"])
    return np.frombuffer(part, dtype, accessor["count"] * width).reshape(-1, width)


def _view(document: dict[str, Any], binary: memoryview, index: int) -> memoryview:
    view = document["bufferViews"][index]
    start = view.get("byteOffset", 0)
    if start + view["byteLength"] > len(binary):
        raise ValueError("cut off")
    return binary[start : start + view["byteLength"]]


def _uv(document: dict[str, Any], binary: memoryview, attributes: dict[str, int], indices: np.ndarray) -> np.ndarray | None:
    if "TEXCOORD_0" not in attributes:
        return None
    uv = _accessor(document, binary, attributes["TEXCOORD_0"], _FLOAT)[indices]  # (3F, 2)
    uv[:, 1] = 1.0 - uv[:, 1]
    return uv


def _picture(document: dict[str, Any], binary: memoryview) -> bytes:
    images = document.get("images", [])
    return bytes(_view(document, binary, images[0]["bufferView"])) if images else b""


def _welded(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(V,) the first of equal rows, in the rows' order, and (N,) int32 the place of each row among these.

    Rows are position and normal (N, 6), as in Blender's importer: what only touches stays apart.
    """
    bits = np.ascontiguousarray(rows).view(np.uint32).astype(np.uint64)
    keys = np.zeros(len(bits), np.uint64)
    for column in bits.T:
        keys = (keys ^ column) * _SPREAD
        keys ^= keys >> _SHIFT
    _, first, place = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    first, place = first[order], rank[place.reshape(-1)]
    if not np.array_equal(rows[first][place], rows):  # two rows with one hash
        raise ValueError("not welded")
    return first, place


def _edges(corners: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(E, 2) int32, the lower vertex first, and (3F,) int32 the edge that begins at each corner."""
    triangles = corners.reshape(-1, 3)
    ends = np.stack((triangles, np.roll(triangles, -1, axis=1)), axis=-1).reshape(-1, 2)  # (3F, 2)
    low, high = ends.min(axis=1), ends.max(axis=1)
    if (low == high).any():
        raise ValueError("a triangle without an area")
    keys, corner_edges = np.unique(low.astype(np.int64) * count + high, return_inverse=True)
    edges = np.stack((keys // count, keys % count), axis=1).astype(np.int32)
    return edges, corner_edges.reshape(-1).astype(np.int32)
