"""What the tests of the evaluation share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import trimesh
from PIL import Image

from img23d_backend.evaluation.runner import Made


def write_pair(folder: Path, name: str, mesh: trimesh.Trimesh | None = None, picture: bytes = b"") -> None:
    """A picture and its truth, written by trimesh and Pillow."""
    folder.mkdir(parents=True, exist_ok=True)
    if picture:
        (folder / f"{name}.png").write_bytes(picture)
    else:
        Image.fromarray(np.full((8, 8, 3), 200, np.uint8)).save(folder / f"{name}.png")
    (mesh if mesh is not None else colored_box()).export(folder / f"{name}.glb")


def colored_box() -> trimesh.Trimesh:
    """Taller than wide, with a texture whose left half is red and whose right half is blue."""
    mesh = trimesh.creation.box((1, 2, 0.5))
    picture = np.zeros((16, 32, 3), np.uint8)
    picture[:, :16], picture[:, 16:] = (255, 0, 0), (0, 0, 255)
    uv = np.stack((0.25 + 0.5 * (mesh.vertices[:, 0] > 0), np.full(len(mesh.vertices), 0.5)), axis=1)
    mesh.visual = trimesh.visual.TextureVisuals(uv=uv, material=trimesh.visual.material.PBRMaterial(baseColorTexture=Image.fromarray(picture)))
    return mesh


def handing_out(meshes: dict[str, trimesh.Trimesh]):
    """An engine that gives back what it is told to for each picture's name."""

    def make(picture: Path, folder: Path) -> Made:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "made.glb"
        meshes[picture.stem].export(path)
        return Made(mesh=path, seconds=1.5, memory_bytes=10)

    return make
