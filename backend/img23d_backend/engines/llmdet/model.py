"""The network: loading it, its inputs, and one look at a picture."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from img23d_protocol import ErrorCode, Img23DError

from ...finding.instances import Instance
from .boxes import instances
from .prompt import Marks, Text

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import MMGroundingDinoForObjectDetection

    from ...machine.devices import Device

_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, sRGB 0..1
_SIZE = (800, 1333)  # pixels of the shorter and at most of the longer side, what the weights were trained at
_MOST_SLENDER = 4  # times its other side: more is filled up, so that there are enough places to propose things at
_OWN_HEADS = {"decoder_bbox_embed_share": False, "decoder_cls_embed_share": False}


class LlmDetTokenizer:
    """Kinds of things to tokens."""

    def __init__(self, folder: Path) -> None:
        """Raises Img23DError(WEIGHTS_DAMAGED)."""
        from transformers import PreTrainedTokenizerFast

        with _damage_told(folder):
            if not json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]:
                raise ValueError("tokenizer.json has no vocabulary")
            self._tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
            vocabulary = self._tokenizer.get_vocab()
            self.marks = Marks(first=vocabulary["[CLS]"], last=vocabulary["[SEP]"], dot=vocabulary["."])

    def tokens(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False))


def read_network(folder: Path) -> MMGroundingDinoForObjectDetection:
    """The network on the CPU, in 32 bits. Raises Img23DError(WEIGHTS_DAMAGED, WEIGHTS_UNFIT).

    Each layer of the decoder has heads of its own in the published files, whatever config.json says or leaves out; transformers 5
    would else take the first layer's heads for all.
    """
    import torch
    from huggingface_hub.errors import StrictDataclassError
    from transformers import MMGroundingDinoConfig, MMGroundingDinoForObjectDetection
    from transformers.utils.logging import disable_progress_bar

    from ...models.loading import require_all, unfit

    disable_progress_bar()  # it would draw into the log
    with _damage_told(folder):
        described = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        try:
            config = MMGroundingDinoConfig.from_dict(described | _OWN_HEADS)
        except (TypeError, StrictDataclassError) as error:
            raise unfit(f"{folder}: {type(error).__name__} {error}") from error
        network, info = MMGroundingDinoForObjectDetection.from_pretrained(
            folder,
            config=config,
            dtype=torch.float32,
            local_files_only=True,
            use_safetensors=True,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # they are told in `info`
        )
    require_all(info)
    if info["unexpected_keys"]:
        raise unfit(f"unexpected: {', '.join(sorted(info['unexpected_keys'])[:5])}")
    return network.eval().requires_grad_(False)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """`pixels` (1, 3, h, w) float32, normalised, `mask` (1, h, w) int64 with 1 where the photo is: from the top left corner."""

    pixels: torch.Tensor
    mask: torch.Tensor


def input_size(folder: Path) -> tuple[int, int]:
    """Pixels of the shorter and at most of the longer side, from the checkpoint's preprocessor_config.json."""
    try:
        size = json.loads((folder / "preprocessor_config.json").read_text(encoding="utf-8"))["size"]
        shortest, longest = int(size["shortest_edge"]), int(size["longest_edge"])
    except (OSError, ValueError, KeyError, TypeError):
        return _SIZE
    return (shortest, longest) if 32 <= shortest <= longest else _SIZE


def prepared(rgb: np.ndarray, size: tuple[int, int]) -> Picture:
    """Of (H, W, 3) uint8, scaled in 8 bits as the published processor does, in its size but for what is very slender."""
    import torch
    from torch.nn import functional

    height, width = rgb.shape[:2]
    scale = min(size[0] / min(height, width), size[1] / max(height, width))
    rows, columns = (max(1, round(length * scale)) for length in (height, width))
    picture = torch.tensor(rgb).permute(2, 0, 1)[None]  # (1, 3, H, W) uint8
    picture = functional.interpolate(picture, size=(rows, columns), mode="bilinear", antialias=True)
    mean, deviation = (torch.tensor(values).reshape(1, 3, 1, 1) for values in (_MEAN, _DEVIATION))
    pixels = (picture.float() / 255 - mean) / deviation
    filled = (max(rows, columns // _MOST_SLENDER), max(columns, rows // _MOST_SLENDER))
    below, beside = filled[0] - rows, filled[1] - columns
    mask = torch.ones(1, rows, columns, dtype=torch.int64)
    return Picture(pixels=functional.pad(pixels, (0, beside, 0, below)), mask=functional.pad(mask, (0, beside, 0, below)))


def look(network: MMGroundingDinoForObjectDetection, picture: Picture, text: Text, device: Device, report: Callable[[float], None]) -> list[Instance]:
    """The instances of the text's kinds in fractions of the photo. `report` takes 0..1 before each layer, and may raise."""
    import torch

    where = torch.device(device.torch_name)
    ids = torch.tensor([text.ids], device=where)  # (1, S)
    with _watched(network, report), torch.inference_mode():
        seen = network(
            pixel_values=picture.pixels.to(where),
            pixel_mask=picture.mask.to(where),
            input_ids=ids,
            token_type_ids=torch.zeros_like(ids),
            attention_mask=torch.ones_like(ids),
        )
        probabilities = seen.logits[0, :, : len(text.ids)].float().sigmoid().cpu().numpy()  # (N, S)
        boxes = seen.pred_boxes[0].float().cpu().numpy()  # (N, 4)
    return instances(text, probabilities, boxes)


@contextlib.contextmanager
def _watched(network: nn.Module, report: Callable[[float], None]) -> Iterator[None]:
    from transformers.models.mm_grounding_dino.modeling_mm_grounding_dino import MMGroundingDinoDecoderLayer, MMGroundingDinoEncoderLayer
    from transformers.models.swin.modeling_swin import SwinLayer

    layers = [one for one in network.modules() if isinstance(one, SwinLayer | MMGroundingDinoEncoderLayer | MMGroundingDinoDecoderLayer)]
    passed = 0

    def before_layer(*_: object) -> None:
        nonlocal passed
        report(min(1.0, passed / len(layers)))
        passed += 1

    hooks = [layer.register_forward_pre_hook(before_layer) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


@contextlib.contextmanager
def _damage_told(folder: Path) -> Iterator[None]:
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        sentence = "The files of the model that finds things are damaged: press Verify, then Download, under AI Models."
        raise Img23DError(ErrorCode.WEIGHTS_DAMAGED, sentence, f"{folder.name}: {type(error).__name__}: {error}") from error
