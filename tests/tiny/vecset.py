"""What the tiny checkpoints of TripoSG's family share: the published files' layout and names, and a VAE that knows some solids.

A solid's latents are chosen here: a code of its own in every token, since nothing tells the networks which token is which. The decoder
learns the codes' fields, the encoder the codes of surfaces.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import grid_sample

from img23d_backend.mesh.isosurface.marching_cubes import extract_surface
from img23d_backend.mesh.isosurface.octree import sample_sparse
from img23d_backend.mesh.topology.samples import sample_surface
from img23d_backend.vecset.networks.autoencoder import VAEConfig, VecsetVAE

from .inflated import Solid

CHANNELS, HEADS = 8, 4
VAE = {
    "_class_name": "TripoSGVAEModel", "in_channels": 3, "latent_channels": CHANNELS, "num_attention_heads": HEADS, "width_encoder": 32,
    "width_decoder": 64, "num_layers_encoder": 1, "num_layers_decoder": 1, "embedding_type": "frequency", "embed_frequency": 4,
    "embed_include_pi": False,
}  # fmt: skip
UNIT = 2.2  # the side of a solid's cube: its longer side goes from -0.92 to 0.92
_STEEP = 8.0  # the field is so many times the distance, until it is 1
_DECODER_STEPS, _ENCODER_STEPS = 600, 120
_PLACES, _SURFACE, _QUERIES = 600, 256, 8
_SPREAD = 0.15  # of latents around their code, which the field shall not change for


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A solid in glTF's axes, and its code (channels,)."""

    solid: Solid
    code: Tensor

    def distance(self, places: Tensor) -> Tensor:
        """(N, 3) to (N,), below 0 inside."""
        right, up, viewer = (places / UNIT).unbind(1)
        own = torch.stack((up, -viewer, right), dim=1)  # the field's last axis first: z, y, x
        beyond = (own.abs() - 0.5).clamp(min=0).norm(dim=1)
        return (grid_sample(self.solid.field, own[None, None, None] * 2, align_corners=False, padding_mode="border")[0, 0, 0, 0] + beyond) * UNIT

    def places(self, count: int) -> Tensor:
        """(2 count, 3): half of them anywhere, half of them near the surface."""
        anywhere = torch.rand(count, 3) * 2.02 - 1.01
        near = self.near[torch.randint(len(self.near), (count,))] + 0.04 * torch.randn(count, 3)
        return torch.cat((anywhere, near))

    @property
    def near(self) -> Tensor:
        return self.surface[:, :3]

    @property
    def surface(self) -> Tensor:
        return _surface(self)


_surfaces: dict[int, Tensor] = {}


def _surface(lesson: Lesson) -> Tensor:
    """(4096, 6): points with their normals."""
    if id(lesson) not in _surfaces:
        sampled = sample_sparse(lambda points: -lesson.distance(torch.from_numpy(points)).numpy(), resolution=64, bounds=1.01, coarse=32)
        samples = sample_surface(extract_surface(sampled), 4096, seed=0)
        _surfaces[id(lesson)] = torch.from_numpy(np.concatenate((samples.points, samples.normals), axis=1).astype(np.float32))
    return _surfaces[id(lesson)]


def codes(count: int) -> Tensor:
    """(count, channels) of 1 and -1, unlike each other in half of the places (Sylvester's matrix)."""
    matrix = torch.ones(1, 1)
    while len(matrix) < CHANNELS:
        matrix = torch.cat((torch.cat((matrix, matrix), 1), torch.cat((matrix, -matrix), 1)))
    return matrix[1 : count + 1]


def trained_vae(lessons: Sequence[Lesson]) -> VecsetVAE:
    config = VAEConfig(channels=CHANNELS, heads=HEADS, encoder_width=32, decoder_width=64, encoder_layers=1, decoder_layers=1, frequencies=4)
    vae = VecsetVAE(config)
    decoding = [*vae.decoder.parameters(), *vae.post_quant.parameters()]
    train(decoding, lambda: torch.stack([_decoded(vae, one) for one in lessons]).mean(), _DECODER_STEPS, 6e-3)
    encoding = [*vae.encoder.parameters(), *vae.quant.parameters()]
    train(encoding, lambda: torch.stack([_encoded(vae, one) for one in lessons]).mean(), _ENCODER_STEPS, 6e-3)
    return vae.eval()


def _decoded(vae: VecsetVAE, lesson: Lesson) -> Tensor:
    places = lesson.places(_PLACES)
    wanted = (-lesson.distance(places) * _STEEP).clamp(-1, 1)
    latents = lesson.code + _SPREAD * torch.randn(1, CHANNELS).expand(_QUERIES, -1)
    return (vae.field(latents)(places) - wanted).square().mean()


def _encoded(vae: VecsetVAE, lesson: Lesson) -> Tensor:
    """The variance is to be small."""
    surface = lesson.surface[torch.randperm(len(lesson.surface))[:_SURFACE]][None]
    mean, log_variance = vae.encode(surface, surface[:, :_QUERIES])
    return (mean - lesson.code).square().mean() + 0.01 * (log_variance + 6).square().mean()


def train(parameters: list[nn.Parameter], loss: object, steps: int, rate: float) -> None:
    optimizer = torch.optim.AdamW(parameters, lr=rate, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    for _ in range(steps):
        optimizer.zero_grad()
        value = loss()
        value.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()


# --- the published layout ---------------------------------------------------------------------------------------------


def published(network: nn.Module) -> dict[str, Tensor]:
    """By the published weights: a head's parts lie together in what queries, keys and values are joined to."""
    tensors = {key: tensor.detach() for key, tensor in network.state_dict().items()}
    for key in [key for key in tensors if key.endswith("to_v.weight")]:
        names = [f"{key.removesuffix('to_v.weight')}to_{part}.weight" for part in ("qkv" if ".attn1." in key else "kv")]
        by_head = torch.stack([tensors[name].unflatten(0, (HEADS, -1)) for name in names], dim=1)  # (H, parts, D, C)
        tensors |= dict(zip(names, by_head.flatten(0, 2).chunk(len(names)), strict=True))
    return {key: tensor.contiguous().clone() for key, tensor in tensors.items()}


def save(folder: Path, config: Mapping[str, object], tensors: dict[str, Tensor], name: str = "diffusion_pytorch_model") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(dict(config), indent=1), encoding="utf-8")
    save_file(tensors, folder / f"{name}.safetensors", metadata={"format": "pt"})
