"""The paint models' VAE: pictures to latents and back, one by one.

Latents stay in single precision on the processor whatever the device is: they are small, and a seed means the same noise
everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from diffusers import AutoencoderKL
    from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
    from torch import Generator, Tensor

    from ....machine.devices import Device

_VALUES_A_PIXEL = 1300  # in memory at once where the decoder has the picture's full size: 256 channels and their neighbours


def picture_bytes(device: Device, side: int) -> int:
    """What the VAE needs beside its weights, about, for a picture of `side` pixels a side."""
    return side * side * _VALUES_A_PIXEL * device.dtype.itemsize


def sampled(vae: AutoencoderKL, picture: np.ndarray, device: Device, generator: Generator) -> Tensor:
    """(h, w, 3) uint8 to scaled latents (1, 4, h / 8, w / 8), sampled from the encoder's distribution."""
    import torch

    possible = _encoded(vae, picture, device)
    noise = torch.randn(possible.mean.shape, generator=generator)
    return (possible.mean.float().cpu() + possible.std.float().cpu() * noise) * vae.config.scaling_factor


def posterior_mode(vae: AutoencoderKL, picture: np.ndarray, device: Device) -> Tensor:
    """(h, w, 3) uint8 to latents (1, 4, h / 8, w / 8), not scaled: what InstructPix2Pix is given of its picture."""
    return _encoded(vae, picture, device).mode().float().cpu()


def decoded(vae: AutoencoderKL, latents: Tensor, device: Device) -> np.ndarray:
    """Scaled latents (1, 4, h / 8, w / 8) to (h, w, 3) uint8."""
    latents = latents / vae.config.scaling_factor
    pixels = vae.decode(latents.to(device.torch_name, vae.dtype), return_dict=False)[0]  # (1, 3, h, w)
    shares = (pixels / 2 + 0.5).clamp(0, 1)[0].permute(1, 2, 0).float().cpu().numpy()
    return (shares * 255).round().astype(np.uint8)


def _encoded(vae: AutoencoderKL, picture: np.ndarray, device: Device) -> DiagonalGaussianDistribution:
    import torch

    pixels = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))[None] / 255 * 2 - 1  # (1, 3, h, w)
    return vae.encode(pixels.to(device.torch_name, vae.dtype)).latent_dist
