"""Meshes of known size, as the backend would write them: GLB 2.0 (Khronos), metres, y up, base on y = 0."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np

_FACES = [(0, 2, 1), (1, 2, 3), (4, 5, 6), (5, 7, 6), (0, 1, 4), (1, 5, 4), (2, 6, 3), (3, 6, 7), (0, 4, 2), (2, 4, 6), (1, 3, 5), (3, 7, 5)]


def write_box(path: Path, width: float, height: float, depth: float, *, generator: str = "Img23D") -> Path:
    """`width`, `height` and `depth` lie along Blender's x, z and y."""
    corners = [(x, y, z) for x in (-width / 2, width / 2) for y in (0.0, height) for z in (-depth / 2, depth / 2)]
    points, faces = np.array(corners, np.float32), np.array(_FACES, np.uint32)
    outwards = points - (0.0, height / 2, 0.0)
    normals = (outwards / np.linalg.norm(outwards, axis=1, keepdims=True)).astype(np.float32)
    binary = points.tobytes() + normals.tobytes() + faces.tobytes()
    document = {
        "asset": {"version": "2.0", "generator": generator},
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "materials": [{"pbrMetallicRoughness": {"baseColorFactor": [0.5, 0.2, 0.1, 1.0]}}],
        "meshes": [{"name": "box", "primitives": [{"attributes": {"POSITION": 0, "NORMAL": 1}, "indices": 2, "material": 0}]}],
        "accessors": [
            {
                "bufferView": 0, "componentType": 5126, "count": 8, "type": "VEC3",
                "min": points.min(axis=0).tolist(), "max": points.max(axis=0).tolist(),
            },
            {"bufferView": 1, "componentType": 5126, "count": 8, "type": "VEC3"},
            {"bufferView": 2, "componentType": 5125, "count": faces.size, "type": "SCALAR"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": points.nbytes},
            {"buffer": 0, "byteOffset": points.nbytes, "byteLength": normals.nbytes},
            {"buffer": 0, "byteOffset": 2 * points.nbytes, "byteLength": faces.nbytes},
        ],
        "buffers": [{"byteLength": len(binary)}],
    }  # fmt: skip
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
    path.write_bytes(struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks)
    return path
