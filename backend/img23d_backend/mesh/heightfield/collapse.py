"""Collapses edges of a heightfield: a vertex is drawn into its neighbour wherever the rest stays unfolded.

After Hoppe et al., "Mesh optimization", 1993; the condition for keeping the topology is that of Dey et al., 1999.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..topology.sorting import sorted_with_order
from .triangulation import MIN_AREA, Edges, Heightfield, plane_area, relative_length

SUB_ROUNDS = 4


def collapse_short(heightfield: Heightfield, *, shortest: float, longest: float, rim_deviation: float, at_most: int | None = None) -> int:
    """Collapse edges shorter than `shortest` wanted sizes, shortest first; returns how many vertices went.

    No edge longer than `longest` arises, and no rim vertex goes that is further than `rim_deviation` wanted sizes from
    the line between its neighbours. `at_most` limits the number.
    """
    edges = heightfield.edges
    length = relative_length(heightfield, edges.ends)
    gone, into, rank = _candidates(heightfield, edges, length, shortest)
    if rim_deviation < np.inf:
        keep = ~heightfield.rim[gone] | (_rim_deviation(heightfield, edges)[gone] < rim_deviation)
        gone, into, rank = gone[keep], into[keep], rank[keep]
    order = np.argsort(-rank, kind="stable")  # the shortest comes last and so wins the locks
    gone, into = gone[order], into[order]
    pair, face = _stars(heightfield.faces, len(heightfield.points), gone)
    allowed = _allowed(heightfield, edges, gone, into, pair, face, longest)
    chosen = _independent(allowed, *_with_rim_locks(heightfield, edges, gone, pair, face))
    if at_most is not None:
        chosen = chosen[np.argsort(chosen)[::-1][:at_most]]
    _apply(heightfield, gone[chosen], into[chosen])
    return len(chosen)


def _candidates(heightfield: Heightfield, edges: Edges, length: np.ndarray, shortest: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each vertex that may go: the nearest neighbour it may go into, and how far that is."""
    short = np.flatnonzero(length < shortest)
    short = short[np.argsort(-length[short])]
    a, b = edges.ends[short].T
    along_rim = edges.right[short] < 0
    into = np.full(len(heightfield.points), -1)
    distance = np.zeros(len(heightfield.points))
    for source, target in ((a, b), (b, a)):
        may_go = ~heightfield.rim[source] | along_rim
        source, target, near = source[may_go], target[may_go], length[short][may_go]
        distance_here = np.full(len(heightfield.points), np.inf)
        into_here = np.full(len(heightfield.points), -1)
        into_here[source], distance_here[source] = target, near  # the nearest is written last
        better = (into_here >= 0) & ((into < 0) | (distance_here < distance))
        into[better], distance[better] = into_here[better], distance_here[better]
    gone = np.flatnonzero(into >= 0)
    return gone, into[gone], distance[gone]


def _rim_neighbours(heightfield: Heightfield, edges: Edges) -> tuple[np.ndarray, np.ndarray]:
    """For each rim vertex the one before and the one after it along the rim (0 for all other vertices)."""
    border = edges.ends[edges.right < 0]
    before, after = np.zeros((2, len(heightfield.points)), dtype=np.int64)
    after[border[:, 0]] = border[:, 1]
    before[border[:, 1]] = border[:, 0]
    return before, after


def _rim_deviation(heightfield: Heightfield, edges: Edges) -> np.ndarray:
    """For each rim vertex the distance from the line between its rim neighbours, in wanted sizes."""
    before, after = _rim_neighbours(heightfield, edges)
    here = np.flatnonzero(heightfield.rim)
    p, q = heightfield.points[before[here]], heightfield.points[after[here]]
    deviation = np.zeros(len(heightfield.points))
    base = np.maximum(np.linalg.norm(q - p, axis=1), 1e-9)
    deviation[here] = np.abs(plane_area(p, q, heightfield.points[here])) / base / heightfield.size[here]
    return deviation


def _with_rim_locks(heightfield: Heightfield, edges: Edges, gone: np.ndarray, pair: np.ndarray, face: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """The stars' faces and, for candidates on the rim, three rim vertices as further things to lock.

    Without them two collapses on opposite sides of a small hole could close it.
    """
    before, after = _rim_neighbours(heightfield, edges)
    on_rim = np.flatnonzero(heightfield.rim[gone])
    vertices = gone[on_rim]
    locks = np.column_stack([before[vertices], vertices, after[vertices]]).ravel() + len(heightfield.faces)
    pairs = np.concatenate([pair, np.repeat(on_rim, 3)])
    pairs, order = sorted_with_order(pairs)
    return pairs, np.concatenate([face, locks])[order], len(heightfield.faces) + len(heightfield.points)


def _stars(faces: np.ndarray, vertex_count: int, centers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The faces around each center, as (index into centers, face) pairs; the former ascend."""
    index = np.full(vertex_count, -1)
    index[centers] = np.arange(len(centers))
    of_corner = index.take(faces.ravel())
    used = np.flatnonzero(of_corner >= 0)
    pair, order = sorted_with_order(of_corner.take(used))
    return pair, used.take(order) // 3


def _allowed(heightfield: Heightfield, edges: Edges, gone: np.ndarray, into: np.ndarray, pair: np.ndarray, face: np.ndarray, longest: float) -> np.ndarray:
    """Candidates after which every face is still positive, none is too long, and the topology is what it was."""
    star = _Star.around(heightfield, gone, into, pair, face)
    allowed = np.zeros(len(gone), dtype=bool)
    allowed[star.pair] = True
    target = into.take(star.pair)
    x, y, z = (np.ascontiguousarray(column) for column in (*heightfield.points.T, heightfield.height))
    goal_x, goal_y, goal_z, goal_size = (column.take(target) for column in (x, y, z, heightfield.size))
    sides = []
    for corner in (star.after, star.before):
        dx, dy, dz = x.take(corner) - goal_x, y.take(corner) - goal_y, z.take(corner) - goal_z
        reach = longest * 0.5 * (heightfield.size.take(corner) + goal_size)
        allowed[star.pair[dx**2 + dy**2 + dz**2 > reach**2]] = False
        sides.append((dx, dy))
    (ax, ay), (bx, by) = sides
    allowed[star.pair[ax * by - ay * bx < MIN_AREA * 10]] = False
    allowed[star.pair[_tied(heightfield, edges, star, target, allowed, gone)]] = False
    return allowed


@dataclass(frozen=True, kw_only=True)
class _Star:
    """The faces around each candidate that stay, by their other corners: `after`, `before` (N,) the candidate `pair` (N,)
    in the face's turn. `tips` (2, C) are the third corners of the faces that go.
    """

    pair: np.ndarray
    after: np.ndarray
    before: np.ndarray
    tips: np.ndarray

    @staticmethod
    def around(heightfield: Heightfield, gone: np.ndarray, into: np.ndarray, pair: np.ndarray, face: np.ndarray) -> _Star:
        a, b, c = heightfield.faces.T.take(face, axis=1)
        here, target = gone.take(pair), into.take(pair)
        after = np.where(a == here, b, np.where(b == here, c, a))
        before = a + b + c - here - after
        stays = np.flatnonzero((after != target) & (before != target))
        tips = np.full((2, len(gone)), -1)
        for row, (corner, tip) in enumerate(((after, before), (before, after))):
            goes = np.flatnonzero(corner == target)
            tips[row, pair.take(goes)] = tip.take(goes)
        return _Star(pair=pair.take(stays), after=after.take(stays), before=before.take(stays), tips=tips)


def _tied(heightfield: Heightfield, edges: Edges, star: _Star, target: np.ndarray, allowed: np.ndarray, gone: np.ndarray) -> np.ndarray:
    """Where an edge joins the target to a further corner of the star: the ends would share more than their faces' tips
    (link condition).
    """
    open_, on_rim = allowed.take(star.pair), heightfield.rim.take(gone).take(star.pair)
    tied = []
    for corner, asked in ((star.after, open_), (star.before, open_ & on_rim)):  # inside, each corner is after a face too
        no_tip = (corner != star.tips[0].take(star.pair)) & (corner != star.tips[1].take(star.pair))
        rows = np.flatnonzero(asked & no_tip)
        tied.append(rows[edges.join(corner.take(rows), target.take(rows))])
    return np.concatenate(tied)


def _independent(allowed: np.ndarray, pair: np.ndarray, lock: np.ndarray, lock_count: int) -> np.ndarray:
    """Candidates of which no two need the same lock; later candidates win. `pair` ascends."""
    open_ = allowed.copy()
    chosen: list[np.ndarray] = []
    owner = np.empty(lock_count, dtype=np.int64)
    for _ in range(SUB_ROUNDS):
        rows = np.flatnonzero(open_.take(pair))
        pair, lock = pair.take(rows), lock.take(rows)
        owner[lock] = pair  # pairs run upwards, the last write stays
        wins = open_.copy()
        wins[pair[owner.take(lock) != pair]] = False
        chosen.append(np.flatnonzero(wins))
        taken = np.zeros(lock_count, dtype=bool)
        taken[lock[wins.take(pair)]] = True
        open_[pair[taken.take(lock)]] = False
    return np.concatenate(chosen)


def _apply(heightfield: Heightfield, gone: np.ndarray, into: np.ndarray) -> None:
    target = np.arange(len(heightfield.points))
    target[gone] = into
    faces = target[heightfield.faces]
    alive = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    heightfield.faces = faces[alive]
    heightfield.keep_used()
