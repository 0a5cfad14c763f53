"""All parts of a mesh as solids: closed where they were cut, and nothing of one inside another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...stages import Mesh
from .closer import Closed, Closer
from .overlaps import resolved
from .shells import Shell

_CLOSED = 0.3  # of the work


@dataclass(frozen=True, kw_only=True)
class SolidPart:
    """A part: `kept` (K,) are the mesh's triangles that it has as they are. `vertices` (N, 3) are new ones, and `faces` (M, 3) are of the mesh's
    vertices followed by these; `source` (M,) is the triangle that each is a piece of, -1 for a lid. `loops` were closed; whether it still
    `is_open`.
    """

    kept: np.ndarray
    vertices: np.ndarray
    faces: np.ndarray
    source: np.ndarray
    loops: int
    is_open: bool


@dataclass(frozen=True, kw_only=True)
class _Piece:
    """A loose piece of a part, `origin` (P,) the mesh's vertex that each of its shell's points is, -1 for none."""

    part: int
    loose: int
    closed: Closed
    shell: Shell
    origin: np.ndarray


def solid_parts(mesh: Mesh, label: np.ndarray, report: Callable[[float], None] = lambda fraction: None) -> list[SolidPart]:
    """Of the parts 0.. that `label` (F,) tells, -1 being none; one without a face is empty. `report` gets fractions of the work, and may raise to
    end it. Of parts that overlap the largest keeps what they share.
    """
    closer = Closer(mesh)
    loose = closer.loose_pieces()
    count = int(label.max(initial=-1)) + 1
    pieces: list[_Piece] = []
    for part in range(count):
        report(_CLOSED * part / count)
        own = np.flatnonzero(label == part)
        order = own[np.argsort(loose[own], kind="stable")]
        for faces in np.split(order, np.flatnonzero(np.diff(loose[order])) + 1) if len(order) else []:
            pieces.append(_piece(closer, mesh, part, int(loose[faces[0]]), faces))
    solid = [one for one in pieces if not one.closed.is_open and len(one.closed.faces_kept)]
    numbers = np.array([[one.part, one.loose] for one in solid]).reshape(-1, 2)
    shells = resolved([one.shell for one in solid], numbers, lambda fraction: report(_CLOSED + (1 - _CLOSED) * fraction))
    cut = {id(one): shell for one, shell in zip(solid, shells, strict=True)}
    return [_together(mesh, [(one, cut.get(id(one), one.shell)) for one in pieces if one.part == part]) for part in range(count)]


def _piece(closer: Closer, mesh: Mesh, part: int, loose: int, faces: np.ndarray) -> _Piece:
    closed = closer.close(faces)
    corners = closer.places(closed.faces_kept)
    places, number = np.unique(corners, return_inverse=True)
    vertex = np.empty(len(places), dtype=np.int64)
    vertex[number.reshape(-1)[::-1]] = mesh.faces[closed.faces_kept].ravel()[::-1]
    is_inner = closed.rim_places < 0
    at = np.empty(len(closed.vertices), dtype=np.int64)
    at[is_inner] = len(places) + np.arange(int(is_inner.sum()))
    at[~is_inner] = np.searchsorted(places, closed.rim_places[~is_inner])
    shell = Shell(
        points=np.concatenate([closer.position(places), closed.vertices[is_inner]]),
        faces=np.concatenate([number.reshape(-1, 3), at[closed.faces]]),
        source=np.concatenate([closed.faces_kept, np.full(len(closed.faces), -1)]),
    )
    return _Piece(part=part, loose=loose, closed=closed, shell=shell, origin=np.concatenate([vertex, np.full(int(is_inner.sum()), -1)]))


def _together(mesh: Mesh, pieces: list[tuple[_Piece, Shell]]) -> SolidPart:
    kept: list[np.ndarray] = [np.empty(0, dtype=np.int64)]
    vertices: list[np.ndarray] = [np.empty((0, 3))]
    faces: list[np.ndarray] = [np.empty((0, 3), dtype=np.int64)]
    source: list[np.ndarray] = [np.empty(0, dtype=np.int64)]
    count = len(mesh.vertices)
    for piece, shell in pieces:
        is_whole = np.zeros(len(shell.faces), dtype=bool)
        own = np.flatnonzero(shell.source >= 0)
        before = piece.shell.faces[np.searchsorted(piece.closed.faces_kept, shell.source[own])]
        is_whole[own] = (shell.faces[own] == before).all(axis=1)
        kept.append(np.sort(shell.source[is_whole]))
        used, number = np.unique(shell.faces[~is_whole], return_inverse=True)
        origin = np.concatenate([piece.origin, np.full(len(shell.points) - len(piece.origin), -1)])[used]
        is_new = origin < 0
        at = np.where(is_new, count + np.cumsum(is_new) - 1, origin)
        vertices.append(shell.points[used[is_new]])
        count += int(is_new.sum())
        faces.append(at[number.reshape(-1, 3)])
        source.append(shell.source[~is_whole])
    return SolidPart(
        kept=np.sort(np.concatenate(kept)),
        vertices=np.concatenate(vertices),
        faces=np.concatenate(faces),
        source=np.concatenate(source),
        loops=sum(one.closed.loops for one, _ in pieces),
        is_open=any(one.closed.is_open for one, _ in pieces),
    )
