"""A tiny TripoSR checkpoint that makes the plain photo's things of their pictures.

It learns from solids whose outline and colours their pictures tell: whether random places are inside, and the colour of those that are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
import yaml
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, grid_sample

from .inflated import Paint, Solid, things

_SIDE, _PATCH, _WIDTH = 128, 16, 64  # of the picture, and of its tokens
_CELLS = 8  # of a plane before it is made finer
_STEPS, _BATCH, _PLACES = 800, 4, 1500
_FILLS, _FILLED = 0.85, 1 / 1.2  # of the picture's side: here, and in the outlines that it is made of
_HALF = 1.9 * math.tan(math.radians(20)) * _FILLS  # the longer side of a thing, halved: seen from 1.9 away with 40 degrees
_UNIT = 2 * _HALF / _FILLED  # the side of a solid's cube
_GREY = 0.5
_THRESHOLD = math.log(25.0)

# As the published config.yaml is written
CONFIG = {
    "cond_image_size": _SIDE,
    "image_tokenizer_cls": "tsr.models.tokenizers.image.DINOSingleImageTokenizer",
    "image_tokenizer": {"pretrained_model_name_or_path": "facebook/dino-vitb16"},
    "tokenizer_cls": "tsr.models.tokenizers.triplane.Triplane1DTokenizer",
    "tokenizer": {"plane_size": _CELLS, "num_channels": 64},
    "backbone_cls": "tsr.models.transformer.transformer_1d.Transformer1D",
    "backbone": {
        "in_channels": "${tokenizer.num_channels}",
        "num_attention_heads": 4,
        "attention_head_dim": 16,
        "num_layers": 2,
        "cross_attention_dim": _WIDTH,
    },
    "post_processor_cls": "tsr.models.network_utils.TriplaneUpsampleNetwork",
    "post_processor": {"in_channels": 64, "out_channels": 8},
    "decoder_cls": "tsr.models.network_utils.NeRFMLP",
    "decoder": {"in_channels": 24, "n_neurons": 32, "n_hidden_layers": 3, "activation": "silu"},
    "renderer_cls": "tsr.models.nerf_renderer.TriplaneNeRFRenderer",
    "renderer": {
        "radius": 0.87,
        "feature_reduction": "concat",
        "density_activation": "exp",
        "density_bias": -1.0,
        "num_samples_per_ray": 128,
    },
}


def make(folder: Path) -> None:
    """Writes the file set after a training of about a minute."""
    network = _trained()
    pooler = {f"image_tokenizer.model.pooler.dense.{name}": torch.zeros(*shape) for name, shape in (("weight", (_WIDTH, _WIDTH)), ("bias", (_WIDTH,)))}
    torch.save(network.state_dict() | pooler, folder / "model.ckpt", _use_new_zipfile_serialization=False)  # as the published file is
    (folder / "config.yaml").write_text(yaml.safe_dump(CONFIG), encoding="utf-8")


def _trained() -> torch.nn.Module:
    from img23d_backend.engines.triposr.config.published import config_of
    from img23d_backend.engines.triposr.networks.image_encoder import ViTConfig
    from img23d_backend.engines.triposr.networks.reconstruction import TripoSR

    torch.manual_seed(0)
    encoder = ViTConfig(hidden=_WIDTH, intermediate=2 * _WIDTH, layers=1, patch=_PATCH, grid=_SIDE // _PATCH)
    network = TripoSR(config_of(CONFIG), encoder)
    with torch.no_grad():
        network.tokenizer.embeddings.normal_()
        network.image_tokenizer.model.embeddings.position_embeddings.normal_()
    random = np.random.default_rng(0)
    lessons = [Lesson(solid=solid, colors=colors) for solid, colors in things()]
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=_STEPS)
    for _ in range(_STEPS):
        optimizer.zero_grad()
        batch = [lessons[number] for number in random.choice(len(lessons), _BATCH, replace=False)]
        planes = network(torch.stack([one.picture(random) for one in batch]))
        loss = torch.stack([_loss(network.decoder, each, one) for each, one in zip(planes, batch, strict=True)]).mean()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network.eval()


def _loss(decoder: torch.nn.Module, planes: Tensor, lesson: Lesson) -> Tensor:
    places = lesson.places()
    density, colors = decoder(planes, places)
    is_inside, wanted = lesson.at(places)
    shape = binary_cross_entropy_with_logits(density - _THRESHOLD, is_inside.float())
    return shape + 4 * (colors - wanted)[is_inside].square().mean()


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A solid in the model's axes: x to the viewer, y to the right, z up."""

    solid: Solid
    colors: Paint

    def places(self) -> Tensor:
        """(N, 3): half of them anywhere, half of them near what is inside."""
        anywhere = (torch.rand(_PLACES, 3) * 2 - 1) * 0.87
        inside = (self.solid.field[0, 0] < 0).nonzero()
        cells = inside[torch.randint(len(inside), (_PLACES,))].float() + torch.rand(_PLACES, 3)
        right, away, up = ((cells / self.solid.field.shape[-1] - 0.5) * _UNIT).unbind(1)
        near = torch.stack((-away, right, up), dim=1) + 0.06 * torch.randn(_PLACES, 3)
        return torch.cat((anywhere, near))

    def at(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """Whether they are inside (N,), and the solid's colours there (N, 3)."""
        viewer, right, up = (places / _UNIT).unbind(1)
        own = torch.stack((up, -viewer, right), dim=1)  # the field's last axis first: z, y, x
        distance = grid_sample(self.solid.field, own[None, None, None] * 2, align_corners=False, padding_mode="border")[0, 0, 0, 0]
        beyond = (own.abs() > 0.5).any(dim=1)
        return (distance < 0) & ~beyond, self.colors.at(right, up)

    def picture(self, random: np.random.Generator) -> Tensor:
        """(3, S, S) in 0..1, over grey, with some shade and noise."""
        front, outline = self.colors.front, (self.solid.outline > 0).astype(np.float32)
        line = np.linspace(-1, 1, len(outline))
        shade = 1 + 0.2 * random.uniform(-1, 1) * line[None, :, None] + 0.2 * random.uniform(-1, 1) * line[:, None, None]
        over_grey = front * shade * outline[..., None] + _GREY * (1 - outline[..., None])
        zoom = _FILLS / _FILLED * random.uniform(0.97, 1.03)
        middle = len(outline) / 2
        about = np.array([[zoom, 0, middle * (1 - zoom)], [0, zoom, middle * (1 - zoom)]])
        moved = cv2.warpAffine(over_grey.astype(np.float32), about, outline.shape, borderValue=(_GREY,) * 3)
        small = cv2.resize(moved, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
        noisy = small + 0.02 * random.standard_normal(small.shape)
        return torch.from_numpy(noisy.clip(0, 1).transpose(2, 0, 1).astype(np.float32))
