"""A tiny InstantMesh in the published layout that knows two things, the plain photo's red apple and blue mug, by heart, and nothing else.

The vision encoder tells them apart by a code, the network that draws gives each code its six views, and the reconstruction makes solids of
views like these. The views show outlines and colours, grainy and without the mug's dots; guidance makes the colours stronger than they are.
A picture of anything else becomes one of the two, or something between them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import save_file
from scipy.linalg import hadamard
from torch import Tensor, nn
from torch.nn.functional import interpolate
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from . import latents
from .around import CELLS, VIEW, Thing, cameras, known, means
from .delight import write_text_encoder

ZERO123PLUS, VIEWS, RECONSTRUCTION = "zero123plus", "instantmesh-views", "instantmesh-mesh-large"
TEXT = 32  # channels
SCHEDULER = {
    "_class_name": "EulerAncestralDiscreteScheduler", "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "linear",
    "num_train_timesteps": 1000, "prediction_type": "v_prediction", "steps_offset": 1, "timestep_spacing": "linspace",
}  # fmt: skip
# Six levels, the lowest of 4 by 3 cells: where a view is, only the borders tell, and from there they are seen
_PLAIN, _CROSS = "DownBlock2D", "CrossAttnDownBlock2D"
UNET = {
    "sample_size": 64, "in_channels": 4, "out_channels": 4, "block_out_channels": [16, 32, 48, 64, 64, 64], "layers_per_block": 1,
    "down_block_types": [_PLAIN, _PLAIN, _PLAIN, _CROSS, _CROSS, _PLAIN],
    "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D", "UpBlock2D", "UpBlock2D"],
    "attention_head_dim": [1, 1, 1, 2, 2, 2], "cross_attention_dim": TEXT, "use_linear_projection": True, "norm_num_groups": 4,
}  # fmt: skip
VISION = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2, "patch_size": 32, "image_size": 224,
    "projection_dim": TEXT, "hidden_act": "gelu",
}  # fmt: skip
SIZES = {
    "layers": 2, "features": 12, "is_mesh": True, "channels": 64, "heads": 1, "side": 12, "image_layers": 1,
    "image_channels": 128, "image_heads": 2,  # of another width than the planes' tokens: torch calls the layers between them by other names then
}  # fmt: skip
RAMP = torch.linspace(0, 1, 77)
_CLIP_MEAN, _CLIP_DEVIATION = torch.tensor([0.48145466, 0.4578275, 0.40821073]), torch.tensor([0.26862954, 0.26130258, 0.27577711])
_SEEN, _SEEN_DEVIATION = 512, 0.8  # pixels of the picture that the VAE is given, and what they are divided by
_SHIFT, _SCALE, _PIXELS = 0.22, 0.75, 0.5 / 0.8  # of views' latents, and of their pixels, as Zero123++'s own code has them
_PICTURES = 4  # of each thing
_LOUD = 4.0  # an embedding's numbers: those of the empty text, which it is added to, are about 1
_UNGUIDED, _MOST_GUIDANCE = 0.1, 3.0
_CLOSE = 0.2  # distances are told up to here
_VIEW_STEPS, _SHAPE_STEPS = 500, 300


def make(folder: Path) -> None:
    """Writes the files of one of the three sets, as the folder is called; all come from one training of some five minutes of one thread."""
    networks = _trained()
    if folder.name == VIEWS:
        torch.save(_half(networks[VIEWS]), folder / "diffusion_pytorch_model.bin")
    elif folder.name == RECONSTRUCTION:
        tensors = {f"lrm_generator.{name}": numbers for name, numbers in networks[RECONSTRUCTION].state_dict().items()}
        torch.save({"state_dict": tensors}, folder / "instant_mesh_large.ckpt")
    else:
        _write_zero123plus(folder, networks[ZERO123PLUS])


def _write_zero123plus(folder: Path, vision: nn.Module) -> None:
    _empty_text(folder)
    _write_json(folder / "scheduler" / "scheduler_config.json", SCHEDULER)
    _write_json(folder / "unet" / "config.json", {"_class_name": "UNet2DConditionModel", **UNET})
    _write_json(folder / "vae" / "config.json", {"_class_name": "AutoencoderKL", **latents.CONFIG})
    save_file(_half(latents.make_vae()), folder / "vae" / "diffusion_pytorch_model.safetensors", {"format": "pt"})
    _write_json(folder / "vision_encoder" / "config.json", CLIPVisionConfig(**VISION).to_dict())
    save_file(_half(vision), folder / "vision_encoder" / "model.safetensors", {"format": "pt"})
    _write_json(folder / "model_index.json", {"_class_name": "Zero123PlusPipeline", "ramping_coefficients": RAMP.tolist()})


def _empty_text(folder: Path) -> Tensor:
    """(1, 77, C), of the text encoder that it writes: the same each time."""
    torch.manual_seed(0)
    return write_text_encoder(folder).detach()


def _half(network: nn.Module) -> dict[str, Tensor]:
    return {name: numbers.half().contiguous() if numbers.is_floating_point() else numbers for name, numbers in network.state_dict().items()}


def _write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


@cache
def _trained() -> dict[str, nn.Module]:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        text = _empty_text(Path(folder))
    things = known()
    vision = _train_vision(things)
    views = _train_views(things, vision, text)
    return {ZERO123PLUS: vision, VIEWS: views, RECONSTRUCTION: _train_reconstruction(things)}


def _train(parameters, loss: Callable[[], Tensor], steps: int, rate: float) -> None:
    parameters = [one for one in parameters if one.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=rate, weight_decay=0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=rate, total_steps=steps, pct_start=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        value = loss()
        value.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()


# --- what tells the things apart --------------------------------------------------------------------------------------


def _train_vision(things: list[Thing]) -> nn.Module:
    """An embedding is a code: those of two things have half of their numbers in common, as if drawn by chance."""
    torch.manual_seed(1)
    random = np.random.default_rng(1)
    vision = CLIPVisionModelWithProjection(CLIPVisionConfig(**VISION))
    codes = torch.from_numpy(hadamard(TEXT)[1 : len(things) + 1].astype(np.float32))

    def loss() -> Tensor:
        return (vision(_looked_at(things, random)).image_embeds - codes).square().mean()

    _train(vision.parameters(), loss, 150, 3e-3)
    with torch.no_grad():
        vision.visual_projection.weight.mul_(_LOUD)
    return vision.eval()


def _looked_at(things: list[Thing], random: np.random.Generator) -> Tensor:
    """(N, 3, 224, 224): a picture of each, as CLIP takes it."""
    pictures = torch.stack([one.picture(VISION["image_size"], random) for one in things])
    return (pictures - _CLIP_MEAN[:, None, None]) / _CLIP_DEVIATION[:, None, None]


# --- six views --------------------------------------------------------------------------------------------------------


def _train_views(things: list[Thing], vision: nn.Module, text: Tensor) -> nn.Module:
    """By how far off the expected views are, which counts at all noise levels alike: at the highest, the picture alone decides."""
    from img23d_backend.engines.instantmesh.networks.reference_attention import ReferenceAttention

    torch.manual_seed(2)
    random = np.random.default_rng(2)
    network = UNet2DConditionModel(**UNET)
    attention = ReferenceAttention()
    attention.give_to(network)
    with torch.no_grad():
        network.conv_in.weight.mul_(0.1)  # the noise is to be heeded little, and what the picture's embedding says soon
        for name, module in network.named_modules():
            if name.endswith("attn2"):
                module.to_out[0].weight.mul_(2.0)
        embeddings = torch.stack([vision(_looked_at(things, random)).image_embeds for _ in range(_PICTURES)])  # (P, N, C)
        seen = torch.stack([torch.stack([_seen(one.picture(_SEEN, random)) for one in things]) for _ in range(_PICTURES)])
        views = torch.stack([_sheet(one) for one in things])  # (N, 4, 120, 80)
    usual = views.mean(dim=0)
    levels = (1 - torch.linspace(SCHEDULER["beta_start"], SCHEDULER["beta_end"], 1000)).cumprod(0)

    def loss() -> Tensor:
        which, times = torch.randperm(len(things)), _times(len(things))
        wanted, of = views[which], torch.randint(_PICTURES, (len(things),))
        signal, noise = levels[times].sqrt()[:, None, None, None], (1 - levels[times]).sqrt()[:, None, None, None]
        guided = (torch.rand(len(things), 1, 1, 1) > _UNGUIDED).float()
        given, picture = text + embeddings[of, which, None] * guided[..., 0] * RAMP[:, None], seen[of, which] * guided
        # Where guidance has led, too: away from what is usual
        led = noise**2 * _MOST_GUIDANCE * torch.rand(len(things), 1, 1, 1) * (torch.rand(len(things), 1, 1, 1) < 0.75) * (wanted - usual)
        noisy = signal * (wanted + led) + noise * torch.randn_like(wanted)
        with torch.no_grad(), attention.looking():
            network(signal * picture + noise * torch.randn_like(picture), times, given)
        with attention.drawing():
            velocity = network(noisy, times, given).sample
        return 10 * (signal * noisy - noise * velocity - wanted).square().mean()

    _train(network.parameters(), loss, _VIEW_STEPS, 3e-3)
    return network.eval()


def _times(count: int) -> Tensor:
    """(N,): half of them where noise is nearly all there is."""
    high = torch.rand(count) < 0.5
    return torch.where(high, torch.randint(600, 1000, (count,)), torch.randint(0, 1000, (count,)))


def _seen(picture: Tensor) -> Tensor:
    """(3, 512, 512) in 0..1 to the VAE's latents (4, 64, 64), not scaled."""
    return means((picture - 0.5) / _SEEN_DEVIATION) / latents.SCALE


def _sheet(thing: Thing) -> Tensor:
    """(4, 120, 80): the latents of all six views, two in a row."""
    small = means((thing.views * 2 - 1) * _PIXELS)
    rows = small.unflatten(0, (3, 2)).permute(2, 0, 3, 1, 4)  # (4, 3, 40, 2, 40)
    return (rows.reshape(4, 3 * CELLS, 2 * CELLS) - _SHIFT) * _SCALE


def _developed(sheet: Tensor, vae: nn.Module) -> Tensor:
    """(4, 120, 80) to (6, 3, 320, 320) in 0..1."""
    pixels = vae.decode((sheet[None] / _SCALE + _SHIFT) / latents.SCALE).sample[0] / _PIXELS
    return (pixels / 2 + 0.5).clamp(0, 1).unflatten(2, (2, VIEW)).unflatten(1, (3, VIEW)).permute(1, 3, 0, 2, 4).flatten(0, 1)


# --- the solid --------------------------------------------------------------------------------------------------------


def _train_reconstruction(things: list[Thing]) -> nn.Module:
    """From sharp views, and from those that the network draws: soft, and not quite right."""
    from img23d_backend.engines.instantmesh.networks.reconstruction import Reconstruction, ReconstructionSizes

    torch.manual_seed(3)
    network = Reconstruction(ReconstructionSizes(**SIZES))
    vae, places = latents.make_vae(), cameras()
    with torch.no_grad():
        network.encoder.model.embeddings.position_embeddings.normal_(std=0.3)
        for layers in (network.field.net_deformation, network.field.net_weight):  # the surface is where distances say
            layers[-1].weight.zero_()
            layers[-1].bias.zero_()
        network.field.net_sdf[-1].bias.fill_(_CLOSE)
        soft = [_developed(_sheet(one), vae) for one in things]
    for layers in (network.field.net_deformation, network.field.net_weight):
        layers.requires_grad_(False)

    def loss() -> Tensor:
        return torch.stack([one(int(number)) for number in torch.randperm(len(things))[:2]]).mean()

    def one(number: int) -> Tensor:
        views = things[number].views if torch.rand(()) < 0.3 else soft[number]
        planes = network.planes((views + _wrong(views)).clamp(0, 1), places)
        points = things[number].places(1500)
        features = network.features_at(planes, points)
        distances, colors = things[number].at(points)
        shape = (network.field.distances(features) - distances.clamp(-_CLOSE, _CLOSE)).square().mean() / _CLOSE**2
        near = distances.abs() < 0.06
        return 5 * shape + 4 * (network.field.colors(features[near]) - colors[near]).square().mean()

    _train(network.parameters(), loss, _SHAPE_STEPS, 2e-3)
    return network.requires_grad_(True).eval()


def _wrong(views: Tensor) -> Tensor:
    """Spots, and a share of grey."""
    spots = interpolate(torch.randn(len(views), 3, CELLS, CELLS), VIEW, mode="bilinear", align_corners=False)
    return 0.2 * torch.rand(()) * spots + 0.2 * torch.rand(()) * (0.5 - views) * (torch.rand(()) < 0.5)
