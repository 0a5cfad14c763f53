"""LPIPS, a distance between two pictures as people see it (Zhang et al., The Unreasonable Effectiveness of Deep Features as a Perceptual
Metric, 2018): its version 0.1 on AlexNet, which is the standard of its authors' package.

Only the two published files give the published numbers, so that no others are taken. Neither comes with the program: torchvision's AlexNet
is at https://download.pytorch.org/models/alexnet-owt-7be5be79.pth, the heads lie in the package lpips 0.1.4 as lpips/weights/v0.1/alex.pth.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from img23d_protocol.errors import bad_request

from ..models.loading import read_tensors, unfit

if TYPE_CHECKING:
    from torch import Tensor

LPIPS_NAME = "LPIPS (version 0.1, AlexNet)"


@dataclass(frozen=True, kw_only=True)
class PublishedFile:
    """`sha256` is how the file's digest begins: of the first, its publisher tells as much in its name."""

    name: str
    sha256: str
    shapes: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, kw_only=True)
class _Convolution:
    """The number of its layer in torchvision's AlexNet, and what it does; `pools` whether what it gets is pooled before."""

    layer: int
    shape: tuple[int, int, int, int]
    stride: int = 1
    padding: int = 1
    pools: bool = False


_CONVOLUTIONS = (
    _Convolution(layer=0, shape=(64, 3, 11, 11), stride=4, padding=2),
    _Convolution(layer=3, shape=(192, 64, 5, 5), padding=2, pools=True),
    _Convolution(layer=6, shape=(384, 192, 3, 3), pools=True),
    _Convolution(layer=8, shape=(256, 384, 3, 3)),
    _Convolution(layer=10, shape=(256, 256, 3, 3)),
)
_CLASSIFIER = {1: (4096, 9216), 4: (4096, 4096), 6: (1000, 4096)}  # which nothing here asks
ALEXNET = PublishedFile(
    name="alexnet-owt-7be5be79.pth",
    sha256="7be5be79",
    shapes={
        **{f"features.{one.layer}.weight": one.shape for one in _CONVOLUTIONS},
        **{f"features.{one.layer}.bias": one.shape[:1] for one in _CONVOLUTIONS},
        **{f"classifier.{layer}.weight": shape for layer, shape in _CLASSIFIER.items()},
        **{f"classifier.{layer}.bias": shape[:1] for layer, shape in _CLASSIFIER.items()},
    },
)
HEADS = PublishedFile(
    name="alex.pth",
    sha256="df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0",
    shapes={f"lin{number}.model.1.weight": (1, one.shape[0], 1, 1) for number, one in enumerate(_CONVOLUTIONS)},
)

# Of the colours, -1 to 1, before the first layer, and what keeps the quotient from 0 / 0: the constants of the authors' package
_SHIFT, _SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
_SMALLEST = 1e-10
_LEAST = 64  # pixels a side: smaller ones do not reach the last layer


@dataclass(frozen=True, kw_only=True)
class Lpips:
    """Both files' tensors, by their published names."""

    alexnet: Mapping[str, Tensor]
    heads: Mapping[str, Tensor]

    def __call__(self, one: np.ndarray, other: np.ndarray) -> float:
        """0 for the same picture, about 1 for one that has nothing to do with it. (H, W, 3) in 0..1. Raises ValueError where they differ in size
        or are too small.
        """
        import torch

        if one.shape != other.shape or min(one.shape[:2]) < _LEAST:
            raise ValueError(f"pictures of one size and of at least {_LEAST} pixels a side, not {one.shape} and {other.shape}")
        shift, scale = (torch.tensor(values).view(1, 3, 1, 1) for values in (_SHIFT, _SCALE))
        with torch.inference_mode():
            pictures = torch.from_numpy(np.stack((one, other)).astype(np.float32)).permute(0, 3, 1, 2)  # (2, 3, H, W)
            return float(sum(self._distances((2 * pictures - 1 - shift) / scale)))

    def _distances(self, values: Tensor) -> list[Tensor]:
        """One a layer, of the two pictures (2, 3, H, W)."""
        from torch.nn.functional import conv2d, max_pool2d

        found = []
        for number, layer in enumerate(_CONVOLUTIONS):
            values = max_pool2d(values, 3, 2) if layer.pools else values
            weight, bias = (self.alexnet[f"features.{layer.layer}.{name}"] for name in ("weight", "bias"))
            values = conv2d(values, weight, bias, layer.stride, layer.padding).relu()
            directions = values / (values.square().sum(dim=1, keepdim=True).sqrt() + _SMALLEST)
            apart = (directions[:1] - directions[1:]).square()  # (1, C, h, w)
            found.append(conv2d(apart, self.heads[f"lin{number}.model.1.weight"]).mean())
        return found


def read_lpips(alexnet: Path, heads: Path) -> Lpips:
    """From the published files. Raises Img23DError(BAD_REQUEST) for others and without torch."""
    if importlib.util.find_spec("torch") is None:
        raise bad_request("LPIPS needs PyTorch: set up the AI models, and start the command with the Python that “setup” names.")
    return Lpips(alexnet=_published(alexnet, ALEXNET), heads=_published(heads, HEADS))


def _published(path: Path, file: PublishedFile) -> dict[str, Tensor]:
    try:
        with open(path, "rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise bad_request(f"“{path.name}” cannot be read: LPIPS needs the published file {file.name}.") from error
    if not digest.startswith(file.sha256):
        raise bad_request(f"“{path.name}” is not the published file {file.name}: only that one gives the published LPIPS.")
    return checked(read_tensors(path), file)


def checked(tensors: dict[str, Tensor], file: PublishedFile) -> dict[str, Tensor]:
    """The tensors that a file holds. Raises Img23DError(WEIGHTS_UNFIT) where names or shapes are not the published ones."""
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    if shapes != file.shapes:
        raise unfit(f"{file.name}: {sorted(shapes.items() ^ file.shapes.items())[:5]}")
    return tensors
