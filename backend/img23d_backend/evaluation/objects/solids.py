"""The solids that the objects are put together from: y is up, z towards the front, lengths in centimetres."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ...stages import Mesh
from ..surfaces.surface import Surface

Point = tuple[float, float, float]
_AROUND = 48  # faces around what is turned
_ALONG = 12  # faces from pole to pole of a ball, a quarter of those around it


def painted(vertices: np.ndarray, faces: np.ndarray, color: str) -> Surface:
    """In one colour, as #rrggbb."""
    rgb = np.array([int(color[start : start + 2], 16) for start in (1, 3, 5)], np.float32) / 255
    mesh = Mesh(vertices=np.asarray(vertices, np.float32), faces=np.asarray(faces, np.int32))
    return Surface(mesh=mesh, colors=np.tile(rgb, (len(vertices), 1)))


def box(middle: Point, size: Point, color: str, *, turn: Point = (0, 0, 0)) -> Surface:
    """Its faces share no vertices, so that its edges are sharp; `turn` as in `turned`."""
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float64)
    quads = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
    corners = (signs * size / 2)[np.array(quads)].reshape(-1, 3)
    faces = [(start, start + second, start + second + 1) for start in range(0, 24, 4) for second in (1, 2)]
    return painted(turned(corners, turn) + middle, np.array(faces), color)


def ball(middle: Point, radii: Point, color: str, *, turn: Point = (0, 0, 0)) -> Surface:
    profile = [(float(np.sin(up)), float(-np.cos(up))) for up in np.linspace(0, np.pi, _ALONG + 1)]
    whole = lathe(profile, color)
    return painted(turned(whole.mesh.vertices * np.array(radii), turn) + middle, whole.mesh.faces, color)


def lathe(profile: Sequence[tuple[float, float]], color: str, *, middle: Point = (0, 0, 0), turn: Point = (0, 0, 0)) -> Surface:
    """A profile of (radius, height) from below to above turned about the y axis; a closed one goes up outside and down inside."""
    angles = np.linspace(0, 2 * np.pi, _AROUND, endpoint=False)
    radius, height = np.array(profile, np.float64).T
    grid = np.stack((np.outer(radius, np.sin(angles)), np.repeat(height[:, None], _AROUND, 1), np.outer(radius, np.cos(angles))), axis=-1)
    return painted(turned(grid.reshape(-1, 3), turn) + middle, _grid_faces(len(profile), _AROUND), color)


def tube(path: Sequence[Point], radius: float, color: str, *, end: float | None = None, closed: bool = False) -> Surface:
    """A round tube along a smooth curve through the points, with flat ends or closed to a ring; it may grow to the radius `end`."""
    points = _smooth(np.array(path, np.float64), closed)
    along = np.gradient(points, axis=0) if not closed else np.roll(points, -1, 0) - np.roll(points, 1, 0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    sides = _carried(along)
    angles = np.linspace(0, 2 * np.pi, _ALONG * 2, endpoint=False)
    radii = np.linspace(radius, radius if end is None else end, len(points))[:, None, None]
    across = np.cross(along, sides)
    ring = sides[:, None] * np.cos(angles)[None, :, None] + across[:, None] * np.sin(angles)[None, :, None]
    grid = points[:, None] + radii * ring
    if not closed:
        grid = np.concatenate((np.repeat(points[:1, None], len(angles), 1), grid, np.repeat(points[-1:, None], len(angles), 1)))
    return painted(grid.reshape(-1, 3), _grid_faces(len(grid), len(angles), closed=closed), color)


def plate(
    outline: Sequence[tuple[float, float]], thickness: float, color: str, *, holes: Sequence[Sequence[tuple[float, float]]] = (), **place: Point
) -> Surface:
    """A polygon in x and y with a thickness along z, with holes; `middle` and `turn` as for the others. Drawn on a grid of 160 cells."""
    shapes = [np.array(one, np.float64) for one in (outline, *holes)]
    low, high = shapes[0].min(axis=0), shapes[0].max(axis=0)
    scale = 160 / float((high - low).max())
    mask = np.zeros(tuple(np.ceil((high - low) * scale).astype(int)[::-1] + 5), np.uint8)
    for shape, value in zip(shapes, (1, *([0] * len(holes))), strict=True):
        cv2.fillPoly(mask, [np.rint((shape - low) * scale + 2).astype(np.int32)], value)
    contours, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    parts = [_faces_of(mask, scale, low, thickness), *(_wall(contour[:, 0], scale, low, thickness) for contour in contours)]
    starts = np.cumsum([0, *(len(vertices) for vertices, _ in parts)])
    vertices = np.concatenate([one for one, _ in parts])
    faces = np.concatenate([one + start for (_, one), start in zip(parts, starts, strict=False)])
    return painted(turned(vertices, place.get("turn", (0, 0, 0))) + place.get("middle", (0, 0, 0)), faces, color)


def turned(points: np.ndarray, degrees: Point) -> np.ndarray:
    """About x, then y, then z."""
    x, y, z = np.radians(degrees)
    about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_z = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    return points @ (about_z @ about_y @ about_x).T


def arc(middle: Point, radius: float, start: float, end: float, *, count: int = 9, plane: str = "xy") -> list[Point]:
    """Points on an arc in the plane of two axes, angles in degrees from the first to the second."""
    first, second = ("xyz".index(axis) for axis in plane)
    points = np.tile(np.array(middle, np.float64), (count, 1))
    angles = np.radians(np.linspace(start, end, count))
    points[:, first] += radius * np.cos(angles)
    points[:, second] += radius * np.sin(angles)
    return [tuple(point) for point in points.tolist()]


def _grid_faces(rows: int, columns: int, *, closed: bool = False) -> np.ndarray:
    """Of a grid that is closed along its rows; `closed`: along its columns too."""
    number = np.arange(rows * columns).reshape(rows, columns)
    upper = np.roll(number, -1, axis=0) if closed else number[1:]
    lower = number if closed else number[:-1]
    a, b, c, d = lower, np.roll(lower, -1, 1), upper, np.roll(upper, -1, 1)
    return np.concatenate((np.stack((a, b, c), -1).reshape(-1, 3), np.stack((b, d, c), -1).reshape(-1, 3)))


def _smooth(points: np.ndarray, closed: bool, count: int = 8) -> np.ndarray:
    """A Catmull-Rom spline, `count` points for each that is given."""
    before, after = (np.roll(points, shift, 0) for shift in (1, -1))
    further = np.roll(points, -2, 0)
    if not closed:
        before[0], after[-1], further[-2:] = points[0], points[-1], points[-1]
    share = np.linspace(0, 1, count, endpoint=False)[None, :, None]
    a, b, c, d = (one[:, None] for one in (before, points, after, further))
    curve = 0.5 * (2 * b + (c - a) * share + (2 * a - 5 * b + 4 * c - d) * share**2 + (3 * b - a - 3 * c + d) * share**3)
    return curve.reshape(-1, 3) if closed else np.concatenate((curve[:-1].reshape(-1, 3), points[-1:]))


def _carried(along: np.ndarray) -> np.ndarray:
    """A direction across the curve at each point that turns no more than the curve does."""
    first = np.eye(3)[int(np.abs(along[0]).argmin())]
    sides = [np.cross(along[0], first)]
    for direction in along[1:]:
        sides.append(sides[-1] - direction * (sides[-1] @ direction))
    return np.array([side / np.linalg.norm(side) for side in sides])


def _faces_of(mask: np.ndarray, scale: float, low: np.ndarray, thickness: float) -> tuple[np.ndarray, np.ndarray]:
    """Front and back, a row of the grid at a time as long rectangles."""
    vertices: list[tuple[float, float, float]] = []
    faces: list[tuple[int, int, int]] = []
    for row, line in enumerate(mask):
        steps = np.flatnonzero(np.diff(np.concatenate(([0], line, [0]))))
        for left, right in steps.reshape(-1, 2):
            for z in (thickness / 2, -thickness / 2):
                start, order = len(vertices), ((0, 1, 2), (0, 2, 3)) if z > 0 else ((0, 2, 1), (0, 3, 2))
                corners = ((left - 0.5, row - 0.5), (right - 0.5, row - 0.5), (right - 0.5, row + 0.5), (left - 0.5, row + 0.5))
                vertices += [(*((np.array(corner) - 2) / scale + low), z) for corner in corners]
                faces += [(start + a, start + b, start + c) for a, b, c in order]
    return np.array(vertices), np.array(faces)


def _wall(contour: np.ndarray, scale: float, low: np.ndarray, thickness: float) -> tuple[np.ndarray, np.ndarray]:
    ring = (contour - 2) / scale + low
    half = np.full((len(ring), 1), thickness / 2)
    vertices = np.concatenate((np.hstack((ring, half)), np.hstack((ring, -half))))
    here, there = np.arange(len(ring)), np.roll(np.arange(len(ring)), -1)
    faces = np.concatenate((np.stack((here, here + len(ring), there), 1), np.stack((there, here + len(ring), there + len(ring)), 1)))
    return vertices, faces
