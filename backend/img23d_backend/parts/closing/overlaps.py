"""Solids that reach into each other: of each, what lies in a larger one is cut off.

A solid is refined where the larger ones' surface passes, down to a fiftieth of its size; each edge that crosses this surface gets a point on
it, and the faces are cut between these points. The border is closed by a lid whose inner points lie on that surface. However many solids
overlap in one place, it is left to the largest. A solid that lies wholly in another stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ...mesh.topology.connected import connected
from ...mesh.topology.samples import Nearest, sample_surface
from ...stages import Mesh
from .closer import filled, loops_of
from .shells import Shell, cut_off, split_edges
from .winding import Inside

_FINEST = 0.02  # of a solid's extent: edges that are not split any more
_ROUNDS = 12  # of splitting, at most
_MOST_FACES = 400_000  # of a solid while it is split
_INWARDS = 1e-4  # of the extent: so far inside itself a solid's surface is looked at, so that what only touches does not overlap
_BISECTIONS = 8
_CLOSE = 3.0  # times the distance between samples: from there on the surface is as good as flat between a place and its sample
_OFF = 2e-3  # of the extent: a lid is refined where its edges are farther from the surface
_SAMPLES = 20_000  # on the larger solids' surface near a solid
_AT_THE_END = 1e-3  # of an edge: no cut is nearer to its ends


def resolved(solids: Sequence[Shell], numbers: np.ndarray, report: Callable[[float], None] = lambda fraction: None) -> list[Shell]:
    """The solids with nothing of one in another; those that need no cut are the same objects. Each has a face. Two are looked at that differ in
    all of `numbers` (N, M), such as their parts.
    """
    volume = np.array([abs(one.volume) for one in solids])
    low = np.array([one.points[one.faces].min(axis=(0, 1)) for one in solids]).reshape(-1, 3)
    high = np.array([one.points[one.faces].max(axis=(0, 1)) for one in solids]).reshape(-1, 3)
    order = np.arange(len(solids))
    found = list(solids)
    for number, one in enumerate(solids):
        report(number / len(solids))
        is_larger = (volume > volume[number]) | ((volume == volume[number]) & (order < number))  # of two alike the first
        is_near = ((low < high[number]) & (low[number] < high)).all(axis=1)
        larger = np.flatnonzero(is_larger & is_near & (numbers != numbers[number]).all(axis=1))
        if len(larger):
            found[number] = _without(one, [solids[other] for other in larger.tolist()]) or one
    return found


def _without(shell: Shell, others: Sequence[Shell]) -> Shell | None:
    """None where nothing is to be cut, or cannot be."""
    corners = np.concatenate([one.points[one.faces if one.volume > 0 else one.faces[:, ::-1]] for one in others])
    rivals = _Rivals(corners, shell)
    shell = rivals.refined(shell)
    is_inside = rivals.contain(shell)
    if is_inside is None or is_inside.all() or not is_inside.any():
        return None
    cut = cut_off(shell, is_inside, rivals.crossings(shell, is_inside))
    return rivals.closed(cut)


class _Rivals:
    """The larger solids, as far as they matter for one that they overlap."""

    def __init__(self, corners: np.ndarray, shell: Shell) -> None:
        self._inside = Inside(corners)
        used = shell.points[shell.faces].reshape(-1, 3)
        low, high = used.min(axis=0), used.max(axis=0)
        self._extent = float((high - low).max())
        self._finest = _FINEST * self._extent
        self._sign = 1.0 if shell.volume > 0 else -1.0
        near = ((corners.min(axis=1) <= high + self._finest) & (corners.max(axis=1) >= low - self._finest)).all(axis=1)
        own = corners[near] if near.any() else corners
        surface = Mesh(vertices=own.reshape(-1, 3), faces=np.arange(3 * len(own)).reshape(-1, 3))
        self._samples = sample_surface(surface, _SAMPLES, seed=0)
        self._nearest = Nearest(self._samples.points)
        area = float(np.linalg.norm(np.cross(own[:, 1] - own[:, 0], own[:, 2] - own[:, 0]), axis=1).sum() / 2)
        self._spacing = 2 * float(np.sqrt(area / _SAMPLES))  # between samples, about

    def refined(self, shell: Shell) -> Shell:
        """With short edges wherever the surface may pass."""
        for _ in range(_ROUNDS):
            ends, _ = shell.edges()
            start, end = shell.points[ends[:, 0]], shell.points[ends[:, 1]]
            length = np.linalg.norm(end - start, axis=1)
            long = np.flatnonzero(length > self._finest)
            if not len(long) or len(shell.faces) > _MOST_FACES:
                break
            chosen = np.zeros(len(ends), dtype=bool)
            chosen[long[self._distance((start[long] + end[long]) / 2) <= length[long] / 2]] = True
            if not chosen.any():
                break
            shell = split_edges(shell, chosen)
        return shell

    def contain(self, shell: Shell) -> np.ndarray | None:
        """(P,) bool. Points far from the surface are alike as far as they hang together; None where none is near."""
        ends, _ = shell.edges()
        length = np.linalg.norm(shell.points[ends[:, 0]] - shell.points[ends[:, 1]], axis=1)
        reach = np.zeros(len(shell.points))
        np.maximum.at(reach, ends.ravel(), np.repeat(length, 2))
        is_near = self._distance(shell.points) <= reach
        if not is_near.any():
            return None
        region = connected(len(shell.points), ends[~is_near[ends].any(axis=1)])
        asked = is_near.copy()
        asked[np.unique(region, return_index=True)[1]] = True
        result = np.zeros(len(shell.points), dtype=bool)
        result[asked] = self._holds(shell.points[asked], shell.normals[asked])
        first = np.unique(region, return_index=True)[1]
        return np.where(is_near, result, result[first][region])

    def crossings(self, shell: Shell, is_inside: np.ndarray) -> np.ndarray:
        """(E,) where the edges that are cut meet the surface, as shares."""
        ends, _ = shell.edges()
        share = np.zeros(len(ends))
        cut = np.flatnonzero(is_inside[ends[:, 0]] != is_inside[ends[:, 1]])
        start, end = shell.points[ends[cut, 0]], shell.points[ends[cut, 1]]
        normals = shell.normals
        from_normal, to_normal = normals[ends[cut, 0]], normals[ends[cut, 1]]
        low, high = np.zeros(len(cut)), np.ones(len(cut))
        begins_inside = is_inside[ends[cut, 0]]
        for _ in range(_BISECTIONS):
            middle = ((low + high) / 2)[:, None]
            holds = self._holds(start + middle * (end - start), from_normal + middle * (to_normal - from_normal))
            is_first_half = holds != begins_inside
            low, high = np.where(is_first_half, low, middle[:, 0]), np.where(is_first_half, middle[:, 0], high)
        share[cut] = np.clip((low + high) / 2, _AT_THE_END, 1 - _AT_THE_END)
        return share

    def closed(self, shell: Shell) -> Shell | None:
        """With lids on the surface; None where the border makes no loops."""
        loops, is_open = loops_of(shell.faces)
        if is_open:
            return None
        points, faces, source = [shell.points], [shell.faces], [shell.source]
        count = len(shell.points)
        for loop in loops:
            lid = self._lid(shell.points[loop])
            at = np.concatenate([loop, count + np.arange(len(lid.points) - len(loop))])
            points.append(lid.points[len(loop) :])
            faces.append(at[lid.faces[:, ::-1]])
            source.append(np.full(len(lid.faces), -1))
            count += len(lid.points) - len(loop)
        return Shell(points=np.concatenate(points), faces=np.concatenate(faces), source=np.concatenate(source))

    def _lid(self, rim: np.ndarray) -> Shell:
        """Its first points are the rim's."""
        points, triangles = filled(rim)
        self._move_to_surface(points[len(rim) :])
        lid = Shell(points=points, faces=triangles, source=np.full(len(triangles), -1))
        for _ in range(_ROUNDS):
            ends, edge = lid.edges()
            on_rim = np.bincount(edge.ravel(), minlength=len(ends)) == 1
            start, end = lid.points[ends[:, 0]], lid.points[ends[:, 1]]
            chosen = (np.linalg.norm(start - end, axis=1) > self._finest) & ~on_rim
            chosen[chosen] = self._distance((start[chosen] + end[chosen]) / 2) > _OFF * self._extent
            if not chosen.any() or len(lid.faces) > _MOST_FACES:
                break
            before = len(lid.points)
            lid = split_edges(lid, chosen)
            self._move_to_surface(lid.points[before:])
        return lid

    def _move_to_surface(self, points: np.ndarray) -> None:
        apart, which = self._nearest(points)
        normals = self._samples.normals[which]
        moved = points - ((points - self._samples.points[which]) * normals).sum(axis=1, keepdims=True) * normals
        points[:] = np.where((apart < self._extent / 2)[:, None], moved, points)

    def _distance(self, points: np.ndarray) -> np.ndarray:
        """(N,) to the surface, rather too small than too large."""
        apart, which = self._nearest(points)
        above = np.abs(((points - self._samples.points[which]) * self._samples.normals[which]).sum(axis=1))
        return np.where(apart <= _CLOSE * self._spacing, above, apart - self._spacing)

    def _holds(self, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        return self._inside(points - self._sign * _INWARDS * self._extent * normals)
