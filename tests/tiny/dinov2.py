"""A DINOv2 encoder's tensors by the names in the published files, which transformers 4 wrote.

The names are those of the header that tests/published/hunyuan3d_shape.json tells the source of. A gated layer's two first
matrices are one there, as in facebookresearch/dinov2's SwiGLUFFN: the gate's rows above, what is gated below.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def published(network: nn.Module) -> dict[str, Tensor]:
    """`network` is transformers' Dinov2Model or Dinov2Backbone."""
    first = network.embeddings
    named = {"embeddings.cls_token": first.cls_token, "embeddings.mask_token": first.mask_token}
    named["embeddings.position_embeddings"] = first.position_embeddings
    named |= _affine("embeddings.patch_embeddings.projection", first.patch_embeddings.projection)
    for number, layer in enumerate(network.encoder.layer):
        named |= {f"encoder.layer.{number}.{name}": tensor for name, tensor in _layer(layer).items()}
    named |= _affine("layernorm", network.layernorm)
    return {name: tensor.detach() for name, tensor in named.items()}


def _layer(layer: nn.Module) -> dict[str, Tensor]:
    attention, mlp = layer.attention, layer.mlp
    named = {"layer_scale1.lambda1": layer.layer_scale1.lambda1, "layer_scale2.lambda1": layer.layer_scale2.lambda1}
    named |= _affine("norm1", layer.norm1) | _affine("norm2", layer.norm2)
    named |= _affine("attention.attention.query", attention.q_proj) | _affine("attention.attention.key", attention.k_proj)
    named |= _affine("attention.attention.value", attention.v_proj) | _affine("attention.output.dense", attention.o_proj)
    if not hasattr(mlp, "gate_proj"):
        return named | _affine("mlp.fc1", mlp.fc1) | _affine("mlp.fc2", mlp.fc2)
    named["mlp.weights_in.weight"] = torch.cat((mlp.gate_proj.weight, mlp.up_proj.weight))
    named["mlp.weights_in.bias"] = torch.cat((mlp.gate_proj.bias, mlp.up_proj.bias))
    return named | _affine("mlp.weights_out", mlp.down_proj)


def _affine(name: str, layer: nn.Module) -> dict[str, Tensor]:
    return {f"{name}.weight": layer.weight, f"{name}.bias": layer.bias}
