"""What there is to say about the parts of a mesh: their names, areas and colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..mesh.topology.normals import area_vectors
from ..mesh.topology.samples import nearest, sample_surface
from ..stages import Mesh
from .closing import Closer
from .names import Seen, names_of

_PLACES = 2000  # of a part that its name is told by
_SAMPLES, _LEAST_SAMPLES = 100_000, 200  # on all parts together, and on each


@dataclass(frozen=True, kw_only=True)
class Described:
    """A part: its number of triangles, and its area in the mesh's unit."""

    name: str
    faces: int
    area: float


def describe(mesh: Mesh, label: np.ndarray, name: str, *, count: int, own: Sequence[str] = ()) -> list[Described]:
    """Of `count` parts of a mesh by the number of each face (F,), -1 for none; `own` are names that are known, empty where not."""
    shown, number = _without_gaps(label)
    names = dict(zip(shown.tolist(), names_in(mesh, number, Closer(mesh), name), strict=True)) if len(shown) else {}
    area = np.linalg.norm(area_vectors(mesh.vertices, mesh.faces), axis=1) / 2
    areas = np.bincount(label[label >= 0], area[label >= 0], count)
    faces = np.bincount(label[label >= 0], minlength=count)
    chosen = _distinct([(own[part] if part < len(own) else "") or names.get(part, f"part {part + 1}") for part in range(count)])
    return [Described(name=chosen[part], faces=int(faces[part]), area=float(areas[part])) for part in range(count)]


def describe_meshes(meshes: Sequence[Mesh], name: str, own: Sequence[str]) -> list[Described]:
    """Of parts that are meshes of their own in one frame."""
    areas = [float(np.linalg.norm(area_vectors(one.vertices, one.faces), axis=1).sum() / 2) for one in meshes]
    seen = [Seen(places=_places(one, np.arange(len(one.faces))), area=area, borders={}) for one, area in zip(meshes, areas, strict=True)]
    names = _distinct([one or found for one, found in zip(own, names_of(seen, name), strict=True)])
    return [Described(name=called, faces=len(one.faces), area=area) for called, one, area in zip(names, meshes, areas, strict=True)]


def names_in(mesh: Mesh, label: np.ndarray, closer: Closer, name: str) -> list[str]:
    """Of the parts 0.. that `label` (F,) has, each of which has a face; -1 is none. `name` is the whole's."""
    borders = closer.borders(label)
    area = np.linalg.norm(area_vectors(mesh.vertices, mesh.faces), axis=1) / 2
    seen = []
    for number in range(int(label.max()) + 1):
        own = np.flatnonzero(label == number)
        seen.append(Seen(places=_places(mesh, own), area=float(area[own].sum()), borders=borders[number]))
    return names_of(seen, name)


def nearest_parts(mesh: Mesh, parts: Sequence[Mesh]) -> np.ndarray:
    """(F,) the part that is nearest to the middle of each face; all in one frame. Parts without an area are nearest to none."""
    areas = np.array([np.linalg.norm(area_vectors(one.vertices, one.faces), axis=1).sum() for one in parts])
    points, owner = [], []
    for number in np.flatnonzero(areas > 0).tolist():
        count = max(_LEAST_SAMPLES, round(_SAMPLES * areas[number] / areas.sum()))
        points.append(sample_surface(parts[number], count, seed=number).points)
        owner.append(np.full(count, number))
    if not points:
        return np.full(len(mesh.faces), -1)
    middles = mesh.vertices.astype(np.float64)[mesh.faces].mean(axis=1)
    return np.concatenate(owner)[nearest(middles, np.concatenate(points))[1]]


def _places(mesh: Mesh, faces: np.ndarray) -> np.ndarray:
    """(P, 3) float64 corners of some of these faces."""
    some = faces[np.linspace(0, len(faces) - 1, min(len(faces), _PLACES)).astype(np.int64)]
    return mesh.vertices[mesh.faces[some]].reshape(-1, 3).astype(np.float64)


def _without_gaps(label: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The numbers that are there, ascending, and (F,) the labels as places among them, -1 staying so."""
    shown = np.unique(label[label >= 0])
    return shown, np.where(label >= 0, np.searchsorted(shown, label), -1)


def _distinct(names: Sequence[str]) -> list[str]:
    """Those that come again get a number."""
    taken: set[str] = set()
    out = []
    for name in names:
        number, called = 1, name
        while called in taken:
            number += 1
            called = f"{name} {number}"
        taken.add(called)
        out.append(called)
    return out
