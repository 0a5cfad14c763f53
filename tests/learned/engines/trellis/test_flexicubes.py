"""Surfaces of known distances: where they lie, that they are closed, and that the cubes left out change nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
import pytest
import torch
from torch import Tensor

from img23d_backend.engines.trellis.shape.cubes import extract_surface
from img23d_backend.mesh.isosurface.flexicubes.surface import ColoredSurface
from img23d_protocol import ErrorCode, Img23DError

SIDE = 10
CORNERS = torch.tensor([[i & 1, i >> 1 & 1, i >> 2 & 1] for i in range(8)])
ALL = torch.cartesian_prod(*[torch.arange(SIDE)] * 3)
BIAS = 1 / SIDE  # is taken from each distance: a decoder's 0 is just inside
Field = Callable[[Tensor], Tensor]


def ball(points: Tensor) -> Tensor:
    return (points - torch.tensor([0.02, -0.03, 0.01])).norm(dim=-1) - 0.33


def torus(points: Tensor) -> Tensor:
    return torch.hypot(points[..., :2].norm(dim=-1) - 0.28, points[..., 2]) - 0.13


def noise(points: Tensor) -> Tensor:
    """Anything at all, with all kinds of cases; outside at the rim."""
    generator = torch.Generator().manual_seed(4)
    table = torch.randn([SIDE + 1] * 3, generator=generator)
    table[[0, -1]], table[:, [0, -1]], table[:, :, [0, -1]] = 1.0, 1.0, 1.0
    x, y, z = ((points + 0.5) * SIDE).round().long().unbind(-1)
    return table[x, y, z]


FIELDS: dict[str, Field] = {"ball": ball, "torus": torus, "noise": noise}


def corner_points(cells: Tensor) -> Tensor:
    return (cells[:, None] + CORNERS) / SIDE - 0.5  # (N, 8, 3)


def numbers_of(field: Field, cells: Tensor, *, random: float = 0.0) -> Tensor:
    """(N, 101): a cube's distances by the field, all else random, other for each cube."""
    generator = torch.Generator().manual_seed(5)
    rest = torch.randn((SIDE**3, 93), generator=generator)[(cells[:, 0] * SIDE + cells[:, 1]) * SIDE + cells[:, 2]] * random
    return torch.cat((field(corner_points(cells)) + BIAS, rest), dim=1)


def extracted(numbers: Tensor, cells: Tensor, *, rows: int = 10**6) -> ColoredSurface:
    def parts() -> Iterator[tuple[slice, Tensor]]:
        for start in range(0, len(numbers), rows):
            yield slice(start, start + rows), numbers[start : start + rows]

    return extract_surface(parts, cells, resolution=SIDE)


def edge_uses(faces: np.ndarray) -> dict[tuple[int, int], int]:
    uses: dict[tuple[int, int], int] = {}
    for a, b in faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).tolist():
        uses[a, b] = uses.get((a, b), 0) + 1
    return uses


def volume(surface: ColoredSurface) -> float:
    a, b, c = surface.vertices.astype(np.float64)[surface.faces.T]
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


@pytest.mark.parametrize(("name", "characteristic", "expected"), [("ball", 2, 4 / 3 * np.pi * 0.33**3), ("torus", 0, 2 * np.pi**2 * 0.28 * 0.13**2)])
def test_a_solid_is_closed_and_faces_outwards(name: str, characteristic: int, expected: float) -> None:
    surface = extracted(numbers_of(FIELDS[name], ALL), ALL)
    uses = edge_uses(surface.faces)
    assert set(uses.values()) == {1} and all((b, a) in uses for a, b in uses)
    assert len(np.unique(surface.faces)) - len(uses) // 2 + len(surface.faces) == characteristic
    assert volume(surface) == pytest.approx(expected, rel=0.25)  # of a grid of ten
    assert surface.vertices.dtype == np.float32 and surface.faces.dtype == np.int32 and surface.colors.shape == surface.vertices.shape


def test_a_balls_vertices_are_at_its_place_with_y_up() -> None:
    surface = extracted(numbers_of(ball, ALL), ALL)
    away = np.linalg.norm(surface.vertices - (0.02, 0.01, 0.03), axis=1)  # (x, z, -y) of the middle
    assert np.abs(away - 0.33).max() < 0.25 / SIDE


@pytest.mark.parametrize("name", FIELDS)
def test_any_field_gives_a_surface_without_a_rim(name: str) -> None:
    """Edges may have four faces where noise touches itself, but as many one way round as the other."""
    uses = edge_uses(extracted(numbers_of(FIELDS[name], ALL, random=0.5), ALL).faces)
    assert all(uses.get((b, a), 0) == count for (a, b), count in uses.items())


def random_subset(cells: Tensor) -> Tensor:
    return cells[torch.rand(len(cells), generator=torch.Generator().manual_seed(1)) < 0.6]


@pytest.mark.parametrize("name", FIELDS)
def test_cubes_that_are_not_there_are_those_of_a_dense_evaluation(name: str) -> None:
    """Dense as published: every cube of the grid, corners of no cube at a distance of 1, weights of 0 where there are none."""
    some = random_subset(ALL)
    numbers = numbers_of(FIELDS[name], some, random=0.7)
    expected = reference(numbers, some)
    found = extracted(numbers, some)
    assert len(found.vertices) == len(expected[0]) and len(found.faces) == len(expected[1])
    places = matched(expected[0], expected[2], found)
    assert turned(found.faces) == turned(places[expected[1]])


@pytest.mark.parametrize("name", ["ball", "torus"])
def test_cubes_outside_change_nothing(name: str) -> None:
    numbers, distances = numbers_of(FIELDS[name], ALL, random=0.7), FIELDS[name](corner_points(ALL))
    near = (distances < 1.8 / SIDE).any(1)  # a corner of a cube at the surface is less than a diagonal away from it
    assert near.sum() < 0.9 * len(ALL)
    everything, sparse = extracted(numbers, ALL), extracted(numbers[near], ALL[near])
    assert np.array_equal(everything.vertices, sparse.vertices) and np.array_equal(everything.faces, sparse.faces)
    assert np.array_equal(everything.colors, sparse.colors)


def test_order_and_parts_of_the_cubes_do_not_matter() -> None:
    numbers = numbers_of(torus, ALL, random=0.7)
    order = torch.randperm(len(ALL), generator=torch.Generator().manual_seed(0))
    one, other = extracted(numbers, ALL), extracted(numbers[order], ALL[order], rows=77)
    assert np.allclose(one.vertices, other.vertices, atol=1e-6) and np.array_equal(one.faces, other.faces)
    assert np.allclose(one.colors, other.colors, atol=1e-6)


@pytest.mark.parametrize("far", [1.0, -1.0], ids=["nothing inside", "no number of a surface"])
def test_no_surface_is_said(far: float) -> None:
    cells = ALL[:1] if far > 0 else ALL
    numbers = torch.full((len(cells), 101), far)
    with pytest.raises(Img23DError) as caught:
        extracted(numbers, cells)
    assert caught.value.code is ErrorCode.NO_SURFACE


def test_distances_that_are_no_numbers_are_said() -> None:
    numbers = numbers_of(ball, ALL)
    numbers[500, 3] = torch.nan
    with pytest.raises(Img23DError) as caught:
        extracted(numbers, ALL)
    assert caught.value.code is ErrorCode.NO_SURFACE and "out of range" in caught.value.sentence


def test_a_voxel_by_itself_that_is_inside_is_a_solid() -> None:
    """Its eight corners inside and all around outside, as TRELLIS takes them."""
    surface = extracted(torch.full((1, 101), -1.0), torch.tensor([[4, 4, 4]]))
    uses = edge_uses(surface.faces)
    assert set(uses.values()) == {1} and all((b, a) in uses for a, b in uses) and volume(surface) > 0


# --- the paper's equations, cube by cube --------------------------------------------------------------------------------


def reference(numbers: Tensor, cells: Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vertices, faces and colours of Shen et al. (2023), section 4.2 and 4.3, over dictionaries of corners and cubes."""
    corners = corner_means(numbers.double().numpy(), cells.tolist())
    weights = {tuple(cell): row for cell, row in zip(cells.tolist(), numbers.double().numpy()[:, 32:53], strict=True)}
    cases = {cell: case for cell in product(range(SIDE), repeat=3) if 0 < (case := case_of(cell, corners)) < 255}
    cases |= {cell: 255 - case for cell, case in cases.items() if meets_another(cell, case, cases)}
    vertices, colors, gammas = [], [], []
    by_edge: dict[tuple, dict[tuple, int]] = {}
    for cell, case in cases.items():
        of_cube = weights.get(cell, np.zeros(21))
        beta, alpha = 1 + 0.99 * np.tanh(of_cube[:12]), 1 + 0.99 * np.tanh(of_cube[12:20])
        for group in groups(case):
            crossings, shades = [], []
            for edge in group:
                ends = [corner_of(cell, corner) for corner in EDGES[edge]]
                (sa, xa, ca), (sb, xb, cb) = (corners.get(end, outside(end)) for end in ends)
                pull_a, pull_b = sa * alpha[EDGES[edge][0]], sb * alpha[EDGES[edge][1]]
                crossings.append((xa * pull_b - xb * pull_a) / (pull_b - pull_a))
                shades.append((ca * pull_b - cb * pull_a) / (pull_b - pull_a))
                by_edge.setdefault(tuple(sorted(ends)), {})[cell] = len(vertices)
            share = beta[list(group)][:, None] / beta[list(group)].sum()
            vertices.append((np.array(crossings) * share).sum(0))
            colors.append((np.array(shades) * share).sum(0))
            gammas.append(0.005 + 0.99 / (1 + np.exp(-of_cube[20])))
    faces = [face for ends, around in by_edge.items() for face in split(ends, around, corners, gammas)]
    x, y, z = np.array(vertices).T
    return np.stack((x, z, -y), axis=1), np.array(faces), np.array(colors)


EDGES = ((0, 1), (1, 5), (4, 5), (0, 4), (2, 3), (3, 7), (6, 7), (2, 6), (2, 0), (3, 1), (7, 5), (6, 4))  # as published: the weights' order
STEPS = [(i & 1, i >> 1 & 1, i >> 2 & 1) for i in range(8)]


def corner_of(cell: tuple, corner: int) -> tuple:
    return tuple(a + b for a, b in zip(cell, STEPS[corner], strict=True))


def outside(corner: tuple) -> tuple:
    return 1.0, np.array(corner) / SIDE - 0.5, np.full(3, 0.5)


def corner_means(numbers: np.ndarray, cells: list[list[int]]) -> dict[tuple, tuple]:
    """Of each corner its distance, place and colour: means over its cubes."""
    told: dict[tuple, list[np.ndarray]] = {}
    for cell, row in zip(cells, numbers, strict=True):
        for i in range(8):
            one = np.concatenate((row[i : i + 1] - BIAS, row[8 + 3 * i : 11 + 3 * i], row[53 + 6 * i : 56 + 6 * i]))
            told.setdefault(corner_of(tuple(cell), i), []).append(one)
    means = {corner: np.mean(rows, axis=0) for corner, rows in told.items()}
    return {corner: (mean[0], np.array(corner) / SIDE - 0.5 + np.tanh(mean[1:4]) / (2 * SIDE), 1 / (1 + np.exp(-mean[4:]))) for corner, mean in means.items()}


def case_of(cell: tuple, corners: dict) -> int:
    return sum(1 << i for i in range(8) if corners.get(corner_of(cell, i), outside(cell))[0] < 0)


def ambiguous_face(case: int) -> tuple | None:
    """The direction of the only face whose corners alternate, where five corners or more are inside."""
    found = []
    for axis, side in product(range(3), (0, 1)):
        on = [i for i in range(8) if STEPS[i][axis] == side and case >> i & 1]
        if len(on) == 2 and sum(a != b for a, b in zip(STEPS[on[0]], STEPS[on[1]], strict=True)) == 2:
            found.append(tuple((2 * side - 1) * (k == axis) for k in range(3)))
    return found[0] if len(found) == 1 and case.bit_count() >= 5 else None


def meets_another(cell: tuple, case: int, cases: dict) -> bool:
    towards = ambiguous_face(case)
    if towards is None:
        return False
    other = tuple(a + b for a, b in zip(cell, towards, strict=True))
    return other in cases and ambiguous_face(cases[other]) is not None


def groups(case: int) -> list[tuple[int, ...]]:
    """The cut edges around each piece of the inside that is joined along edges, apart where faces part it; by walking along faces."""
    cut = {e for e, (a, b) in enumerate(EDGES) if (case >> a & 1) != (case >> b & 1)}
    beside: dict[int, set[int]] = {edge: set() for edge in cut}
    for axis, side in product(range(3), (0, 1)):
        on = [e for e in cut if all(STEPS[c][axis] == side for c in EDGES[e])]
        for a, b in product(on, on):
            shared = set(EDGES[a]) & set(EDGES[b])
            if a != b and (len(on) == 2 or any(case >> corner & 1 for corner in shared)):
                beside[a].add(b)
    found = []
    while beside:
        todo, group = [min(beside)], set()
        while todo:
            edge = todo.pop()
            if edge not in group:
                group.add(edge)
                todo += beside.pop(edge)
        found.append(tuple(sorted(group)))
    return found


def split(ends: tuple, around: dict[tuple, int], corners: dict, gammas: list[float]) -> list[tuple]:
    """The two triangles around an edge of the grid, seen counter-clockwise from where it is outside; none at the grid's rim."""
    if len(around) < 4:
        return []
    (axis,) = (k for k in range(3) if ends[0][k] != ends[1][k])
    first, second = (axis + 1) % 3, (axis + 2) % 3
    cells = []
    for one, two in ((-1, -1), (0, -1), (0, 0), (-1, 0)):  # counter-clockwise seen from the axis' far end
        cell = list(ends[0])
        cell[first] += one
        cell[second] += two
        cells.append(tuple(cell))
    if corners.get(ends[0], outside(ends[0]))[0] > 0:
        cells.reverse()
    a, b, c, d = (around[cell] for cell in cells)
    one, other = gammas[a] * gammas[c], gammas[b] * gammas[d]
    if one > other or (one == other and cells[0] in equal_diagonal(ends, axis, around, corners)):
        return [(a, b, c), (a, c, d)]
    return [(a, b, d), (b, c, d)]


def equal_diagonal(ends: tuple, axis: int, around: dict[tuple, int], corners: dict) -> list[tuple]:
    """Which two of four cubes are joined where both diagonals weigh the same: as published, by the end that is listed first."""
    listed_first = ends[1] if axis == 1 else ends[0]
    ordered = sorted(around)
    return ordered[1:3] if corners.get(listed_first, outside(listed_first))[0] > 0 else [ordered[0], ordered[3]]


def matched(vertices: np.ndarray, colors: np.ndarray, found: ColoredSurface) -> np.ndarray:
    """Each vertex' number in `found`, one to one by place and colour."""
    told, ours = np.concatenate((vertices, colors), axis=1), np.concatenate((found.vertices, found.colors), axis=1)
    away = np.abs(told[:, None] - ours[None]).max(axis=2)
    nearest = away.argmin(axis=1)
    assert away.min(axis=1).max() < 2e-5 and len(set(nearest.tolist())) == len(nearest)
    return nearest


def turned(faces: np.ndarray) -> set[tuple[int, ...]]:
    """Each face begins with its smallest number, so that it does not matter where it begins."""
    return {tuple(np.roll(face, -int(face.argmin())).tolist()) for face in faces}
