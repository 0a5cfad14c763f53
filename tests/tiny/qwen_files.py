"""The files of a small Qwen3-VL, with the keys and spellings of Qwen/Qwen3-VL-2B-Instruct."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import Qwen3VLForConditionalGeneration

SPECIAL = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
VOCABULARY = 480
PICTURE_TOKENS = 12  # of 32 x 32 pixels
# From Qwen2's tokenizer (Qwen/Qwen3-VL-2B-Instruct, tokenizer.json): words, single digits, punctuation
SPLIT = r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
CHAT_TEMPLATE = (
    "{%- for message in messages -%}<|im_start|>{{ message.role }}\n{%- if message.content is string -%}"
    "{{ message.content }}{%- else -%}{%- for part in message.content -%}{%- if part.type == 'image' -%}"
    "<|vision_start|><|image_pad|><|vision_end|>{%- else -%}{{ part.text }}{%- endif -%}{%- endfor -%}{%- endif -%}"
    "<|im_end|>\n{% endfor %}{%- if add_generation_prompt -%}<|im_start|>assistant\n{% endif %}"
)


def write_tokenizer(folder: Path, texts: list[str]) -> None:
    """Byte pairs of the texts, with Qwen's special tokens."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers, pre_tokenizers
    from tokenizers.models import BPE
    from tokenizers.trainers import BpeTrainer

    tokenizer = Tokenizer(BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(SPLIT), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = BpeTrainer(vocab_size=VOCABULARY - len(SPECIAL), initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.model.save(str(folder))  # vocab.json and merges.txt
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    tokenizer.save(str(folder / "tokenizer.json"))
    ids = {token: tokenizer.token_to_id(token) for token in SPECIAL}
    config = {
        "added_tokens_decoder": {str(number): {"content": token, "special": True} for token, number in ids.items()},
        "chat_template": CHAT_TEMPLATE,
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
        "model_max_length": 262144,
        "tokenizer_class": "Qwen2Tokenizer",
    }
    _write_json(folder / "tokenizer_config.json", config)
    _write_json(folder / "chat_template.json", {"chat_template": CHAT_TEMPLATE})


def write_settings(folder: Path) -> None:
    """With the keys and spellings of Qwen/Qwen3-VL-2B-Instruct."""
    tokens = {one["content"]: int(number) for number, one in _added_tokens(folder).items()}
    text = {
        "attention_bias": False,
        "attention_dropout": 0.0,
        "dtype": "bfloat16",
        "eos_token_id": tokens["<|im_end|>"],
        "head_dim": 24,
        "hidden_act": "silu",
        "hidden_size": 96,
        "initializer_range": 0.05,
        "intermediate_size": 256,
        "max_position_embeddings": 4096,
        "model_type": "qwen3_vl_text",
        "num_attention_heads": 4,
        "num_hidden_layers": 3,
        "num_key_value_heads": 2,
        "rms_norm_eps": 1e-6,
        "rope_scaling": {"mrope_interleaved": True, "mrope_section": [4, 4, 4], "rope_type": "default"},
        "rope_theta": 10000,
        "tie_word_embeddings": True,
        "use_cache": True,
        "vocab_size": max(tokens.values()) + 1,
    }
    vision = {
        "deepstack_visual_indexes": [0],
        "depth": 2,
        "hidden_act": "gelu_pytorch_tanh",
        "hidden_size": 64,
        "in_channels": 3,
        "initializer_range": 0.05,
        "intermediate_size": 128,
        "model_type": "qwen3_vl",
        "num_heads": 4,
        "num_position_embeddings": 64,
        "out_hidden_size": 96,
        "patch_size": 16,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
    }
    config = {
        "architectures": ["Qwen3VLForConditionalGeneration"],
        "image_token_id": tokens["<|image_pad|>"],
        "model_type": "qwen3_vl",
        "text_config": text,
        "tie_word_embeddings": True,
        "video_token_id": tokens["<|video_pad|>"],
        "vision_config": vision,
        "vision_end_token_id": tokens["<|vision_end|>"],
        "vision_start_token_id": tokens["<|vision_start|>"],
    }
    generation = {
        "do_sample": True,
        "eos_token_id": [tokens["<|im_end|>"], tokens["<|endoftext|>"]],
        "pad_token_id": tokens["<|endoftext|>"],
        "temperature": 0.7,
        "top_k": 20,
        "top_p": 0.8,
    }
    picture = {
        "size": {"longest_edge": PICTURE_TOKENS * 1024, "shortest_edge": PICTURE_TOKENS * 512},
        "patch_size": 16,
        "temporal_patch_size": 2,
        "merge_size": 2,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
        "processor_class": "Qwen3VLProcessor",
        "image_processor_type": "Qwen2VLImageProcessorFast",
    }
    _write_json(folder / "config.json", config)
    _write_json(folder / "generation_config.json", generation)
    _write_json(folder / "preprocessor_config.json", picture)


def write_weights(folder: Path, network: Qwen3VLForConditionalGeneration) -> None:
    import torch
    from safetensors.torch import save_file

    tensors = {
        key: tensor.detach().to(torch.bfloat16).contiguous()
        for key, tensor in network.state_dict().items()
        if key != "lm_head.weight"  # the embedding again
    }
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def _added_tokens(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))["added_tokens_decoder"]


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
