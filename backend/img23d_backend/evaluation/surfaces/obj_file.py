"""Surfaces from Wavefront OBJ files with one texture, as scans are published: Google Scanned Objects, OmniObject3D."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from img23d_protocol.errors import bad_request

from ...stages import Mesh
from .surface import Surface

_SIDE = 1024  # pixels that a texture is kept with
_PICTURES = (".png", ".jpg", ".jpeg")


def read_obj(path: Path, texture: Path | None, *, z_is_up: bool) -> Surface:
    """In glTF's axes. Raises Img23DError(BAD_REQUEST) where it cannot be read, and OSError."""
    try:
        vertices, coordinates, faces, uv_faces = _parts(path)
        mesh = Mesh(vertices=_upright(vertices, z_is_up), faces=faces)
        if texture is None or not len(coordinates) or (uv_faces < 0).any():
            return Surface(mesh=mesh)
        picture = cv2.imdecode(np.frombuffer(texture.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        if picture is None:
            raise ValueError(f"the texture {texture.name} cannot be read")
        scale = min(1.0, _SIDE / max(picture.shape[:2]))
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else picture
        return Surface(mesh=mesh, uv=coordinates[uv_faces] * (1, -1) + (0, 1), texture=np.ascontiguousarray(small[:, :, ::-1]))
    except (ValueError, IndexError, UnicodeDecodeError, cv2.error) as error:
        raise bad_request(f"“{path.name}” cannot be read as an OBJ of triangles: {error}"[:300]) from error


def texture_beside(folder: Path) -> Path | None:
    """The picture in a folder, the largest where there are several."""
    pictures = [path for path in folder.iterdir() if path.suffix.lower() in _PICTURES] if folder.is_dir() else []
    return max(pictures, key=lambda path: path.stat().st_size, default=None)


def _parts(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Vertices (V, 3), texture coordinates (T, 2), and of both the numbers of each triangle's corners (F, 3), -1 where there are none."""
    vertices: list[list[float]] = []
    coordinates: list[list[float]] = []
    corners: list[list[tuple[int, int]]] = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            word, _, rest = line.partition(" ")
            if word == "v":
                vertices.append([float(value) for value in rest.split()[:3]])
            elif word == "vt":
                coordinates.append([float(value) for value in rest.split()[:2]])
            elif word == "f":
                face = [_corner(text, len(vertices), len(coordinates)) for text in rest.split()]
                corners += [[face[0], face[number], face[number + 1]] for number in range(1, len(face) - 1)]
    if not corners:
        raise ValueError("no faces")
    both = np.array(corners, np.int64)
    if both[..., 0].min() < 0 or both[..., 0].max() >= len(vertices) or both[..., 1].max() >= len(coordinates):
        raise ValueError("faces with vertices that are not there")
    return np.array(vertices), np.array(coordinates).reshape(-1, 2), both[..., 0].astype(np.int32), both[..., 1]


def _corner(text: str, vertices: int, coordinates: int) -> tuple[int, int]:
    """Numbers count from 1, negative ones from the last that was read."""
    numbers = text.split("/")
    vertex = int(numbers[0])
    coordinate = int(numbers[1]) if len(numbers) > 1 and numbers[1] else 0
    return vertex - 1 if vertex > 0 else vertices + vertex, coordinate - 1 if coordinate >= 0 else coordinates + coordinate


def _upright(vertices: np.ndarray, z_is_up: bool) -> np.ndarray:
    return (vertices[:, (0, 2, 1)] * (1, 1, -1) if z_is_up else vertices).astype(np.float32)
