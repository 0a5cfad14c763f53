"""The question, as Qwen publishes it for its own measurements, and how long its answer may be."""

from __future__ import annotations

from collections.abc import Sequence

IMAGE_TOKEN = "<|image_pad|>"

_TOKENS_A_LINE = 45  # each of a box's up to 12 digits is one; keys, brackets and a label of a few words are the rest
# Two lines a name, and some more in any case: a name may have many instances
_TOKENS_A_NAME = 96
_TOKENS_IN_ANY_CASE = 768
_MOST_TOKENS = 4096


def question(names: Sequence[str]) -> str:
    """All names in one go.

    Source: QwenLM/Qwen3-VL, evaluation/ODinW-13/dataset_utils.py, the prompt of its own object detection benchmark;
    answered as a JSON list of `bbox_2d` in thousandths and `label`.
    """
    return f"{_categories(names)} Report bbox coordinates in JSON format."


def question_once_more(names: Sequence[str]) -> str:
    """After an answer with boxes in space: the same, with the form of the answer said outright (as in Qwen's 2D grounding cookbook)."""
    form = '{"bbox_2d": [x1, y1, x2, y2], "label": "category"}'
    return f"{_categories(names)} Report 2D bounding boxes in the picture, each in JSON format as {form}. No 3D boxes."


def _categories(names: Sequence[str]) -> str:
    listed = ", ".join(" ".join(name.replace("<|", "<").split()) for name in names)  # no control token comes from a name
    return f"Locate every instance that belongs to the following categories: '{listed}'."


def chat(text: str, image_tokens: int) -> str:
    """One picture and the text as the only turn, up to where the answer begins.

    It is what the published chat template makes of this turn. It is written out here, since a template is a program that
    came with the weights, and this is the only turn there ever is.
    """
    picture = f"<|vision_start|>{IMAGE_TOKEN * image_tokens}<|vision_end|>"
    return f"<|im_start|>user\n{picture}{text}<|im_end|>\n<|im_start|>assistant\n"


def token_limit(names: int) -> int:
    """How long the answer about so many names may become: a model that repeats itself must end."""
    return min(_MOST_TOKENS, _TOKENS_IN_ANY_CASE + _TOKENS_A_NAME * names)


def usual_tokens(names: int) -> int:
    """How long the answer mostly is, for the progress: a line a name."""
    return _TOKENS_A_LINE * (names + 1)
