"""The structured latents: 8 numbers for each voxel of a structure, by the second flow."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from ....models.load_plan import Report
from .plan import TrellisPlan
from .range_check import in_range
from .sampling import noise, sample
from .structure import Structure, derived

if TYPE_CHECKING:
    from torch import Tensor

    from ....models.store import ModelStore
    from ..networks.slat_flow import SLatFlowModel

# Values in memory at once: of a voxel in the convolutions of 128 channels, 27 of them gathered for a part, and of a token of 1,024 channels
_VOXEL_VALUES, _TOKEN_VALUES = 16 * 128, 2 * 20 * 1024
_TOKENS = 0.3  # of the voxels, about: a surface's cells of twice the size
_GATHERED_BYTES = 300_000_000
_OF_LATENTS = 1  # in the path of a derived seed


def sample_latents(tokens: Tensor, structure: Structure, plan: TrellisPlan, models: ModelStore, report: Report) -> Tensor:
    """(N, 8) float32 on the CPU, as the decoders take them; the noise follows from the structure's seed.

    `report` is called at every step of the sampler. Raises OutOfRange.
    """
    import torch

    from ..networks.sparse.voxels import Voxels

    schedule, device = plan.latent_schedule, plan.device.torch_name

    def tell(done: int) -> None:
        report(done / schedule.steps, f"Shaping, step {done + 1} of {schedule.steps}" if done < schedule.steps else "")

    with plan.on_device(plan.latent_flow, models, _bytes(len(structure), plan)) as network, torch.inference_mode():
        network = cast("SLatFlowModel", network)
        voxels = Voxels(coords=structure.cells.to(device), resolution=network.config.resolution)
        start = noise(derived(structure.seed, _OF_LATENTS), (len(structure), network.config.in_channels)).to(device)
        flow = partial(network, context=tokens.to(device), voxels=voxels)
        latents = in_range(sample(flow, start, schedule, tell), "the latents").cpu()
    return latents * torch.tensor(plan.pipeline.deviations) + torch.tensor(plan.pipeline.means)


def _bytes(voxels: int, plan: TrellisPlan) -> int:
    values = voxels * (_VOXEL_VALUES + _TOKENS * _TOKEN_VALUES)
    return int(values) * plan.dtype.itemsize + _GATHERED_BYTES
