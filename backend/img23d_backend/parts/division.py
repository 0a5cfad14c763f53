"""A GLB divided into its parts, written as GLBs: one a part, all in one file, all in one file in plain colours, and a table as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from img23d_protocol.files.filenames import safe_stem
from img23d_protocol.files.whole_files import write_whole

from ..mesh.topology.normals import area_vectors
from ..stages import Mesh
from .closing import Closed, Closer
from .describing import names_in
from .files.colors import SurfaceColors, hex_of, palette
from .files.source import Source, read_source
from .files.writer import Lid, Piece, write_pieces
from .splitting.splitter import Wish, split

ALL, COLORED, TABLE = "parts.glb", "preview.glb", "parts.json"
_VERSION = 1
_SPLIT, _CLOSED = 0.7, 0.8  # of the work


@dataclass(frozen=True, kw_only=True)
class Part:
    """One row of the table: `file` lies in the folder, `area` and `volume` in the file's unit, `volume` None where it is not closed."""

    name: str
    file: str
    faces: int
    area: float
    volume: float | None
    is_closed: bool
    centre: tuple[float, float, float]
    color: str
    lids: int


@dataclass(frozen=True, kw_only=True)
class Division:
    """`part_of_face` (F,) is the number of each triangle's part, in the order in which the file's nodes name them."""

    parts: tuple[Part, ...]
    part_of_face: np.ndarray


def divide(path: Path, out: Path, *, wish: Wish, closes: bool, report: Callable[[float, str], None] = lambda fraction, note: None) -> Division:
    """Raises Img23DError, OSError where the folder cannot be written, and whatever `report` raises to end it."""
    report(0.0, "")
    source = read_source(path)
    label = split(source.mesh, wish, lambda fraction: report(_SPLIT * fraction, ""))
    closer = Closer(source.mesh)
    if closes:
        source = replace(source, mesh=closer.welded(source.mesh))
    faces = [np.flatnonzero(label == number) for number in range(int(label.max()) + 1)]
    closed = []
    for number, own in enumerate(faces):
        report(_SPLIT + (_CLOSED - _SPLIT) * number / len(faces), "")
        closed.append(closer.close(own) if closes else None)
    pieces = _pieces(source, faces, closed, names_in(source.mesh, label, closer, source.name))
    return _written(source, out, pieces, closed, label, report)


def _pieces(source: Source, faces: Sequence[np.ndarray], closed: Sequence[Closed | None], names: Sequence[str]) -> list[Piece]:
    colors, surface = palette(len(faces)), SurfaceColors(source)
    pieces = []
    for own, shut, name, color in zip(faces, closed, names, colors, strict=True):
        kept = own if shut is None or not len(shut.faces_kept) else shut.faces_kept
        lid = None if shut is None else Lid(vertices=shut.vertices, faces=shut.faces, color=surface.mean(own))
        corners = source.mesh.vertices[source.mesh.faces[own]].reshape(-1, 3).astype(np.float64)
        centre = (corners.min(axis=0) + corners.max(axis=0)) / 2
        pieces.append(Piece(name=name, faces=kept, centre=centre, color=color, lid=lid))
    return pieces


def _written(
    source: Source, out: Path, pieces: Sequence[Piece], closed: Sequence[Closed | None], label: np.ndarray, report: Callable[[float, str], None]
) -> Division:
    out.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, (piece, shut) in enumerate(zip(pieces, closed, strict=True)):
        report(_CLOSED + (1 - _CLOSED) * number / (len(pieces) + 2), piece.name)
        row = _row(source.mesh, piece, shut, f"{number + 1:02d}_{safe_stem(piece.name)}.glb", int((label == number).sum()))
        write_pieces(out / row.file, source, [piece])
        rows.append(row)
    report(0.97, "")
    write_pieces(out / ALL, source, pieces)
    write_pieces(out / COLORED, source, pieces, colored=True)
    division = Division(parts=tuple(rows), part_of_face=label)
    write_whole(out / TABLE, _table(source, division))
    report(1.0, "")
    return division


def _row(mesh: Mesh, piece: Piece, shut: Closed | None, file: str, faces: int) -> Part:
    vectors = area_vectors(mesh.vertices, mesh.faces[piece.faces]) / 2
    is_closed = shut is not None and not shut.is_open
    return Part(
        name=piece.name,
        file=file,
        faces=faces,
        area=float(np.linalg.norm(vectors, axis=1).sum()),
        volume=_volume(mesh, piece) if is_closed else None,
        is_closed=is_closed,
        centre=tuple(piece.centre.tolist()),
        color=hex_of(piece.color),
        lids=0 if shut is None else shut.loops,
    )


def _volume(mesh: Mesh, piece: Piece) -> float:
    surfaces = [(mesh.vertices.astype(np.float64) - piece.centre, mesh.faces[piece.faces])]
    if piece.lid is not None and len(piece.lid.faces):
        surfaces.append((piece.lid.vertices - piece.centre, piece.lid.faces))
    return sum(float((vertices[faces[:, 0]] * area_vectors(vertices, faces)).sum() / 6) for vertices, faces in surfaces)


def _table(source: Source, division: Division) -> bytes:
    parts = [
        {
            "name": one.name,
            "file": one.file,
            "faces": one.faces,
            "area": one.area,
            "volume": one.volume,
            "closed": one.is_closed,
            "lids": one.lids,
            "centre": one.centre,
            "color": one.color,
        }
        for one in division.parts
    ]
    whole = {"version": _VERSION, "source": source.name, "all": ALL, "preview": COLORED, "parts": parts, "part_of_face": division.part_of_face.tolist()}
    return json.dumps(whole, ensure_ascii=False).encode() + b"\n"
