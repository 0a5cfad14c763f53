"""From noise to a picture's latents along a flow (Lipman et al., 2023), in few steps and without guidance."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from img23d_protocol import ErrorCode, Img23DError

if TYPE_CHECKING:
    from diffusers import FlowMatchEulerDiscreteScheduler
    from torch import Tensor

    from ..models.load_plan import Report

_NOT_A_NUMBER = "The numbers of the model that edits the picture ran out of range: try another seed, or another model."


def follow(
    noise: Tensor,
    velocity: Callable[[Tensor, Tensor], Tensor],
    scheduler: FlowMatchEulerDiscreteScheduler,
    *,
    steps: int,
    shift: float,
    report: Report,
) -> Tensor:
    """`velocity` takes latents (B, N, C) float32 and a time (B,) 1..0; `shift` moves the times towards the noise, as the scheduler is told.

    `report` is called at every step, which is where a cancel is seen. Raises Img23DError(INTERNAL) where the numbers run out of range.
    """
    scheduler.set_timesteps(sigmas=np.linspace(1.0, 1 / steps, steps).tolist(), mu=shift)
    scheduler.set_begin_index(0)
    latents = noise
    for done, time in enumerate(scheduler.timesteps):
        report(done / steps, f"Cleaning the picture, step {done + 1} of {steps}")
        found = velocity(latents, time.expand(len(latents)) / 1000).float().cpu()
        latents = scheduler.step(found, time, latents, return_dict=False)[0]
        if not bool(latents.isfinite().all()):
            raise Img23DError(ErrorCode.INTERNAL, _NOT_A_NUMBER, f"latents are not finite after step {done + 1}")
    return latents


def as_pixels(rgb: np.ndarray) -> Tensor:
    """(H, W, 3) uint8 to (1, 3, H, W) float32 in -1..1."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(rgb.transpose(2, 0, 1))).float()[None] / 127.5 - 1


def as_picture(pixels: Tensor) -> np.ndarray:
    """(1, 3, H, W) in -1..1 to (H, W, 3) uint8."""
    return ((pixels[0].float().cpu() / 2 + 0.5).clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
