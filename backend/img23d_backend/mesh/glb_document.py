"""A GLB 2.0 file while it is put together: the JSON, and the arrays and pictures that it names in the binary part.

Format: Khronos, glTF 2.0 specification, sections 3.6 (buffers) and 4 (GLB).
"""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

COMPONENTS = {"i1": 5120, "u1": 5121, "i2": 5122, "u2": 5123, "u4": 5125, "f4": 5126}
KINDS = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}
JSON_CHUNK, BINARY_CHUNK = 0x4E4F534A, 0x004E4942
ROUGHNESS = 0.6  # of a material that has only a colour
_VERTICES, _INDICES = 34962, 34963


class GlbDocument:
    """`json` is filled by whoever writes the file; what is added here is named by its number."""

    def __init__(self) -> None:
        self._binary: list[bytes] = []
        self._length = 0
        self.json: dict[str, Any] = {
            "asset": {"version": "2.0", "generator": "Img23D"},
            "scene": 0,
            "scenes": [],
            "nodes": [],
            "accessors": [],
            "bufferViews": [],
        }

    def accessor(self, values: np.ndarray, *, bounds: bool = False, normalized: bool = False) -> int:
        """Of the vertices' (N, 1 to 4) values in one of the types that glTF has. Rows are filled up to four bytes."""
        values = np.ascontiguousarray(values)
        width = values.shape[1] * values.itemsize
        padded = np.zeros((len(values), width + -width % 4), dtype=np.uint8)
        padded[:, :width] = values.view(np.uint8).reshape(len(values), width)
        view = self.view(padded.tobytes(), _VERTICES)
        if width % 4:
            self.json["bufferViews"][view]["byteStride"] = padded.shape[1]
        accessor = {
            "bufferView": view,
            "componentType": COMPONENTS[values.dtype.str[1:]],
            "count": len(values),
            "type": KINDS[values.shape[1]],
        }
        if bounds:
            accessor |= {"min": values.min(axis=0).tolist(), "max": values.max(axis=0).tolist()}
        if normalized:
            accessor["normalized"] = True
        return self._added("accessors", accessor)

    def indices(self, faces: np.ndarray) -> int:
        values = np.ascontiguousarray(faces, dtype="<u4").ravel()
        accessor = {"bufferView": self.view(values.tobytes(), _INDICES), "componentType": COMPONENTS["u4"], "count": len(values), "type": "SCALAR"}
        return self._added("accessors", accessor)

    def view(self, data: bytes, target: int | None = None) -> int:
        view = {"buffer": 0, "byteOffset": self._length, "byteLength": len(data)}
        if target is not None:
            view["target"] = target
        padded = data + b"\0" * (-len(data) % 4)
        self._binary.append(padded)
        self._length += len(padded)
        return self._added("bufferViews", view)

    def to_bytes(self) -> bytes:
        binary = b"".join(self._binary)
        self.json["buffers"] = [{"byteLength": len(binary)}]
        text = json.dumps(self.json, ensure_ascii=False, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 4)
        total = 12 + 8 + len(text) + 8 + len(binary)
        return b"".join(
            (
                struct.pack("<4sII", b"glTF", 2, total),
                struct.pack("<II", len(text), JSON_CHUNK),
                text,
                struct.pack("<II", len(binary), BINARY_CHUNK),
                binary,
            )
        )

    def _added(self, kind: str, one: dict[str, Any]) -> int:
        self.json[kind].append(one)
        return len(self.json[kind]) - 1
