"""Meshes to latents and back: what the sampler knows of the whole and of the parts so far, and what it makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from ....fields.latent_field import LatentDecoder, sample_latents_field
from ....mesh.isosurface.marching_cubes import extract_surface
from ....mesh.topology.samples import sample_surface
from ....models.load_plan import Report
from ....stages import Mesh
from ....vecset.farthest_points import farthest_points
from ..loading.files import Counts
from ..loading.plan import PartsPlan
from ..sampling.sample import SCALE

if TYPE_CHECKING:
    from torch import Tensor

    from ....models.store import ModelStore
    from ....vecset.networks.autoencoder import VecsetVAE

BOUNDS = 1.01  # half the side of the cube in which a surface is looked for
_CANDIDATES = 2  # times the points of a surface, of which the farthest from each other are taken
_WIDTH = 1024  # channels of the decoder; the encoder has half as many
_ENCODER_VALUES = 12  # per point and channel


def encode(meshes: Sequence[Mesh], plan: PartsPlan, models: ModelStore, *, seed: int) -> Tensor:
    """All meshes together, from -1 to 1, as latents (1, L, channels) float32 on the processor, scaled for the sampler."""
    points = surface_points(joined(meshes), plan.counts, seed)
    return _encoded(points, plan.counts.latents, plan, models)


def encode_nothing(plan: PartsPlan, models: ModelStore) -> Tensor:
    """What the sampler knows of the parts before the first: the code of a surface whose points are all 0. All its latents are alike: (1, 1, channels)."""
    return _encoded(np.zeros((1, 6), np.float32), 1, plan, models)


def _encoded(points: np.ndarray, latents: int, plan: PartsPlan, models: ModelStore) -> Tensor:
    import torch

    working = len(points) * _WIDTH * _ENCODER_VALUES * plan.dtype.itemsize
    with plan.on_device(plan.vae, models, working) as network, torch.inference_mode():
        surface = torch.from_numpy(points)[None].to(plan.device.torch_name)
        mean, _ = cast("VecsetVAE", network).encode(surface, surface[:, :latents])
        return mean.float().cpu() * SCALE


def surface_points(mesh: Mesh, counts: Counts, seed: int) -> np.ndarray:
    """(surface, 6) float32, points with their normals, of which the first are those that become latents.

    The farthest from each other of twice as many that lie evenly. Each is the farthest from those before it: the first of them are
    what sampling the farthest of these points once more would give.
    """
    samples = sample_surface(mesh, _CANDIDATES * counts.surface, seed)
    chosen = farthest_points(samples.points, counts.surface)
    return np.concatenate((samples.points[chosen], samples.normals[chosen]), axis=1).astype(np.float32)


def joined(meshes: Sequence[Mesh]) -> Mesh:
    """One mesh of several."""
    starts = np.cumsum([0, *(len(one.vertices) for one in meshes)])
    return Mesh(
        vertices=np.concatenate([one.vertices for one in meshes]),
        faces=np.concatenate([one.faces + start for one, start in zip(meshes, starts[:-1].tolist(), strict=True)]).astype(np.int32),
    )


def decode(latents: np.ndarray, plan: PartsPlan, models: ModelStore, report: Report) -> Mesh | None:
    """(L, channels) to a closed mesh; None where there is nothing solid. `report` is called at every chunk of points.

    Raises Img23DError(NO_SURFACE) where the field is not a number.
    """
    import torch

    decoder = LatentDecoder(network=plan.vae, width=_WIDTH, bounds=BOUNDS)
    field = sample_latents_field(torch.from_numpy(latents), decoder, plan.resolution, plan, models, report)
    return extract_surface(field) if len(field.cells) else None
