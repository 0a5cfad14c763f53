"""A models folder with InstantMesh's file sets in the published layout, small and with random numbers: nothing in them is trained."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import save_file
from tiny import latents
from tiny.delight import write_text_encoder
from torch import nn
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from img23d_backend.engines.instantmesh.networks.reconstruction import Reconstruction, ReconstructionSizes
from img23d_backend.engines.instantmesh.networks.triplane import features_at
from img23d_backend.weights.store import WeightStore

TEXT = 32  # channels
SCHEDULER = {
    "_class_name": "EulerAncestralDiscreteScheduler", "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "linear",
    "num_train_timesteps": 1000, "prediction_type": "v_prediction", "steps_offset": 1, "timestep_spacing": "linspace",
}  # fmt: skip
UNET = {
    "sample_size": 64, "in_channels": 4, "out_channels": 4, "block_out_channels": [16, 32, 32], "layers_per_block": 1,
    "down_block_types": ["DownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D"], "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D", "UpBlock2D"],
    "attention_head_dim": [1, 2, 2], "cross_attention_dim": TEXT, "use_linear_projection": True, "norm_num_groups": 8,
}  # fmt: skip
VISION = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2, "patch_size": 32, "image_size": 224,
    "projection_dim": TEXT, "hidden_act": "gelu",
}  # fmt: skip
RECONSTRUCTIONS = {"instantmesh-mesh-large": "instant_mesh_large.ckpt", "instantmesh-nerf-base": "instant_nerf_base.ckpt"}


def write(folder: Path) -> Path:
    """`folder` becomes a models folder."""
    torch.manual_seed(0)
    _write_zero123plus(folder / "zero123plus")
    (folder / "instantmesh-views").mkdir()
    torch.save(_half(UNet2DConditionModel(**UNET)), folder / "instantmesh-views" / "diffusion_pytorch_model.bin")
    for set_id, name in RECONSTRUCTIONS.items():
        (folder / set_id).mkdir()
        write_reconstruction(folder / set_id / name, is_mesh="mesh" in name.split("_"))
    store = WeightStore(folder)
    for set_id in ("zero123plus", "instantmesh-views", *RECONSTRUCTIONS):
        store.adopt(set_id)
    return folder


def write_reconstruction(path: Path, *, is_mesh: bool) -> None:
    """As a training wrote it, with other things beside the network. About half of its space is inside."""
    network = Reconstruction(
        ReconstructionSizes(layers=2, features=8, is_mesh=is_mesh, channels=64, heads=1, side=4, image_layers=1, image_channels=64, image_heads=1)
    ).eval()
    with torch.no_grad():
        network.transformer.pos_embed.normal_()
        network.transformer.deconv.weight.mul_(10)
        features = features_at(network.planes(torch.rand(6, 3, 320, 320), torch.rand(6, 16)), torch.rand(5000, 3) * 2 - 1)
        layers = network.field.net_sdf if is_mesh else network.field.net
        layers[-1].bias[0] += (0.0 if is_mesh else 11.0) - layers(features)[:, 0].median()
    torch.save({"state_dict": {f"lrm_generator.{name}": numbers for name, numbers in network.state_dict().items()} | {"lpips.w": torch.zeros(2)}}, path)


def _write_zero123plus(folder: Path) -> None:
    write_text_encoder(folder)
    _write_json(folder / "scheduler" / "scheduler_config.json", SCHEDULER)
    _write_json(folder / "unet" / "config.json", {"_class_name": "UNet2DConditionModel", **UNET})
    _write_json(folder / "vae" / "config.json", {"_class_name": "AutoencoderKL", **latents.CONFIG})
    save_file(_half(latents.make_vae()), folder / "vae" / "diffusion_pytorch_model.safetensors", {"format": "pt"})
    _write_json(folder / "vision_encoder" / "config.json", CLIPVisionConfig(**VISION).to_dict())
    save_file(_half(CLIPVisionModelWithProjection(CLIPVisionConfig(**VISION))), folder / "vision_encoder" / "model.safetensors", {"format": "pt"})
    ramp = {"ramping_coefficients": torch.linspace(0, 1, 77).tolist()}
    _write_json(folder / "model_index.json", {"_class_name": "Zero123PlusPipeline", **ramp})


def _half(network: nn.Module) -> dict[str, torch.Tensor]:
    return {name: numbers.half().contiguous() if numbers.is_floating_point() else numbers for name, numbers in network.state_dict().items()}


def _write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
