"""A cut-out to the parts of the thing in it: the picture's tokens, the sampler for all parts together, and each part's surface."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from img23d_protocol import ErrorCode, Img23DError

from ...fields.latent_field import solid_of_latents
from ...models.load_plan import Report, progress_part
from ...models.store import ModelStore
from ...stages import Mesh
from ...vecset.picture_tokens import picture_tokens
from ...vecset.rectified_flow import noise, sample
from .plan import PartsPlan

if TYPE_CHECKING:
    from torch import Tensor

    from .networks.part_dit import PartDiT

_LOOKED = 0.03  # of the sampler's progress
_SAMPLER_VALUES = 20  # per token and channel that are in memory at once: a block's hidden values and their neighbours


def sampled(rgba: np.ndarray, seed: int, plan: PartsPlan, models: ModelStore, report: Report) -> Tensor:
    """(h, w, 4) to the latents (N, L, in) of N parts, on the processor.

    `report` is called at every step. Raises Img23DError(EMPTY_CUTOUT).
    """
    import torch

    report(0.0, "Looking at the picture")
    device = plan.device.torch_name
    picture = picture_tokens(rgba, plan.picture, plan.encoder, plan, models)
    begun = noise(seed, (plan.parts, plan.latents, plan.sizes.dit.channels)).to(device)
    steps = len(plan.steps)

    def told(done: int) -> None:
        report(_LOOKED + (1 - _LOOKED) * done / steps, f"Making {plan.parts} parts, step {done + 1} of {steps}" if done < steps else "")

    with plan.on_device(plan.dit, models, bytes_per_part(plan) * plan.parts) as network, torch.inference_mode():
        dit = cast("PartDiT", network)
        memory = dit.remember(picture.to(device, dit.dtype))

        def flow(latents: Tensor, time: Tensor, *, guided: bool) -> Tensor:
            return dit(latents, time, memory, guided=guided)

        return sample(flow, begun, plan.steps, plan.guidance, told).cpu()


def bytes_per_part(plan: PartsPlan) -> int:
    """What the sampler needs for one part beside the weights, about: both halves of the guidance go through together."""
    return 2 * plan.latents * plan.sizes.dit.width * _SAMPLER_VALUES * plan.dtype.itemsize


def decoded(latents: Tensor, plan: PartsPlan, models: ModelStore, report: Report) -> list[Mesh]:
    """(N, L, in) to the closed meshes of those parts that have a surface, in the cube that all parts lie in. Raises Img23DError(NO_SURFACE) where none has one."""
    meshes: list[Mesh] = []
    empty: Img23DError | None = None
    for number, own in enumerate(latents):
        part = progress_part(report, number / len(latents), (number + 1) / len(latents))
        part(0.0, f"Part {number + 1} of {len(latents)}")
        try:
            meshes.append(solid_of_latents(own, plan.decoder, plan.resolution, plan.faces, plan, models, part))
        except Img23DError as error:
            if error.code is not ErrorCode.NO_SURFACE:
                raise
            empty = error
    if not meshes and empty is not None:
        raise empty
    return meshes
