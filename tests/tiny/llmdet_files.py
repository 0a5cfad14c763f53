"""The files of a small LLMDet, with the keys and spellings of iSEE-Laboratory/llmdet_tiny."""

from __future__ import annotations

import json
import re
import string
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import MMGroundingDinoForObjectDetection

SIZE = {"shortest_edge": 112, "longest_edge": 187}  # pixels
# Where BERT's vocabulary (bert-base-uncased) has these; the network knows some of them by number
_KNOWN = {"[PAD]": 0, "[UNK]": 100, "[CLS]": 101, "[SEP]": 102, "[MASK]": 103, ".": 1012, "?": 1029}
_FIRST_WORD = 1037
WIDTH = 64  # a multiple of 32, the groups of a norm
# Keys of config.json that the published one has; the heads' are not read by the version that wrote it
CONFIG = {
    "architectures": ["MMGroundingDinoForObjectDetection"],
    "model_type": "mm-grounding-dino",
    "backbone_config": {
        **{"model_type": "swin", "embed_dim": 16, "depths": [1, 1, 1, 1], "num_heads": [1, 2, 4, 8], "window_size": 7, "drop_path_rate": 0.0},
        **{"out_features": ["stage2", "stage3", "stage4"], "out_indices": [2, 3, 4]},
    },
    "text_config": {
        **{"model_type": "bert", "hidden_size": WIDTH, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 2 * WIDTH},
        **{"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0},
    },
    **{"d_model": WIDTH, "num_queries": 60, "num_feature_levels": 4, "max_text_len": 256},
    **{"encoder_layers": 1, "decoder_layers": 2, "encoder_ffn_dim": 2 * WIDTH, "decoder_ffn_dim": 2 * WIDTH},
    **{"encoder_attention_heads": 4, "decoder_attention_heads": 4, "encoder_n_points": 4, "decoder_n_points": 4},
    **{"two_stage": True, "embedding_init_target": True, "query_dim": 4, "dropout": 0.0, "fusion_droppath": 0.0},
    **{"decoder_bbox_embed_share": False, "decoder_cls_embed_share": False, "two_stage_bbox_embed_share": False},
}


def write_tokenizer(folder: Path, words: list[str]) -> int:
    """Word pieces of these words, all letters and a plural's s, in lower case; returns how many tokens there are."""
    from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
    from tokenizers.models import WordPiece

    pieces = [*words, *string.ascii_lowercase, *string.digits, *(f"##{letter}" for letter in string.ascii_lowercase + string.digits)]
    by_number = {number: token for token, number in _KNOWN.items()}
    by_number |= {_FIRST_WORD + index: piece for index, piece in enumerate(dict.fromkeys(pieces))}
    count = max(by_number) + 1
    tokens = [by_number.get(number, f"[unused{number}]") for number in range(count)]
    tokenizer = Tokenizer(WordPiece({token: number for number, token in enumerate(tokens)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 101), ("[SEP]", 102)])
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "vocab.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    _write_json(folder / "tokenizer_config.json", {"do_lower_case": True, "tokenizer_class": "BertTokenizer"})
    return count


def write_settings(folder: Path, tokens: int) -> None:
    config = CONFIG | {"text_config": {**CONFIG["text_config"], "vocab_size": tokens}}
    _write_json(folder / "config.json", config | {"torch_dtype": "float32", "transformers_version": "4.55.0.dev0"})
    processor = {"image_processor_type": "GroundingDinoImageProcessor", "do_resize": True, "do_pad": True, "size": SIZE}
    _write_json(folder / "preprocessor_config.json", processor)


def write_weights(folder: Path, network: MMGroundingDinoForObjectDetection) -> None:
    """By the names in tests/published/llmdet.json."""
    from safetensors.torch import save_file

    tensors = {_published(name): tensor.detach() for name, tensor in network.state_dict().items() if _is_written(name)}
    for name in [name for name in tensors if name.endswith("relative_position_bias_table")]:
        tensors[name.replace("_bias_table", "_index")] = _window_index(network.config.backbone_config.window_size)
    save_file({name: tensor.contiguous().clone() for name, tensor in tensors.items()}, folder / "model.safetensors", {"format": "pt"})


def _is_written(name: str) -> bool:
    """The heads are in the network twice; the backbone's last norm is in no file."""
    first_twice = re.match(r"model\.decoder\.(bbox|class)_embed\.0\.", name)
    others_twice = re.match(r"(bbox|class)_embed\.[1-9]", name)
    return not (first_twice or others_twice or ".swin.layernorm." in name)


_NAMES = {
    **{".model.swin.": ".model.", ".attention.q_proj.": ".attention.self.query.", ".attention.k_proj.": ".attention.self.key."},
    **{".attention.v_proj.": ".attention.self.value.", ".attention.o_proj.": ".attention.output.dense."},
    **{".attention.relative_position_bias.": ".attention.self.", ".mlp.fc1.": ".intermediate.dense.", ".mlp.fc2.": ".output.dense."},
}


def _published(name: str) -> str:
    if name.startswith("model.backbone."):
        for ours, theirs in _NAMES.items():
            name = name.replace(ours, theirs)
    return name


def _window_index(side: int) -> Tensor:
    """(side^2, side^2) int64: which entry of the bias table a pair of places in a window has (Liu et al., Swin Transformer, 2021)."""
    import torch

    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    down, across = (place.flatten()[:, None] - place.flatten()[None] + side - 1 for place in (rows, columns))
    return down * (2 * side - 1) + across


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2), encoding="utf-8")
