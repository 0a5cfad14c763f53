"""Small checkpoints of TRELLIS in the published layout at random weights, with structures and numbers as a test wants them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from tiny.dinov2 import published
from torch import nn
from transformers import Dinov2WithRegistersConfig, Dinov2WithRegistersModel

from img23d_backend.engines.trellis.config.published import config_of
from img23d_backend.engines.trellis.networks.slat_decoders import SLatGaussianDecoder, SLatMeshDecoder
from img23d_backend.engines.trellis.networks.slat_flow import SLatFlowModel
from img23d_backend.engines.trellis.networks.structure_decoder import SparseStructureDecoder
from img23d_backend.engines.trellis.networks.structure_flow import SparseStructureFlowModel
from img23d_backend.weights.store import WeightStore
from img23d_protocol.messages import Settings

SET, ENCODER = "trellis-image-large", "dinov2-with-registers-large"
WIDTH, SIDE = 32, 56  # of the picture's tokens, and of the picture
GRID = 16  # voxels a side
SETTINGS = Settings.of(structure_steps=2, latent_steps=2, trellis_faces=2000, splat_count=0, shape_device="cpu", locate_device="cpu", matte_device="cpu")
Change = Callable[[nn.Module], None]

_FLOW = {
    "in_channels": 8, "out_channels": 8, "model_channels": 48, "cond_channels": WIDTH, "num_blocks": 2, "num_heads": 4, "mlp_ratio": 4,
    "pe_mode": "ape", "qk_rms_norm": True, "use_fp16": True,
}  # fmt: skip
_DECODER = {
    "resolution": GRID, "model_channels": 256, "latent_channels": 8, "num_blocks": 2, "num_heads": 4, "mlp_ratio": 4, "attn_mode": "swin",
    "window_size": 8, "use_fp16": True,
}  # fmt: skip
_SPLATS = {
    "lr": {"_xyz": 1.0, "_features_dc": 1.0, "_opacity": 1.0, "_scaling": 1.0, "_rotation": 0.1}, "perturb_offset": True, "voxel_size": 1.5,
    "num_gaussians": 32, "2d_filter_kernel_size": 0.1, "3d_filter_kernel_size": 0.0009, "scaling_bias": 0.004, "opacity_bias": 0.1,
    "scaling_activation": "softplus",
}  # fmt: skip
# By the names of the published files
NETWORKS: Mapping[str, tuple[type[nn.Module], dict]] = {
    "ss_flow_img_dit_L_16l8_fp16": (SparseStructureFlowModel, {"name": "SparseStructureFlowModel", "args": _FLOW | {"resolution": GRID // 4, "patch_size": 1}}),
    "slat_flow_img_dit_L_64l8p2_fp16": (
        SLatFlowModel,
        {"name": "ElasticSLatFlowModel", "args": _FLOW | {"resolution": GRID, "patch_size": 2, "num_io_res_blocks": 2, "io_block_channels": [16]}},
    ),
    "ss_dec_conv3d_16l8_fp16": (
        SparseStructureDecoder,
        {
            "name": "SparseStructureDecoder",
            "args": {"out_channels": 1, "latent_channels": 8, "num_res_blocks": 1, "num_res_blocks_middle": 1, "channels": [16, 8, 4]},
        },
    ),
    "slat_dec_gs_swin8_B_64l8gs32_fp16": (SLatGaussianDecoder, {"name": "ElasticSLatGaussianDecoder", "args": _DECODER | {"representation_config": _SPLATS}}),
    "slat_dec_mesh_swin8_B_64l8m256c_fp16": (
        SLatMeshDecoder,
        {"name": "ElasticSLatMeshDecoder", "args": _DECODER | {"representation_config": {"use_color": True}}},
    ),
}
STRUCTURE_FLOW, LATENT_FLOW, STRUCTURE_DECODER, SPLAT_DECODER, MESH_DECODER = NETWORKS
_SAMPLER = {
    "name": "FlowEulerGuidanceIntervalSampler",
    "args": {"sigma_min": 1e-5},
    "params": {"steps": 25, "cfg_strength": 5.0, "cfg_interval": [0.5, 1.0], "rescale_t": 3.0},
}
PIPELINE = {
    "name": "TrellisImageTo3DPipeline",
    "args": {
        "sparse_structure_sampler": _SAMPLER,
        "slat_sampler": _SAMPLER,
        "slat_normalization": {"mean": [0.1 * channel for channel in range(8)], "std": [2.0] * 8},
    },
}


def write(folder: Path, changes: Mapping[str, Change] | None = None) -> Path:
    """A models folder. `changes` are made to networks after they got their random numbers."""
    (folder / SET / "ckpts").mkdir(parents=True)
    (folder / SET / "pipeline.json").write_text(json.dumps(PIPELINE), encoding="utf-8")
    for name, (make, content) in NETWORKS.items():
        network = make(config_of(content["name"], content["args"]))
        randomize(network)
        (changes or {}).get(name, lambda network: None)(network)
        save_file({key: tensor.contiguous() for key, tensor in network.state_dict().items()}, folder / SET / "ckpts" / f"{name}.safetensors")
        (folder / SET / "ckpts" / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    write_encoder(folder / ENCODER)
    for row in (SET, ENCODER):
        WeightStore(folder).adopt(row)
    return folder


def write_encoder(folder: Path, side: int = SIDE) -> Dinov2WithRegistersModel:
    """As published: transformers 4's names, single precision."""
    folder.mkdir(parents=True)
    config = Dinov2WithRegistersConfig(hidden_size=WIDTH, num_hidden_layers=2, num_attention_heads=2, image_size=side, patch_size=14, num_register_tokens=4)
    network = Dinov2WithRegistersModel(config)
    randomize(network)
    network.eval()
    tensors = published(network) | {"embeddings.register_tokens": network.embeddings.register_tokens.detach()}
    save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, folder / "model.safetensors", metadata={"format": "pt"})
    content = {key: value for key, value in config.to_dict().items() if key != "dtype"} | {"architectures": ["Dinov2WithRegistersModel"]}
    (folder / "config.json").write_text(json.dumps(content), encoding="utf-8")
    return network


def randomize(network: nn.Module) -> None:
    """Matrices that keep the size of what goes through them; gains around 1."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in network.parameters():
            spread = max(parameter[0].numel(), 1) ** -0.5 if parameter.dim() > 1 else 0.1
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * spread + (parameter.dim() == 1) * parameter)


def structure_of(bias: float, *, gain: float = 0.0) -> Change:
    """A structure decoder whose logits are `bias` and `gain` times random numbers: nothing below 0, everything above it."""

    def change(network: nn.Module) -> None:
        last = network.out_layer[2]
        last.weight.data *= gain
        last.bias.data.fill_(bias)

    return change
