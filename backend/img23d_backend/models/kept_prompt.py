"""The embedding of a prompt that is always the same: computed once, then kept as a small file with the digest of what made it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from img23d_protocol.files.whole_files import whole_file

if TYPE_CHECKING:
    from torch import Tensor

log = logging.getLogger(__name__)

_TENSOR, _MADE_WITH = "prompt", "text_encoder"  # the file's one tensor; its metadata: the text encoder's digest


def read_prompt(path: Path, digest: str) -> Tensor | None:
    """None where there is no file, or one of another text encoder, or one that is damaged."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            if (file.metadata() or {}).get(_MADE_WITH) == digest:
                return file.get_tensor(_TENSOR).clone()  # not mapped: the file may be replaced
    except FileNotFoundError:
        return None
    except (SafetensorError, OSError) as error:
        log.warning("%s is made again: %s", path, error)
    return None


def keep_prompt(path: Path, prompt: Tensor, digest: str) -> None:
    """In one step, so that no half a file is ever read; a folder that cannot be written is no error."""
    from safetensors.torch import save_file

    try:
        with whole_file(path) as new:
            save_file({_TENSOR: prompt.contiguous()}, new, {_MADE_WITH: digest})
    except OSError as error:
        log.info("a prompt is not kept in %s: %s", path.parent, error)
