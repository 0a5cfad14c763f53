"""Make a closed mesh out of an outline and a depth: a heightfield, evened out, and its mirror image."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable

import numpy as np

from ...stages import Mesh
from .collapse import collapse_short
from .field import Relief
from .flip import flip_edges
from .relax import relax
from .seed import seed_heightfield
from .split import split_chords, split_long
from .triangulation import Heightfield
from .wall import wall_between, wall_faces

SPLIT_ABOVE = (1.6, 1.4, 1.4)  # wanted edge lengths, round by round
COLLAPSE_BELOW, NEVER_ABOVE = 0.7, 1.3
FACE_AREA = 0.35  # of an average face in squared wanted edge lengths, as the rounds leave it (0.433 if equilateral)
RIM_DEVIATION = 0.03  # of the wanted edge length
EXPECTED_STEPS = 32  # of all rounds together; only the progress depends on it
FACE_FILL = 0.96  # what a round of remeshing is aimed at; the rest is room for the last corrections


def close_relief(relief: Relief, *, faces: int, report: Callable[[float], None] = lambda fraction: None) -> Mesh:
    """The solid between the relief and its mirror image, with at most `faces` triangles where that can be kept.

    Vertices are (column, row, depth) in cells of the relief, the outline at depth 0 but for where a plane cuts the solid
    off: there is a flat wall between front and back. Every hole of the outline is kept. The result is closed and
    manifold by construction: a triangulated planar region doubled along its border.
    """
    half = faces // 2
    relief = dataclasses.replace(relief, size=_sizes_for(relief, half * FACE_FILL))
    heightfield = seed_heightfield(relief)
    steps = itertools.count(1)

    def tick() -> None:
        report(min(next(steps) / EXPECTED_STEPS, 0.9))

    for done, relaxations in enumerate((1, 1, 2)):
        _remesh_round(heightfield, SPLIT_ABOVE[done], relaxations, tick)
        if done == 1:  # not earlier: the first round leaves more faces than the sizes ask for
            _correct_size(heightfield, half * FACE_FILL)
    _finish(heightfield, faces)
    return _doubled(heightfield)


def _remesh_round(heightfield: Heightfield, split_above: float, relaxations: int, tick: Callable[[], None]) -> None:
    _collapse(heightfield, tick)
    _split(heightfield, split_above, tick)
    for _ in range(relaxations):
        _flip(heightfield, tick)
        relax(heightfield)
        tick()


def _collapse(heightfield: Heightfield, tick: Callable[[], None]) -> None:
    for _ in range(3):
        collapsed = collapse_short(heightfield, shortest=COLLAPSE_BELOW, longest=NEVER_ABOVE, rim_deviation=RIM_DEVIATION)
        tick()
        if collapsed * 50 < len(heightfield.points):
            break


def _split(heightfield: Heightfield, above: float, tick: Callable[[], None]) -> None:
    for _ in range(2):
        divided = split_long(heightfield, above)
        tick()
        if divided * 50 < len(heightfield.points):
            break


def _flip(heightfield: Heightfield, tick: Callable[[], None]) -> None:
    for _ in range(3):
        flipped = flip_edges(heightfield)
        tick()
        if flipped * 100 < len(heightfield.faces):
            break


def _finish(heightfield: Heightfield, faces: int) -> None:
    """Bring the solid close to, but not above, its number of faces and rid the heightfield of chords."""
    _fill_up(heightfield, int((faces - wall_faces(heightfield)) // 2 * FACE_FILL))
    for attempt in range(60):
        split_chords(heightfield)
        over = len(heightfield.faces) - (faces - wall_faces(heightfield)) // 2
        if over <= 0:
            return
        lenient = 1.0 + 0.3 * attempt
        collapse_short(
            heightfield,
            shortest=lenient,
            longest=NEVER_ABOVE + lenient,
            rim_deviation=RIM_DEVIATION * lenient**2,
            at_most=over // 2 + 1,
        )
        flip_edges(heightfield)


def _fill_up(heightfield: Heightfield, wanted: int) -> None:
    """Spend faces that are left on the longest edges."""
    missing = wanted - len(heightfield.faces)
    if missing < 0.03 * wanted:
        return
    split_long(heightfield, 1.0, at_most=missing // 2)
    for _ in range(2):
        flip_edges(heightfield)
    relax(heightfield)
    flip_edges(heightfield)


def _sizes_for(relief: Relief, faces: float) -> np.ndarray:
    """The relief's sizes, capped where that brings the expected number of faces down (or all scaled, if needed)."""
    area = _cell_areas(relief)
    size = relief.size

    def expected(cap: float, scale: float) -> float:
        sizes = np.minimum(size, cap) * scale
        return float((area / (FACE_AREA * np.maximum(sizes, 0.3) ** 2)).sum())

    low, high = 0.05, float(size.max()) * 4
    for _ in range(30):
        cap = np.sqrt(low * high)
        low, high = (cap, high) if expected(cap, 1.0) > faces else (low, cap)
    scale = max(1.0, np.sqrt(expected(high, 1.0) / faces))
    return np.minimum(size, high) * scale


def _cell_areas(relief: Relief) -> np.ndarray:
    """Area of the lifted heightfield a cell, with its half of the walls."""
    depth = np.sqrt(np.maximum(relief.depth_squared, 0.0)) * (relief.distance > 0)
    du = np.diff(depth, axis=1)[:-1]
    dv = np.diff(depth, axis=0)[:, :-1]
    area = np.zeros_like(depth)
    inside = np.maximum(relief.distance[:-1, :-1], relief.distance[1:, 1:]) > 0
    area[:-1, :-1] = np.sqrt(1 + du**2 + dv**2) * inside
    return area + depth * relief.walled_cells()


def _correct_size(heightfield: Heightfield, wanted: float) -> None:
    """Scale the wanted sizes by what the last round came out at."""
    factor = np.clip(np.sqrt(len(heightfield.faces) / wanted), 0.8, 1.25)
    if abs(factor - 1) > 0.02:
        heightfield.relief = dataclasses.replace(heightfield.relief, size=heightfield.relief.size * factor)
        heightfield.size = heightfield.size * factor


def _doubled(heightfield: Heightfield) -> Mesh:
    """Front and back of the heightfield, sewn along the rim or with a wall between them.

    y turned upwards makes the front's faces clockwise, so they turn.
    """
    count = len(heightfield.points)
    apart = np.flatnonzero(~heightfield.rim | (heightfield.height > 0))
    twin = np.arange(count)
    twin[apart] = count + np.arange(len(apart))
    front = heightfield.solid_points()
    back = front[apart] * (1, 1, -1)
    wall_points, wall = wall_between(heightfield, twin)
    return Mesh(
        vertices=np.concatenate([front, back, wall_points]).astype(np.float32),
        faces=np.concatenate([heightfield.faces[:, ::-1], twin[heightfield.faces], wall]).astype(np.int32),
    )
