"""A text as FLUX.2 klein sees it: three layers of Qwen3, beside each other. The fixed texts' embeddings are kept beside the weights."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, cast

from img23d_protocol.options.edit import PROMPTS

from ...models.kept_tensor import KeptTensor
from ...models.tokenizer_file import read_tokenizer
from ...weights.record import recorded_digest
from .loading import TEXT_LAYERS, KleinPlan

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import Qwen3Model

    from ...models.store import ModelStore

TOKENS = 512
_PADDING = "<|endoftext|>"
# Qwen3's chat template for one question without thinking
_CHAT = "<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
_WORKING_BYTES = 400 * 2**20  # 512 tokens through layers of 9,728 numbers
_DIGITS = 16  # of a prompt's digest, in a file's name
_ENCODER_FILES = ("text_encoder/model.safetensors", "text_encoder/model-00001-of-00002.safetensors")


def embedded(text: str, plan: KleinPlan, models: ModelStore) -> Tensor:
    """(1, 512, 3 C) in the plan's precision, on the processor. Raises what loading and torch raise."""
    folder = plan.parts.folder
    digest = next(filter(None, (recorded_digest(folder, name) for name in _ENCODER_FILES)), "")
    digest += ":8" if digest and plan.eight_bits else ""
    name = f".prompt-{hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]}.safetensors"
    kept = KeptTensor(path=folder / name, name="prompt", made_with="text_encoder")
    is_kept = bool(digest) and text in PROMPTS.values()
    prompt = kept.read(digest) if is_kept else None
    if prompt is None:
        prompt = _computed(text, plan, models)
        if is_kept:
            kept.keep(prompt, digest)
    return prompt.to(plan.dtype)


def _computed(text: str, plan: KleinPlan, models: ModelStore) -> Tensor:
    import torch

    ids, mask = tokens_of(text, plan.parts.folder / "tokenizer")
    with plan.on_device(plan.text_encoder, models, _WORKING_BYTES) as network, torch.inference_mode():
        encoder = cast("Qwen3Model", network)
        where = torch.device(plan.device.torch_name)
        seen = encoder(input_ids=ids.to(where), attention_mask=mask.to(where), output_hidden_states=True, use_cache=False).hidden_states
        return torch.cat([seen[layer] for layer in TEXT_LAYERS], dim=-1).cpu().clone()


def tokens_of(text: str, folder: Path) -> tuple[Tensor, Tensor]:
    """Tokens and mask (1, 512) int64, padded at the end. Raises Img23DError(WEIGHTS_DAMAGED)."""
    import torch

    from ...models.loading import damaged

    try:
        tokenizer = read_tokenizer(folder / "tokenizer.json")
        padding = int(tokenizer.convert_tokens_to_ids(_PADDING) or 0)
        ids = tokenizer.encode(_CHAT.format(text=text), add_special_tokens=False)[:TOKENS]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise damaged("its tokenizer cannot be read", f"{folder}: {type(error).__name__} {error}") from error
    rest = TOKENS - len(ids)
    return torch.tensor([ids + [padding] * rest]), torch.tensor([[1] * len(ids) + [0] * rest])
