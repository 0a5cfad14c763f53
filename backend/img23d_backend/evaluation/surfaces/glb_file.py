"""Surfaces from GLB files: all triangles of the scene in one, with the base colour's texture or factor.

Format: Khronos, glTF 2.0 specification. Compressed meshes, sparse accessors and files beside it are refused in a sentence.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from img23d_protocol.errors import bad_request

from ...mesh.glb_node import node_matrix
from ...stages import Mesh
from .surface import Surface

_MAGIC, _JSON, _BINARY = 0x46546C67, 0x4E4F534A, 0x004E4942
_TYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_TRIANGLES = 4
_CELL = 1024  # pixels of the longest side that a texture is kept with: more is not seen in the pictures


def read_glb(path: Path) -> Surface:
    """Raises Img23DError(BAD_REQUEST) where it is none that can be read, and OSError."""
    try:
        return _Reader(path.read_bytes()).surface()
    except (KeyError, IndexError, ValueError, TypeError, struct.error, RecursionError, cv2.error) as error:
        raise bad_request(f"“{path.name}” cannot be read as a GLB with plain triangles: {type(error).__name__} {error}"[:300]) from error


@dataclass(frozen=True, kw_only=True)
class _Part:
    """What one primitive holds: (V, 3), (F, 3), (F, 3, 2), (h, w, 3) uint8 and sRGB (V, 3) that it is multiplied by."""

    vertices: np.ndarray
    faces: np.ndarray
    uv: np.ndarray
    texture: np.ndarray
    colors: np.ndarray


class _Reader:
    def __init__(self, data: bytes) -> None:
        magic, version, _ = struct.unpack_from("<III", data)
        if magic != _MAGIC or version != 2:
            raise ValueError("no GLB of version 2")
        self._binary, self._document, start = b"", {}, 12
        while start + 8 <= len(data):
            length, kind = struct.unpack_from("<II", data, start)
            content = data[start + 8 : start + 8 + length]
            if kind == _JSON:
                self._document: dict[str, Any] = json.loads(content)
            elif kind == _BINARY:
                self._binary = content
            start += 8 + length
        self._atlas: list[np.ndarray] = []

    def surface(self) -> Surface:
        """Several materials come to lie below each other in one texture."""
        scene = self._document["scenes"][self._document.get("scene", 0)]
        found = [one for node in scene["nodes"] for one in self._of_node(node, np.eye(4))]
        if not found:
            raise ValueError("no triangles")
        starts = np.cumsum([0, *(len(one.vertices) for one in found)])
        faces = np.concatenate([one.faces + start for one, start in zip(found, starts, strict=False)])
        texture, places = _below_each_other([one.texture for one in found])
        uv = np.concatenate([_placed(one.uv, place) for one, place in zip(found, places, strict=True)])
        mesh = Mesh(vertices=np.concatenate([one.vertices for one in found]).astype(np.float32), faces=faces.astype(np.int32))
        return Surface(mesh=mesh, colors=np.concatenate([one.colors for one in found]), uv=uv, texture=texture)

    def _of_node(self, number: int, above: np.ndarray) -> list[_Part]:
        node = self._document["nodes"][number]
        here = above @ node_matrix(node)
        primitives = self._document["meshes"][node["mesh"]]["primitives"] if "mesh" in node else []
        own = [self._of_primitive(one, here) for one in primitives if one.get("mode", _TRIANGLES) == _TRIANGLES]
        return [*own, *(one for child in node.get("children", []) for one in self._of_node(child, here))]

    def _of_primitive(self, primitive: dict[str, Any], here: np.ndarray) -> _Part:
        if primitive.get("extensions"):
            raise ValueError(f"compressed by {', '.join(primitive['extensions'])}")
        attributes = primitive["attributes"]
        positions = self._values(attributes["POSITION"]).astype(np.float64)
        vertices = positions @ here[:3, :3].T + here[:3, 3]
        faces = self._values(primitive["indices"]).reshape(-1, 3).astype(np.int64) if "indices" in primitive else np.arange(len(vertices)).reshape(-1, 3)
        if len(faces) and faces.max() >= len(vertices):
            raise ValueError("faces with vertices that are not there")
        texture = self._texture(primitive)
        coordinates = self._values(attributes["TEXCOORD_0"]).astype(np.float64) if "TEXCOORD_0" in attributes else np.full((len(vertices), 2), 0.5)
        colors = _srgb(self._values(attributes["COLOR_0"])[:, :3].astype(np.float64)) if "COLOR_0" in attributes else np.ones((len(vertices), 3))
        return _Part(vertices=vertices, faces=faces, uv=coordinates[faces], texture=texture, colors=colors)

    def _texture(self, primitive: dict[str, Any]) -> np.ndarray:
        material = self._document["materials"][primitive["material"]] if "material" in primitive else {}
        surface = material.get("pbrMetallicRoughness", {})
        factor = _srgb(np.array(surface.get("baseColorFactor", [1, 1, 1, 1])[:3], np.float64))
        if "baseColorTexture" not in surface:
            return np.rint(np.tile(factor * 255, (2, 2, 1))).astype(np.uint8)
        source = self._document["textures"][surface["baseColorTexture"]["index"]]["source"]
        data = np.frombuffer(self._view(self._document["images"][source]["bufferView"]), np.uint8)
        picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
        if picture is None:
            raise ValueError("a texture that cannot be read")
        scale = min(1.0, _CELL / max(picture.shape[:2]))
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else picture
        return np.rint(small[:, :, ::-1] * factor).astype(np.uint8)

    def _values(self, number: int) -> np.ndarray:
        accessor = self._document["accessors"][number]
        if "sparse" in accessor or "bufferView" not in accessor:
            raise ValueError("sparse values")
        view, dtype = self._document["bufferViews"][accessor["bufferView"]], np.dtype(_TYPES[accessor["componentType"]])
        width, count = _WIDTHS[accessor["type"]], accessor["count"]
        start = accessor.get("byteOffset", 0)
        stride = view.get("byteStride", width * dtype.itemsize)
        data = self._view(accessor["bufferView"])
        if count < 0 or start < 0 or (count and start + stride * (count - 1) + width * dtype.itemsize > len(data)):
            raise ValueError("values that are not all there")
        values = np.ndarray((count, width), dtype, data, start, (stride, dtype.itemsize)).copy()
        scaled = values / np.iinfo(dtype).max if accessor.get("normalized") and dtype.kind in "iu" else values
        return scaled[:, 0] if width == 1 else scaled

    def _view(self, number: int) -> bytes:
        view = self._document["bufferViews"][number]
        if view.get("buffer", 0) != 0 or "uri" in self._document["buffers"][0]:
            raise ValueError("parts in other files")
        return self._binary[view.get("byteOffset", 0) :][: view["byteLength"]]


def _below_each_other(textures: list[np.ndarray]) -> tuple[np.ndarray, list[tuple[float, float, float]]]:
    """All in one, and of each where it begins, how high and how wide it is there, as shares of the whole."""
    width, height = max(one.shape[1] for one in textures), sum(one.shape[0] for one in textures)
    whole, row = np.zeros((height, width, 3), np.uint8), 0
    places = []
    for one in textures:
        whole[row : row + one.shape[0], : one.shape[1]] = one
        places.append((row / height, one.shape[0] / height, one.shape[1] / width))
        row += one.shape[0]
    return whole, places


def _placed(uv: np.ndarray, place: tuple[float, float, float]) -> np.ndarray:
    """Repeating textures are taken by their first tile: faces that lie in a further one are moved back into it as a whole."""
    begin, high, wide = place
    tile = np.floor(uv.mean(axis=1, keepdims=True)) if len(uv) else uv
    kept = (uv - tile).clip(0, 1 - 1e-6)
    return np.stack((kept[..., 0] * wide, begin + kept[..., 1] * high), axis=-1)


def _srgb(linear: np.ndarray) -> np.ndarray:
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 0) ** (1 / 2.4) - 0.055).clip(0, 1)
