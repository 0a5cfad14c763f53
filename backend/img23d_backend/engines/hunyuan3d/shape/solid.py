"""Latents to a mesh: the field sampled where its surface is, the surface, the clean-up, the number of faces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....mesh.isosurface.marching_cubes import extract_surface
from ....mesh.isosurface.octree import SparseField, sample_sparse
from ....mesh.topology.cleanup import clean
from ....mesh.topology.simplify import simplify
from ....models.load_plan import Report, progress_part
from ....stages import Mesh
from .plan import ShapePlan

if TYPE_CHECKING:
    from torch import Tensor

    from ....models.store import ModelStore

BOUNDS = 1.01  # half the side of the cube in which the model's shapes lie
_DECODED, _EXTRACTED, _CLEANED = 0.7, 0.8, 0.9  # of the progress

# Points of a chunk
_LEAST, _MOST = 1 << 11, 1 << 15  # the most take 1 GB in half precision
_FRUGAL = 1 << 13
_ON_CPU = 1 << 13  # more are not faster, and a cancel waits for them
_VALUES = 14  # per point and channel: the MLP's hidden values twice and a few residual rows
_SHARE = 0.4  # of the free memory: what a point takes is an estimate


def decode(latents: Tensor, plan: ShapePlan, models: ModelStore, report: Report) -> Mesh:
    """(L, in) latents to a closed mesh in glTF's axes (the model's own: x right, y up, z towards the picture's viewer).

    `report` is called at every chunk of points. Raises Img23DError(NO_SURFACE).
    """
    field = sample_field(latents, plan, models, progress_part(report, 0.0, _DECODED))
    report(_DECODED, "Building the mesh")
    mesh = extract_surface(field)
    report(_EXTRACTED, "Cleaning the mesh")
    mesh = clean(mesh)
    report(_CLEANED, "Reducing the mesh")
    mesh = simplify(mesh, plan.faces)
    report(1.0, "")
    return mesh


def sample_field(latents: Tensor, plan: ShapePlan, models: ModelStore, report: Report) -> SparseField:
    """The field on those cells of the plan's grid that the surface runs through."""
    import torch

    device = plan.device.torch_name
    progress = _Progress(report)
    with plan.on_device(plan.vae, models, _FRUGAL * _bytes_per_point(plan)) as vae, torch.inference_mode():
        progress.tell(0.0)
        field = vae.field(latents.to(device))
        chunk = _points_at_once(plan)

        def query(points: np.ndarray) -> np.ndarray:
            values = np.empty(len(points), dtype=np.float32)
            for first in range(0, len(points), chunk):
                progress.again()
                part = slice(first, first + chunk)
                values[part] = field(torch.from_numpy(points[part]).to(device)).cpu().numpy()
            return values

        return sample_sparse(query, resolution=plan.octree_resolution, bounds=BOUNDS, report=progress.tell)


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


def _points_at_once(plan: ShapePlan) -> int:
    """As many points as fit the memory that is free now."""
    if plan.device.is_processor:
        most = _ON_CPU
    else:
        most = _FRUGAL if plan.frugal else _MOST
    return max(_LEAST, min(most, int(plan.device.free_bytes() * _SHARE / _bytes_per_point(plan))))


def _bytes_per_point(plan: ShapePlan) -> int:
    return _VALUES * plan.config.sizes.decoder_width * plan.device.dtype.itemsize
