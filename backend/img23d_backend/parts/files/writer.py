"""GLBs of parts: a named node each, its origin at the part's centre, with all that the source's vertices and materials have."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from img23d_protocol.files.whole_files import write_whole

from ...mesh.glb_document import ROUGHNESS, GlbDocument
from ...mesh.topology.normals import area_vectors, unit
from ...mesh.topology.sorting import numbered
from .source import Primitive, Source

_OF_MATERIALS = ("KHR_materials_", "KHR_texture_", "EXT_texture_")  # extensions: what these name is taken over with the materials

Color = tuple[float, float, float]  # linear, 0..1


@dataclass(frozen=True, kw_only=True)
class Lid:
    """What closes a part: `vertices` (V, 3) in the world's axes, `faces` (F, 3), in one colour."""

    vertices: np.ndarray
    faces: np.ndarray
    color: Color


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Triangles that are pieces of the source's: of which one each is, `source` (M,), and its `corners` (M, 3, 3) in the world's axes."""

    source: np.ndarray
    corners: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Piece:
    """`faces` (F,) of the source's mesh, ascending, and pieces of others; `centre` is where its origin comes to lie, `color` what it has in the coloured preview."""

    name: str
    faces: np.ndarray
    centre: np.ndarray
    color: Color
    cut: Cut | None = None
    lid: Lid | None = None


def write_pieces(path: Path, source: Source, pieces: Sequence[Piece], *, colored: bool = False) -> None:
    """One file with a node a piece; `colored`: plain, in the pieces' colours. Raises OSError."""
    writer = _Writer(source, colored=colored)
    for piece in pieces:
        writer.add(piece)
    write_whole(path, writer.to_bytes())


class _Writer:
    def __init__(self, source: Source, *, colored: bool) -> None:
        self._source, self._colored = source, colored
        self._document = GlbDocument()
        self._materials: dict[Any, int] = {}
        self._kept: dict[tuple[str, int], int] = {}  # what was taken over: kind and number in the source
        self._starts = np.cumsum([0, *(len(one.faces) for one in source.primitives)])
        self._vertices = np.cumsum([0, *(len(one.attributes["POSITION"].values) for one in source.primitives)])

    def add(self, piece: Piece) -> None:
        primitives = []
        bounds = np.searchsorted(piece.faces, self._starts)
        for number, primitive in enumerate(self._source.primitives):
            faces = piece.faces[bounds[number] : bounds[number + 1]] - self._starts[number]
            if len(faces):
                primitives.append(self._primitive(primitive, int(self._vertices[number]), primitive.faces[faces], piece))
            if piece.cut is not None:
                own = (piece.cut.source >= self._starts[number]) & (piece.cut.source < self._starts[number + 1])
                if own.any():
                    primitives.append(self._cut(primitive, piece.cut.source[own], piece.cut.corners[own], piece, int(self._starts[number])))
        if piece.lid is not None and len(piece.lid.faces):
            primitives.append(self._lid(piece.lid, piece))
        json = self._document.json
        json.setdefault("meshes", []).append({"name": piece.name, "primitives": primitives})
        json["nodes"].append({"name": piece.name, "mesh": len(json["meshes"]) - 1, "translation": piece.centre.tolist()})

    def to_bytes(self) -> bytes:
        json = self._document.json
        json["scenes"] = [{"nodes": list(range(len(json["nodes"])))}]
        for key in ("extensionsUsed", "extensionsRequired"):
            kept = [name for name in self._source.document.get(key, []) if name.startswith(_OF_MATERIALS)]
            if kept and not self._colored:
                json[key] = kept
        return self._document.to_bytes()

    def _primitive(self, primitive: Primitive, start: int, faces: np.ndarray, piece: Piece) -> dict[str, Any]:
        first, number = numbered(faces.ravel())
        kept = faces.ravel()[first]
        attributes = {"POSITION": self._document.accessor(self._local(self._source.mesh.vertices[start + kept], piece), bounds=True)}
        for name, one in primitive.attributes.items():
            if name != "POSITION" and (not self._colored or name == "NORMAL"):
                attributes[name] = self._document.accessor(one.values[kept], normalized=one.normalized)
        return self._with_material(primitive, attributes, number, piece)

    def _cut(self, primitive: Primitive, source: np.ndarray, corners: np.ndarray, piece: Piece, start: int) -> dict[str, Any]:
        """Each triangle with vertices of its own, whose attributes are between those of the source's corners."""
        whole = self._source.mesh.vertices[self._source.mesh.faces[source]].astype(np.float64)
        weights = barycentric(whole, corners)
        attributes = {"POSITION": self._document.accessor(self._local(corners.reshape(-1, 3), piece), bounds=True)}
        for name, one in primitive.attributes.items():
            if name != "POSITION" and (not self._colored or name == "NORMAL"):
                values = between(name, one.values[primitive.faces[source - start]], weights)
                attributes[name] = self._document.accessor(values, normalized=one.normalized)
        return self._with_material(primitive, attributes, np.arange(3 * len(source)), piece)

    def _with_material(self, primitive: Primitive, attributes: dict[str, int], indices: np.ndarray, piece: Piece) -> dict[str, Any]:
        out: dict[str, Any] = {"attributes": attributes, "indices": self._document.indices(indices)}
        if self._colored:
            out["material"] = self._plain(piece.name, piece.color)
        elif primitive.material is not None:
            out["material"] = self._taken_over("materials", primitive.material)
        return out

    def _lid(self, lid: Lid, piece: Piece) -> dict[str, Any]:
        """Flat shaded, since its rim is sharp: each face has vertices of its own."""
        corners = lid.vertices[lid.faces].reshape(-1, 3)
        normals = unit(area_vectors(lid.vertices, lid.faces))
        normals[~normals.any(axis=1)] = (0.0, 0.0, 1.0)
        attributes = {
            "POSITION": self._document.accessor(self._local(corners, piece), bounds=True),
            "NORMAL": self._document.accessor(np.repeat(normals, 3, axis=0).astype("<f4")),
        }
        color = piece.color if self._colored else lid.color
        name = piece.name if self._colored else "cut"
        return {"attributes": attributes, "indices": self._document.indices(np.arange(len(corners))), "material": self._plain(name, color)}

    @staticmethod
    def _local(positions: np.ndarray, piece: Piece) -> np.ndarray:
        return (positions.astype(np.float64) - piece.centre).astype("<f4")

    def _plain(self, name: str, color: Color) -> int:
        if (name, color) not in self._materials:
            surface = {"baseColorFactor": [*color, 1.0], "metallicFactor": 0.0, "roughnessFactor": ROUGHNESS}
            self._materials[name, color] = self._add("materials", {"name": name, "pbrMetallicRoughness": surface})
        return self._materials[name, color]

    def _taken_over(self, kind: str, number: int) -> int:
        """The number that a material, texture, image or sampler of the source has in this file, with all that it names."""
        if (kind, number) not in self._kept:
            one = copy.deepcopy(self._source.document[kind][number])
            if kind == "materials":
                self._with_textures(one)
            if kind == "textures":
                self._with_pictures(one)
            if kind == "images" and "bufferView" in one:
                one["bufferView"] = self._document.view(self._source.view(one["bufferView"]))
            self._kept[kind, number] = self._add(kind, one)
        return self._kept[kind, number]

    def _with_pictures(self, texture: dict[str, Any]) -> None:
        """A picture in another format than PNG or JPEG is named by an extension."""
        for one in (texture, *texture.get("extensions", {}).values()):
            for key, kind in (("source", "images"), ("sampler", "samplers")):
                if key in one:
                    one[key] = self._taken_over(kind, one[key])

    def _with_textures(self, part: Any) -> None:
        """Of a material: whatever has an `index` names a texture (section 5.30 of the specification, and all extensions of materials)."""
        if isinstance(part, dict):
            if isinstance(part.get("index"), int):
                part["index"] = self._taken_over("textures", part["index"])
            for value in part.values():
                self._with_textures(value)

    def _add(self, kind: str, one: dict[str, Any]) -> int:
        self._document.json.setdefault(kind, []).append(one)
        return len(self._document.json[kind]) - 1


def barycentric(whole: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """(M, 3, 3) how much of each corner of a triangle (M, 3, 3) is in each of three places (M, 3, 3) on it; thirds where it has no area."""
    first, second = whole[:, 1] - whole[:, 0], whole[:, 2] - whole[:, 0]
    aa, ab, bb = (np.einsum("md,md->m", one, other) for one, other in ((first, first), (first, second), (second, second)))
    apart = corners - whole[:, :1]
    a, b = (np.einsum("mkd,md->mk", apart, one) for one in (first, second))
    below = aa * bb - ab * ab
    is_flat = below <= 1e-12 * aa * bb
    below = np.where(is_flat, 1.0, below)[:, None]
    u, v = (bb[:, None] * a - ab[:, None] * b) / below, (aa[:, None] * b - ab[:, None] * a) / below
    weights = np.clip(np.stack([1 - u - v, u, v], axis=2), 0.0, 1.0)
    return np.where(is_flat[:, None, None], 1 / 3, weights / weights.sum(axis=2, keepdims=True))


def between(name: str, values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(3 M, W) of an attribute's values (M, 3, W) at a triangle's corners, in their own type. Directions keep their length."""
    mixed = np.einsum("mkc,mcw->mkw", weights, values.astype(np.float64)).reshape(-1, values.shape[2])
    if name in ("NORMAL", "TANGENT"):
        mixed[:, :3] = unit(mixed[:, :3])
    if name == "TANGENT":
        mixed[:, 3] = np.repeat(values[:, 0, 3], 3)
    return (mixed if values.dtype.kind == "f" else np.rint(mixed)).astype(values.dtype)
