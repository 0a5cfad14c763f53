"""The closed mesh of a dish, with the cup on it, and the view in which the photo shows it."""

from __future__ import annotations

import numpy as np

from ....stages import Mesh, View
from .dish import Dish

_FEWEST = 12  # corners of a ring; always an even number, so that each has one on the other side
_SIDES = (12, 6, 3, 2)  # rings of a cup's side, fewer where the faces are few
_COARSER = 1.05


def dish_solid(dish: Dish, *, faces: int, longer: float) -> tuple[Mesh, View] | None:
    """The body with at most `faces` triangles, upright, and its view in the cut-out. None where they are too few for it.

    Mesh units: `longer`, the longer side of the outline in the cut-out's pixels, is 1, the origin is in the middle.
    """
    several = (_within(dish.profile(side), faces) for side in _SIDES)
    mesh = next((one for one in several if one is not None), None)
    if mesh is None:
        return None
    middle = (mesh.vertices.min(axis=0) + mesh.vertices.max(axis=0)) / 2
    vertices = ((mesh.vertices - middle) / longer).astype(np.float32)
    to_pixels = np.diag([longer, longer, longer, 1.0])
    to_pixels[:3, 3] = middle
    return Mesh(vertices=vertices, faces=mesh.faces), View(matrix=dish.axis.matrix() @ to_pixels)


def _within(profile: np.ndarray, faces: int) -> Mesh | None:
    around = _sizes(profile, faces)
    while around >= _FEWEST:
        mesh = _turned(_divided(profile, 2 * np.pi * profile[:, 1].max() / around), around)
        if len(mesh.faces) <= faces:
            return mesh
        around = _even(around / _COARSER)
    return None


def _sizes(profile: np.ndarray, faces: int) -> int:
    """Corners of a ring for which the triangles are about as long as wide where the body is widest."""
    length = float(np.linalg.norm(np.diff(profile, axis=0), axis=1).sum())
    return max(_FEWEST, _even(np.sqrt(faces * np.pi * profile[:, 1].max() / length)))


def _even(number: float) -> int:
    return 2 * int(number / 2)


def _divided(profile: np.ndarray, step: float) -> np.ndarray:
    """More rings between those of a profile, none farther than `step` from the next."""
    parts = [profile[:1]]
    for one, other in zip(profile[:-1], profile[1:], strict=True):
        count = max(1, int(np.ceil(np.linalg.norm(other - one) / step)))
        parts.append(one + (other - one) * (np.arange(1, count + 1) / count)[:, None])
    return np.concatenate(parts)


def _turned(profile: np.ndarray, around: int) -> Mesh:
    """Rings (height, radius) from the foot's middle to the upper one: y up, z towards the viewer, faces outwards."""
    angles = 2 * np.pi * np.arange(around) / around
    height, radius = profile[1:-1].T
    rings = np.stack(np.broadcast_arrays(radius[:, None] * np.cos(angles), height[:, None], radius[:, None] * np.sin(angles)), axis=2)
    poles = np.array([[0.0, profile[0, 0], 0.0], [0.0, profile[-1, 0], 0.0]])
    first, last, top = rings[..., 0].size, rings[..., 0].size + 1, (len(height) - 1) * around
    at = np.arange(around)
    after = (at + 1) % around
    faces = [np.stack([np.full(around, first), at, after], axis=1), np.stack([top + at, np.full(around, last), top + after], axis=1)]
    for low in range(0, top, around):
        high = low + around
        faces.append(np.stack([low + at, high + at, high + after], axis=1))
        faces.append(np.stack([low + at, high + after, low + after], axis=1))
    return Mesh(vertices=np.concatenate([rings.reshape(-1, 3), poles]), faces=np.concatenate(faces).astype(np.int32))
