"""A GLB of meshes that a model made: a named node each, smooth and in one colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from img23d_protocol.files.whole_files import write_whole

from ...mesh.glb_document import ROUGHNESS, GlbDocument
from ...mesh.topology.normals import vertex_normals
from ...stages import Mesh
from .writer import Color


@dataclass(frozen=True, kw_only=True)
class Solid:
    """`mesh` in a frame whose origin is at `origin` (3,) in the world; `color` is linear."""

    name: str
    mesh: Mesh
    origin: np.ndarray
    color: Color


def write_solids(path: Path, solids: Sequence[Solid]) -> None:
    """Each node's origin is the middle of its bounding box, so that single precision is enough wherever it is. Raises OSError."""
    document = GlbDocument()
    meshes, materials = document.json.setdefault("meshes", []), document.json.setdefault("materials", [])
    for number, one in enumerate(solids):
        vertices = one.mesh.vertices.astype(np.float64)
        centre = (vertices.min(axis=0) + vertices.max(axis=0)) / 2
        attributes = {
            "POSITION": document.accessor((vertices - centre).astype("<f4"), bounds=True),
            "NORMAL": document.accessor(vertex_normals(one.mesh.vertices, one.mesh.faces).astype("<f4")),
        }
        meshes.append({"name": one.name, "primitives": [{"attributes": attributes, "indices": document.indices(one.mesh.faces), "material": number}]})
        surface = {"baseColorFactor": [*one.color, 1.0], "metallicFactor": 0.0, "roughnessFactor": ROUGHNESS}
        materials.append({"name": one.name, "pbrMetallicRoughness": surface})
        document.json["nodes"].append({"name": one.name, "mesh": number, "translation": (centre + one.origin).tolist()})
    document.json["scenes"] = [{"nodes": list(range(len(solids)))}]
    write_whole(path, document.to_bytes())
