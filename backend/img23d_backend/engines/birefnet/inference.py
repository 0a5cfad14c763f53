"""From a part of a photo to its alpha through the network, and from a folder of weights to the network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

    from .networks.birefnet import BiRefNet

_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, sRGB 0..1
_SIDES = {"birefnet-hr": 2048}  # pixels, what the weights were trained at
_SIDE = 1024  # of all others
STRIDE = 32  # pixels, of the network: a side is a multiple of it
_NUMBERS = 330  # a pixel, held at the same time: measured with Swin-L at 1024
_NOISE = 0.01  # a sigmoid never reaches 0 or 1: what is nearer to them counts as reached


def load(folder: Path, dtype: torch.dtype) -> BiRefNet:
    """The network on the CPU. Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED, WEIGHTS_UNFIT)."""
    from ...models.loading import build, read_tensors, unfit
    from .networks.birefnet import BiRefNet, config_of

    tensors = read_tensors(folder / "model.safetensors")
    try:
        config = config_of(tensors)
    except KeyError as error:
        raise unfit(f"{folder} lacks {error}") from error
    return build(lambda: BiRefNet(config), tensors, dtype)


def input_side(folder: Path, set_id: str) -> int:
    """Pixels a side that the network is shown: `image_size` of the checkpoint's config.json.

    The published ones do not name it, and mean 1024, the HR one 2048; one trained for another size can say so.
    """
    try:
        size = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("image_size")
    except (OSError, ValueError, AttributeError):
        size = None  # the network needs nothing else of it
    if isinstance(size, int) and size >= STRIDE and size % STRIDE == 0:
        return size
    return _SIDES.get(set_id, _SIDE)


def working_bytes(side: int, itemsize: int) -> int:
    """What the computation needs beside the weights, for a picture of `side` x `side` pixels and numbers of `itemsize` bytes."""
    return side * side * itemsize * _NUMBERS


def matte(network: BiRefNet, rgb: np.ndarray, side: int, report: Callable[[float], None]) -> np.ndarray:
    """(h, w) float32 alpha 0..1 of `rgb` (h, w, 3) uint8, seen at `side` x `side` pixels as in the published inference.

    `report` gets the share that is done and may raise.
    """
    import torch
    from torch.nn import functional

    from .networks.birefnet import watched

    weight = next(network.parameters())
    with torch.inference_mode(), watched(network, report):
        seen = prepared(rgb, side).to(weight.device, weight.dtype)
        alpha = network(seen).float().sigmoid().cpu()  # (1, 1, side, side)
        alpha = functional.interpolate(alpha, size=rgb.shape[:2], mode="bicubic", antialias=True)[0, 0]
    return np.clip((alpha.numpy() - _NOISE) / (1 - 2 * _NOISE), 0, 1)


def prepared(rgb: np.ndarray, side: int) -> torch.Tensor:
    """(1, 3, side, side) float32, normalised. Scaled in 8 bits, as Pillow and therefore the published inference does."""
    import torch
    from torch.nn import functional

    picture = torch.tensor(rgb).permute(2, 0, 1)[None]  # (1, 3, h, w) uint8
    picture = functional.interpolate(picture, size=(side, side), mode="bilinear", antialias=True)
    mean, deviation = (torch.tensor(values).reshape(1, 3, 1, 1) for values in (_MEAN, _DEVIATION))
    return (picture.float() / 255 - mean) / deviation
