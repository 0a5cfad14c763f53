"""A tokenizer from its one file, without what transformers would look for beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


def read_tokenizer(path: Path) -> PreTrainedTokenizerFast:
    """Raises OSError, KeyError, TypeError or ValueError; what tokenizers itself raises for a damaged file has no type to tell it by."""
    from transformers import PreTrainedTokenizerFast

    if not json.loads(path.read_text(encoding="utf-8"))["model"]["vocab"]:
        raise ValueError(f"{path.name} has no vocabulary")
    return PreTrainedTokenizerFast(tokenizer_file=str(path))
