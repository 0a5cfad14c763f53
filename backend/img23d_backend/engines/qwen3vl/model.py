"""The model: loading it, asking about one picture, decoding the answer with progress."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from img23d_protocol import ErrorCode, Img23DError

from ...machine.devices import bfloat16_or_half
from ...models.tokenizer_file import read_tokenizer
from .prompt import IMAGE_TOKEN, chat, question, question_once_more

if TYPE_CHECKING:
    import torch
    from transformers import Qwen3VLForConditionalGeneration

    from ...machine.devices import Device

_SHORTEST_REPEAT, _LONGEST_REPEAT = 8, 96  # tokens; a line of the answer has about 45
_REPEATS = 3  # a line that often in a row, digit for digit, says nothing any more
_PROMPT_SHARE = 0.5  # of the progress: reading picture and prompt; the rest is the answer


@dataclass(frozen=True, kw_only=True)
class Question:
    """The model's inputs, on the CPU. `seen` is the width and height in pixels that the picture was brought to."""

    input_ids: torch.Tensor  # (1, S) int64
    mm_token_type_ids: torch.Tensor  # (1, S) int64: 1 where a token stands for a part of the picture
    pixel_values: torch.Tensor  # (P, 3 * 2 * 16 * 16) float32: each patch twice, as the two frames of a still
    image_grid_thw: torch.Tensor  # (1, 3) int64: frames, rows and columns of patches
    seen: tuple[int, int]


class QwenProcessor:
    """Questions to the model's inputs and its tokens to text: tokenizer and image processor, each by itself.

    transformers' own processor would also want its video processor, and that one torchvision.
    """

    def __init__(self, folder: Path) -> None:
        """Raises Img23DError(WEIGHTS_DAMAGED)."""
        from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

        with _damage_told(folder):
            self._tokenizer = read_tokenizer(folder / "tokenizer.json")
            self._images = Qwen2VLImageProcessorPil.from_pretrained(folder, local_files_only=True)
            self._image_id = int(self._tokenizer.convert_tokens_to_ids(IMAGE_TOKEN) or 0)

    def question(self, rgb: np.ndarray, names: Sequence[str], *, least: int, most: int, once_more: bool = False) -> Question:
        """`rgb` (H, W, 3) uint8 as `framing` makes it; `least` and `most` are the pixels it is brought to, within what the
        model's files say. `once_more`: in other words, after an answer with boxes in space.
        """
        import torch

        own = self._images.size
        most = min(most, own["longest_edge"])  # despite their names, both are numbers of pixels
        least = min(max(least, own["shortest_edge"]), most)
        size = {"shortest_edge": least, "longest_edge": most}
        picture = self._images(rgb, size=size, input_data_format="channels_last", return_tensors="pt")
        _, rows, columns = picture["image_grid_thw"][0].tolist()
        text = chat(question_once_more(names) if once_more else question(names), rows * columns // self._images.merge_size**2)
        ids = torch.tensor([self.tokens(text)])  # (1, S)
        patch = self._images.patch_size
        return Question(
            input_ids=ids,
            mm_token_type_ids=(ids == self._image_id).long(),
            pixel_values=picture["pixel_values"],
            image_grid_thw=picture["image_grid_thw"],
            seen=(columns * patch, rows * patch),
        )

    def tokens(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False))

    def text(self, tokens: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(tokens), skip_special_tokens=True))


def dtype_for(device: Device) -> torch.dtype:
    """In float16 Qwen's activations overflow and the answer becomes nothing but “!” (QwenLM/Qwen3 issues 761 and 868,
    huggingface/transformers 33294)."""
    return bfloat16_or_half(device)


def read_network(folder: Path, dtype: torch.dtype) -> Qwen3VLForConditionalGeneration:
    """The network on the CPU, every tensor once in memory. Raises Img23DError (WEIGHTS_DAMAGED, WEIGHTS_UNFIT)."""
    from transformers import GenerationConfig, Qwen3VLForConditionalGeneration
    from transformers.utils.logging import disable_progress_bar

    from ...models.loading import require_all

    disable_progress_bar()  # it would draw into the log
    with _damage_told(folder):
        network, info = Qwen3VLForConditionalGeneration.from_pretrained(
            folder,
            dtype=dtype,
            attn_implementation="sdpa",
            local_files_only=True,
            use_safetensors=True,
            output_loading_info=True,
        )
    require_all(info)
    published = network.generation_config
    network.generation_config = GenerationConfig(do_sample=False, eos_token_id=published.eos_token_id, pad_token_id=published.pad_token_id)
    return network.eval()


def answer(
    network: Qwen3VLForConditionalGeneration,
    asked: Question,
    *,
    device: Device,
    limit: int,
    usual: int,
    report: Callable[[float], None],
) -> list[int]:
    """The answer's tokens, at most `limit`, each the likeliest.

    `report` takes 0..1 before each layer, 1 where the answer is as long as `usual`, and may raise.
    """
    import torch
    from transformers import StoppingCriteria, StoppingCriteriaList

    length = asked.input_ids.shape[1]

    class Repeating(StoppingCriteria):
        def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **_: Any) -> torch.Tensor:
            is_over = repeats_itself(input_ids[0, length:].tolist())
            return torch.full((1,), is_over, dtype=torch.bool, device=input_ids.device)

    where = torch.device(device.torch_name)
    with _watched(network, usual, report), torch.inference_mode():
        tokens = network.generate(
            input_ids=asked.input_ids.to(where),
            attention_mask=torch.ones_like(asked.input_ids).to(where),
            mm_token_type_ids=asked.mm_token_type_ids.to(where),
            pixel_values=asked.pixel_values.to(where),
            image_grid_thw=asked.image_grid_thw.to(where),
            max_new_tokens=limit,
            stopping_criteria=StoppingCriteriaList([Repeating()]),
        )  # (1, length + answer)
    return [int(token) for token in tokens[0, length:].tolist()]


def repeats_itself(tokens: Sequence[int]) -> bool:
    """Whether the answer ends in the same line three times, which greedy decoding never leaves again."""
    for period in range(_SHORTEST_REPEAT, min(_LONGEST_REPEAT, len(tokens) // _REPEATS) + 1):
        last = tokens[-period:]
        if all(tokens[-(turn + 1) * period : -turn * period] == last for turn in range(1, _REPEATS)):
            return True
    return False


@contextlib.contextmanager
def _watched(network: Qwen3VLForConditionalGeneration, usual: int, report: Callable[[float], None]) -> Iterator[None]:
    """Before each layer `report` hears how far the answer is: on a processor the prompt alone takes a minute."""
    vision, language = network.model.visual.blocks, network.model.language_model.layers
    prompt = len(vision) + len(language)
    passed = 0

    def before_layer(*_: object) -> None:
        nonlocal passed
        answered = max(0, passed - prompt) / (len(language) * usual)
        report(_PROMPT_SHARE * min(1.0, passed / prompt) + (1 - _PROMPT_SHARE) * min(1.0, answered))
        passed += 1

    hooks = [layer.register_forward_pre_hook(before_layer) for layer in (*vision, *language)]
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
        raise _damaged(folder, f"{type(error).__name__}: {error}") from error


def _damaged(folder: Path, detail: str) -> Img23DError:
    sentence = "The files of the model that finds things are damaged: press Verify, then Download, under AI Models."
    return Img23DError(ErrorCode.WEIGHTS_DAMAGED, sentence, f"{folder.name}: {detail}")
