"""A GLB to be divided: its triangles in the world's axes, with every attribute of their vertices, and the materials as they are.

Format: Khronos, glTF 2.0 specification. Skins, morph targets and animations are left behind: parts stand as the file's nodes do.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.errors import bad_request

from ...mesh.glb_document import BINARY_CHUNK, COMPONENTS, JSON_CHUNK, KINDS
from ...mesh.glb_node import node_matrix
from ...mesh.topology.normals import unit
from ...stages import Mesh

MOST_FACES = 4_000_000
_MAGIC = 0x46546C67
_TYPES = {number: np.dtype(f"<{name}") for name, number in COMPONENTS.items()}
_WIDTHS = {kind: width for width, kind in KINDS.items()}
_TRIANGLES, _STRIP, _FAN = 4, 5, 6
_LEFT_BEHIND = ("JOINTS_", "WEIGHTS_")
_DEEPEST = 200  # nodes below each other


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """`values` (V, 1 to 4) in the file's own type; integers that are `normalized` stand for 0 to 1, or -1 to 1."""

    values: np.ndarray
    normalized: bool = False

    def floats(self) -> np.ndarray:
        """(V, 1 to 4) float64, section 3.6.2.2 of the specification."""
        values = self.values.astype(np.float64)
        return np.maximum(values / np.iinfo(self.values.dtype).max, -1.0) if self.normalized and self.values.dtype.kind in "iu" else values


@dataclass(frozen=True, kw_only=True)
class Primitive:
    """`attributes` of its vertices, positions, normals and tangents in the world's axes; `faces` (F, 3) int64; `material` in the document."""

    attributes: Mapping[str, Attribute]
    faces: np.ndarray
    material: int | None


@dataclass(frozen=True, kw_only=True)
class Source:
    """`mesh` has the triangles of all primitives in their order; a face's number in it is its number everywhere. `document` and `binary`
    are the file's two chunks, for what parts take over from it.
    """

    name: str
    primitives: tuple[Primitive, ...]
    mesh: Mesh
    document: Mapping[str, Any]
    binary: bytes

    def view(self, number: int) -> bytes:
        view = self.document["bufferViews"][number]
        start = view.get("byteOffset", 0)
        return self.binary[start : start + view["byteLength"]]

    def image_of(self, texture: int) -> int | None:
        """Its own, or else one in a format that an extension brings, such as WebP."""
        one = self.document["textures"][texture]
        sources = [one.get("source"), *(extension.get("source") for extension in one.get("extensions", {}).values())]
        return next((source for source in sources if source is not None), None)


def read_source(path: Path) -> Source:
    """Raises Img23DError with one sentence on what is wrong with the file."""
    data = _read(path)
    try:
        return _Reader(data, path.name).source(path.stem)
    except (KeyError, IndexError, ValueError, TypeError, AttributeError, struct.error, OverflowError, RecursionError) as error:
        detail = f"{type(error).__name__} {error}"[:300]
        raise Img23DError(ErrorCode.MESH_UNREADABLE, f"“{path.name}” is damaged and cannot be read as a GLB.", detail) from error


def _read(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise bad_request(f"There is no file “{path.name}”.") from error
    except IsADirectoryError as error:
        raise bad_request(f"“{path.name}” is a folder: choose the GLB file of a mesh.") from error
    except OSError as error:
        raise Img23DError(ErrorCode.MESH_UNREADABLE, f"“{path.name}” cannot be read: {error.strerror or error}.") from error
    if not data:
        raise bad_request(f"“{path.name}” is empty.")
    if data[:4] != b"glTF":
        raise bad_request(f"“{path.name}” is no GLB file: export the mesh as glTF Binary (.glb).")
    return data


class _Reader:
    def __init__(self, data: bytes, shown: str) -> None:
        magic, version, _ = struct.unpack_from("<III", data)
        if magic != _MAGIC or version != 2:
            raise ValueError("no GLB of version 2")
        self._shown, self._binary, self._document, start = shown, b"", {}, 12
        while start + 8 <= len(data):
            length, kind = struct.unpack_from("<II", data, start)
            if start + 8 + length > len(data):
                raise ValueError("the file is cut short")
            content = data[start + 8 : start + 8 + length]
            if kind == JSON_CHUNK:
                self._document: dict[str, Any] = json.loads(content)
            elif kind == BINARY_CHUNK:
                self._binary = content
            start += 8 + length

    def source(self, name: str) -> Source:
        self._refuse_what_lies_elsewhere()
        self._refuse_compressed(*self._document.get("bufferViews", []))
        scenes = self._document.get("scenes") or [{"nodes": list(range(len(self._document.get("nodes", []))))}]
        roots = scenes[self._document.get("scene", 0)].get("nodes", [])
        found = [one for root in roots for one in self._of_node(root, np.eye(4), 0)]
        found = [one for one in found if len(one.faces)]
        faces = sum(len(one.faces) for one in found)
        if not faces:
            raise bad_request(f"“{self._shown}” has no faces to be divided.")
        if faces > MOST_FACES:
            raise bad_request(f"“{self._shown}” has {faces:,} faces, and at most {MOST_FACES:,} can be divided: decimate it first.")
        return Source(name=name, primitives=tuple(found), mesh=self._together(found), document=self._document, binary=self._binary)

    def _refuse_what_lies_elsewhere(self) -> None:
        beside = [*self._document.get("buffers", []), *self._document.get("images", [])]
        if any("uri" in one and not str(one["uri"]).startswith("data:image") for one in beside):
            raise bad_request(f"“{self._shown}” keeps data in other files: export it as glTF Binary (.glb), which holds everything.")

    def _refuse_compressed(self, *parts: dict[str, Any]) -> None:
        for name in (name for one in parts for name in one.get("extensions", {})):
            if "compression" in name:
                raise bad_request(f"“{self._shown}” is compressed ({name}): export it without compression.")

    def _together(self, found: list[Primitive]) -> Mesh:
        starts = np.cumsum([0, *(len(one.attributes["POSITION"].values) for one in found)])
        vertices = np.concatenate([one.attributes["POSITION"].values for one in found]).astype(np.float32)
        faces = np.concatenate([one.faces + start for one, start in zip(found, starts, strict=False)])
        used = np.zeros(len(vertices), dtype=bool)
        used[faces] = True
        if not np.isfinite(vertices[used]).all():
            raise bad_request(f"“{self._shown}” has corners whose place is not a number.")
        vertices[~used] = vertices[faces[0, 0]]
        if not np.ptp(vertices.astype(np.float64), axis=0).max() > 0:
            raise bad_request(f"All corners of “{self._shown}” lie in one place.")
        return Mesh(vertices=vertices, faces=faces.astype(np.int32))

    def _of_node(self, number: int, above: np.ndarray, depth: int) -> list[Primitive]:
        if depth > _DEEPEST:
            raise ValueError("nodes without end")
        node = self._document["nodes"][number]
        here = above @ node_matrix(node)
        primitives = self._document["meshes"][node["mesh"]]["primitives"] if "mesh" in node else []
        own = [self._of_primitive(one, here) for one in primitives if one.get("mode", _TRIANGLES) in (_TRIANGLES, _STRIP, _FAN)]
        return [*own, *(one for child in node.get("children", []) for one in self._of_node(child, here, depth + 1))]

    def _of_primitive(self, primitive: dict[str, Any], here: np.ndarray) -> Primitive:
        self._refuse_compressed(primitive)
        names = [name for name in primitive["attributes"] if not name.startswith(_LEFT_BEHIND)]
        attributes = {name: self._attribute(primitive["attributes"][name]) for name in names}
        count = len(attributes["POSITION"].values)
        if any(len(one.values) != count for one in attributes.values()):
            raise ValueError("attributes of different length")
        indices = self._attribute(primitive["indices"]).values[:, 0].astype(np.int64) if "indices" in primitive else np.arange(count)
        if len(indices) and indices.max() >= count:
            raise ValueError("faces with vertices that are not there")
        faces = _triangles(indices, primitive.get("mode", _TRIANGLES))
        if np.linalg.det(here[:3, :3]) < 0:
            faces = faces[:, ::-1]
        return Primitive(attributes=_moved(attributes, here), faces=faces, material=primitive.get("material"))

    def _attribute(self, number: int) -> Attribute:
        accessor = self._document["accessors"][number]
        if "sparse" in accessor or "bufferView" not in accessor:
            raise ValueError("sparse values")
        view, dtype = self._document["bufferViews"][accessor["bufferView"]], _TYPES[accessor["componentType"]]
        width, count, start = _WIDTHS[accessor["type"]], accessor["count"], accessor.get("byteOffset", 0)
        stride = view.get("byteStride", width * dtype.itemsize)
        begin = view.get("byteOffset", 0)
        data = self._binary[begin : begin + view["byteLength"]]
        if min(count, start, begin) < 0 or (count and start + stride * (count - 1) + width * dtype.itemsize > len(data)):
            raise ValueError("values that are not all there")
        values = np.ndarray((count, width), dtype, data, start, (stride, dtype.itemsize)).copy()
        return Attribute(values=values, normalized=bool(accessor.get("normalized", False)))


def _triangles(indices: np.ndarray, mode: int) -> np.ndarray:
    """(F, 3) as the specification's section 3.7.2.1 makes them of strips and fans."""
    if mode == _TRIANGLES:
        return indices[: len(indices) // 3 * 3].reshape(-1, 3)
    count = max(len(indices) - 2, 0)
    number = np.arange(count)
    if mode == _FAN:
        return np.stack([indices[number + 1], indices[number + 2], np.full(count, indices[0] if count else 0)], axis=1)
    odd = number % 2
    return np.stack([indices[number], indices[number + 1 + odd], indices[number + 2 - odd]], axis=1)


def _moved(attributes: dict[str, Attribute], here: np.ndarray) -> dict[str, Attribute]:
    linear = here[:3, :3]
    moved = dict(attributes)
    positions = attributes["POSITION"].floats()
    with np.errstate(invalid="ignore", over="ignore"):  # what is no number is told of when all is read
        moved["POSITION"] = Attribute(values=(positions @ linear.T + here[:3, 3]).astype("<f4"))
    if "NORMAL" in attributes:
        across = np.linalg.inv(linear) if np.linalg.det(linear) else np.eye(3)
        moved["NORMAL"] = Attribute(values=unit(attributes["NORMAL"].floats() @ across).astype("<f4"))
    if "TANGENT" in attributes:
        tangents = attributes["TANGENT"].floats().astype("<f4")
        tangents[:, :3] = unit(tangents[:, :3].astype(np.float64) @ linear.T)
        moved["TANGENT"] = Attribute(values=tangents)
    return moved
