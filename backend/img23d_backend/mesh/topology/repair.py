"""Repairs a mesh whose edges have more than two faces, or none on the other side, to two faces an edge.

Where four or more faces meet at an edge they are parted by solids: two things that touch along an edge, or one that
touches itself, get an edge each (after Gueziec et al., Cutting and Stitching, 2001). What is closed stays closed.
"""

from __future__ import annotations

import numpy as np

from ...stages import Mesh
from .adjacency import Links, half_edges
from .checks import component_labels
from .sorting import numbered, sorted_with_order

LARGEST_HOLE = 64  # edges of a hole that is closed


def is_sound(faces: np.ndarray, links: Links | None = None) -> bool:
    """Whether each edge lies between exactly two faces that turn the same way. `links` are the half edges."""
    links = links or half_edges(faces, int(faces.max(initial=0)) + 1)
    if len(links.twice):
        return False
    return not any((faces[:, i - 1] == faces[:, i]).any() for i in range(3)) and _is_balanced(faces)


def _is_balanced(faces: np.ndarray) -> bool:
    """Whether there is a half edge the other way for each one, of which none occurs twice; wrong with odds of about one in 2^62.

    With two random numbers f and g a vertex, f[a] g[b] - g[a] f[b] of a half edge and of the one the other way cancel out, and
    the sum over all is 0 for nothing else: without sorting them once more.
    """
    number = np.arange(int(faces.max(initial=0)) + 1, dtype=np.uint64)
    f, g = (_mixed(number + np.uint64(start << 32)) for start in (1, 2))
    total, corners = 0, [(f.take(column), g.take(column)) for column in faces.T]
    for (f0, g0), (f1, g1) in zip(corners, corners[1:] + corners[:1], strict=True):
        total += int((f0 * g1 - f1 * g0).sum(dtype=np.uint64))
    return total % 2**64 == 0


def _mixed(numbers: np.ndarray) -> np.ndarray:
    """uint64 with all bits as if they were random (splitmix64: Steele, Lea and Flood 2014)."""
    numbers = numbers * np.uint64(0x9E3779B97F4A7C15)
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


def repaired(mesh: Mesh, *, largest_hole: int = LARGEST_HOLE) -> Mesh:
    """The same surface with two faces an edge and one fan of faces a vertex, holes of up to `largest_hole` edges closed.

    A mesh that is closed (as many faces turn one way at each edge as the other) comes out closed. Vertices that several
    sheets met at are doubled, not moved. Larger holes stay open. Faces without extent and pairs back to back vanish.
    """
    vertices, faces = without_short_edges(mesh.vertices, mesh.faces.astype(np.int64))
    faces = _without_duplicate_faces(faces)
    holes_closed = False
    while len(faces):
        first, second, open_ = _paired(vertices, faces)
        vertices, faces = _parted(vertices, faces, first, second)
        doubled = _double_edges(faces, first)
        if not holes_closed:
            vertices, faces = _with_holes_closed(vertices, faces, open_, largest_hole)
            holes_closed = True
        elif len(doubled) == 0:
            break
        else:
            vertices, faces = _with_middles(vertices, faces, first[doubled], second[doubled])
    return Mesh(vertices=vertices.astype(np.float32), faces=faces.astype(np.int32))


def without_short_edges(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vertices in the same place that an edge joins become one, and the faces that lose their extent go."""
    spot = _place_keys(vertices)[faces]  # (F, 3)
    short = [np.flatnonzero(spot[:, i - 1] == spot[:, i]) for i in range(3)]
    if not any(map(len, short)):
        return vertices, faces
    links = np.concatenate([faces[rows][:, [i - 1, i]] for i, rows in enumerate(short)])
    faces = component_labels(links, len(vertices))[faces]
    a, b, c = faces.T
    return vertices, faces[(a != b) & (b != c) & (c != a)]


def _place_keys(vertices: np.ndarray) -> np.ndarray:
    """(V,) uint64: the same for the same place; for two others with odds of one in 2^64."""
    bits = np.ascontiguousarray(vertices + np.float32(0), dtype=np.float32).view(np.uint32).astype(np.uint64)  # -0 is 0
    mixed = np.zeros(len(vertices), dtype=np.uint64)
    for column in bits.T:
        mixed = (mixed ^ column) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    return mixed


def _without_duplicate_faces(faces: np.ndarray) -> np.ndarray:
    """Of faces with the same three corners, those that turn both ways cancel out; of the rest one stays."""
    ordered = np.sort(faces, axis=1)
    count = int(faces.max(initial=0)) + 1
    _, row = numbered(ordered[:, 0] * count + ordered[:, 1])
    first, number = numbered(row * count + ordered[:, 2])
    if len(first) == len(faces):
        return faces
    low = np.argmin(faces, axis=1)
    rows = np.arange(len(faces))
    turn = np.where(faces[rows, (low + 1) % 3] < faces[rows, (low + 2) % 3], 1, -1)
    balance = np.bincount(number, weights=turn)
    fitting = np.flatnonzero(turn * balance[number] > 0)
    _, chosen = np.unique(number[fitting], return_index=True)
    return faces[fitting[np.sort(chosen)]]


def _paired(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Half edges (numbered as the corners they begin at) two by two, and those that have no partner."""
    start, end = faces.ravel(), faces[:, [1, 2, 0]].ravel()
    count = len(vertices)
    keys, order = sorted_with_order(np.minimum(start, end) * count + np.maximum(start, end))
    begins = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    sizes = np.diff(np.append(begins, len(keys)))
    two = begins[sizes == 2]
    a, b = order[two], order[two + 1]
    plain = start[a] != start[b]
    pairs, single = [np.stack([a[plain], b[plain]], axis=1)], [order[begins[sizes == 1]], a[~plain], b[~plain]]
    for begin, size in zip(begins[sizes > 2], sizes[sizes > 2], strict=True):
        matched, rest = _matched(vertices, faces, order[begin : begin + size])
        pairs.append(np.array(matched, dtype=np.int64).reshape(-1, 2))
        single.append(np.array(rest, dtype=np.int64))
    first, second = np.concatenate(pairs).T
    return first, second, np.concatenate(single)


def _matched(vertices: np.ndarray, faces: np.ndarray, half_edges: np.ndarray) -> tuple[list[tuple[int, int]], list[int]]:
    """The half edges of one edge, each with the one at the other side of the solid between them.

    Seen along the edge, the solid begins counter-clockwise of a face that turns against it and ends at one that turns
    with it: brackets, matched around the circle.
    """
    starts = faces.ravel()[half_edges]
    low, high = starts.min(), faces[:, [1, 2, 0]].ravel()[half_edges[np.argmin(starts)]]
    tips = vertices[faces[:, [2, 0, 1]].ravel()[half_edges]].astype(np.float64) - vertices[low]
    along = vertices[high].astype(np.float64) - vertices[low]
    right = np.cross(along, np.eye(3)[np.argmin(np.abs(along))])
    right /= max(np.linalg.norm(right), 1e-300)
    up = np.cross(along, right) / max(np.linalg.norm(along), 1e-300)
    around = half_edges[np.argsort(np.arctan2(tips @ up, tips @ right), kind="stable")].tolist()
    with_edge = dict(zip(half_edges.tolist(), (starts == low).tolist(), strict=True))
    opened: list[int] = []
    pairs: list[tuple[int, int]] = []
    taken: set[int] = set()
    for half in around * 2:
        if half in taken or half in opened:
            continue
        if not with_edge[half]:
            opened.append(half)
        elif opened:
            partner = opened.pop()
            pairs.append((partner, half))
            taken |= {partner, half}
    return pairs, [half for half in around if half not in taken]


def _parted(vertices: np.ndarray, faces: np.ndarray, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A vertex for each fan of faces that hang together by paired edges."""
    after = np.arange(faces.size).reshape(-1, 3)[:, [1, 2, 0]].ravel()
    links = np.concatenate([np.stack([first, after[second]], axis=1), np.stack([after[first], second], axis=1)])
    corner, number = numbered(component_labels(links, faces.size))
    return vertices[faces.ravel()[corner]], number.reshape(-1, 3)


def _double_edges(faces: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Of the pairs: those between the same two vertices as an earlier one, no two at the same faces."""
    start, end = faces.ravel()[first], faces[:, [1, 2, 0]].ravel()[first]
    kept, _ = numbered(np.minimum(start, end) * (int(faces.max()) + 1) + np.maximum(start, end))
    return np.setdiff1d(np.arange(len(first)), kept)


def _with_middles(vertices: np.ndarray, faces: np.ndarray, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Edges halved by a vertex in the middle; of edges at the same face one, the others have their turn later."""
    busy: set[int] = set()
    points, extra, faces = [vertices], [], faces.copy()
    for halves in zip(first.tolist(), second.tolist(), strict=True):
        if busy & {half // 3 for half in halves}:
            continue
        busy |= {half // 3 for half in halves}
        middle = len(vertices) + len(points) - 1
        row, corner = divmod(halves[0], 3)
        points.append(vertices[faces[row, [corner, (corner + 1) % 3]]].mean(axis=0, keepdims=True))
        for half in halves:
            row, corner = divmod(half, 3)
            added = faces[row].copy()
            added[corner] = middle  # from the middle to the edge's end
            faces[row, (corner + 1) % 3] = middle
            extra.append(added)
    return np.concatenate(points), np.concatenate([faces, np.array(extra)])


def _with_holes_closed(vertices: np.ndarray, faces: np.ndarray, open_: np.ndarray, largest: int) -> tuple[np.ndarray, np.ndarray]:
    """Every small hole closed by a fan around its middle."""
    following = dict(zip(faces.ravel()[open_].tolist(), faces[:, [1, 2, 0]].ravel()[open_].tolist(), strict=True))
    points, fans = [vertices], []
    while following:
        rim = [next(iter(following))]
        while (vertex := following.pop(rim[-1], rim[0])) != rim[0]:
            rim.append(vertex)
        if 3 <= len(rim) <= largest:
            middle = len(vertices) + len(points) - 1
            points.append(vertices[rim].mean(axis=0, keepdims=True))
            fans += [(after, before, middle) for before, after in zip(rim, rim[1:] + rim[:1], strict=True)]
    return np.concatenate(points), np.concatenate([faces, np.array(fans, dtype=np.int64).reshape(-1, 3)])
