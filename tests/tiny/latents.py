"""The tiny painters' VAE: eight times smaller latents as the published ones have, which are the mean colours of the cells.

Nothing in it is trained. Its blocks hand on what they get, on the way down averaged, on the way up softly enlarged. What is
in the way of a linear network are the norms, and silu. So each colour is there twice, with both signs, beside two large
constants: the mean is 0, the deviation that of the constants, and silu(x) - silu(-x) is x.
"""

from __future__ import annotations

import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn
from torch.nn import functional

CELL = 8  # pixels of a latent
SIDE = 128  # pixels of a picture
SCALE = 0.18215  # what latents are multiplied with, as published
CONFIG = {
    "in_channels": 3, "out_channels": 3, "latent_channels": 4, "sample_size": SIDE, "scaling_factor": SCALE,
    "block_out_channels": [8] * 4, "layers_per_block": 1, "norm_num_groups": 1, "act_fn": "silu",
    "down_block_types": ["DownEncoderBlock2D"] * 4, "up_block_types": ["UpDecoderBlock2D"] * 4,
}  # fmt: skip
_CONSTANT = 100.0
_DEVIATION = _CONSTANT / 2  # of eight channels, two of them the constant and its negative
_CERTAIN = -12.0  # the logarithm of a latent's variance
_SOFT = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16
_AVERAGE = torch.tensor([[1.0, 1, 0], [1, 1, 0], [0, 0, 0]]) / 4  # the padding is at the right and at the bottom
_HERE = torch.tensor([[0.0, 0, 0], [0, 1, 0], [0, 0, 0]])


def of(pictures: Tensor) -> Tensor:
    """(..., 3, S, S) pictures in 0..1 to (..., 4, S / 8, S / 8) latents, scaled, as the VAE makes them; the fourth is 0."""
    means = functional.avg_pool2d(pictures.flatten(0, -4) * 2 - 1, CELL)
    return functional.pad(means, (0, 0, 0, 0, 0, 1)).unflatten(0, pictures.shape[:-3])


@torch.no_grad()
def make_vae() -> AutoencoderKL:
    vae = AutoencoderKL(**CONFIG)
    for name, module in vae.named_modules():
        if name.endswith(("conv2", "to_out.0")):
            _fill(module, torch.zeros_like(module.weight))
        elif name.endswith("downsamplers.0.conv"):
            _fill(module, torch.eye(8)[:, :, None, None] * _AVERAGE)
        elif name.endswith("upsamplers.0.conv"):
            kernels = torch.stack([_SOFT] * 6 + [_HERE] * 2)  # the constants stay what they are at the borders, too
            _fill(module, torch.eye(8)[:, :, None, None] * kernels)
        elif name.endswith("conv_norm_out"):
            module.weight.fill_(_DEVIATION)
    split = torch.cat((torch.eye(3), -torch.eye(3), torch.zeros(2, 3)))  # (8, 3)
    joined = torch.cat((torch.eye(3), -torch.eye(3), torch.zeros(3, 2)), dim=1)  # (3, 8)
    # Less by 1, so that the borders' padding is white
    offset = torch.tensor([-1.0] * 3 + [1.0] * 3 + [_CONSTANT, -_CONSTANT])
    _fill(vae.encoder.conv_in, split[:, :, None, None] * _HERE, offset)
    latents = torch.cat((joined / SCALE, torch.zeros(5, 8)))  # three means, the fourth latent and the variances
    _fill(vae.encoder.conv_out, latents[:, :, None, None] * _HERE, torch.tensor([1 / SCALE] * 3 + [0.0] * 5))
    _fill(vae.quant_conv, torch.eye(8)[:, :, None, None], torch.tensor([0.0] * 4 + [_CERTAIN] * 4))
    _fill(vae.post_quant_conv, torch.eye(4)[:, :, None, None])
    read = functional.pad(split * SCALE, (0, 1))  # (8, 4)
    _fill(vae.decoder.conv_in, read[:, :, None, None] * _HERE, offset)
    _fill(vae.decoder.conv_out, joined[:, :, None, None] * _HERE, torch.ones(3))
    return vae.eval()


def _fill(layer: nn.Module, weight: Tensor, bias: Tensor | None = None) -> None:
    layer.weight.copy_(weight)
    layer.bias.copy_(torch.zeros_like(layer.bias) if bias is None else bias)


_OLD_NAMES = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}


def with_old_names(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """As diffusers called an attention's layers in 2022, and as the turbo painter's VAE is still published."""
    renamed = dict(tensors)
    for new, old in _OLD_NAMES.items():
        for key in [key for key in renamed if f".attentions.0.{new}." in key]:
            renamed[key.replace(f".{new}.", f".{old}.")] = renamed.pop(key)
    return renamed
