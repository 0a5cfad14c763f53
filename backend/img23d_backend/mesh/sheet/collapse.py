"""Collapse edges of a sheet: a vertex is drawn into its neighbour wherever the rest stays unfolded.

After Hoppe et al., "Mesh optimization", 1993; the condition for keeping the topology is that of Dey et al., 1999.
"""

from __future__ import annotations

import numpy as np

from .sheet import MIN_AREA, Edges, Sheet, find_edges, plane_area, relative_length, sorted_with_order

SUB_ROUNDS = 4


def collapse_short(sheet: Sheet, *, shortest: float, longest: float, rim_deviation: float, at_most: int | None = None) -> int:
    """Collapse edges shorter than `shortest` wanted sizes, shortest first; returns how many vertices went.

    No edge longer than `longest` arises, and no rim vertex goes that is further than `rim_deviation` wanted sizes from
    the line between its neighbours. `at_most` limits the number.
    """
    edges = find_edges(sheet.faces, len(sheet.points))
    length = relative_length(sheet, edges.ends)
    gone, into, rank = _candidates(sheet, edges, length, shortest)
    if rim_deviation < np.inf:
        keep = ~sheet.rim[gone] | (_rim_deviation(sheet, edges)[gone] < rim_deviation)
        gone, into, rank = gone[keep], into[keep], rank[keep]
    order = np.argsort(-rank, kind="stable")  # the shortest comes last and so wins the locks
    gone, into = gone[order], into[order]
    pair, face = _stars(sheet.faces, len(sheet.points), gone)
    allowed = _allowed(sheet, edges, gone, into, pair, face, longest)
    chosen = _independent(allowed, *_with_rim_locks(sheet, edges, gone, pair, face))
    if at_most is not None:
        chosen = chosen[np.argsort(chosen)[::-1][:at_most]]
    _apply(sheet, gone[chosen], into[chosen])
    return len(chosen)


def _candidates(
    sheet: Sheet, edges: Edges, length: np.ndarray, shortest: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each vertex that may go: the nearest neighbour it may go into, and how far that is."""
    short = np.flatnonzero(length < shortest)
    short = short[np.argsort(-length[short])]
    a, b = edges.ends[short].T
    along_rim = edges.right[short] < 0
    into = np.full(len(sheet.points), -1)
    distance = np.zeros(len(sheet.points))
    for source, target in ((a, b), (b, a)):
        may_go = ~sheet.rim[source] | along_rim
        source, target, near = source[may_go], target[may_go], length[short][may_go]
        distance_here = np.full(len(sheet.points), np.inf)
        into_here = np.full(len(sheet.points), -1)
        into_here[source], distance_here[source] = target, near  # the nearest is written last
        better = (into_here >= 0) & ((into < 0) | (distance_here < distance))
        into[better], distance[better] = into_here[better], distance_here[better]
    gone = np.flatnonzero(into >= 0)
    return gone, into[gone], distance[gone]


def _rim_neighbours(sheet: Sheet, edges: Edges) -> tuple[np.ndarray, np.ndarray]:
    """For each rim vertex the one before and the one after it along the rim (0 for all other vertices)."""
    border = edges.ends[edges.right < 0]
    before, after = np.zeros((2, len(sheet.points)), dtype=np.int64)
    after[border[:, 0]] = border[:, 1]
    before[border[:, 1]] = border[:, 0]
    return before, after


def _rim_deviation(sheet: Sheet, edges: Edges) -> np.ndarray:
    """For each rim vertex the distance from the line between its rim neighbours, in wanted sizes."""
    before, after = _rim_neighbours(sheet, edges)
    here = np.flatnonzero(sheet.rim)
    p, q = sheet.points[before[here]], sheet.points[after[here]]
    deviation = np.zeros(len(sheet.points))
    base = np.maximum(np.linalg.norm(q - p, axis=1), 1e-9)
    deviation[here] = np.abs(plane_area(p, q, sheet.points[here])) / base / sheet.size[here]
    return deviation


def _with_rim_locks(
    sheet: Sheet, edges: Edges, gone: np.ndarray, pair: np.ndarray, face: np.ndarray
) -> tuple[np.ndarray, np.ndarray, int]:
    """The stars' faces and, for candidates on the rim, three rim vertices as further things to lock.

    Without them two collapses on opposite sides of a small hole could close it.
    """
    before, after = _rim_neighbours(sheet, edges)
    on_rim = np.flatnonzero(sheet.rim[gone])
    vertices = gone[on_rim]
    locks = np.column_stack([before[vertices], vertices, after[vertices]]).ravel() + len(sheet.faces)
    pairs = np.concatenate([pair, np.repeat(on_rim, 3)])
    order = np.argsort(pairs, kind="stable")
    return pairs[order], np.concatenate([face, locks])[order], len(sheet.faces) + len(sheet.points)


def _stars(faces: np.ndarray, vertex_count: int, centers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The faces around each center, as (index into centers, face) pairs."""
    corners = faces.ravel()
    by_vertex = sorted_with_order(corners)[1] // 3
    degree = np.bincount(corners, minlength=vertex_count)
    start = np.cumsum(degree) - degree
    counts = degree[centers]
    pair = np.repeat(np.arange(len(centers)), counts)
    within = np.arange(len(pair)) - np.repeat(np.cumsum(counts) - counts, counts)
    return pair, by_vertex[np.repeat(start[centers], counts) + within]


def _allowed(
    sheet: Sheet, edges: Edges, gone: np.ndarray, into: np.ndarray, pair: np.ndarray, face: np.ndarray, longest: float
) -> np.ndarray:
    """Candidates after which every face is still positive, none is too long, and the topology is what it was."""
    corners = sheet.faces[face]
    target = into[pair]
    stays = ~(corners == target[:, None]).any(axis=1)
    pair, target, corners = pair[stays], target[stays], corners[stays]
    moved = np.where(corners == gone[pair][:, None], target[:, None], corners)
    bad = plane_area(*(sheet.points[moved[:, i]] for i in range(3))) < MIN_AREA * 10
    solid, size = sheet.solid_points(), sheet.size
    goal, goal_size = solid[target], size[target]
    for i in range(3):
        other = moved[:, i]
        reach = ((solid[other] - goal) ** 2).sum(axis=1)
        bad |= reach > (longest * 0.5 * (size[other] + goal_size)) ** 2
    allowed = np.zeros(len(gone), dtype=bool)
    allowed[pair] = True
    allowed[pair[bad]] = False
    left = np.flatnonzero(allowed)
    allowed[left[_breaks_topology(sheet, edges, gone[left], into[left])]] = False
    return allowed


def _breaks_topology(sheet: Sheet, edges: Edges, gone: np.ndarray, into: np.ndarray) -> np.ndarray:
    """Whether an edge's ends have more common neighbours than the tips of its faces (link condition)."""
    count = len(sheet.points)
    a, b = edges.ends.T
    start, end = np.concatenate([a, b]), np.concatenate([b, a])
    known, _ = sorted_with_order(start * count + end)
    first = np.searchsorted(known, gone * count)
    degree = np.searchsorted(known, (gone + 1) * count) - first
    pair = np.repeat(np.arange(len(gone)), degree)
    within = np.arange(len(pair)) - np.repeat(np.cumsum(degree) - degree, degree)
    neighbour = known[np.repeat(first, degree) + within] % count
    key = into[pair] * count + neighbour
    at = np.minimum(np.searchsorted(known, key), len(known) - 1)
    common = np.bincount(pair[known[at] == key], minlength=len(gone))
    return common != np.where(sheet.rim[gone], 1, 2)


def _independent(allowed: np.ndarray, pair: np.ndarray, lock: np.ndarray, lock_count: int) -> np.ndarray:
    """Candidates of which no two need the same lock; later candidates win. `pair` ascends."""
    open_ = allowed.copy()
    taken = np.zeros(lock_count, dtype=bool)
    chosen: list[np.ndarray] = []
    for _ in range(SUB_ROUNDS):
        open_[pair[taken[lock]]] = False
        rows = open_[pair]
        if not rows.any():
            break
        owner = np.full(lock_count, -1)
        owner[lock[rows]] = pair[rows]  # pairs run upwards, the last write stays
        wins = open_.copy()
        wins[pair[rows][owner[lock[rows]] != pair[rows]]] = False
        taken[lock[wins[pair]]] = True
        chosen.append(np.flatnonzero(wins))
        open_ &= ~wins
    return np.concatenate(chosen) if chosen else np.zeros(0, dtype=np.int64)


def _apply(sheet: Sheet, gone: np.ndarray, into: np.ndarray) -> None:
    target = np.arange(len(sheet.points))
    target[gone] = into
    faces = target[sheet.faces]
    alive = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    sheet.faces = faces[alive]
    sheet.keep_used()
