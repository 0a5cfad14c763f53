"""Picture and text as Qwen-Image-Edit is told them: the last layer of Qwen2.5-VL, which sees both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from ...editing.canvas import canvas_for
from ...models.tokenizer_file import read_tokenizer
from .loading import QwenPlan

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import Qwen2_5_VLModel

    from ...models.store import ModelStore

SEEN_AREA = 384 * 384  # pixels that the language model sees
_MULTIPLE = 32
_DROPPED = 64  # tokens of the instruction at the beginning, which the transformer does not get
_IMAGE = "<|image_pad|>"
# QwenImageEditPlusPipeline.prompt_template_encode, with one picture
_CHAT = (
    "<|im_start|>system\nDescribe the key features of the input image (color, shape, size, texture, objects, background), then explain how the "
    "user's text instruction should alter or modify the image. Generate a new image that meets the user's requirements while maintaining "
    "consistency with the original input where appropriate.<|im_end|>\n<|im_start|>user\nPicture 1: <|vision_start|>{picture}<|vision_end|>"
    "{text}<|im_end|>\n<|im_start|>assistant\n"
)
_WORKING_BYTES = 700 * 2**20  # some 400 tokens through layers of 18,944 numbers, and the picture's attention


@dataclass(frozen=True, kw_only=True)
class Question:
    """The model's inputs, on the processor."""

    ids: Tensor  # (1, S) int64
    kinds: Tensor  # (1, S) int64: 1 where a token stands for a part of the picture
    pixels: Tensor  # (P, 3 * 2 * 14 * 14) float32
    grid: Tensor  # (1, 3) int64: frames, rows and columns of patches


def question(rgb: np.ndarray, text: str, folder: Path, *, area: int = SEEN_AREA) -> Question:
    """(H, W, 3) uint8; `folder` is the processor's. Raises Img23DError(WEIGHTS_DAMAGED)."""
    import torch
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    from ...models.loading import damaged

    try:
        tokenizer = read_tokenizer(folder / "tokenizer.json")
        images = Qwen2VLImageProcessorPil.from_pretrained(folder, local_files_only=True)
        picture_id = int(tokenizer.convert_tokens_to_ids(_IMAGE) or 0)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise damaged("its tokenizer cannot be read", f"{folder}: {type(error).__name__} {error}") from error
    seen = canvas_for(rgb, multiple=_MULTIPLE, area=area, enlarges=True).seen(rgb)
    picture = images(seen, input_data_format="channels_last", return_tensors="pt")
    _, rows, columns = picture["image_grid_thw"][0].tolist()
    chat = _CHAT.format(picture=_IMAGE * (rows * columns // images.merge_size**2), text=text)
    ids = torch.tensor([tokenizer.encode(chat, add_special_tokens=False)])
    return Question(ids=ids, kinds=(ids == picture_id).long(), pixels=picture["pixel_values"], grid=picture["image_grid_thw"])


def told(asked: Question, plan: QwenPlan, models: ModelStore) -> Tensor:
    """(1, S - 64, C) on the processor. Raises what loading and torch raise."""
    import torch

    with plan.on_device(plan.text_encoder, models, _WORKING_BYTES) as network, torch.inference_mode():
        encoder, where = cast("Qwen2_5_VLModel", network), torch.device(plan.device.torch_name)
        found = encoder(
            input_ids=asked.ids.to(where),
            attention_mask=torch.ones_like(asked.ids).to(where),
            mm_token_type_ids=asked.kinds.to(where),
            pixel_values=asked.pixels.to(where),
            image_grid_thw=asked.grid.to(where),
            use_cache=False,
        ).last_hidden_state
        return found[:, _DROPPED:].cpu().clone()
