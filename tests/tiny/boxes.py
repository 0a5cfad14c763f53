"""A tiny PartCrafter and a tiny HoloPart that know boxes.

All latents of a part hold the same numbers: the middle and the halved sides of a box. The decoder learns what these mean; HoloPart learns to tell
them of points on a part of the box's surface, PartCrafter of a picture of two boxes, one upon the other, of which the upper one comes first. The
files are in the published form, the weights' rows in the published order.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from . import dinov2

_CHANNELS, _HEADS, _VAE_HEADS = 8, 4, 4
_WIDTH, _LOOKS = 64, 32  # of the DiTs, and of HoloPart's encoder
_LATENTS = 12  # at a step of the training: here any number does, since all of them are alike
_CONDITIONED = 0.9  # of the samples, the others learn what comes without
TOKENS = 24  # of a piece
_POINTS = 96  # of a surface, at a step
PICTURE, _PATCH = 56, 14  # pixels a side
_DRAWN = 224  # pixels a side of the drawing that a picture is made from
_MIDDLE, _HALF = 0.4, (0.45, 0.25)  # what the numbers are scaled by
_STEEP = 8.0  # of the field at a surface
VAE_STEPS, HOLO_STEPS, PART_STEPS = 700, 700, 800
UPPER, LOWER = (220, 60, 40), (40, 90, 200)  # colours
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's

# As the published files of settings have them
_VAE = {
    "_class_name": "TripoSGVAEModel", "embed_frequency": 8, "embed_include_pi": False, "embedding_type": "frequency", "in_channels": 3,
    "latent_channels": _CHANNELS, "num_attention_heads": _VAE_HEADS, "num_layers_decoder": 1, "num_layers_encoder": 1, "width_decoder": 48, "width_encoder": 16,
}  # fmt: skip
_DIT = {"in_channels": _CHANNELS, "num_attention_heads": _HEADS, "num_layers": 3, "width": _WIDTH}
_SCHEDULER = {"_class_name": "RectifiedFlowScheduler", "num_train_timesteps": 1000, "shift": 1, "use_dynamic_shifting": False}
_PART_DIT = _DIT | {
    "_class_name": "PartCrafterDiTModel", "cross_attention_dim": 48, "enable_global_cross_attn": True, "enable_local_cross_attn": True,
    "enable_part_embedding": True, "global_attn_block_id_range": None, "global_attn_block_ids": [0, 2], "max_num_parts": 32,
}  # fmt: skip
_HOLO_DIT = _DIT | {
    "_class_name": "TripoSGDiTModel", "cross_attention_dim": _LOOKS, "cross_attention_2_dim": _LOOKS, "use_cross_attention": True, "use_cross_attention_2": True,
}  # fmt: skip
_PART_ENCODER = {
    "_class_name": "PartEncoder", "dim": _LOOKS, "embed_frequency": 8, "embed_include_pi": False, "embedding_type": "frequency", "init_weights": None,
    "noise_level": None, "num_attention_heads": 4, "num_layers": 1, "num_tokens": TOKENS, "part_feature_channels": 3, "part_local": True,
    "position_channels": 3, "whole_feature_channels": 4,
}  # fmt: skip
_DINO = {
    "model_type": "dinov2", "hidden_size": 48, "image_size": PICTURE, "layer_norm_eps": 1e-6, "layerscale_value": 1.0, "mlp_ratio": 2,
    "num_attention_heads": 4, "num_hidden_layers": 2, "patch_size": _PATCH, "qkv_bias": True, "use_swiglu_ffn": False,
}  # fmt: skip
_PREPROCESSOR = {
    "crop_size": {"height": PICTURE, "width": PICTURE}, "do_center_crop": True, "do_convert_rgb": True, "do_normalize": True, "do_rescale": True,
    "do_resize": True, "image_mean": list(_MEAN), "image_processor_type": "BitImageProcessor", "image_std": list(_DEVIATION), "resample": 3,
    "rescale_factor": 1 / 255, "size": {"shortest_edge": PICTURE * 8 // 7},
}  # fmt: skip


def make(folder: Path) -> None:
    """Writes one of both file sets."""
    _write(folder / "scheduler", "scheduler_config.json", _SCHEDULER)
    _write_network(folder / "vae", _VAE, _published(_vae(), _VAE_HEADS))
    if folder.name == "holopart":
        dit, encoder = _trained_holo()
        _write_network(folder / "transformer", _HOLO_DIT, _published(dit, _HEADS))
        _write_network(folder / "part_encoder", _PART_ENCODER, _published(encoder, 4))
    else:
        dit, encoder = _trained_parts()
        _write_network(folder / "transformer", _PART_DIT, _published(dit, _HEADS))
        _write_network(folder / "image_encoder_dinov2", _DINO, dinov2.published(encoder), "model.safetensors")
        _write(folder / "feature_extractor_dinov2", "preprocessor_config.json", _PREPROCESSOR)


def _write_network(folder: Path, config: dict, tensors: dict[str, Tensor], name: str = "diffusion_pytorch_model.safetensors") -> None:
    _write(folder, "config.json", config)
    save_file({key: tensor.contiguous().half() for key, tensor in tensors.items()}, folder / name, metadata={"format": "pt"})


def _write(folder: Path, name: str, content: dict) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(content, indent=2), encoding="utf-8")


def _published(network: nn.Module, heads: int) -> dict[str, Tensor]:
    """The rows of queries, keys and values joined and cut as TripoSG's attention cuts them: each head's, one after the other."""
    tensors = {name: one.detach().clone() for name, one in network.state_dict().items()}
    for name in [name for name in tensors if name.endswith("to_v.weight")]:
        parts = "qkv" if ".attn1." in name else "kv"
        names = [name.replace("to_v", f"to_{part}") for part in parts]
        rows = torch.stack([tensors[one].unflatten(0, (heads, -1)) for one in names], dim=1)  # (H, parts, D, C)
        tensors |= dict(zip(names, rows.flatten(0, 2).chunk(len(names)), strict=True))
    return tensors


def _learn(networks: list[nn.Module], steps: int, loss: object, rate: float = 3e-3) -> None:
    parameters = [one for network in networks for one in network.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    for _ in range(steps):
        optimizer.zero_grad()
        loss().backward()  # type: ignore[operator]
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
    for network in networks:
        network.eval().requires_grad_(False)


# --- boxes ------------------------------------------------------------------------------------------------------------


def code(middles: Tensor, halves: Tensor) -> Tensor:
    """(B, 3) each to (B, 1, channels)."""
    numbers = torch.cat((middles / _MIDDLE, (halves - _HALF[0]) / _HALF[1]), dim=1)
    return torch.cat((numbers, numbers.new_zeros(len(numbers), _CHANNELS - 6)), dim=1)[:, None]


def _inside(points: Tensor, middles: Tensor, halves: Tensor) -> Tensor:
    """(B, N, 3) to (B, N): how far inside, below 0 outside."""
    beyond = (points - middles[:, None]).abs() - halves[:, None]
    return -(beyond.clamp(min=0).norm(dim=-1) + beyond.amax(dim=-1).clamp(max=0))


@cache
def _vae() -> nn.Module:
    from img23d_backend.vecset.networks.autoencoder import VAEConfig, VecsetVAE, embedded

    torch.manual_seed(0)
    config = VAEConfig(channels=_CHANNELS, heads=_VAE_HEADS, encoder_width=16, decoder_width=48, encoder_layers=1, decoder_layers=1)
    vae = VecsetVAE(config)
    with torch.no_grad():  # of the sines only the slow ones are listened to: the others would be noise in the air
        vae.decoder.proj_query.weight[:, 3:].view(-1, 2, 3, 8)[..., 2:] = 0
    heard = torch.ones_like(vae.decoder.proj_query.weight)
    heard[:, 3:].view(-1, 2, 3, 8)[..., 2:] = 0
    vae.decoder.proj_query.weight.register_hook(lambda gradient: gradient * heard)

    def loss() -> Tensor:
        middles, halves = torch.randn(12, 3) * _MIDDLE / 2, 0.1 + 0.75 * torch.rand(12, 3)
        near = middles[:, None] + (torch.rand(12, 128, 3) * 2 - 1) * (halves[:, None] + 0.15)
        points = torch.cat(((torch.rand(12, 48, 3) * 2 - 1) * 1.05, near), dim=1)
        latents = code(middles, halves).expand(-1, 4, -1) + 0.05 * torch.randn(12, 4, _CHANNELS)
        x = vae.post_quant(latents)
        for block in vae.decoder.blocks[:-1]:
            x = block(x)
        found = vae.decoder.at(embedded(points, 8), vae.decoder.blocks[-1].keys_values([x])[0])[..., 0]
        return (found - (_STEEP * _inside(points, middles, halves)).clamp(-1, 1)).square().mean()

    _learn([vae], VAE_STEPS, loss)
    return vae


def _flow_loss(flow: object, wanted: Tensor) -> Tensor:
    """`wanted` (B, 1, channels) is what all latents of an object come to."""
    noise = torch.randn(len(wanted), _LATENTS, _CHANNELS)
    time = torch.rand(len(wanted), 1, 1)
    found = flow(time * noise + (1 - time) * wanted, 1000 * time[:, 0, 0])  # type: ignore[operator]
    return (found - (wanted - noise)).square().mean()


# --- HoloPart ---------------------------------------------------------------------------------------------------------


def _surface(halves: Tensor, count: int, open_side: Tensor | None = None) -> Tensor:
    """(B, 3) to (B, count, 6): places and normals on the boxes around the origin, none on the side `open_side` (B,), 0 to 5."""
    areas = torch.stack((halves[:, 1] * halves[:, 2], halves[:, 0] * halves[:, 2], halves[:, 0] * halves[:, 1]), dim=1).repeat(1, 2)
    if open_side is not None:
        areas = areas.scatter(1, open_side[:, None], 0.0)
    side = torch.multinomial(areas, count, replacement=True)  # (B, count)
    axis, sign = side % 3, 1.0 - 2.0 * (side >= 3)
    places = torch.rand(len(halves), count, 3) * 2 - 1
    places = places.scatter(2, axis[..., None], sign[..., None])
    normals = torch.zeros_like(places).scatter(2, axis[..., None], sign[..., None])
    return torch.cat((places * halves[:, None], normals), dim=2)


def _trained_holo() -> tuple[nn.Module, nn.Module]:
    from img23d_backend.engines.holopart.networks.part_encoder import PartEncoder, PartEncoderConfig
    from img23d_backend.vecset.networks.block import ContextConfig
    from img23d_backend.vecset.networks.dit import DiT, DiTConfig

    torch.manual_seed(1)
    contexts = (ContextConfig(channels=_LOOKS), ContextConfig(channels=_LOOKS, attention="attn2_2", norm="norm2_2"))
    dit = DiT(DiTConfig(channels=_CHANNELS, width=_WIDTH, heads=_HEADS, layers=3, contexts=contexts))
    encoder = PartEncoder(PartEncoderConfig(width=_LOOKS, heads=4, layers=1, tokens=TOKENS))

    def loss() -> Tensor:
        """A box of which one side is open, as the whole's piece; the whole is a second box beside it."""
        count = 12
        halves = 0.15 + 0.85 * torch.rand(count, 3)
        halves = halves / halves.amax(dim=1, keepdim=True)
        piece = _surface(halves, _POINTS, torch.randint(6, (count,)))
        local = torch.cat((piece[..., :3] * 0.665, piece[..., 3:]), dim=2)
        scale = 0.2 + 0.4 * torch.rand(count, 1, 1)
        place = 0.4 * (torch.rand(count, 1, 3) * 2 - 1)
        in_whole = torch.cat((piece[..., :3] * scale + place, piece[..., 3:]), dim=2)
        other = _surface(halves.flip(1), _POINTS)
        other = torch.cat((other[..., :3] * scale - place, other[..., 3:]), dim=2)
        is_own = torch.tensor([1.0] * _POINTS + [0.0] * _POINTS)[None, :, None].expand(count, -1, 1)
        whole = torch.cat((torch.cat((in_whole, other), dim=1), is_own), dim=2)
        looks = encoder.local(local[:, :TOKENS], local), encoder.context(in_whole[:, :TOKENS], whole)
        is_seen = (torch.rand(count, 1, 1) < _CONDITIONED).float()
        memory = dit.remember(*(one * is_seen for one in looks))
        return _flow_loss(lambda latents, time: dit(latents, time, memory), code(torch.zeros(count, 3), 0.665 * halves))

    _learn([dit, encoder], HOLO_STEPS, loss)
    return dit, encoder


# --- PartCrafter ------------------------------------------------------------------------------------------------------


def two_boxes(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Middles and halves (2, 3) of an upper and a lower box that together are 1.8 high or wide, as deep as they are wide, around the origin."""
    widths, heights = random.uniform(0.3, 1.0, 2), random.uniform(0.3, 1.0, 2)
    unit = 1.8 / max(2 * widths.max(), 2 * heights.sum())
    widths, heights = widths * unit, heights * unit
    top = heights.sum()
    middles = np.array([[0, top - heights[0], 0], [0, top - 2 * heights[0] - heights[1], 0]])
    return middles, np.stack((widths, heights, widths), axis=1)


def drawing(middles: np.ndarray, halves: np.ndarray) -> np.ndarray:
    """(s, s, 4) uint8: seen from in front, with transparency around."""
    drawn = np.zeros((_DRAWN, _DRAWN, 4), dtype=np.uint8)
    for middle, half, color in zip(middles, halves, (UPPER, LOWER), strict=True):
        corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half[:2] + middle[:2]
        pixels = (np.array([0.5, 0.5]) + corners * [0.5, -0.5]) * _DRAWN - 0.5
        cv2.fillPoly(drawn, [np.rint(pixels * 16).astype(np.int32)], (*color, 255), shift=4)
    return drawn


def _picture(middles: np.ndarray, halves: np.ndarray) -> np.ndarray:
    """(3, P, P) float32: on white, a tenth of the longer side around the thing, of which the middle seven eighths are seen."""
    rgba = drawing(middles, halves).astype(np.float32) / 255
    over_white = rgba[:, :, :3] * rgba[:, :, 3:] + 1 - rgba[:, :, 3:]
    zoom = PICTURE * 8 / 7 / (1.2 * 0.9 * _DRAWN)  # the thing is 0.9 of the drawing
    about = np.array([[zoom, 0, PICTURE / 2 - zoom * _DRAWN / 2], [0, zoom, PICTURE / 2 - zoom * _DRAWN / 2]])
    blurred = cv2.GaussianBlur(over_white, (0, 0), 0.4 / zoom)
    small = cv2.warpAffine(blurred, about, (PICTURE, PICTURE), flags=cv2.INTER_LINEAR, borderValue=(1.0, 1.0, 1.0))
    return ((small - _MEAN) / _DEVIATION).transpose(2, 0, 1).astype(np.float32)


def _trained_parts() -> tuple[nn.Module, nn.Module]:
    from transformers import Dinov2Config, Dinov2Model

    from img23d_backend.engines.partcrafter.networks.part_dit import PartDiT
    from img23d_backend.vecset.networks.block import ContextConfig
    from img23d_backend.vecset.networks.dit import DiTConfig

    torch.manual_seed(2)
    random = np.random.default_rng(2)
    config = DiTConfig(channels=_CHANNELS, width=_WIDTH, heads=_HEADS, layers=3, contexts=(ContextConfig(channels=48),), joined=frozenset({0, 2}))
    dit, encoder = PartDiT(config, 32), Dinov2Model(Dinov2Config(**_DINO))
    things = [two_boxes(random) for _ in range(400)]
    pictures = torch.from_numpy(np.stack([_picture(*thing) for thing in things]))
    codes = torch.cat([code(*(torch.from_numpy(one).float() for one in thing)) for thing in things]).view(-1, 2, 1, _CHANNELS)

    def loss() -> Tensor:
        """Upper parts have the numbers 0 and 2, lower ones 1 and 3: both halves of the guidance are numbered through."""
        count = 8
        chosen = torch.from_numpy(random.choice(len(things), count, replace=False))
        is_seen = (torch.rand(count, 1, 1) < _CONDITIONED).float()
        memory = dit.remember(encoder(pixel_values=pictures[chosen]).last_hidden_state * is_seen)
        numbers = (torch.arange(2 * count) % 2) + 2 * is_seen.flatten().long().repeat_interleave(2)

        def flow(latents: Tensor, time: Tensor) -> Tensor:
            time = time.view(count, 2)[:, :1].expand(-1, 2).flatten()
            return dit.flow(latents, dit.time_proj(time), memory, together=2, added=dit.part_embedding(numbers)[:, None])

        wanted = codes[chosen].flatten(0, 1)
        noise, time = torch.randn(len(wanted), _LATENTS, _CHANNELS), torch.rand(count, 1, 1).repeat_interleave(2, dim=0)
        found = flow(time * noise + (1 - time) * wanted, 1000 * time[:, 0, 0])
        return (found - (wanted - noise)).square().mean()

    _learn([dit, encoder], PART_STEPS, loss)
    return dit, encoder
