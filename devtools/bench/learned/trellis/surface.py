"""FlexiCubes at the cubes of the surface against a dense evaluation as it was published, in one run: seconds, and bytes of tensors at the peak.

Runs in the learned environment:

    python -m devtools.bench.learned.trellis.surface OUT.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ...rows import Row, row
from ...timing import in_turn
from ..full_size import use_the_projects_code
from . import networks

if TYPE_CHECKING:
    from torch import Tensor

    from img23d_backend.mesh.isosurface.flexicubes.surface import ColoredSurface

_FINER = 4  # cubes along a voxel's side
_ROWS = 1 << 16
_CHANNELS = 101
_RUNS = 3  # the dense evaluation takes half a minute


def measure(out: Path) -> None:
    use_the_projects_code()
    import torch

    with torch.no_grad():
        rows = [one for count in networks.SIZES for one in surfaces(count)]
    out.write_text(json.dumps({"rows": rows}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def surfaces(count: int) -> Iterator[Row]:
    import numpy as np

    cubes = cubes_of(count)
    numbers = with_surface(random_numbers(len(cubes)), cubes, count)
    what = f"surface of {count:,} voxels, {len(cubes):,} cubes in a grid of {networks.RESOLUTION * _FINER}"
    ours, theirs = in_turn(lambda: sparse(numbers, cubes), lambda: dense(numbers, cubes), _RUNS)
    yield row(f"{what}: processor seconds, beside the dense evaluation", ours.processor, theirs and theirs.processor)
    assert theirs is not None
    peaks = [_peak(lambda way=way: way(numbers, cubes)) for way in (sparse, dense)]
    yield row(f"{what}: tensors beside the decoder's numbers at the peak, counted, bytes", *peaks, "≥ 10x")
    first, second = ours.result, theirs.result
    same = len(first.vertices) == len(second.vertices) and np.array_equal(first.faces, second.faces)
    yield row(f"{what}: of {len(first.faces):,} faces, other than those of the dense evaluation", float(not same and len(first.faces)), None, "0")
    yield row(f"{what}: largest difference of a vertex", float(np.abs(first.vertices - second.vertices).max()) if same else None)


def cubes_of(count: int) -> Tensor:
    """(64 count, 3) cells, as the mesh decoder subdivides the voxels."""
    from img23d_backend.engines.trellis.networks.sparse.voxels import Voxels

    return Voxels(coords=networks.shell(count), resolution=networks.RESOLUTION).subdivided.subdivided.coords


def random_numbers(count: int) -> Tensor:
    import torch

    return torch.randn(count, _CHANNELS, generator=torch.Generator().manual_seed(0))


def with_surface(numbers: Tensor, cubes: Tensor, voxels: int) -> Tensor:
    """The distances of a solid whose surface runs through all of the shells of so many voxels: random ones would cut every cube."""
    import torch

    corners = torch.tensor([[i & 1, i >> 1 & 1, i >> 2 & 1] for i in range(8)], device=cubes.device)
    side = networks.RESOLUTION * _FINER
    points = (cubes[:, None] + corners) / side - 0.5  # (N, 8, 3)
    away = (points * points.new_tensor([1.0, 1.1, 0.98])).norm(dim=-1)
    outer, *inner = networks.RADII[voxels]
    distances = away - outer
    if inner:  # a hollow, and a solid in it
        distances = torch.minimum(torch.maximum(distances, inner[0] - away), away - inner[1])
    numbers[:, :8] = distances + 1 / side
    return numbers


def sparse(numbers: Tensor, cubes: Tensor) -> ColoredSurface:
    from img23d_backend.engines.trellis.shape.cubes import extract_surface

    def parts() -> Iterator[tuple[slice, Tensor]]:
        for start in range(0, len(numbers), _ROWS):
            part = slice(start, min(start + _ROWS, len(numbers)))
            yield part, numbers[part]

    return extract_surface(parts, cubes, resolution=networks.RESOLUTION * _FINER)


def dense(numbers: Tensor, cubes: Tensor) -> ColoredSurface:
    """Values of all corners and all cubes of the grid, then the cubes that are cut, as FlexiCubes (Shen et al., 2023) is published and
    TRELLIS calls it; from there on the same code. Means of corners are taken in the same order, so that nothing may differ.
    """
    import torch

    from img23d_backend.mesh.isosurface.flexicubes.surface import Fields, surface_of

    side = networks.RESOLUTION * _FINER
    of_corners, of_cubes = _dense_corners(numbers, cubes, side), _dense_cubes(numbers, cubes, side)
    distances, moves, colors = of_corners[:, 0], of_corners[:, 1:4], of_corners[:, 4:7]
    places = torch.cartesian_prod(*[torch.arange(side + 1)] * 3)
    positions = places / side - 0.5 + torch.tanh(moves) / (2 * side)
    corners_of = _first_corners(side)[:, None] + _steps(side)  # (side^3, 8)
    inside = (distances < 0)[corners_of]
    cut = (inside.any(1) & ~inside.all(1)).nonzero().flatten()
    used, corners = torch.unique(corners_of[cut], return_inverse=True)
    weights = of_cubes[cut]
    return surface_of(
        Fields(
            resolution=side,
            cubes=torch.stack((cut // side**2, cut // side % side, cut % side), dim=1),
            corners=corners,
            distances=distances[used],
            positions=positions[used],
            colors=torch.sigmoid(colors[used]),
            edge_weights=1 + 0.99 * torch.tanh(weights[:, :12]),
            corner_weights=1 + 0.99 * torch.tanh(weights[:, 12:20]),
            split_weights=0.005 + 0.99 * torch.sigmoid(weights[:, 20]),
        )
    )


def _dense_corners(numbers: Tensor, cubes: Tensor, side: int) -> Tensor:
    """((side + 1)^3, 10): distance, moves, colours and normals, means over the cubes of a corner; a distance of 1 where there are none."""
    import torch

    first = (cubes[:, 0] * (side + 1) + cubes[:, 1]) * (side + 1) + cubes[:, 2]
    corners = (first[:, None] + _steps(side)).flatten()
    parts = (numbers[:, :8, None] - 1 / side, numbers[:, 8:32].unflatten(1, (8, 3)), numbers[:, 53:].unflatten(1, (8, 6)))
    values = torch.cat(parts, dim=-1).flatten(0, 1)  # (8 N, 10)
    known, place, count = torch.unique(corners, return_inverse=True, return_counts=True)
    means = values.new_zeros((len(known), values.shape[1])).index_add_(0, place, values) / count[:, None]
    grid = values.new_zeros(((side + 1) ** 3, values.shape[1]))
    grid[:, 0] = 1
    grid[known] = means
    return grid


def _dense_cubes(numbers: Tensor, cubes: Tensor, side: int) -> Tensor:
    """(side^3, 21) weights, 0 where there is no cube."""
    grid = numbers.new_zeros((side**3, 21))
    grid[(cubes[:, 0] * side + cubes[:, 1]) * side + cubes[:, 2]] = numbers[:, 32:53]
    return grid


def _first_corners(side: int) -> Tensor:
    """(side^3,): of each cube, among the corners."""
    import torch

    return torch.arange((side + 1) ** 3).view([side + 1] * 3)[:side, :side, :side].flatten()


def _steps(side: int) -> Tensor:
    import torch

    corners = torch.tensor([[i & 1, i >> 1 & 1, i >> 2 & 1] for i in range(8)])
    return corners @ torch.tensor([(side + 1) ** 2, side + 1, 1])


def _peak(work: Callable[[], object]) -> int:
    from .live import LiveBytes

    with LiveBytes() as live:
        work()
    return live.peak


if __name__ == "__main__":
    measure(Path(sys.argv[1]))
