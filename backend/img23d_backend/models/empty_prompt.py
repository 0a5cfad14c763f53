"""A diffusion model's embedding of the empty prompt: computed once, then kept as a small file.

A model that is always given the empty prompt needs its text encoder, 0.7 GB, once and never again.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from img23d_protocol import ErrorCode, Img23DError

from .kept_prompt import keep_prompt, read_prompt

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import CLIPTextModel

KEPT_NAME = ".empty-prompt.safetensors"  # beside the set's record; a name with a dot is no part of a set
TEXT_ENCODER = "text_encoder/model.safetensors"
_PREFIX = "text_model."  # of the published keys


def empty_prompt(folder: Path, kept: Path, digest: str) -> Tensor:
    """(1, 77, C) float32. `folder` has text_encoder/ and tokenizer/; `digest` is the text encoder's, empty where it is not known.

    It is kept in the file `kept`, or where nobody knows the digest only as long as this process runs.
    Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED).
    """
    prompt = read_prompt(kept, digest) if digest else None
    if prompt is None:
        prompt = _computed(folder, _stamp(folder / TEXT_ENCODER))
        if digest:
            keep_prompt(kept, prompt, digest)
    return prompt


def _stamp(weights: Path) -> tuple[int, int]:
    """Size and time of the file, which tell one download from another while the process runs."""
    try:
        found = weights.stat()
    except OSError as error:
        raise _missing(str(error)) from error
    return found.st_size, found.st_mtime_ns


def _missing(detail: str) -> Img23DError:
    sentence = "The text encoder of a model is missing: download the model again under AI Models."
    return Img23DError(ErrorCode.WEIGHTS_MISSING, sentence, detail)


@lru_cache(maxsize=1)
def _computed(folder: Path, stamp: tuple[int, int]) -> Tensor:
    import torch

    ids, encoder = _ids(folder / "tokenizer"), _text_encoder(folder / "text_encoder")
    with torch.inference_mode():
        prompt = encoder(torch.tensor([ids]))[0]  # (1, 77, C): the last layer's, as diffusers' InstructPix2Pix takes it
    return prompt.clone()


def _ids(folder: Path) -> list[int]:
    """The empty prompt's begin and end, padded: what a CLIP tokenizer gives, without its rules for words.

    Where the two files differ in the padding, as those of Stable Diffusion 2 do, the map of special tokens counts.
    """
    from .loading import damaged

    try:
        config, special, vocabulary = (
            json.loads((folder / name).read_text(encoding="utf-8")) for name in ("tokenizer_config.json", "special_tokens_map.json", "vocab.json")
        )
        begin, end, padding = (vocabulary[_content((config | special)[token])] for token in ("bos_token", "eos_token", "pad_token"))
        return [begin, end] + [padding] * (int(config["model_max_length"]) - 2)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise damaged("its tokenizer cannot be read", f"{folder}: {type(error).__name__} {error}") from error


def _content(token: str | dict) -> str:
    return token["content"] if isinstance(token, dict) else token


def _text_encoder(folder: Path) -> CLIPTextModel:
    import torch
    from transformers import CLIPTextConfig, CLIPTextModel

    from .loading import build, damaged, read_tensors

    # transformers 5 has left the prefix out of the names
    tensors = {key.removeprefix(_PREFIX): tensor for key, tensor in read_tensors(folder / "model.safetensors").items()}
    if not (folder / "config.json").is_file():  # transformers would take the numbers of another network
        raise _missing(str(folder / "config.json"))
    try:
        config = CLIPTextConfig.from_pretrained(folder, local_files_only=True)
        return build(lambda: CLIPTextModel(config), tensors, torch.float32, may_hold_more=True)
    except (OSError, ValueError, TypeError) as error:
        raise damaged("its text encoder cannot be read", f"{folder}: {error}") from error
