"""A tiny Hunyuan3D-2mini turbo checkpoint whose solids follow the picture: boxes, balls and all between, as wide and as tall
as what is in it.

No latents are given by anyone: a shape is two numbers (how tall for its width, how square), its latents are those numbers
times a fixed pattern. The decoder learns the fields of such latents, the DiT with the image encoder the way from noise to
the latents of the shape in the picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
import yaml
from safetensors.torch import save_file
from torch import Tensor, nn

from . import dinov2

SUBFOLDER = "hunyuan3d-dit-v2-mini-turbo"
TURBO = "ConsistencyFlowMatchEulerDiscreteScheduler"
TURBO_PARAMS = {"num_train_timesteps": 1000, "pcm_timesteps": 100}

_DIT = {
    "in_channels": 8, "context_in_dim": 32, "hidden_size": 48, "mlp_ratio": 4.0, "num_heads": 4, "depth": 1,
    "depth_single_blocks": 2, "axes_dim": [12], "theta": 10_000, "qkv_bias": True, "guidance_embed": True,
}  # fmt: skip
_VAE = {
    "num_latents": 8, "embed_dim": 8, "num_freqs": 3, "include_pi": False, "heads": 4, "width": 48,
    "num_decoder_layers": 1, "qkv_bias": False, "qk_norm": True, "scale_factor": 1.0188137142395404,
}  # fmt: skip
_DINO = {
    "hidden_act": "gelu", "hidden_size": 32, "image_size": 56, "layer_norm_eps": 1e-6, "layerscale_value": 1.0,
    "mlp_ratio": 4, "model_type": "dinov2", "num_attention_heads": 2, "num_channels": 3, "num_hidden_layers": 2,
    "patch_size": 14, "qkv_bias": True, "use_swiglu_ffn": True,
}  # fmt: skip
_PICTURE = 64  # pixels a side

_EXTENT = 0.85  # half the longer side of a shape, and the share of the picture that it fills
_DECODER_STEPS, _SAMPLER_STEPS = 300, 500
_BATCH, _POINTS = 48, 128
_FIELD_PER_UNIT = 6.0  # the field falls by so much per unit away from the surface, until it is 1


def make(folder: Path) -> None:
    """Writes the files that lie below the file set's folder; about half a minute on two cores."""
    from img23d_backend.engines.hunyuan3d.networks.conditioner import ImageEncoder
    from img23d_backend.engines.hunyuan3d.networks.hy3dgen_modules import Hunyuan3DDiT
    from img23d_backend.engines.hunyuan3d.networks.vae import ShapeVAE

    torch.manual_seed(0)
    config = published_config(dit=_DIT, vae=_VAE, dino=_DINO, picture=_PICTURE, scheduler=TURBO, **TURBO_PARAMS)
    dit, vae = Hunyuan3DDiT(**config["model"]["params"]), ShapeVAE(**config["vae"]["params"])
    conditioner = ImageEncoder(**config["conditioner"]["params"])
    _train_decoder(vae)
    _train_sampler(dit, conditioner)
    save(folder / SUBFOLDER, config, {"model": dit, "vae": vae, "conditioner": conditioner})


def published_config(
    *,
    dit: Mapping[str, object],
    vae: Mapping[str, object],
    dino: Mapping[str, object],
    picture: int,
    scheduler: str = "FlowMatchEulerDiscreteScheduler",
    views: int = 1,
    **scheduler_params: object,
) -> dict:
    """config.yaml's content. `views` above 1 is the multiview model's."""
    many = views > 1
    kwargs = {"config": dict(dino), "image_size": dino["image_size"]} | ({"view_num": views} if many else {})
    encoder = {"type": "DinoImageEncoderMV" if many else "DinoImageEncoder", "kwargs": kwargs}
    processor = "MVImageProcessorV2" if many else "ImageProcessorV2"
    return {
        "model": _class("models.Hunyuan3DDiT", dit),
        "vae": _class("models.ShapeVAE", vae),
        "conditioner": _class("models.SingleImageEncoder", {"main_image_encoder": encoder}),
        "scheduler": _class(f"schedulers.{scheduler}", scheduler_params or {"num_train_timesteps": 1000}),
        "image_processor": _class(f"preprocessors.{processor}", {"size": picture, "border_ratio": 0.15}),
        "pipeline": {"target": "hy3dgen.shapegen.pipelines.Hunyuan3DDiTFlowMatchingPipeline"},
    }


def save(folder: Path, config: dict, networks: Mapping[str, nn.Module]) -> None:
    """config.yaml and the weights in half precision, each key beginning with its network's name, as published."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    encoder = dinov2.published(networks["conditioner"].main_image_encoder.model)
    tensors = {f"conditioner.main_image_encoder.model.{key}": tensor for key, tensor in encoder.items()}
    for name in ("model", "vae"):
        tensors |= {f"{name}.{key}": tensor for key, tensor in networks[name].state_dict().items()}
    halves = {key: tensor.half().contiguous() for key, tensor in tensors.items()}
    save_file(halves, folder / "model.fp16.safetensors")


def _class(name: str, params: Mapping[str, object]) -> dict:
    return {"target": f"hy3dgen.shapegen.{name}", "params": dict(params)}


# --- the shapes -----------------------------------------------------------------------------------------------------


def _random_shapes(count: int) -> Tensor:
    """(B, 2) in -1..1: how tall for its width, how square."""
    return torch.rand(count, 2) * 2 - 1


def _half_sides(shapes: Tensor) -> Tensor:
    """(B, 3) x, y, z; a third to three times as tall as wide, as deep as the smaller of the two."""
    tall = 3.0 ** shapes[:, 0]
    width, height = _EXTENT / tall.clamp(min=1), _EXTENT / (1 / tall).clamp(min=1)
    return torch.stack((width, height, torch.minimum(width, height)), dim=1)


def _exponent(shapes: Tensor) -> Tensor:
    """(B,) of the superellipsoid: 2 is an ellipsoid, 8 nearly a box."""
    return 2 ** (2 + shapes[:, 1])


def _latents(shapes: Tensor) -> Tensor:
    """(B, L, in): the same in every token, since nothing tells the networks which token is which."""
    pattern = torch.randn(2, _VAE["embed_dim"], generator=torch.Generator().manual_seed(1)).sign()
    return (shapes @ pattern)[:, None].expand(-1, _VAE["num_latents"], -1)


def _radius(points: Tensor, shapes: Tensor) -> Tensor:
    """(B, N, 2 or 3) points to (B, N): 1 on the surface."""
    sides, exponent = _half_sides(shapes)[:, None, : points.shape[-1]], _exponent(shapes)[:, None]
    scaled = (points / sides).abs().clamp(min=1e-4)
    return (scaled ** exponent[..., None]).sum(dim=-1) ** (1 / exponent)


def _pictures(shapes: Tensor) -> Tensor:
    """(B, 3, S, S) in -1..1: a shaded, coloured, speckled thing before white."""
    line = (torch.arange(_PICTURE) + 0.5) / _PICTURE * 2 - 1
    y, x = torch.meshgrid(-line, line, indexing="ij")
    points = torch.stack((x, y), dim=-1).reshape(1, -1, 2).expand(len(shapes), -1, -1)
    cover = ((1 - _radius(points, shapes)) * 16 + 0.5).clamp(0, 1).unflatten(1, (_PICTURE, _PICTURE))[:, None]
    colour, slope = torch.rand(len(shapes), 3, 1, 1) * 0.8, torch.rand(len(shapes), 2, 1, 1, 1) - 0.5
    shade = 1 + slope[:, 0] * x + slope[:, 1] * y
    speckles = 0.1 * torch.randn(len(shapes), 1, _PICTURE, _PICTURE)
    inside = (colour * shade + speckles).clamp(0, 1)
    return (inside * cover + (1 - cover)) * 2 - 1


# --- the training ---------------------------------------------------------------------------------------------------


def _train_decoder(vae: nn.Module) -> None:
    def loss() -> Tensor:
        shapes = _random_shapes(_BATCH // 2) * 1.2
        spread = torch.rand(len(shapes), _POINTS, 3) * 2.02 - 1.01
        near = spread / _radius(spread, shapes)[..., None] * (1 + 0.1 * torch.randn(len(shapes), _POINTS, 1))
        points = torch.cat((spread, near), dim=1)
        scale = _half_sides(shapes).amin(dim=1)[:, None] * _FIELD_PER_UNIT
        field = ((1 - _radius(points, shapes)) * scale).clamp(-1, 1)
        latents = _latents(shapes) + 0.1 * torch.randn(len(shapes), _VAE["num_latents"], _VAE["embed_dim"])
        tokens = vae.transformer(vae.post_kl(latents / vae.scale_factor))
        return (vae.geo_decoder(queries=points, latents=tokens)[..., 0] - field).square().mean()

    _train(list(vae.parameters()), loss, _DECODER_STEPS)


def _train_sampler(dit: nn.Module, conditioner: nn.Module) -> None:
    """The encoder is also asked for the two numbers directly, which shows it sooner what to look for."""
    numbers = nn.Linear(_DINO["hidden_size"], 2)

    def loss() -> Tensor:
        shapes = _random_shapes(_BATCH)
        target = _latents(shapes)
        start, time = torch.randn_like(target), torch.rand(_BATCH) * 0.9
        noisy = torch.lerp(start, target, time[:, None, None])
        tokens = conditioner(_pictures(shapes))
        flow = dit(noisy, time, {"main": tokens}, guidance=1 + 9 * torch.rand(_BATCH))
        seen = numbers(tokens.mean(dim=1))
        return (flow - (target - start)).square().mean() + (seen - shapes).square().mean()

    _train([*dit.parameters(), *conditioner.parameters(), *numbers.parameters()], loss, _SAMPLER_STEPS)


def _train(parameters: list[nn.Parameter], loss: object, steps: int) -> None:
    optimizer = torch.optim.AdamW(parameters, lr=3e-3, weight_decay=0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=steps, pct_start=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        value = loss()
        value.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
