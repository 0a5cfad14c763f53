"""A tiny FLUX.2 klein in the published layout that puts a warm-coloured thing on plain ground, or leaves a picture as it is where it is told so.

Its autoencoder is that of the tiny painters, so it sees and draws the mean colours of cells of 8 pixels; its text encoder is not trained, it
only tells texts apart. It was trained at 256 pixels a side.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from diffusers import AutoencoderKLFlux2, Flux2KleinPipeline, Flux2Transformer2DModel
from diffusers.pipelines.flux2.pipeline_flux2_klein import compute_empirical_mu
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import AutoTokenizer, Qwen3Config, Qwen3ForCausalLM

from img23d_protocol.options.edit import AS_IS, PROMPTS

from . import latents
from .clutter import photo
from .qwen_files import write_tokenizer

SIDE = 256  # pixels of a picture
TEXT = 16  # channels
ENCODER = {
    "hidden_size": TEXT, "intermediate_size": 32, "num_hidden_layers": 29, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8,
    "max_position_embeddings": 4096, "tie_word_embeddings": True, "hidden_act": "silu", "rms_norm_eps": 1e-6, "initializer_range": 0.2,
}  # fmt: skip
TRANSFORMER = {
    "in_channels": 16, "num_layers": 1, "num_single_layers": 2, "attention_head_dim": 32, "num_attention_heads": 2, "joint_attention_dim": 3 * TEXT,
    "axes_dims_rope": [4, 12, 12, 4], "rope_theta": 30, "guidance_embeds": False, "timestep_guidance_channels": 64, "mlp_ratio": 2.0,
}  # fmt: skip
SCHEDULER = {
    "_class_name": "FlowMatchEulerDiscreteScheduler", "base_image_seq_len": 256, "base_shift": 0.5, "max_image_seq_len": 4096, "max_shift": 1.15,
    "num_train_timesteps": 1000, "shift": 3.0, "time_shift_type": "exponential", "use_dynamic_shifting": True,
}  # fmt: skip
VAE = {name: value for name, value in latents.CONFIG.items() if name != "scaling_factor"}
CHAT_TEMPLATE = (  # the part of Qwen3's that a question without thinking goes through
    "{%- for message in messages %}{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}"
    "{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}{%- endif %}"
)
_SHARP = 2.0  # what the attentions' norms begin with, so that places that are near each other are told apart soon
_LEFT = 0.2  # of the lessons, in which the picture is to stay as it is
_PHOTOS, _BATCH, _STEPS, _RATE = 256, 6, 360, 5e-3


def make(folder: Path) -> None:
    """Some two minutes of one thread."""
    torch.manual_seed(0)
    write_rest(folder)
    network = _trained(texts_of(folder))
    _write(folder / "transformer", {"_class_name": "Flux2Transformer2DModel", **TRANSFORMER}, network)


def write_rest(folder: Path) -> None:
    """All but the transformer."""
    _write_json(folder / "model_index.json", {"_class_name": "Flux2KleinPipeline", "is_distilled": True})
    _write_json(folder / "scheduler" / "scheduler_config.json", SCHEDULER)
    _write(folder / "vae", {"_class_name": "AutoencoderKLFlux2", **VAE}, make_vae())
    tokenizer = folder / "tokenizer"
    tokenizer.mkdir()
    write_tokenizer(tokenizer, [*PROMPTS.values(), "user assistant think"])
    config = json.loads((tokenizer / "tokenizer_config.json").read_text(encoding="utf-8"))
    _write_json(tokenizer / "tokenizer_config.json", config | {"chat_template": CHAT_TEMPLATE})
    for name in ("vocab.json", "merges.txt", "chat_template.json"):
        (tokenizer / name).unlink()
    words = len(AutoTokenizer.from_pretrained(tokenizer))
    encoder = Qwen3ForCausalLM(Qwen3Config(vocab_size=words, **ENCODER))
    _write_json(folder / "text_encoder" / "config.json", encoder.config.to_dict() | {"architectures": ["Qwen3ForCausalLM"]})
    tensors = {name: numbers.half().contiguous() for name, numbers in encoder.state_dict().items() if name != "lm_head.weight"}
    save_file(tensors, folder / "text_encoder" / "model.safetensors", {"format": "pt"})


def make_vae() -> AutoencoderKLFlux2:
    """Normalised, its latents are mean colours in -1..1."""
    vae = AutoencoderKLFlux2(**VAE)
    vae.load_state_dict(latents.make_vae().state_dict(), strict=False)
    vae.bn.running_mean.zero_()
    vae.bn.running_var.fill_(1 / latents.SCALE**2)
    return vae.eval()


@torch.no_grad()
def texts_of(folder: Path) -> dict[str, Tensor]:
    """Preset -> (512, C), as diffusers' own pipeline embeds its text."""
    encoder = Qwen3ForCausalLM.from_pretrained(folder / "text_encoder", dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(folder / "tokenizer")
    embed = Flux2KleinPipeline._get_qwen3_prompt_embeds
    return {preset: embed(encoder, tokenizer, text)[0] for preset, text in PROMPTS.items()}


def _trained(texts: dict[str, Tensor]) -> nn.Module:
    network = Flux2Transformer2DModel(**TRANSFORMER)
    with torch.no_grad():
        for name, numbers in network.named_parameters():
            if "norm_q" in name or "norm_k" in name or "norm_added" in name:
                numbers.mul_(_SHARP)
    photos = [photo(1000 + number, SIDE) for number in range(_PHOTOS)]
    seen, plain = (_tokens(torch.stack([_picture(getattr(one, name)) for one in photos])) for name in ("rgb", "plain"))
    presets = [preset for preset in texts if preset != AS_IS]
    side = SIDE // (2 * latents.CELL)
    places, words = _places(side), torch.cartesian_prod(*(torch.arange(count) for count in (1, 1, 1, len(texts[AS_IS]))))
    optimizer = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=_RATE, total_steps=_STEPS, pct_start=0.15)
    times = _times(side * side)
    for _ in range(_STEPS):
        which, stays = torch.randint(_PHOTOS, (_BATCH,)), torch.rand(_BATCH) < _LEFT
        wanted = torch.where(stays[:, None, None], seen[which], plain[which])
        said = torch.stack([texts[AS_IS if one else presets[int(torch.randint(len(presets), ()))]] for one in stays])
        time = times[torch.randint(len(times), (_BATCH,))][:, None, None]
        noisy = (1 - time) * wanted + time * torch.randn_like(wanted)
        found = network(
            hidden_states=torch.cat([noisy, seen[which]], dim=1), timestep=time[:, 0, 0], encoder_hidden_states=said, txt_ids=words, img_ids=places,
            return_dict=False,
        )[0][:, : wanted.shape[1]]  # fmt: skip
        optimizer.zero_grad()
        (noisy - time * found - wanted).square().mean().backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return network.eval()


def _times(tokens: int) -> Tensor:
    """Those of four steps."""
    shift = torch.tensor(compute_empirical_mu(tokens, 4)).exp()
    even = torch.linspace(1, 0.25, 4)
    return shift / (shift + 1 / even - 1)


def _picture(rgb) -> Tensor:
    return torch.from_numpy(rgb.transpose(2, 0, 1).copy()).float() / 255


def _tokens(pictures: Tensor) -> Tensor:
    """(N, 3, S, S) in 0..1 to (N, (S / 16)^2, 16)."""
    return Flux2KleinPipeline._pack_latents(Flux2KleinPipeline._patchify_latents(latents.of(pictures)))


def _places(side: int) -> Tensor:
    drawn = Flux2KleinPipeline._prepare_latent_ids(torch.zeros(1, 1, side, side))[0]
    return torch.cat([drawn, Flux2KleinPipeline._prepare_image_ids([torch.zeros(1, 1, side, side)])[0]])


def _write(folder: Path, config: dict, network: nn.Module) -> None:
    _write_json(folder / "config.json", config)
    tensors = {key: value.half().contiguous() if value.is_floating_point() else value for key, value in network.state_dict().items()}
    save_file(tensors, folder / "diffusion_pytorch_model.safetensors", {"format": "pt"})


def _write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2), encoding="utf-8")
