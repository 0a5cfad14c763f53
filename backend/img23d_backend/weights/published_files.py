"""Which of a repository's files are fetched, by patterns of their paths."""

from __future__ import annotations

# Never code, and a pickle only where the same weights are published in no other form: torch's reader that runs no code opens
# it (`models/loading.py`). A repository's other files stay where they are. `*` does not cross a slash.
QWEN_FILES = (
    "config.json",
    "generation_config.json",
    "preprocessor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "chat_template.json",
    "chat_template.jinja",
    "*.safetensors",
    "model.safetensors.index.json",
)
BIREFNET_FILES = ("config.json", "model.safetensors")
SHAPE_FILES = ("config.yaml", "model.fp16.safetensors")
PAINT_FILES = (
    "scheduler/scheduler_config.json",
    "unet/config.json",
    "unet/diffusion_pytorch_model.safetensors",
    "vae/config.json",
    "vae/diffusion_pytorch_model.safetensors",
)
TURBO_PAINT_FILES = (*PAINT_FILES[:-1], "vae/diffusion_pytorch_model.bin")  # this VAE is published as a pickle only
DELIGHT_FILES = (
    *PAINT_FILES,
    "text_encoder/config.json",
    "text_encoder/model.safetensors",
    "tokenizer/special_tokens_map.json",
    "tokenizer/tokenizer_config.json",
    "tokenizer/vocab.json",
)

QWEN_REQUIRED = ("config.json", "preprocessor_config.json", "tokenizer_config.json", "*.safetensors")

# In a repository's root, in upper or lower case: kept beside the weights.
NOTICE_FILES = tuple(name + suffix for name in ("licen[cs]e", "notice") for suffix in ("", ".txt", ".md"))
