"""A picture of a thing on white to six views of it, without the published pipeline's own code.

At each step the network looks at the picture, with as much noise as there is in the views, and then draws (Zhang, 2023). The noise
comes from a generator of ours: that of the published code is the process's global one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from img23d_protocol import ErrorCode, Img23DError

if TYPE_CHECKING:
    from diffusers import AutoencoderKL, EulerAncestralDiscreteScheduler, UNet2DConditionModel
    from torch import Generator, Tensor
    from transformers import CLIPVisionModelWithProjection

Report = Callable[[float, str], None]

VIEW_SIDE = 320  # pixels
_COLUMNS, _ROWS = 2, 3
_VAE_SIDE, _CLIP_SIDE = 512, 224  # pixels that the picture is looked at with
_VAE_MEAN, _VAE_DEVIATION = 0.5, 0.8
_CLIP_MEAN, _CLIP_DEVIATION = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
_LATENT_SCALE, _LATENT_SHIFT = 0.75, 0.22  # latents of views are kept as (latents - shift) * scale
_PICTURE_SCALE = 0.5 / 0.8  # and pixels, in -1..1, times this
_NOT_A_NUMBER = "The numbers of the model that draws the views ran out of range: try another seed, or let the shape stage compute on the processor."


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """Without the picture first, then with it: `picture` latents (2, 4, 64, 64), not scaled; `text` (2, 77, C)."""

    picture: Tensor
    text: Tensor


def look_at(picture: np.ndarray, vae: AutoencoderKL, generator: Generator) -> Tensor:
    """(s, s, 3) uint8 on white to (2, 4, 64, 64) float32 on the processor: latents of grey (zeros, as the network takes pixels), and of the picture."""
    import torch

    pixels = _prepared(picture, _VAE_SIDE, (_VAE_MEAN,) * 3, (_VAE_DEVIATION,) * 3, is_smooth=False)
    latents = []
    for one in (torch.zeros_like(pixels), pixels):
        found = vae.encode(one.to(vae.device, vae.dtype)).latent_dist
        noise = torch.randn(found.mean.shape, generator=generator)
        latents.append(found.mean.float().cpu() + found.std.float().cpu() * noise)
    return torch.cat(latents)


def embedding_of(picture: np.ndarray, encoder: CLIPVisionModelWithProjection) -> Tensor:
    """(s, s, 3) uint8 on white to (1, 1, C)."""
    pixels = _prepared(picture, _CLIP_SIDE, _CLIP_MEAN, _CLIP_DEVIATION, is_smooth=True)
    return encoder(pixels.to(encoder.device, encoder.dtype)).image_embeds[:, None].float().cpu()


def text_of(embedding: Tensor, empty: Tensor, ramp: Tensor) -> Tensor:
    """(2, 77, C): the empty text (1, 77, C) as it is, and with the picture's `embedding` (1, 1, C) added by each token's share, `ramp` (77,)."""
    import torch

    return torch.cat((empty, empty + embedding * ramp[:, None]))


def sample_views(
    conditions: Conditions,
    network: UNet2DConditionModel,
    scheduler: EulerAncestralDiscreteScheduler,
    *,
    steps: int,
    guidance: float,
    generator: Generator,
    report: Report,
    show: Callable[[Tensor], None] = lambda latents: None,
) -> Tensor:
    """Latents (1, 4, 120, 80) float32 of all six in one picture. `report` is called at every step, which is where a cancel is seen; `show`
    gets what the views are expected to become. A guidance of 1 and below is none, as in diffusers.

    Raises Img23DError(NO_SURFACE) where the numbers run out of range.
    """
    import torch

    from ..networks.reference_attention import ReferenceAttention

    attention = ReferenceAttention()
    attention.give_to(network)
    scheduler.set_timesteps(steps)
    latents = torch.randn(1, 4, _ROWS * VIEW_SIDE // 8, _COLUMNS * VIEW_SIDE // 8, generator=generator) * scheduler.init_noise_sigma
    halves = slice(1, 2) if guidance <= 1 else slice(0, 2)
    picture, text = conditions.picture[halves], conditions.text[halves].to(network.device, network.dtype)
    for done, time in enumerate(scheduler.timesteps):
        report(done / len(scheduler.timesteps), f"Drawing six views, step {done + 1} of {len(scheduler.timesteps)}")
        noise = torch.randn(conditions.picture.shape, generator=generator)[halves]
        seen = scheduler.scale_model_input(scheduler.add_noise(picture, noise, time[None]), time)
        with attention.looking():
            network(seen.to(network.device, network.dtype), time.to(network.device), text)
        drawn = scheduler.scale_model_input(latents, time).repeat(len(picture), 1, 1, 1)
        with attention.drawing():
            found = network(drawn.to(network.device, network.dtype), time.to(network.device), text).sample.float().cpu()
        stepped = scheduler.step(_guided(found, guidance), time, latents, generator=generator)
        latents = stepped.prev_sample
        if not bool(latents.isfinite().all()):
            raise Img23DError(ErrorCode.NO_SURFACE, _NOT_A_NUMBER, f"latents are not finite after step {done + 1}")
        show(stepped.pred_original_sample)
    return latents


def _guided(found: Tensor, guidance: float) -> Tensor:
    """(1, 4, h, w) of what was found without the picture and with it, or with it alone (Ho and Salimans, 2022)."""
    if len(found) == 1:
        return found
    without, with_it = found.chunk(2)
    return without + guidance * (with_it - without)


def as_drawn(latents: Tensor, vae: AutoencoderKL) -> Tensor:
    """A picture's latents (B, 4, h, w), as those of views are kept."""
    return (latents * vae.config.scaling_factor - _LATENT_SHIFT) * _LATENT_SCALE


def developed(latents: Tensor, vae: AutoencoderKL) -> np.ndarray:
    """Latents (1, 4, 120, 80) to the views, (6, 320, 320, 3) uint8."""
    scaled = (latents / _LATENT_SCALE + _LATENT_SHIFT) / vae.config.scaling_factor
    pixels = vae.decode(scaled.to(vae.device, vae.dtype), return_dict=False)[0][0].float().cpu() / _PICTURE_SCALE
    picture = ((pixels / 2 + 0.5).clamp(0, 1).permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    side = picture.shape[1] // _COLUMNS
    return picture.reshape(_ROWS, side, _COLUMNS, side, 3).swapaxes(1, 2).reshape(_ROWS * _COLUMNS, side, side, 3)


def _prepared(picture: np.ndarray, side: int, mean: tuple[float, ...], deviation: tuple[float, ...], *, is_smooth: bool) -> Tensor:
    """(1, 3, side, side)."""
    import torch
    from PIL import Image

    kind = Image.Resampling.BICUBIC if is_smooth else Image.Resampling.BILINEAR
    resized = np.asarray(Image.fromarray(picture).resize((side, side), kind), dtype=np.float32) / 255
    normal = (resized - np.asarray(mean, np.float32)) / np.asarray(deviation, np.float32)
    return torch.from_numpy(np.ascontiguousarray(normal.transpose(2, 0, 1)))[None]
