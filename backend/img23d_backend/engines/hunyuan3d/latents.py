"""Pictures to latents: the image encoder, then the sampler."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .plan import Plan

if TYPE_CHECKING:
    from torch import Tensor

    from ...models.memory import ModelStore

Report = Callable[[float, str], None]

_ENCODED = 0.1  # of the progress
# Values per token and channel that are in memory at once: a block's hidden values and their neighbours
_ENCODER_VALUES, _SAMPLER_VALUES = 12, 20


def sample_latents(
    pictures: Sequence[np.ndarray], seeds: Sequence[int], plan: Plan, models: ModelStore, report: Report
) -> list[Tensor]:
    """(3, S, S) float32 pictures to latents (L, in) on the CPU, each from its own seed: the same in a batch as alone.

    `report` is called at every step of the sampler.
    """
    made: list[Tensor] = []
    for first in range(0, len(pictures), plan.at_once):
        group = slice(first, first + plan.at_once)
        share, before = len(pictures[group]) / len(pictures), first / len(pictures)
        made += _together(
            np.stack(pictures[group]), seeds[group], plan, models, within(report, before, before + share)
        )
    return made


def bytes_per_object(plan: Plan) -> int:
    """What the sampler needs for one object beside the weights, about."""
    sizes = plan.config.sizes
    tokens = sizes.picture_tokens + sizes.latents
    return tokens * sizes.sampler_width * _SAMPLER_VALUES * plan.device.dtype.itemsize


def _together(
    pictures: np.ndarray, seeds: Sequence[int], plan: Plan, models: ModelStore, report: Report
) -> list[Tensor]:
    """(B, 3, S, S) to B latents."""
    import torch

    from .networks.sampling import noise, sample

    device, dtype = plan.device.torch_name, plan.device.dtype
    count = len(pictures)
    report(0.0, "Looking at the picture")
    with plan.on_device(plan.conditioner, models, count * _encoder_bytes(plan)) as conditioner, torch.inference_mode():
        context = conditioner(torch.from_numpy(pictures).to(device)).to(dtype)  # (B, N, C)
    report(_ENCODED, "Shaping")
    shape = (plan.config.sizes.latents, plan.config.sizes.latent_channels)
    start = torch.cat([noise(seed, shape, dtype) for seed in seeds]).to(device)
    with plan.on_device(plan.dit, models, count * bytes_per_object(plan)) as dit, torch.inference_mode():
        latents = sample(
            dit,
            start,
            context,
            plan.steps,
            train_timesteps=plan.config.schedule.num_train_timesteps,
            guidance=plan.guidance,
            on_step=lambda done: _tell_step(report, done, len(plan.steps)),
        )
        return list(latents.cpu())


def _tell_step(report: Report, done: int, steps: int) -> None:
    note = f"Shaping, step {done + 1} of {steps}" if done < steps else ""
    report(_ENCODED + (1 - _ENCODED) * done / steps, note)


def within(report: Report, begin: float, end: float) -> Report:
    """Where a part of the work reports to: its 0..1 becomes begin..end."""
    return lambda done, note: report(begin + (end - begin) * done, note)


def _encoder_bytes(plan: Plan) -> int:
    sizes = plan.config.sizes
    return sizes.picture_tokens * sizes.encoder_width * _ENCODER_VALUES * plan.device.dtype.itemsize
