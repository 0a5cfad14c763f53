"""Latents of FLUX.2: packed two by two, normalised as the autoencoder's running statistics say, each with its place in time and picture.

Names and order as in diffusers' Flux2KleinPipeline, which needs all networks on the device at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ...editing.flow import as_picture, as_pixels

if TYPE_CHECKING:
    from diffusers import AutoencoderKLFlux2, Flux2Transformer2DModel
    from torch import Tensor

STEPS = 4  # which the model was distilled to
CELL = 16  # pixels of a token
_DRAWN, _SEEN = 0, 10  # the time of what is drawn, and of the picture that is looked at


def shift_of(tokens: int, steps: int = STEPS) -> float:
    """How far the times are moved towards the noise (flux2, sampling.py, compute_empirical_mu): lines through measured values."""
    if tokens > 4300:
        return 0.00016927 * tokens + 0.45666666
    at_200 = 0.00016927 * tokens + 0.45666666
    at_10 = 8.73809524e-05 * tokens + 1.89833333
    slope = (at_200 - at_10) / 190
    return slope * steps + at_200 - 200 * slope


def seen_by(vae: AutoencoderKLFlux2, rgb: np.ndarray) -> Tensor:
    """(H, W, 3) uint8 to latents (1, 4 C, H / 16, W / 16) float32 on the processor."""
    latents = vae.encode(as_pixels(rgb).to(vae.device, vae.dtype)).latent_dist.mode().float().cpu()
    batch, channels, height, width = latents.shape
    packed = latents.view(batch, channels, height // 2, 2, width // 2, 2).permute(0, 1, 3, 5, 2, 4).reshape(batch, 4 * channels, height // 2, width // 2)
    mean, deviation = _statistics(vae)
    return (packed - mean) / deviation


def developed(vae: AutoencoderKLFlux2, latents: Tensor) -> np.ndarray:
    """The way back."""
    mean, deviation = _statistics(vae)
    packed = latents * deviation + mean
    batch, channels, height, width = packed.shape
    unpacked = packed.reshape(batch, channels // 4, 2, 2, height, width).permute(0, 1, 4, 2, 5, 3).reshape(batch, channels // 4, 2 * height, 2 * width)
    return as_picture(vae.decode(unpacked.to(vae.device, vae.dtype), return_dict=False)[0])


def _statistics(vae: AutoencoderKLFlux2) -> tuple[Tensor, Tensor]:
    """(1, 4 C, 1, 1) each."""
    mean = vae.bn.running_mean.float().cpu().view(1, -1, 1, 1)
    variance = vae.bn.running_var.float().cpu().view(1, -1, 1, 1)
    return mean, (variance + vae.config.batch_norm_eps).sqrt()


def in_line(latents: Tensor) -> Tensor:
    """(B, C, h, w) to (B, h w, C)."""
    return latents.flatten(2).transpose(1, 2)


def in_place(tokens: Tensor, height: int, width: int) -> Tensor:
    """The way back."""
    return tokens.transpose(1, 2).unflatten(2, (height, width))


def velocity_of(network: Flux2Transformer2DModel, seen: Tensor, text: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
    """What the flow follows: `seen` (1, C, h, w) is the picture, `text` (1, T, C')."""
    import torch

    device, dtype = network.device, network.dtype
    height, width = seen.shape[-2:]
    picture, said = in_line(seen).to(device, dtype), text.to(device, dtype)
    places = torch.cat([_places(_DRAWN, height, width), _places(_SEEN, height, width)]).to(device)
    words = torch.cartesian_prod(torch.arange(1), torch.arange(1), torch.arange(1), torch.arange(text.shape[1])).to(device)

    def velocity(latents: Tensor, time: Tensor) -> Tensor:
        found = network(
            hidden_states=torch.cat([latents.to(device, dtype), picture], dim=1),
            timestep=time.to(device, dtype),
            guidance=None,
            encoder_hidden_states=said,
            txt_ids=words,
            img_ids=places,
            return_dict=False,
        )[0]
        return found[:, : latents.shape[1]]

    return velocity


def _places(time: int, height: int, width: int) -> Tensor:
    """(h w, 4): time, row, column, and the place in a text."""
    import torch

    return torch.cartesian_prod(torch.tensor([time]), torch.arange(height), torch.arange(width), torch.arange(1))
