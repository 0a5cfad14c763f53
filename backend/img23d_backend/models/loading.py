"""From a weight file to a network in memory without a detour: the file is mapped, the network is built without memory for
its parameters, and the mapped tensors become them.

Building the usual way first fills every parameter with random numbers and then copies: 39 s and 10.5 GB where this takes
under a second and the size of the file.
"""

from __future__ import annotations

import logging
import pickle
import struct
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from img23d_protocol import ErrorCode, Img23DError

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

log = logging.getLogger(__name__)

UNFIT = "A model does not fit this version of Img23D, and fetching it again would not help: choose another model, or update Img23D, and report it if it stays."
# What torch's reader of pickles raises for a file that was cut off or changed: the older form is read number by number
_UNREADABLE = (
    pickle.UnpicklingError,
    RuntimeError,
    EOFError,
    OSError,
    struct.error,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)
_NAMES_TOLD = 5  # of the keys that differ
_INITIALISERS = ("torch.nn.init", "transformers.initialization")  # transformers puts its own name on torch's


def read_tensors(path: Path, prefix: str = "") -> dict[str, Tensor]:
    """The file's tensors whose keys begin with `prefix`, without it, mapped from disk: nothing is read before it is used.

    .safetensors, or a pickle (.bin, .ckpt, .pt) by torch's reader that runs no code; in a pickle, one level of nested
    dictionaries counts as a prefix. Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED).
    """
    if not path.is_file():
        sentence = f"The weight file {path.name} is missing: download it again under AI Models."
        raise Img23DError(ErrorCode.WEIGHTS_MISSING, sentence, str(path))
    return _read_safetensors(path, prefix) if path.suffix == ".safetensors" else _read_pickle(path, prefix)


def build(make: Callable[[], nn.Module], tensors: Mapping[str, Tensor], dtype: torch.dtype | None, *, may_hold_more: bool = False) -> nn.Module:
    """The network that `make` builds with exactly these tensors as its parameters, ready to compute on the CPU, in `dtype` or, where
    that is None, in each tensor's own.

    Tensors that have the dtype already stay mapped; with `may_hold_more` those that the network does not have stay unread.
    Buffers that no file holds keep what `make` put into them. Raises Img23DError(WEIGHTS_UNFIT) where keys or shapes are not
    the network's.
    """
    with parameters_without_memory():
        network = make()
    if may_hold_more:
        own = network.state_dict().keys()
        if unread := tensors.keys() - own:
            log.info("%s: %d tensors stay unread: %s", type(network).__name__, len(unread), _told(sorted(unread)))
        tensors = {key: tensor for key, tensor in tensors.items() if key in own}
    typed = {key: tensor.to(dtype) if dtype is not None and tensor.is_floating_point() else tensor for key, tensor in tensors.items()}
    try:
        wrong = network.load_state_dict(typed, strict=False, assign=True)
    except RuntimeError as error:  # shapes
        raise unfit(str(error)) from error
    if wrong.missing_keys or wrong.unexpected_keys:
        raise unfit(_differing(wrong.missing_keys, wrong.unexpected_keys))
    return network.eval().requires_grad_(False)


def unfit(detail: str) -> Img23DError:
    """Of files that could be read, yet hold something else than the networks of this version ask for."""
    return Img23DError(ErrorCode.WEIGHTS_UNFIT, UNFIT, detail)


def require_all(info: Mapping[str, Iterable[object]]) -> None:
    """That a library's own reader found every tensor. It would fill what is missing in the files with random numbers.

    `info` is what transformers' from_pretrained tells of its loading. Raises Img23DError(WEIGHTS_UNFIT).
    """
    missing, other = ([str(key) for key in info[kind]] for kind in ("missing_keys", "unexpected_keys"))
    if missing or info["mismatched_keys"]:
        raise unfit(f"{_differing(missing, other)}; other shapes: {_told([str(key) for key in info['mismatched_keys']])}")


def damaged(what: str, detail: str) -> Img23DError:
    return Img23DError(ErrorCode.WEIGHTS_DAMAGED, f"A model cannot be loaded, {what}: press Verify under AI Models.", detail)


def _read_safetensors(path: Path, prefix: str) -> dict[str, Tensor]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            names = [key for key in file.keys() if key.startswith(prefix)]
            return {key.removeprefix(prefix): file.get_tensor(key) for key in names}
    except (SafetensorError, OSError) as error:
        raise damaged("its file is not whole", f"{path}: {error}") from error


def _read_pickle(path: Path, prefix: str) -> dict[str, Tensor]:
    import zipfile

    import torch

    try:
        # Only the newer format, a zip archive, can be mapped.
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except _UNREADABLE as error:
        raise damaged("its file is not whole", f"{path}: {error}") from error
    if not isinstance(content, dict):
        raise unfit(f"{path} holds a {type(content).__name__}")
    flat: dict[str, Tensor] = {}
    for key, value in content.items():
        flat |= {f"{key}.{inner}": tensor for inner, tensor in value.items()} if isinstance(value, dict) else {key: value}
    return {key.removeprefix(prefix): tensor for key, tensor in flat.items() if key.startswith(prefix)}


def parameters_without_memory() -> torch.overrides.TorchFunctionMode:
    """While active, in this thread only, the functions that parameters are made with give tensors without memory.

    `torch.device("meta")` would take the buffers' numbers as well, such as the frequencies of an embedding, which no file
    holds; those are made with arange and the like, which stay as they are. What has no memory is not initialised either:
    with hundreds of layers that takes longer than all the rest.
    """
    import torch
    from torch.overrides import TorchFunctionMode

    empties = {torch.empty, torch.zeros, torch.ones, torch.rand, torch.randn, torch.full}

    class ParametersWithoutMemory(TorchFunctionMode):
        def __torch_function__(self, func: Callable, types: object, args: tuple = (), kwargs: dict | None = None) -> object:
            kwargs = kwargs or {}
            if getattr(func, "__module__", "") in _INITIALISERS and "tensor" in kwargs and kwargs["tensor"].is_meta:
                return kwargs["tensor"]
            if func in empties and kwargs.get("device") is None:
                kwargs["device"] = "meta"
            return func(*args, **kwargs)

    return ParametersWithoutMemory()


def _differing(missing: list[str], unexpected: list[str]) -> str:
    return f"{len(missing)} missing: {_told(missing)}; {len(unexpected)} unexpected: {_told(unexpected)}"


def _told(names: list[str]) -> str:
    return ", ".join(names[:_NAMES_TOLD]) + (" and more" if len(names) > _NAMES_TOLD else "") or "none"
