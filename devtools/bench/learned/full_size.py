"""The shape model at its published size with random weights, in the published layout; and hy3dgen's own path beside ours.

The numbers are those that several ports of the small model quote: the time and the memory depend on them, the results
mean nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ...places import BACKEND, EXTENSION, ROOT

if TYPE_CHECKING:
    from published.lists import PublishedFile

MODEL = {
    "in_channels": 64, "context_in_dim": 1536, "hidden_size": 1024, "mlp_ratio": 4.0, "num_heads": 16, "depth": 8,
    "depth_single_blocks": 16, "axes_dim": [64], "theta": 10_000, "qkv_bias": True, "guidance_embed": False,
}  # fmt: skip
VAE = {
    "num_latents": 512, "embed_dim": 64, "num_freqs": 8, "include_pi": False, "heads": 16, "width": 1024,
    "num_decoder_layers": 16, "qkv_bias": False, "qk_norm": True, "scale_factor": 1.0188137142395404,
}  # fmt: skip
ENCODER = {
    "hidden_act": "gelu", "hidden_size": 1536, "image_size": 518, "layer_norm_eps": 1e-6, "layerscale_value": 1.0,
    "mlp_ratio": 4, "model_type": "dinov2", "num_attention_heads": 24, "num_channels": 3, "num_hidden_layers": 40,
    "patch_size": 14, "qkv_bias": True, "use_swiglu_ffn": True,
}  # fmt: skip
PICTURE = 512  # pixels
TOKENS = 1370
DEVIATION = 0.02  # more overflows half precision
_NUMBERS = 1 << 20  # random ones, again and again
_NUMPY = {"F16": "<f2", "F32": "<f4"}  # by the safetensors format's names


def use_the_projects_code() -> None:
    """The backend, and the tests' way of importing hy3dgen's own pipeline without torchvision and pymeshlab."""
    sys.path[:0] = [str(path) for path in (BACKEND, EXTENSION / "shared", ROOT / "tests", ROOT / "tests" / "learned")]


def write_random(path: Path, file: PublishedFile, is_scale: Callable[[str], bool]) -> None:
    """As the safetensors format lays it out: the published names, shapes and types. What scales lies around 1, all else around 0; whole
    numbers are 0.
    """
    import numpy as np

    noise = np.random.default_rng(0).standard_normal(_NUMBERS) * DEVIATION
    kinds = {(dtype, middle): (noise + middle).astype(kind) for dtype, kind in _NUMPY.items() for middle in (0, 1)}
    zeros = np.zeros(_NUMBERS, dtype="<i8")
    with path.open("wb") as out:
        out.write(file.head())
        for name, entry in file.header().items():
            begin, end = entry["data_offsets"]
            numbers = kinds.get((entry["dtype"], int(is_scale(name))), zeros)
            for left in range((end - begin) // numbers.itemsize, 0, -_NUMBERS):
                out.write(numbers[: min(left, _NUMBERS)].data)


def write(folder: Path) -> int:
    """config.yaml and a weight file of 3.8 GB; its bytes. The same million random numbers again and again."""
    import torch
    import yaml
    from safetensors.torch import save_file
    from tiny.shape import published_config

    folder.mkdir(parents=True, exist_ok=True)
    config = published_config(dit=MODEL, vae=VAE, dino=ENCODER, picture=PICTURE)
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    random = (torch.randn(1 << 20, generator=torch.Generator().manual_seed(0)) * DEVIATION).half()
    tensors = {}
    for key, shape in _shapes():
        count = shape.numel()
        around = 1.0 if "norm" in key and key.endswith("weight") else 0.0
        tensors[key] = random.repeat(-(-count // len(random)))[:count].reshape(shape) + around
    path = folder / "model.fp16.safetensors"
    save_file(tensors, path)
    return path.stat().st_size


def _shapes() -> Iterator[tuple[str, object]]:
    import torch

    from img23d_backend.engines.hunyuan3d.networks.conditioner import ImageEncoder
    from img23d_backend.engines.hunyuan3d.networks.dit import ShapeDiT
    from img23d_backend.engines.hunyuan3d.networks.vae import ShapeVAE

    encoder = {"type": "DinoImageEncoder", "kwargs": {"config": ENCODER, "image_size": ENCODER["image_size"]}}
    with torch.device("meta"):
        networks = {
            "model": ShapeDiT(**MODEL), "vae": ShapeVAE(**VAE), "conditioner": ImageEncoder(main_image_encoder=encoder)
        }  # fmt: skip
    for name, network in networks.items():
        for key, tensor in network.state_dict().items():
            yield f"{name}.{key}", tensor.shape
