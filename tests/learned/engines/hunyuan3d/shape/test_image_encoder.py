"""The shape models' image encoder from the published names: against a plain evaluation of exactly those names.

The evaluation follows DINOv2 (Oquab et al., 2023; facebookresearch/dinov2, layers/block.py, attention.py, swiglu_ffn.py).
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from shape_checkpoints import DINO, config, with_new_names, write
from torch import Tensor
from torch.nn.functional import conv2d, layer_norm, linear, silu

from img23d_backend.engines.hunyuan3d.shape.loaders import ShapeParts

PREFIX = "conditioner.main_image_encoder.model."


class Published:
    """The network, computed from a file's tensors by name."""

    def __init__(self, path: Path) -> None:
        tensors = load_file(path)
        self._tensors = {key.removeprefix(PREFIX): tensor.double() for key, tensor in tensors.items() if key.startswith(PREFIX)}

    def tokens(self, pixels: Tensor) -> Tensor:
        """(B, 3, S, S) normalised to (B, 1 + patches, C)."""
        take = self._tensors
        patches = conv2d(pixels, *self._affine("embeddings.patch_embeddings.projection"), stride=DINO["patch_size"])
        x = patches.flatten(2).transpose(1, 2)
        x = torch.cat((take["embeddings.cls_token"].expand(len(x), -1, -1), x), dim=1) + take["embeddings.position_embeddings"]
        for number in range(DINO["num_hidden_layers"]):
            at = f"encoder.layer.{number}"
            x = x + take[f"{at}.layer_scale1.lambda1"] * self._attended(at, self._normed(f"{at}.norm1", x))
            x = x + take[f"{at}.layer_scale2.lambda1"] * self._gated(f"{at}.mlp", self._normed(f"{at}.norm2", x))
        return self._normed("layernorm", x)

    def _attended(self, at: str, x: Tensor) -> Tensor:
        heads = DINO["num_attention_heads"]
        q, k, v = (
            linear(x, *self._affine(f"{at}.attention.attention.{name}")).unflatten(-1, (heads, -1)).transpose(1, 2) for name in ("query", "key", "value")
        )
        shares = (q @ k.transpose(2, 3) / q.shape[-1] ** 0.5).softmax(dim=-1)
        return linear((shares @ v).transpose(1, 2).flatten(2), *self._affine(f"{at}.attention.output.dense"))

    def _gated(self, at: str, x: Tensor) -> Tensor:
        gate, value = linear(x, *self._affine(f"{at}.weights_in")).chunk(2, dim=-1)
        return linear(silu(gate) * value, *self._affine(f"{at}.weights_out"))

    def _normed(self, name: str, x: Tensor) -> Tensor:
        return layer_norm(x, x.shape[-1:], *self._affine(name), eps=DINO["layer_norm_eps"])

    def _affine(self, name: str) -> tuple[Tensor, Tensor]:
        return self._tensors[f"{name}.weight"], self._tensors[f"{name}.bias"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, config())
    return tmp_path


def test_the_encoder_computes_what_the_published_names_say(folder: Path) -> None:
    pixels = torch.randn(2, 3, DINO["image_size"], DINO["image_size"], dtype=torch.float64)
    network = ShapeParts(folder=folder).conditioner(torch.float64).main_image_encoder.model
    with torch.inference_mode():
        ours = network(pixels).last_hidden_state
    theirs = Published(folder / "model.fp16.safetensors").tokens(pixels)
    assert theirs.std() > 0.5
    assert (ours - theirs).abs().max() < 1e-10


def test_a_file_that_has_the_new_names_already_gives_the_same(folder: Path) -> None:
    """As transformers itself renames them."""
    old, new = (ShapeParts(folder=one).conditioner(torch.float16).state_dict() for one in (folder, with_new_names(folder)))
    assert old.keys() == new.keys() and all(torch.equal(old[key], new[key]) for key in old)


def test_the_halves_of_the_gated_layer_are_not_copied(folder: Path) -> None:
    network = ShapeParts(folder=folder).conditioner(torch.float16).main_image_encoder.model
    mlp = network.encoder.layer[0].mlp
    gap = mlp.up_proj.weight.data_ptr() - mlp.gate_proj.weight.data_ptr()
    assert gap == mlp.gate_proj.weight.numel() * 2
