"""Latents of Qwen-Image: normalised as the autoencoder's configuration says, packed two by two.

Names and order as in diffusers' QwenImageEditPlusPipeline, which needs all networks on the device at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ...editing.flow import as_picture, as_pixels

if TYPE_CHECKING:
    from diffusers import AutoencoderKLQwenImage, FlowMatchEulerDiscreteScheduler, QwenImageTransformer2DModel
    from torch import Tensor

MULTIPLE = 32  # of the sides in pixels
_LEAST_TOKENS, _MOST_TOKENS = 256, 4096  # where the base and the largest shift of the times hold


def shift_of(tokens: int, scheduler: FlowMatchEulerDiscreteScheduler) -> float:
    """How far the times are moved towards the noise: a line through the scheduler's two values."""
    config = scheduler.config
    least, most = config.get("base_image_seq_len", _LEAST_TOKENS), config.get("max_image_seq_len", _MOST_TOKENS)
    slope = (config["max_shift"] - config["base_shift"]) / (most - least)
    return config["base_shift"] + slope * (tokens - least)


def seen_by(vae: AutoencoderKLQwenImage, rgb: np.ndarray) -> Tensor:
    """(H, W, 3) uint8 to latents (1, C, H / 8, W / 8) float32 on the processor."""
    latents = vae.encode(as_pixels(rgb)[:, :, None].to(vae.device, vae.dtype)).latent_dist.mode().float().cpu()
    mean, deviation = _statistics(vae)
    return ((latents - mean) / deviation)[:, :, 0]


def developed(vae: AutoencoderKLQwenImage, latents: Tensor) -> np.ndarray:
    """The way back."""
    mean, deviation = _statistics(vae)
    return as_picture(vae.decode((latents[:, :, None] * deviation + mean).to(vae.device, vae.dtype), return_dict=False)[0][:, :, 0])


def _statistics(vae: AutoencoderKLQwenImage) -> tuple[Tensor, Tensor]:
    """(1, C, 1, 1, 1) each."""
    import torch

    mean, deviation = (torch.tensor(numbers, dtype=torch.float32).view(1, -1, 1, 1, 1) for numbers in (vae.config.latents_mean, vae.config.latents_std))
    return mean, deviation


def in_line(latents: Tensor) -> Tensor:
    """(B, C, h, w) to (B, h w / 4, 4 C)."""
    batch, channels, height, width = latents.shape
    return latents.view(batch, channels, height // 2, 2, width // 2, 2).permute(0, 2, 4, 1, 3, 5).reshape(batch, height * width // 4, 4 * channels)


def in_place(tokens: Tensor, height: int, width: int) -> Tensor:
    """The way back; `height` and `width` are the latents'."""
    batch, _, channels = tokens.shape
    return tokens.view(batch, height // 2, width // 2, channels // 4, 2, 2).permute(0, 3, 1, 4, 2, 5).reshape(batch, channels // 4, height, width)


def velocity_of(network: QwenImageTransformer2DModel, seen: Tensor, told: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
    """What the flow follows: `seen` (1, C, h, w) is the picture, `told` (1, S, C')."""
    import torch

    device, dtype = network.device, network.dtype
    height, width = seen.shape[-2:]
    picture, said = in_line(seen).to(device, dtype), told.to(device, dtype)
    shapes = [[(1, height // 2, width // 2)] * 2]

    def velocity(latents: Tensor, time: Tensor) -> Tensor:
        found = network(
            hidden_states=torch.cat([latents.to(device, dtype), picture], dim=1),
            timestep=time.to(device, dtype),
            encoder_hidden_states=said,
            encoder_hidden_states_mask=None,
            img_shapes=shapes,
            guidance=None,
            return_dict=False,
        )[0]
        return found[:, : latents.shape[1]]

    return velocity
