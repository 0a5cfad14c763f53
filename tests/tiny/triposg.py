"""A tiny TripoSG checkpoint that makes some of the plain photo's things of their pictures.

The VAE knows the fields of the things' codes (`vecset`), the DiT with the image encoder learns the way from noise to the code of the thing
in the picture.
"""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from . import dinov2
from .inflated import Paint, Solid, things
from .vecset import CHANNELS, HEADS, VAE, Lesson, codes, published, save, train, trained_vae

THINGS = (1, 3, 5)  # of the photo's, by their places among the names: the green bottle, the blue mug, the yellow duck
_CUT, _SHORTEST, _PATCH, _WIDTH = 56, 64, 14, 32
_STEPS, _BATCH, _TOKENS = 450, 24, 12
_AHEAD = 6.0  # times further along than they should be are latents at most that guidance of 7 has led
_BLIND = 0.15  # of the lessons are without a picture
_DINO = {
    "model_type": "dinov2", "hidden_act": "gelu", "hidden_size": _WIDTH, "image_size": _CUT, "layer_norm_eps": 1e-6, "layerscale_value": 1.0,
    "mlp_ratio": 4, "num_attention_heads": 2, "num_channels": 3, "num_hidden_layers": 2, "patch_size": _PATCH, "qkv_bias": True, "use_swiglu_ffn": False,
}  # fmt: skip
_DIT = {
    "_class_name": "TripoSGDiTModel", "cross_attention_dim": _WIDTH, "in_channels": CHANNELS, "num_attention_heads": HEADS, "num_layers": 3, "width": 32,
}  # fmt: skip
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_PICTURE = {
    "crop_size": {"height": _CUT, "width": _CUT}, "do_center_crop": True, "do_convert_rgb": True, "do_normalize": True, "do_rescale": True,
    "do_resize": True, "image_mean": _MEAN, "image_processor_type": "BitImageProcessor", "image_std": _DEVIATION, "resample": 3,
    "rescale_factor": 0.00392156862745098, "size": {"shortest_edge": _SHORTEST},
}  # fmt: skip
_SCHEDULER = {"_class_name": "RectifiedFlowScheduler", "num_train_timesteps": 1000, "shift": 1, "use_dynamic_shifting": False}


def make(folder: Path) -> None:
    """Writes the file set after a training of less than a minute."""
    torch.manual_seed(0)
    known = [things()[number] for number in THINGS]
    lessons = [Lesson(solid=solid, code=code) for (solid, _), code in zip(known, codes(len(known)), strict=True)]
    save(folder / "vae", VAE, published(trained_vae(lessons)))
    dit, encoder = _trained(known, torch.stack([one.code for one in lessons]))
    save(folder / "transformer", _DIT, published(dit))
    save(folder / "image_encoder_dinov2", _DINO, {key: tensor.contiguous() for key, tensor in dinov2.published(encoder).items()}, "model")
    for place, content in (("feature_extractor_dinov2/preprocessor_config.json", _PICTURE), ("scheduler/scheduler_config.json", _SCHEDULER)):
        (folder / place).parent.mkdir(exist_ok=True)
        (folder / place).write_text(json.dumps(content, indent=1), encoding="utf-8")


def _trained(known: list[tuple[Solid, Paint]], wanted: Tensor) -> tuple[nn.Module, nn.Module]:
    from transformers import Dinov2Config, Dinov2Model

    from img23d_backend.vecset.networks.block import ContextConfig
    from img23d_backend.vecset.networks.dit import DiT, DiTConfig

    encoder = Dinov2Model(Dinov2Config(**_DINO))
    dit = DiT(DiTConfig(channels=CHANNELS, width=_DIT["width"], heads=HEADS, layers=_DIT["num_layers"], contexts=(ContextConfig(channels=_WIDTH),)))
    random = np.random.default_rng(0)

    def loss() -> Tensor:
        chosen = random.integers(len(known), size=_BATCH)
        pictures = torch.stack([picture(*known[number], random) for number in chosen])
        seen = (torch.rand(_BATCH, 1, 1) >= _BLIND) * encoder(pixel_values=pictures).last_hidden_state
        end = wanted[torch.from_numpy(chosen)][:, None].expand(-1, _TOKENS, -1)
        start, time = torch.randn(_BATCH, _TOKENS, CHANNELS), torch.rand(_BATCH, 1, 1)
        ahead = 1 + _AHEAD * torch.rand(_BATCH, 1, 1) * (torch.rand(_BATCH, 1, 1) < 0.5) * time
        between = (1 - time) * ahead * end + time * start
        flow = (1 - (1 - time) * ahead) / time.clamp(min=1e-3) * end - start  # that ends at the code
        return (dit(between, time.flatten() * 1000, dit.remember(seen)) - flow).square().mean()

    train([*dit.parameters(), *encoder.parameters()], loss, _STEPS, 4e-3)
    return dit.eval(), encoder.eval()


def picture(solid: Solid, colors: Paint, random: np.random.Generator) -> Tensor:
    """(3, S, S), as the image encoder takes it: over white, with some shade and noise, a little larger or smaller."""
    outline = (solid.outline > 0).astype(np.float32)[..., None]
    line = np.linspace(-1, 1, len(outline))
    shade = 1 + 0.2 * random.uniform(-1, 1) * line[None, :, None] + 0.2 * random.uniform(-1, 1) * line[:, None, None]
    over_white = colors.front * shade * outline + (1 - outline)
    zoom, middle = random.uniform(0.97, 1.03), len(outline) / 2
    about = np.array([[zoom, 0, middle * (1 - zoom)], [0, zoom, middle * (1 - zoom)]])
    moved = cv2.warpAffine(over_white.astype(np.float32), about, outline.shape[:2], borderValue=(1.0,) * 3)
    small = cv2.resize(moved, (_SHORTEST, _SHORTEST), interpolation=cv2.INTER_AREA)
    border = (_SHORTEST - _CUT) // 2
    noisy = small[border:-border, border:-border] + 0.02 * random.standard_normal((_CUT, _CUT, 3))
    return torch.from_numpy(((noisy.clip(0, 1) - _MEAN) / _DEVIATION).transpose(2, 0, 1).astype(np.float32))
