"""The field that a set of latents stands for, asked of its decoder where the surface is, and the mesh of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..mesh.isosurface.marching_cubes import extract_surface
from ..mesh.isosurface.octree import SparseField, sample_sparse
from ..models.load_plan import LoadPlan, Network, Report, progress_part
from ..stages import Mesh
from .solid import finished

if TYPE_CHECKING:
    from torch import Tensor

    from ..models.store import ModelStore

_DECODED, _EXTRACTED = 0.7, 0.8  # of the progress

# Points of a chunk
_LEAST, _MOST = 1 << 11, 1 << 15  # the most take 1 GB in half precision
_FRUGAL = 1 << 13
_ON_CPU = 1 << 13  # more are not faster, and a cancel waits for them
_VALUES = 14  # per point and channel: the MLP's hidden values twice and a few residual rows
_SHARE = 0.4  # of the free memory: what a point takes is an estimate
_COARSE = 96  # cells a side of the first grid, about


@dataclass(frozen=True, kw_only=True)
class LatentDecoder:
    """`network` has `field(latents)`: points (N, 3) float32 to values (N,), above 0 inside. Its tokens have `width` channels; shapes lie in
    the cube of half the side `bounds` around the origin.
    """

    network: Network
    width: int
    bounds: float


def solid_of_latents(latents: Tensor, decoder: LatentDecoder, resolution: int, faces: int, plan: LoadPlan, models: ModelStore, report: Report) -> Mesh:
    """(L, in) latents to a closed mesh in the decoder's axes, with no more faces than `faces` (0: all of them).

    `report` is called at every chunk of points. Raises Img23DError(NO_SURFACE).
    """
    field = sample_latents_field(latents, decoder, resolution, plan, models, progress_part(report, 0.0, _DECODED))
    report(_DECODED, "Building the mesh")
    return finished(extract_surface(field), faces, progress_part(report, _EXTRACTED, 1.0))


def sample_latents_field(
    latents: Tensor,
    decoder: LatentDecoder,
    resolution: int,
    plan: LoadPlan,
    models: ModelStore,
    report: Report,
    *,
    coarse: int = _COARSE,
) -> SparseField:
    """The field on those cells of the grid that the surface runs through."""
    import torch

    device = plan.device.torch_name
    progress = _Progress(report)
    a_point = _VALUES * decoder.width * plan.dtype.itemsize  # bytes
    with plan.on_device(decoder.network, models, _FRUGAL * a_point) as network, torch.inference_mode():
        progress.tell(0.0)
        field = network.field(latents.to(device))
        chunk = _points_at_once(plan, a_point)

        def query(points: np.ndarray) -> np.ndarray:
            values = np.empty(len(points), dtype=np.float32)
            for first in range(0, len(points), chunk):
                progress.again()
                part = slice(first, first + chunk)
                values[part] = field(torch.from_numpy(points[part]).to(device)).cpu().numpy()
            return values

        return sample_sparse(query, resolution=resolution, bounds=decoder.bounds, coarse=coarse, report=progress.tell)


class _Progress:
    """Says the last fraction again at each chunk, since that is where a cancel is seen."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._done = 0.0

    def tell(self, done: float) -> None:
        self._done = done
        self.again()

    def again(self) -> None:
        self._report(self._done, "Finding the surface")


def _points_at_once(plan: LoadPlan, a_point: int) -> int:
    """As many points as fit the memory that is free now."""
    if plan.device.is_processor:
        most = _ON_CPU
    else:
        most = _FRUGAL if plan.frugal else _MOST
    return max(_LEAST, min(most, int(plan.device.free_bytes() * _SHARE / a_point)))
