"""A models folder at the published sizes with random weights, as the program's own store takes it.

Sizes: Qwen/Qwen3-VL-2B-Instruct and ZhengPeng7/BiRefNet by their published configurations, the shape model as in `full_size`.
The tokenizer is the tiny checkpoint's: its numbers lie inside the large vocabulary.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from . import full_size

if TYPE_CHECKING:
    import torch
    from torch import nn

GROUNDER, MATTER, SHAPER = "qwen3-vl-2b", "birefnet-general", "hunyuan3d-2mini-standard"
_TEXT = {
    "hidden_size": 2048, "intermediate_size": 6144, "num_hidden_layers": 28, "num_attention_heads": 16,
    "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 151_936, "rope_theta": 5_000_000,
    "max_position_embeddings": 262_144, "initializer_range": 0.02,
    "rope_scaling": {"mrope_interleaved": True, "mrope_section": [24, 20, 20], "rope_type": "default"},
}  # fmt: skip
_VISION = {
    "depth": 24, "hidden_size": 1024, "intermediate_size": 4096, "num_heads": 16, "out_hidden_size": 2048,
    "num_position_embeddings": 2304, "deepstack_visual_indexes": [5, 11, 17], "initializer_range": 0.02,
}  # fmt: skip
_PIXELS = {"shortest_edge": 65_536, "longest_edge": 16_777_216}
_QWEN_FILES = ("generation_config.json", "tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt", "chat_template.json")


def write(folder: Path, tiny: Path) -> dict[str, int]:
    """The bytes of each file set."""
    from img23d_backend.weights.registry import weight_set
    from img23d_backend.weights.store import WeightStore

    _write_qwen(folder / GROUNDER, tiny / GROUNDER)
    _write_birefnet(folder / MATTER)
    full_size.write(folder / SHAPER / weight_set(SHAPER).subfolder)
    store = WeightStore(folder)
    for set_id in (GROUNDER, MATTER, SHAPER):
        store.adopt(set_id)
    return {info.id: info.size_bytes for info in store.infos() if info.folder}


def _write_qwen(folder: Path, tiny: Path) -> None:
    import torch
    from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration

    folder.mkdir(parents=True)
    for name in _QWEN_FILES:
        shutil.copy(tiny / name, folder)
    config = json.loads((tiny / "config.json").read_text(encoding="utf-8"))
    config["text_config"] |= _TEXT
    config["vision_config"] |= _VISION
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    pictures = json.loads((tiny / "preprocessor_config.json").read_text(encoding="utf-8")) | {"size": _PIXELS}
    (folder / "preprocessor_config.json").write_text(json.dumps(pictures), encoding="utf-8")
    with torch.device("meta"):
        network = Qwen3VLForConditionalGeneration(Qwen3VLConfig.from_dict(config))
    _save(network, folder / "model.safetensors", torch.bfloat16, left_out=("lm_head.weight",))  # tied to the embedding


def _write_birefnet(folder: Path) -> None:
    import torch

    from img23d_backend.engines.birefnet.networks.birefnet import BiRefNet, BiRefNetConfig

    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}", encoding="utf-8")
    with torch.device("meta"):
        network = BiRefNet(BiRefNetConfig())
    _save(network, folder / "model.safetensors", torch.float16)


def _save(network: nn.Module, path: Path, dtype: torch.dtype, left_out: tuple[str, ...] = ()) -> None:
    from safetensors.torch import save_file

    state = {key: tensor for key, tensor in network.state_dict().items() if key not in left_out}
    save_file(_random(state, dtype), path)


def _random(state: Mapping[str, torch.Tensor], dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """The same million numbers again and again; what scales or divides lies around 1."""
    import torch

    numbers = (torch.randn(1 << 20, generator=torch.Generator().manual_seed(0)) * full_size.DEVIATION).to(dtype)
    filled = {}
    for key, tensor in state.items():
        if not tensor.is_floating_point():
            filled[key] = torch.zeros(tensor.shape, dtype=tensor.dtype)
            continue
        count = tensor.numel()
        is_scale = tensor.dim() == 1 and key.endswith(("weight", "running_var"))
        filled[key] = numbers.repeat(-(-count // len(numbers)))[:count].reshape(tensor.shape) + float(is_scale)
    return filled
