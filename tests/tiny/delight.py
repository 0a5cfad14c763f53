"""A tiny delight model in the published layout: it gives back the picture it is shown, without its light and shadow.

It learns from coloured solids before white on which a light lies. Its text encoder is a small CLIP that knows letters only:
its one task, an embedding of the empty prompt, needs no more.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from diffusers import DDPMScheduler, UNet2DConditionModel
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from . import latents
from .solids import CELLS, lesson

FOLDER = "hunyuan3d-delight-v2-0"
SCHEDULER = {
    "_class_name": "DDIMScheduler", "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
    "clip_sample": False, "num_train_timesteps": 1000, "prediction_type": "v_prediction", "set_alpha_to_one": False,
    "steps_offset": 1,
}  # fmt: skip
UNET = {
    "sample_size": CELLS, "in_channels": 8, "out_channels": 4, "block_out_channels": [32, 32], "layers_per_block": 1,
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"], "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"],
    "attention_head_dim": [2, 2], "cross_attention_dim": 32, "use_linear_projection": True, "norm_num_groups": 8,
}  # fmt: skip
_TEXT = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
    "max_position_embeddings": 77, "hidden_act": "gelu",
}  # fmt: skip
_BEGIN, _END, _PAD = "<|startoftext|>", "<|endoftext|>", "!"
_STEPS, _BATCH, _RATE = 240, 16, 4e-3


def make(folder: Path) -> None:
    """Writes the files below the file set's folder."""
    torch.manual_seed(0)
    save(folder / FOLDER, trained(write_text_encoder(folder / FOLDER)))


def save(folder: Path, unet: nn.Module) -> None:
    _write(folder / "unet", {"_class_name": "UNet2DConditionModel", **UNET}, unet)
    _write(folder / "vae", {"_class_name": "AutoencoderKL", **latents.CONFIG}, latents.make_vae())
    _write_json(folder / "scheduler" / "scheduler_config.json", SCHEDULER)


def _write(folder: Path, config: dict, network: nn.Module) -> None:
    _write_json(folder / "config.json", config)
    tensors = {key: value.half().contiguous() for key, value in network.state_dict().items()}
    save_file(tensors, folder / "diffusion_pytorch_model.safetensors", {"format": "pt"})


def _write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2), encoding="utf-8")


# --- the text ---------------------------------------------------------------------------------------------------------


def write_text_encoder(folder: Path) -> Tensor:
    """text_encoder/ and tokenizer/ as published; what they make of the empty prompt, (1, 77, C)."""
    from transformers import CLIPTextConfig, CLIPTextModel

    vocabulary = _write_tokenizer(folder / "tokenizer")
    ends = {"bos_token_id": vocabulary[_BEGIN], "eos_token_id": vocabulary[_END], "pad_token_id": vocabulary[_PAD]}
    config = CLIPTextConfig(vocab_size=len(vocabulary), **_TEXT, **ends)
    encoder = CLIPTextModel(config).eval().half()
    _write_json(folder / "text_encoder" / "config.json", config.to_dict() | {"architectures": ["CLIPTextModel"]})
    tensors = {f"text_model.{key}": value for key, value in encoder.state_dict().items()}
    save_file(tensors, folder / "text_encoder" / "model.safetensors", {"format": "pt"})
    ids = [vocabulary[_BEGIN], vocabulary[_END]] + [vocabulary[_PAD]] * (_TEXT["max_position_embeddings"] - 2)
    with torch.no_grad():
        return encoder.float()(torch.tensor([ids]))[0]


def _write_tokenizer(folder: Path) -> dict[str, int]:
    """A vocabulary of printable letters, each also as the end of a word."""
    letters = [chr(code) for code in range(33, 127)]
    tokens = letters + [f"{letter}</w>" for letter in letters] + ["th", "the</w>", _BEGIN, _END]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    _write_json(folder / "vocab.json", vocabulary)
    (folder / "merges.txt").write_text("#version: 0.2\nt h\nth e</w>\n", encoding="utf-8")
    special = {"bos_token": _BEGIN, "eos_token": _END, "unk_token": _END, "pad_token": _PAD}
    _write_json(folder / "special_tokens_map.json", special)
    kind = {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "do_lower_case": True}
    other = {"pad_token": _END}  # the two files of Stable Diffusion 2 differ in it; the map counts
    _write_json(folder / "tokenizer_config.json", kind | special | other)
    return vocabulary


# --- the training -----------------------------------------------------------------------------------------------------


def trained(prompt: Tensor, steps: int = _STEPS) -> nn.Module:
    """`prompt` (1, 77, C)."""
    unet = UNet2DConditionModel(**UNET).train()
    levels = DDPMScheduler.from_config(SCHEDULER).alphas_cumprod
    optimizer = torch.optim.AdamW(unet.parameters(), lr=_RATE, weight_decay=0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=_RATE, total_steps=steps, pct_start=0.1)
    for _ in range(steps):
        loss = _loss(unet, prompt, levels)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return unet.eval()


def _loss(unet: nn.Module, prompt: Tensor, levels: Tensor) -> Tensor:
    """Of the predicted velocity. The picture that is looked at is not scaled, as in InstructPix2Pix."""
    even = lesson(_BATCH).picture[:, 0]  # (B, 4, 16, 16)
    seen = torch.cat((_lit(even[:, :3]), even[:, 3:]), dim=1) / latents.SCALE
    times = torch.randint(1000, (_BATCH,))
    level, noise = levels[times][:, None, None, None], torch.randn_like(even)
    noisy = level.sqrt() * even + (1 - level).sqrt() * noise
    velocity = unet(torch.cat((noisy, seen), dim=1), times, prompt.expand(_BATCH, -1, -1), return_dict=False)[0]
    return (velocity - (level.sqrt() * noise - (1 - level).sqrt() * even)).square().mean()


def _lit(colours: Tensor) -> Tensor:
    """(B, 3, 16, 16) in -1..1, darker on the side that is turned away from a light; the white around stays white."""
    slopes = torch.rand(len(colours), 1, 2, 2) * 2 - 1
    shade = functional.interpolate(slopes, size=(CELLS, CELLS), mode="bicubic", align_corners=True)
    thing = (colours < 0.98).any(dim=1, keepdim=True)
    return torch.where(thing, (colours + 1) * (1 - 0.25 * shade.clamp(min=0)) - 1, colours)
