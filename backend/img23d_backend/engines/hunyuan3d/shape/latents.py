"""Pictures to latents: the image encoder, then the sampler."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ....models.load_plan import Report, progress_part
from .plan import ShapePlan
from .sampling import noise, sample

if TYPE_CHECKING:
    from torch import Tensor

    from ....models.store import ModelStore

_ENCODED = 0.1  # of the progress
# Values per token and channel that are in memory at once: a block's hidden values and their neighbours
_ENCODER_VALUES, _SAMPLER_VALUES = 12, 20


@dataclass(frozen=True, kw_only=True)
class Framed:
    """A thing as the model sees it: `pictures` (V, 3, S, S) float32, and the number of each view: front 0, left 1, back 2, right 3."""

    pictures: np.ndarray
    views: tuple[int, ...] = (0,)


def sample_latents(things: Sequence[Framed], seeds: Sequence[int], plan: ShapePlan, models: ModelStore, report: Report) -> list[Tensor]:
    """Things to latents (L, in) on the CPU, each from its own seed: the same in a batch as alone.

    Only things with the same views go together. `report` is called at every step of the sampler.
    """
    made: list[Tensor] = []
    while len(made) < len(things):
        first, views = len(made), things[len(made)].views
        following = [one.views == views for one in things[first : first + plan.at_once]]
        group = slice(first, first + len(list(itertools.takewhile(bool, following))))
        share, before = len(things[group]) / len(things), first / len(things)
        made += _sample_batch(things[group], seeds[group], plan, models, progress_part(report, before, before + share))
    return made


def bytes_per_object(plan: ShapePlan, views: int = 1) -> int:
    """What the sampler needs for one object beside the weights, about."""
    sizes = plan.config.sizes
    tokens = views * sizes.picture_tokens + sizes.latents
    return tokens * sizes.sampler_width * _SAMPLER_VALUES * plan.device.dtype.itemsize


def _sample_batch(things: Sequence[Framed], seeds: Sequence[int], plan: ShapePlan, models: ModelStore, report: Report) -> list[Tensor]:
    """B things with the same views to B latents."""
    import torch

    device, dtype = plan.device.torch_name, plan.device.dtype
    count, views = len(things), things[0].views
    pictures = np.concatenate([thing.pictures for thing in things])  # (B * V, 3, S, S)
    report(0.0, "Looking at the picture")
    with plan.on_device(plan.conditioner, models, len(pictures) * _encoder_bytes(plan)) as conditioner, torch.inference_mode():
        context = conditioner(torch.from_numpy(pictures).to(device), views).to(dtype)  # (B, V * N, C)
    report(_ENCODED, "Shaping")
    shape = (plan.config.sizes.latents, plan.config.sizes.latent_channels)
    start = torch.cat([noise(seed, shape, dtype) for seed in seeds]).to(device)
    with plan.on_device(plan.dit, models, count * bytes_per_object(plan, len(views))) as dit, torch.inference_mode():
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


def _encoder_bytes(plan: ShapePlan) -> int:
    sizes = plan.config.sizes
    return sizes.picture_tokens * sizes.encoder_width * _ENCODER_VALUES * plan.device.dtype.itemsize
