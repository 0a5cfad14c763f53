"""The rasterizer's interface to torch, for a processor or a card."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import Array

_ON_PROCESSOR, _ON_CARD = 1 << 17, 1 << 21  # elements at a time: within the cache; few launches, at most some 0.4 GB


class TorchArrays:
    """On the device that torch calls `device`; one that `computes_doubles`."""

    def __init__(self, device: str) -> None:
        import torch

        self.xp: Any = torch
        self.device = torch.device(device)
        self.piece = _ON_PROCESSOR if self.device.type == "cpu" else _ON_CARD

    def given(self, array: np.ndarray) -> Array:
        return self.xp.from_numpy(array).to(self.device)

    def taken(self, array: Array) -> np.ndarray:
        return array.cpu().numpy()

    def integers(self, array: Array) -> Array:
        return array.to(self.xp.int64)

    def count(self, stop: int) -> Array:
        return self.xp.arange(stop, device=self.device)

    def full(self, size: int, value: float, dtype: str) -> Array:
        return self.xp.full((size,), value, dtype=getattr(self.xp, dtype), device=self.device)

    def repeat(self, array: Array, times: Array, total: int) -> Array:
        return self.xp.repeat_interleave(array, times, output_size=total)  # the size given, a card need not be waited for

    def where_true(self, mask: Array) -> Array:
        return self.xp.nonzero(mask).flatten()

    def lower(self, buffer: Array, index: Array, values: Array) -> None:
        buffer.scatter_reduce_(0, index, values, "amin")


def computes_doubles(device: str) -> bool:
    """False for Apple's MPS and some of Intel's cards, which have single precision only: edges and depths need more."""
    import torch

    kind = torch.device(device).type
    if kind == "xpu":
        return bool(torch.xpu.get_device_properties(device).has_fp64)
    return kind != "mps"
