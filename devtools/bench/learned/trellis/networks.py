"""TRELLIS's networks at their published sizes with random weights, and the things that they are given.

The sizes are those of microsoft/TRELLIS-image-large (ckpts/*.json) and facebook/dinov2-with-registers-large: times and memory depend on
them, what comes out means nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

RESOLUTION = 64  # of the voxels
SIZES = (16_000, 40_000)  # voxels: of an ordinary thing, and of one with much surface
TOKENS, TOKEN_CHANNELS = 1374, 1024  # of a picture of 518 pixels
RADII: Mapping[int, tuple[float, ...]] = {16_000: (0.45,), 40_000: (0.46, 0.40, 0.34)}  # of shells of about one and a half voxels
_DEVIATION = 0.02

_TRANSFORMER = {"model_channels": 1024, "cond_channels": 1024, "num_blocks": 24, "num_heads": 16, "mlp_ratio": 4, "pe_mode": "ape", "qk_rms_norm": True}
_WINDOWS = {
    "resolution": 64,
    "model_channels": 768,
    "latent_channels": 8,
    "num_blocks": 12,
    "num_heads": 12,
    "mlp_ratio": 4,
    "attn_mode": "swin",
    "window_size": 8,
}
_GAUSSIANS = {
    "lr": {"_xyz": 1.0, "_features_dc": 1.0, "_opacity": 1.0, "_scaling": 1.0, "_rotation": 0.1}, "perturb_offset": True, "voxel_size": 1.5,
    "num_gaussians": 32, "2d_filter_kernel_size": 0.1, "3d_filter_kernel_size": 0.0009, "scaling_bias": 0.004, "opacity_bias": 0.1,
    "scaling_activation": "softplus",
}  # fmt: skip
_PUBLISHED: Mapping[str, dict[str, Any]] = {
    "SparseStructureFlowModel": {"resolution": 16, "in_channels": 8, "out_channels": 8, "patch_size": 1, **_TRANSFORMER},
    "SLatFlowModel": {
        "resolution": 64, "in_channels": 8, "out_channels": 8, "patch_size": 2, "num_io_res_blocks": 2, "io_block_channels": [128], **_TRANSFORMER,
    },
    "SparseStructureDecoder": {"out_channels": 1, "latent_channels": 8, "num_res_blocks": 2, "num_res_blocks_middle": 2, "channels": [512, 128, 32]},
    "SLatGaussianDecoder": {**_WINDOWS, "representation_config": _GAUSSIANS},
    "SLatMeshDecoder": {**_WINDOWS, "representation_config": {"use_color": True}},
}  # fmt: skip


def network(name: str, dtype: torch.dtype, device: str) -> nn.Module:
    """By the name of its class; `dtype` is its torso's."""
    import torch

    from img23d_backend.engines.trellis.config.published import config_of

    with torch.device("meta"):
        found = _classes()[name](config_of(name, _PUBLISHED[name]))
    found.set_torso_dtype(dtype)
    return _filled(found, device)


def picture_encoder(device: str) -> nn.Module:
    """In single precision, as the program loads it everywhere."""
    import torch
    from transformers import Dinov2WithRegistersConfig, Dinov2WithRegistersModel

    from img23d_backend.engines.trellis.networks.image_encoder import ImageEncoder

    config = Dinov2WithRegistersConfig(
        hidden_size=TOKEN_CHANNELS, num_hidden_layers=24, num_attention_heads=16, patch_size=14, image_size=518, num_register_tokens=4
    )
    with torch.device("meta"):
        found = ImageEncoder(Dinov2WithRegistersModel(config))
    return _filled(found, device)


def shell(count: int) -> Tensor:
    """(count, 3) int64 cells of the surfaces of one or more ellipsoids inside each other."""
    import torch

    cells = torch.cartesian_prod(*[torch.arange(RESOLUTION)] * 3)
    away = (((cells + 0.5) / RESOLUTION - 0.5) * torch.tensor([1.0, 1.1, 0.98])).norm(dim=1)
    off = torch.stack([(away - radius).abs() for radius in RADII[count]]).amin(dim=0)
    return cells[off.argsort()[:count].sort().values]


def _classes() -> Mapping[str, Callable[..., nn.Module]]:
    from img23d_backend.engines.trellis.networks.slat_decoders import SLatGaussianDecoder, SLatMeshDecoder
    from img23d_backend.engines.trellis.networks.slat_flow import SLatFlowModel
    from img23d_backend.engines.trellis.networks.structure_decoder import SparseStructureDecoder
    from img23d_backend.engines.trellis.networks.structure_flow import SparseStructureFlowModel

    classes = (SparseStructureFlowModel, SLatFlowModel, SparseStructureDecoder, SLatGaussianDecoder, SLatMeshDecoder)
    return {one.__name__: one for one in classes}


def _filled(found: nn.Module, device: str) -> nn.Module:
    """The same million random numbers again and again; what scales lies around 1."""
    import torch

    numbers = torch.randn(1 << 20, generator=torch.Generator().manual_seed(0)).to(device) * _DEVIATION
    found = found.to_empty(device=device).eval()
    with torch.no_grad():
        for key, tensor in found.state_dict().items():
            for part in tensor.view(-1).split(len(numbers)):
                part.copy_(numbers[: len(part)])
            if key.endswith("gamma") or (tensor.dim() == 1 and key.endswith("weight")):
                tensor.add_(1)
    return found
