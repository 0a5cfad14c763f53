"""Networks in folders as diffusers writes them: a config.json and a file of weights each.

All raise Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED, WEIGHTS_UNFIT).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from img23d_protocol import ErrorCode, Img23DError

if TYPE_CHECKING:
    import torch
    from diffusers import AutoencoderKL
    from torch import Tensor, nn

CONFIG = "config.json"
# Best first. A VAE that is published as a pickle only is read by torch's reader that runs no code.
_WEIGHT_FILES = ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin")
# An attention block of a VAE from before diffusers 0.15 calls its layers by older names; the turbo painter's is that old.
_OLD_NAMES = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
_PART = re.compile(r"[\w.-]+\.safetensors")
_OLD_KEY = re.compile(rf"(.*\.attentions\.\d+)\.({'|'.join(_OLD_NAMES)})\.(weight|bias)")


def vae(folder: Path, dtype: torch.dtype) -> AutoencoderKL:
    """An autoencoder, also one from before diffusers 0.15."""
    from diffusers import AutoencoderKL

    tensors = {_today(key): tensor for key, tensor in read_weights(folder).items()}
    return built(AutoencoderKL.from_config, folder, tensors, dtype)


def _today(key: str) -> str:
    match = _OLD_KEY.fullmatch(key)
    return f"{match[1]}.{_OLD_NAMES[match[2]]}.{match[3]}" if match else key


def built(
    make: Callable[[dict], nn.Module],
    folder: Path,
    tensors: Mapping[str, Tensor],
    dtype: torch.dtype,
    *,
    may_hold_more: bool = False,
) -> nn.Module:
    """The network that `make` builds from the folder's config.json."""
    from .loading import build, unfit

    config = read_config(folder / CONFIG)
    try:
        return build(lambda: make(config), tensors, dtype, may_hold_more=may_hold_more)
    except (TypeError, ValueError, KeyError) as error:
        raise unfit(f"{folder}: {error}") from error


def read_weights(folder: Path, prefix: str = "", names: Sequence[str] = _WEIGHT_FILES) -> dict[str, Tensor]:
    """Of the network whose folder it is, the tensors whose names begin with `prefix`, without it; in one file of these `names`, or in parts."""
    from .loading import read_tensors

    for name in names:
        if (folder / name).is_file():
            return read_tensors(folder / name, prefix)
        if (folder / f"{name}.index.json").is_file():
            return _read_parts(folder, f"{name}.index.json", prefix)
    raise _missing(f"{folder.parent.name}/{folder.name}", f"{folder} has none of {', '.join(_WEIGHT_FILES)}")


def _read_parts(folder: Path, index: str, prefix: str) -> dict[str, Tensor]:
    """The index has the file of each tensor under `weight_map`."""
    from .loading import damaged, read_tensors

    parts = read_config(folder / index).get("weight_map")
    if not isinstance(parts, dict) or not all(isinstance(name, str) and _PART.fullmatch(name) for name in parts.values()):
        raise damaged(f"its {index} cannot be read", f"{folder / index}: no names of files")
    found: dict[str, Tensor] = {}
    for name in sorted(set(parts.values())):
        found |= read_tensors(folder / name, prefix)
    return found


def read_config(path: Path) -> dict:
    """Of a .json file."""
    from .loading import damaged

    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise _missing(f"{path.parent.name}/{path.name}", str(path)) from error
    except ValueError as error:  # bytes that are no text as well
        raise damaged(f"its {path.name} cannot be read", f"{path}: {error}") from error
    if not isinstance(content, dict):
        raise damaged(f"its {path.name} cannot be read", f"{path} holds no table")
    return content


def _missing(what: str, detail: str) -> Img23DError:
    sentence = f"Files of a model are missing ({what}): download it again under AI Models."
    return Img23DError(ErrorCode.WEIGHTS_MISSING, sentence, detail)
