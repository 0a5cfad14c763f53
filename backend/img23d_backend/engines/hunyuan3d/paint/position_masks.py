"""Which tokens of the views lie close together on the mesh: what the turbo painter's attention among views is limited to.

Each view's picture of positions is cut into as many cells as a layer has tokens. Two tokens attend to each other where their cells'
mean positions are nearer than `_REACH` cells of the unit cube (Hunyuan3D-2, hy3dgen/texgen/hunyuanpaint/unet/modules.py, whose own
branch for it does not run; evaluated alike in sgl-project/sglang, pull request 34980). Numbers are rounded to half precision where
those programs have it, since that decides about pairs at the border.

V views, T = V * cells² tokens of all views.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

_GRIDS = (32, 16, 8)  # cells a side; the layers with more tokens attend to all
_REACH = 1.73  # about the diagonal of a cell
_WHITE = 255  # nothing is there
_LEAST_PIXELS = 5  # of a cell; with fewer it counts as lying at the origin, as an empty one
_ROWS = 512  # of a mask, made at a time: 512 x 6,144 distances take 13 MB a coordinate


def position_masks(positions: np.ndarray, latents: int, device: str = "cpu") -> dict[int, Tensor]:
    """T -> (T, T) bool on torch's `device`, for each grid that a network for `latents` x `latents` latents may have as a layer.

    `positions` (V, s, s, 3) uint8, white where nothing is; s is a multiple of `latents`.
    """
    masks = (_mask(positions, cells, device) for cells in _GRIDS if cells <= latents and latents % cells == 0)
    return {len(mask): mask for mask in masks}


def _mask(positions: np.ndarray, cells: int, device: str) -> Tensor:
    import torch

    places = torch.from_numpy(_places(positions, cells)).to(device)  # (T, 3) half
    limit = torch.tensor(_REACH / cells, dtype=torch.float16, device=device)
    parts = []
    for rows in places.split(_ROWS):
        apart = (rows[:, None] - places).float()  # (R, T, 3), rounded to half
        parts.append(apart.square_().sum(dim=-1).sqrt_().half() < limit)
    return torch.cat(parts)


def _places(positions: np.ndarray, cells: int) -> np.ndarray:
    """(T, 3) float16: the mean position of the pixels of each cell where something is."""
    views, size = len(positions), positions.shape[1] // cells
    is_there = (positions != _WHITE).all(axis=-1)  # (V, s, s)
    colors = (np.arange(_WHITE + 1, dtype=np.float32) / _WHITE).astype(np.float16).astype(np.float32)
    values = colors[positions] * is_there[..., None]
    grid = (views, cells, size, cells, size)
    counts = is_there.reshape(grid).sum(axis=(2, 4))[..., None]  # (V, cells, cells, 1)
    sums = values.reshape(*grid, 3).sum(axis=(2, 4), dtype=np.float64).astype(np.float16)
    places = sums / np.maximum(counts, 1).astype(np.float16)
    return np.where(counts < _LEAST_PIXELS, np.float16(0), places).reshape(-1, 3)
