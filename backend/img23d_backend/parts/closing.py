"""Lids over the open borders of parts, so that each is a closed solid.

A lid is a narrow ring inside the border and a triangulation within it: a fan where the border is seen whole from its middle, ears cut
off elsewhere. All its inner edges are between its own vertices, so that no edge of the part gets a third face. It depends on the border
alone: the two parts beside a cut get the same one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from ..mesh.topology.connected import connected
from ..mesh.topology.normals import unit, weld
from ..mesh.topology.sorting import sorted_with_order
from ..stages import Mesh

_LONGEST = 1500  # corners of a border that ears are cut off of: longer ones get a fan


@dataclass(frozen=True, kw_only=True)
class Closed:
    """`vertices` (V, 3) and `faces` (F, 3) of the lids, `rim` (V,) the mesh's vertex that each is in the place of, -1 inside a lid; `faces_kept`
    (K,) of the part's own faces those with an extent; the number of `loops` that were closed, and whether the part still `is_open`.
    """

    vertices: np.ndarray
    faces: np.ndarray
    rim: np.ndarray
    faces_kept: np.ndarray
    loops: int
    is_open: bool


class Closer:
    """Closes parts of one mesh."""

    def __init__(self, mesh: Mesh) -> None:
        place, count = weld(mesh.vertices)
        position = np.empty((count, 3))
        position[place[::-1]] = mesh.vertices[::-1]
        self._mesh, self._corners, self._position = mesh, place[mesh.faces], position

    def welded(self, mesh: Mesh) -> Mesh:
        """The mesh with vertices that count as one in exactly one place."""
        vertices = mesh.vertices.copy()
        vertices[mesh.faces] = self._position[self._corners]
        return Mesh(vertices=vertices, faces=mesh.faces)

    def borders(self, label: np.ndarray) -> list[dict[int, int]]:
        """Of each part the others that it shares edges with, and the number of lines that these make. `label` (F,) is 0.. of each face, -1 of
        one that belongs to none."""
        count = len(self._position)
        start, end = self._corners.ravel(), self._corners[:, [1, 2, 0]].ravel()
        keys, order = sorted_with_order(np.minimum(start, end) * count + np.maximum(start, end))
        one, other = label[order[:-1] // 3], label[order[1:] // 3]
        edge = np.flatnonzero((keys[1:] == keys[:-1]) & (np.minimum(one, other) >= 0) & (one != other) & (keys[1:] // count != keys[1:] % count))
        ends = np.stack([keys[1:][edge] // count, keys[1:][edge] % count], axis=1)
        pair = np.sort(np.stack([one[edge], other[edge]], axis=1), axis=1)
        found: list[dict[int, int]] = [{} for _ in range(int(label.max()) + 1)]
        for first, second in np.unique(pair, axis=0).tolist():
            own = ends[(pair == (first, second)).all(axis=1)]
            number = np.unique(own, return_inverse=True)[1].reshape(-1, 2)
            found[first][second] = found[second][first] = int(connected(int(number.max()) + 1, number).max()) + 1
        return found

    def close(self, faces: np.ndarray) -> Closed:
        """Lids for the part of these faces (F,)."""
        corners = self._corners[faces]
        a, b, c = corners.T
        solid = (a != b) & (b != c) & (c != a)
        loops, is_open = _loops(corners[solid])
        vertices: list[np.ndarray] = [np.empty((0, 3))]
        rim: list[np.ndarray] = [np.empty(0, dtype=np.int64)]
        own = dict(zip(corners.ravel()[::-1].tolist(), self._mesh.faces[faces].ravel()[::-1].tolist(), strict=True)) if loops else {}
        lids: list[np.ndarray] = [np.empty((0, 3), dtype=np.int64)]
        start = 0
        for loop in loops:
            around, points, triangles = self._lid(loop)
            vertices.append(points)
            rim.append(np.concatenate([[own[place] for place in around], np.full(len(points) - len(around), -1)]))
            lids.append(triangles + start)
            start += len(points)
        return Closed(
            vertices=np.concatenate(vertices),
            faces=np.concatenate(lids),
            rim=np.concatenate(rim).astype(np.int64),
            faces_kept=faces[solid],
            loops=len(loops),
            is_open=is_open,
        )

    def _lid(self, loop: list[int]) -> tuple[list[int], np.ndarray, np.ndarray]:
        """Of a border whose half edges run along `loop`: its places in the order of the lid's first vertices, and the lid, whose half edges run
        against it.
        """
        first = loop.index(min(loop))
        around = loop[first:] + loop[:first]
        is_turned = around[1] > around[-1]
        if is_turned:
            around = around[:1] + around[:0:-1]
        points, triangles = _filled(self._position[around])
        return around, points, triangles if is_turned else triangles[:, ::-1]


def _loops(corners: np.ndarray) -> tuple[list[list[int]], bool]:
    """Simple loops of the half edges that have no opposite one, and whether some are left that make no loop."""
    following: dict[int, list[int]] = defaultdict(list)
    for start, end in _open_half_edges(corners).tolist():
        following[start].append(end)
    loops, is_open = [], False
    for begin in sorted(following):
        while following[begin]:
            path, at = [begin], {begin: 0}
            while following[path[-1]]:
                vertex = following[path[-1]].pop()
                if vertex in at:  # a simple loop is cut off where the path meets itself
                    loop = path[at[vertex] :]
                    if len(loop) >= 3:
                        loops.append(loop)
                    for gone in loop[1:]:
                        del at[gone]
                    del path[at[vertex] + 1 :]
                    if vertex == begin:
                        break
                else:
                    at[vertex] = len(path)
                    path.append(vertex)
            is_open |= len(path) > 1
    return loops, is_open


def _open_half_edges(corners: np.ndarray) -> np.ndarray:
    """(E, 2) those left when each is paired off with one the other way."""
    start, end = corners.ravel(), corners[:, [1, 2, 0]].ravel()
    count = int(corners.max(initial=0)) + 1
    forward, number = np.unique(start * count + end, return_counts=True)
    backward, opposite = np.unique(end * count + start, return_counts=True)
    at = np.searchsorted(backward, forward).clip(max=max(len(backward) - 1, 0))
    against = np.where(backward[at] == forward, opposite[at], 0) if len(backward) else np.zeros(0, dtype=np.int64)
    left = np.repeat(forward, np.maximum(number - against, 0))
    return np.stack([left // count, left % count], axis=1)


def _filled(rim: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vertices, the rim's (N, 3) first, and triangles that run along it."""
    count = len(rim)
    if count == 3:
        return rim, np.array([[0, 1, 2]])
    middle = rim.mean(axis=0)
    flat = _projected(rim - middle)
    here, there = np.arange(count), np.roll(np.arange(count), -1)
    if _is_star(flat) or count > _LONGEST:
        return np.concatenate([rim, middle[None]]), np.stack([here, there, np.full(count, count)], axis=1)
    inner = (np.roll(rim, 1, axis=0) + 2 * rim + np.roll(rim, -1, axis=0)) / 4
    ring = np.concatenate([np.stack([here, there, here + count], axis=1), np.stack([there, there + count, here + count], axis=1)])
    return np.concatenate([rim, inner]), np.concatenate([ring, _ears(_projected(inner - middle)) + count])


def _projected(points: np.ndarray) -> np.ndarray:
    """(N, 2) in the plane of the loop's own area, seen so that it turns counter-clockwise."""
    normal = np.cross(points, np.roll(points, -1, axis=0)).sum(axis=0)
    if not np.linalg.norm(normal) > 0:
        normal = np.array([0.0, 0.0, 1.0])
    normal = unit(normal)
    side = np.cross(normal, np.eye(3)[int(np.abs(normal).argmin())])
    side /= np.linalg.norm(side)
    return np.stack([points @ side, points @ np.cross(normal, side)], axis=1)


def _is_star(flat: np.ndarray) -> bool:
    after = np.roll(flat, -1, axis=0)
    return bool((flat[:, 0] * after[:, 1] - flat[:, 1] * after[:, 0] > 0).all())


def _ears(flat: np.ndarray) -> np.ndarray:
    """(N - 2, 3) triangles of a polygon (N, 2), ears cut off one by one (Meisters 1975); one that overlaps itself is filled all the same."""
    left = list(range(len(flat)))
    triangles = []
    while len(left) > 3:
        at = _best_ear(flat, left)
        triangles.append((left[at - 1], left[at], left[(at + 1) % len(left)]))
        del left[at]
    return np.array([*triangles, tuple(left)])


def _best_ear(flat: np.ndarray, left: list[int]) -> int:
    """The place of the roundest corner that no other one lies in; where there is none, of the one that turns most."""
    points = flat[left]
    before, after = np.roll(points, 1, axis=0), np.roll(points, -1, axis=0)
    area = _cross(points - before, after - points)
    longest = np.max([((one - other) ** 2).sum(axis=1) for one, other in ((points, before), (after, points), (after, before))], axis=0)
    shape = area / np.maximum(longest, 1e-300)
    for at in np.argsort(-shape, kind="stable").tolist():
        if area[at] <= 0:
            break
        a, b, c = before[at], points[at], after[at]
        inside = (_cross(b - a, points - a) > 0) & (_cross(c - b, points - b) > 0) & (_cross(a - c, points - c) > 0)
        if not inside.any():
            return at
    return int(shape.argmax())


def _cross(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0]
