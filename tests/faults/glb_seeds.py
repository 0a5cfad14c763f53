"""Result meshes as the backend sends them, written from the glTF 2.0 specification (Khronos; section 4 for the container).

Standard library only: they are made in Blender's Python as well, and owe nothing to the code that reads them.
"""

from __future__ import annotations

import functools
import json
import math
import struct
import zlib
from typing import Any

GENERATOR = "Img23D"  # by which the extension knows its own
JSON, BINARY = 0x4E4F534A, 0x004E4942
FLOAT, UNSIGNED_INT = 5126, 5125

Document = dict[str, Any]


@functools.cache
def seeds() -> dict[str, bytes]:
    return {"plain": glb(painted=False), "painted": glb(painted=True), "large": glb(painted=True, rings=40)}


def glb(*, painted: bool, rings: int = 4, name: str = "red ball") -> bytes:
    """A ball of `rings` rings with normals, metres, y up; painted with UV and a picture of 8 x 8 pixels."""
    points, triangles = _ball(rings)
    views, accessors = [], []
    binary = bytearray()

    def view(data: bytes) -> int:
        views.append({"buffer": 0, "byteOffset": len(binary), "byteLength": len(data)})
        binary.extend(data + b"\0" * (-len(data) % 4))
        return len(views) - 1

    def accessor(values: list[tuple], kind: str, number: int, **more: Any) -> int:
        flat = [one for row in values for one in row]
        data = struct.pack(f"<{len(flat)}{'f' if number == FLOAT else 'I'}", *flat)
        accessors.append({"bufferView": view(data), "componentType": number, "count": len(values), "type": kind, **more})
        return len(accessors) - 1

    axes = list(zip(*points, strict=True))
    attributes = {"POSITION": accessor(points, "VEC3", FLOAT, min=[min(axis) for axis in axes], max=[max(axis) for axis in axes])}
    attributes["NORMAL"] = accessor([_unit(p) for p in points], "VEC3", FLOAT)
    if painted:
        attributes["TEXCOORD_0"] = accessor([(p[0] / 2 + 0.5, p[1] / 2) for p in points], "VEC2", FLOAT)
    indices = accessor([(index,) for triangle in triangles for index in triangle], "SCALAR", UNSIGNED_INT)
    surface: Document = {"metallicFactor": 0.0, "roughnessFactor": 0.7}
    document: Document = {
        "asset": {"version": "2.0", "generator": GENERATOR},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": name}],
        "meshes": [{"name": name, "primitives": [{"attributes": attributes, "indices": indices, "material": 0, "mode": 4}]}],
        "materials": [{"name": name, "pbrMetallicRoughness": surface}],
    }
    if painted:
        document["images"] = [{"name": name, "mimeType": "image/png", "bufferView": view(png(8))}]
        document["textures"] = [{"source": 0}]
        document["materials"][0]["extras"] = {"img23d_mean_color": [0.5, 0.1, 0.1]}
        surface["baseColorTexture"] = {"index": 0}
    else:
        surface["baseColorFactor"] = [0.5, 0.1, 0.1, 1.0]
    document |= {"accessors": accessors, "bufferViews": views, "buffers": [{"byteLength": len(binary)}]}
    return joined(json.dumps(document), bytes(binary))


def split(data: bytes) -> tuple[Document, bytes]:
    """The JSON and the binary chunk's data."""
    length = struct.unpack_from("<I", data, 12)[0]
    return json.loads(data[20 : 20 + length]), data[28 + length :]


def joined(text: str, binary: bytes) -> bytes:
    """A GLB whose container is right, whatever the text says."""
    encoded = text.encode("utf-8", "surrogatepass")
    encoded += b" " * (-len(encoded) % 4)
    total = 12 + 8 + len(encoded) + 8 + len(binary)
    head = struct.pack("<4sII", b"glTF", 2, total) + struct.pack("<II", len(encoded), JSON)
    return head + encoded + struct.pack("<II", len(binary), BINARY) + binary


def _ball(rings: int) -> tuple[list[tuple[float, float, float]], list[tuple[int, int, int]]]:
    """Base on y = 0, radius 1; 2 * rings vertices a ring, one at each pole. Counter-clockwise from outside."""
    around = 2 * rings
    points = [(0.0, 2.0, 0.0)]
    for ring in range(1, rings):
        height, radius = math.cos(math.pi * ring / rings), math.sin(math.pi * ring / rings)
        angles = [2 * math.pi * step / around for step in range(around)]
        points += [(radius * math.cos(angle), 1 + height, radius * math.sin(angle)) for angle in angles]
    points.append((0.0, 0.0, 0.0))
    last, triangles = len(points) - 1, []
    for step in range(around):
        after = (step + 1) % around
        triangles.append((0, 1 + after, 1 + step))
        for ring in range(rings - 2):
            upper, lower = 1 + ring * around, 1 + (ring + 1) * around
            triangles += [(upper + step, upper + after, lower + step), (upper + after, lower + after, lower + step)]
        triangles.append((last - around + step, last - around + after, last))
    return points, triangles


def _unit(point: tuple[float, float, float]) -> tuple[float, float, float]:
    x, y, z = point[0], point[1] - 1, point[2]
    length = math.sqrt(x * x + y * y + z * z)
    return (x / length, y / length, z / length)


def png(side: int) -> bytes:
    """ISO/IEC 15948: 8 bits a channel, RGB."""
    rows = b"".join(b"\0" + bytes(v for x in range(side) for v in (x * 30 % 256, y * 30 % 256, 90)) for y in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
