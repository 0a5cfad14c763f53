"""A tiny painter, turbo and standard, that paints each side of a solid with what the picture shows of it.

Trained as hy3dgen's own network, whose weights are written as they are published: both halves in one file, each attention
where hy3dgen has it. What it learns from is in `solids`, what pictures it computes with in `latents`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from diffusers import LCMScheduler, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from . import latents
from .solids import CAMERAS, CELLS, lesson

TURBO_SET = "hunyuan3d-paint-turbo"
TURBO_FOLDER, FOLDER = "hunyuan3d-paint-v2-0-turbo", "hunyuan3d-paint-v2-0"
_UNET_FILE = Path("unet", "diffusion_pytorch_model.safetensors")
STANDARD = Path(__file__).with_name("kept") / "hunyuan3d-paint" / FOLDER / _UNET_FILE
# The published noise grows from 0.00085 to 0.012 a step. So much at the start means that nearly every step's sample is
# noise, and that the views are told by maps and picture alone: a network learns that sooner than to keep what is there.
SCHEDULER = {
    "_class_name": "DDIMScheduler", "beta_start": 0.09, "beta_end": 0.00001, "beta_schedule": "scaled_linear",
    "clip_sample": False, "num_train_timesteps": 1000, "prediction_type": "v_prediction",
    "set_alpha_to_one": True, "steps_offset": 1, "timestep_spacing": "trailing",
}  # fmt: skip
UNET = {
    "sample_size": CELLS, "in_channels": 4, "out_channels": 4, "block_out_channels": [32, 48], "layers_per_block": 1,
    "down_block_types": ["DownBlock2D", "DownBlock2D"], "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"],
    "attention_head_dim": [2, 4], "cross_attention_dim": 1024, "use_linear_projection": True, "norm_num_groups": 8,
    "time_embedding_dim": 1280,
}  # fmt: skip
_PROMPT_TOKENS = 77
_STEPS, _BATCH, _VIEWS, _RATE = 200, 16, 1, 5e-3
_LAST_TIME = 30  # the samplers end at 32 (30 steps) and at 98 (turbo)
_UNGUIDED = 0.1  # the share of solids without picture and prompt
_POINTING = 0.1  # the weight of looking at the right place of the picture
_NEAR = 0.8  # cells: how exact that place is


def make(folder: Path) -> None:
    """Writes a painter's files below its file set's folder; the turbo one has the standard one's network."""
    is_turbo = folder.name == TURBO_SET
    tensors = load_file(STANDARD) if is_turbo else trained().state_dict()
    save(folder / (TURBO_FOLDER if is_turbo else FOLDER), tensors, is_turbo=is_turbo)


def save(folder: Path, tensors: Mapping[str, Tensor], *, is_turbo: bool) -> None:
    """As published: the turbo painter's VAE is a pickle in 32 bits with the older names of its attention's layers."""
    vae = latents.make_vae()
    _write_config(folder / "unet" / "config.json", {"_class_name": "UNet2DConditionModel", **UNET})
    _write_config(folder / "vae" / "config.json", {"_class_name": "AutoencoderKL", **latents.CONFIG})
    _write_config(folder / "scheduler" / "scheduler_config.json", SCHEDULER)
    _save_halves(tensors, folder / _UNET_FILE)
    if is_turbo:
        torch.save(latents.with_old_names(vae.state_dict()), folder / "vae" / "diffusion_pytorch_model.bin")
    else:
        _save_halves(vae.state_dict(), folder / "vae" / "diffusion_pytorch_model.safetensors")


def _save_halves(tensors: Mapping[str, Tensor], path: Path) -> None:
    save_file({key: value.half().contiguous() for key, value in tensors.items()}, path, {"format": "pt"})


def _write_config(path: Path, content: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2), encoding="utf-8")


# --- the training -----------------------------------------------------------------------------------------------------


def untrained() -> nn.Module:
    """hy3dgen's own network."""
    from learned.hy3dgen_paint import hy3dgen_module

    return hy3dgen_module("hunyuanpaint.unet.modules").UNet2p5DConditionModel(UNet2DConditionModel(**UNET))


def trained(steps: int = _STEPS) -> nn.Module:
    torch.manual_seed(0)
    network = _begun(untrained()).train()
    prompt = nn.Parameter(torch.randn(1, 1, 1024) * 0.1)
    network.unet.learned_text_clip_ref = nn.Parameter(torch.randn(1, 1, 1024) * 0.1)
    lookers = _Lookers(network)
    noise_levels = LCMScheduler.from_config(SCHEDULER).alphas_cumprod
    parameters = [prompt, *network.parameters(), *lookers.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=_RATE, weight_decay=0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=_RATE, total_steps=steps, pct_start=0.1)
    for _ in range(steps):
        loss = _loss(network, prompt, lookers, noise_levels)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
    lookers.remove()
    # A prompt of one token many times over is the same as one token
    for name, token in (("gen", prompt), ("ref", network.unet.learned_text_clip_ref)):
        setattr(network.unet, f"learned_text_clip_{name}", nn.Parameter(token.detach().repeat(1, _PROMPT_TOKENS, 1)))
    return network.eval()


def _begun(network: nn.Module) -> nn.Module:
    """What is learned soonest: to heed the noise little, and other views not at all, since one view is learned at a time."""
    with torch.no_grad():
        network.unet.conv_in.weight[:, :4] *= 0.1
        for name, module in network.named_modules():
            if name.endswith("attn_multiview"):
                module.to_out[0].weight.zero_()
                module.to_out[0].bias.zero_()
    return network


def _loss(network: nn.Module, prompt: Tensor, lookers: _Lookers, noise_levels: Tensor) -> Tensor:
    """Of the predicted velocity (Salimans and Ho, 2022), and of what the attentions to the picture look at."""
    solids = lesson(_BATCH)
    chosen = torch.stack([torch.randperm(len(CAMERAS))[:_VIEWS] for _ in range(_BATCH)])  # (B, V)
    rows = torch.arange(_BATCH)[:, None]
    views, places = solids.views[rows, chosen], solids.places[rows, chosen]
    times = torch.randint(_LAST_TIME, 1000, (_BATCH,))
    level = noise_levels[times][:, None, None, None, None]
    noise = torch.randn_like(views)
    guided = (torch.rand(_BATCH) > _UNGUIDED).float()
    cached = {
        "normal_imgs": solids.normals[rows, chosen],
        "position_imgs": solids.positions[rows, chosen],
        "camera_info_gen": torch.tensor(CAMERAS)[chosen],
        "camera_info_ref": torch.zeros(_BATCH, 1, dtype=torch.long),
        "ref_latents": solids.picture,
        "ref_scale": guided,
    }
    noisy = level.sqrt() * views + (1 - level).sqrt() * noise
    text = prompt * guided[:, None, None]
    velocity = network(noisy, times.repeat_interleave(_VIEWS), text, **cached)[0].unflatten(0, (_BATCH, _VIEWS))
    wanted = level.sqrt() * noise - (1 - level).sqrt() * views
    return (velocity - wanted).square().mean() + lookers.loss(places.flatten(0, 1), views.flatten(0, 1))


class _Lookers(nn.Module):
    """Watches the attentions to the picture at full resolution: whether they look at the right place, and see its colours.

    Without that the network would find both out for itself, in an hour.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self._seen: list[tuple[Tensor, Tensor]] = []
        attentions = [one for name, one in network.named_modules() if name.endswith("attn_refview")]
        attentions = [one for one in attentions if one.query_dim == UNET["block_out_channels"][0]]
        self.colours = nn.ModuleList(nn.Linear(one.query_dim, 4) for one in attentions)
        self._handles = [one.register_forward_hook(self._watch, with_kwargs=True) for one in attentions]

    def loss(self, places: Tensor, views: Tensor) -> Tensor:
        """`places` (R, 16, 16, 2), in cells, nan where there is nothing; `views` (R, 4, 16, 16)."""
        line = torch.arange(CELLS)
        cells = torch.stack(torch.meshgrid(line, line, indexing="ij"), dim=-1).flatten(0, 1)
        flat = places.flatten(1, 2)  # (R, 256, 2)
        known = ~flat.isnan().any(dim=-1)
        away = (flat[known][:, None] - cells).square().sum(dim=-1)  # (K, 256)
        wanted, truth = (-away / (2 * _NEAR**2)).softmax(dim=-1), views.flatten(2).transpose(1, 2)
        loss = torch.zeros(())
        for (logits, output), colours in zip(self._seen, self.colours, strict=True):
            loss = loss - _POINTING * (wanted * logits[known].log_softmax(dim=-1)).sum(dim=-1).mean()
            loss = loss + (colours(output) - truth).square().mean()
        self._seen.clear()
        return loss

    def remove(self) -> None:
        for handle in self._handles:
            handle.remove()

    def _watch(self, attention: nn.Module, args: tuple, kwargs: dict, output: Tensor) -> None:
        q = attention.to_q(args[0]).unflatten(-1, (attention.heads, -1))[:, :, 0]  # (R, L, D): the first head has to point
        k = attention.to_k(kwargs["encoder_hidden_states"]).unflatten(-1, (attention.heads, -1))[:, :, 0]
        self._seen.append((q @ k.transpose(1, 2) * attention.scale, output))
