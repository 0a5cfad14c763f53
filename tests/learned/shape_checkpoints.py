"""Small shape checkpoints with random weights, in the published layout; and hy3dgen's own pipeline on them."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import torch
import yaml
from tiny.shape import published_config, save
from torch import nn

PATCH = 14  # pixels; 56 pixels are 4 x 4 patches and a class token
DIT = {
    "in_channels": 8, "context_in_dim": 24, "hidden_size": 32, "mlp_ratio": 4.0, "num_heads": 4, "depth": 2,
    "depth_single_blocks": 3, "axes_dim": [8], "theta": 10_000, "qkv_bias": True, "guidance_embed": False,
}  # fmt: skip
VAE = {
    "num_latents": 12, "embed_dim": 8, "num_freqs": 8, "include_pi": False, "heads": 4, "width": 32,
    "num_decoder_layers": 2, "qkv_bias": False, "qk_norm": True, "scale_factor": 1.0188137142395404,
}  # fmt: skip
DINO = {
    "hidden_act": "gelu", "hidden_size": 24, "image_size": 56, "layer_norm_eps": 1e-6, "layerscale_value": 1.0,
    "mlp_ratio": 4, "model_type": "dinov2", "num_attention_heads": 2, "num_channels": 3, "num_hidden_layers": 2,
    "patch_size": PATCH, "qkv_bias": True, "use_swiglu_ffn": True,
}  # fmt: skip
TURBO = {"num_train_timesteps": 1000, "pcm_timesteps": 100}


def config(
    *,
    guidance_embed: bool = False,
    dit: Mapping[str, object] | None = None,
    vae: Mapping[str, object] | None = None,
    **others: object,
) -> dict:
    """config.yaml's content, with the published names (`tiny.shape.published_config` has the other keywords)."""
    return published_config(
        dit=DIT | {"guidance_embed": guidance_embed} | dict(dit or {}),
        vae=VAE | dict(vae or {}),
        dino=DINO,
        picture=64,
        **others,
    )


def write(folder: Path, content: dict, *, seed: int = 0, deviation: float = 0.1, decoder: Callable[[nn.Module], None] | None = None) -> None:
    """The two files, with random weights, or with those that `decoder` writes into the VAE."""
    from img23d_backend.engines.hunyuan3d.networks.conditioner import ImageEncoder
    from img23d_backend.engines.hunyuan3d.networks.dit import ShapeDiT
    from img23d_backend.engines.hunyuan3d.networks.vae import ShapeVAE

    makers = {"model": ShapeDiT, "vae": ShapeVAE, "conditioner": ImageEncoder}
    networks = {name: randomized(make(**content[name]["params"]), seed, deviation) for name, make in makers.items()}
    if decoder is not None:
        decoder(networks["vae"])
    save(folder, content, networks)


def randomized(network: nn.Module, seed: int = 0, deviation: float = 0.1) -> nn.Module:
    """Every parameter normally distributed, those of norms around 1."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            around = 1.0 if "norm" in name and name.endswith("weight") else 0.0
            parameter.copy_(around + deviation * torch.randn(parameter.shape, generator=generator))
    return network


def sphere(vae: nn.Module, centre: tuple[float, float, float], radius: float) -> None:
    """Turns the decoder into a ball's field: radius^2 - |x - centre|^2, squashed, whatever the latents are.

    The square is a sum of cosines, which the points' embedding has; channels 2 and 3 keep the last norm from dividing the
    ball out.
    """
    line = torch.linspace(-1.01, 1.01, 400, dtype=torch.float64)
    frequencies = 2.0 ** torch.arange(3, dtype=torch.float64)
    columns = torch.cat((torch.ones_like(line)[:, None], torch.cos(line[:, None] * frequencies)), dim=1)
    constant, *weights = torch.linalg.lstsq(columns, (line**2)[:, None]).solution[:, 0].tolist()
    decoder, block = vae.geo_decoder, vae.geo_decoder.cross_attn_decoder
    for layer in (decoder.query_proj, block.attn.c_proj, block.mlp.c_proj, decoder.output_proj):
        layer.weight.data.zero_()
        layer.bias.data.zero_()
    decoder.ln_post.weight.data.fill_(1)
    decoder.ln_post.bias.data.zero_()
    offset = radius**2 - sum(one**2 for one in centre) - 3 * constant
    terms = decoder.fourier_embedder.num_freqs
    for channel, sign in ((0, 1.0), (1, -1.0)):
        row = decoder.query_proj.weight.data[channel]
        decoder.query_proj.bias.data[channel] = sign * offset
        for axis, middle in enumerate(centre):
            row[axis] = sign * 2 * middle  # the embedding is x, sines by axis and frequency, cosines likewise
            for term, weight in enumerate(weights):
                row[3 + 3 * terms + axis * terms + term] = -sign * weight
        decoder.output_proj.weight.data[0, channel] = sign * 4
    decoder.query_proj.bias.data[2:4] = torch.tensor([8.0, -8.0])


def empty(vae: nn.Module) -> None:
    """Turns the decoder into a field that is outside everywhere."""
    vae.geo_decoder.output_proj.weight.data.zero_()
    vae.geo_decoder.output_proj.bias.data.fill_(-1)


@contextmanager
def hy3dgen_importable() -> Iterator[None]:
    """While hy3dgen's own packages are imported: three modules that they want and this environment does not have.

    torchvision (three transforms of tensors are used), pymeshlab and xatlas (nothing of them is used here). The libraries that look
    for torchvision are imported before.
    """
    import diffusers.schedulers.scheduling_utils
    import diffusers.utils.torch_utils  # noqa: F401
    from transformers import CLIPVisionModelWithProjection, Dinov2Model  # noqa: F401

    names = ("torchvision", "torchvision.transforms", "pymeshlab", "xatlas")
    stand_ins = {name: ModuleType(name) for name in names}
    transforms = stand_ins["torchvision.transforms"]
    transforms.Compose, transforms.Resize = _Compose, _Resize
    transforms.CenterCrop, transforms.Normalize = _Unchanged, _Normalize
    transforms.InterpolationMode = type("InterpolationMode", (), {"BILINEAR": "bilinear"})
    stand_ins["torchvision"].transforms = transforms
    stand_ins["pymeshlab"].MeshSet = object
    before = {name: sys.modules.get(name) for name in names}
    sys.modules |= stand_ins
    try:
        yield
    finally:
        for name, module in before.items():
            sys.modules.pop(name)
            if module is not None:
                sys.modules[name] = module


def with_new_names(folder: Path) -> Path:
    """A folder within with the same model, its encoder as transformers 5 names it: transformers' own mapping does it."""
    from safetensors.torch import load_file, save_file
    from transformers import Dinov2Model

    made = folder / "new_names"
    made.mkdir()
    shutil.copy(folder / "config.yaml", made)
    tensors, prefix = load_file(folder / "model.fp16.safetensors"), "conditioner.main_image_encoder.model."
    encoder = {key.removeprefix(prefix): tensors.pop(key) for key in list(tensors) if key.startswith(prefix)}
    content = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    keywords = content["conditioner"]["params"]["main_image_encoder"]["kwargs"]["config"]
    with tempfile.TemporaryDirectory() as place:
        save_file(encoder, Path(place) / "model.safetensors", {"format": "pt"})
        (Path(place) / "config.json").write_text(json.dumps(keywords), encoding="utf-8")
        network = Dinov2Model.from_pretrained(place, dtype=torch.float16)
        renamed = {prefix + key: tensor.clone() for key, tensor in network.state_dict().items()}
    save_file(tensors | renamed, made / "model.fp16.safetensors")
    return made


def hy3dgen_pipeline(folder: Path, dtype: torch.dtype = torch.float32) -> object:
    """hy3dgen's own pipeline by its own loader, which with transformers 5 takes the new names of the encoder's parts only."""
    renamed = with_new_names(folder)
    with hy3dgen_importable():
        from hy3dgen.shapegen.pipelines import Hunyuan3DDiTFlowMatchingPipeline

        return Hunyuan3DDiTFlowMatchingPipeline.from_single_file(
            str(renamed / "model.fp16.safetensors"),
            str(renamed / "config.yaml"),
            device="cpu",
            dtype=dtype,
            use_safetensors=True,
        )


class _Compose:
    def __init__(self, steps: list) -> None:
        self.steps = steps

    def __call__(self, picture: torch.Tensor) -> torch.Tensor:
        for step in self.steps:
            picture = step(picture)
        return picture


class _Resize:
    """What torchvision does with a tensor: torch's own interpolation."""

    def __init__(self, size: int, mode: str, antialias: bool) -> None:
        self.size, self.mode, self.antialias = size, mode, antialias

    def __call__(self, picture: torch.Tensor) -> torch.Tensor:
        size = (self.size, self.size)
        return torch.nn.functional.interpolate(picture, size=size, mode=self.mode, antialias=self.antialias)


class _Unchanged:
    """A crop to the size that a square picture has already."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __call__(self, picture: torch.Tensor) -> torch.Tensor:
        assert picture.shape[-2:] == (self.size, self.size)
        return picture


class _Normalize:
    def __init__(self, mean: list[float], std: list[float]) -> None:
        self.mean, self.std = mean, std

    def __call__(self, picture: torch.Tensor) -> torch.Tensor:
        mean, std = (torch.tensor(values, dtype=picture.dtype)[:, None, None] for values in (self.mean, self.std))
        return (picture - mean) / std
