"""The rasterizer's interface to an array library, so that NumPy and torch run the same lines and give the same result."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

import numpy as np

Array: TypeAlias = Any  # np.ndarray or torch.Tensor, all of a computation alike


class Arrays(Protocol):
    """`xp` is the module, for what both call by the same name; `piece` how many elements are best handled at once."""

    xp: Any
    piece: int

    def given(self, array: np.ndarray) -> Array: ...

    def taken(self, array: Array) -> np.ndarray: ...

    def integers(self, array: Array) -> Array:
        """As int64."""

    def count(self, stop: int) -> Array:
        """0 .. stop - 1 as int64."""

    def full(self, size: int, value: float, dtype: str) -> Array: ...

    def repeat(self, array: Array, times: Array, total: int) -> Array:
        """Every element as often as `times` says, `total` in all."""

    def where_true(self, mask: Array) -> Array: ...

    def lower(self, buffer: Array, index: Array, values: Array) -> None:
        """buffer[index] = min(buffer[index], values); of repeated indices the least value stays."""


class NumpyArrays:
    """On the processor, with nothing but NumPy."""

    xp = np
    piece = 1 << 16  # a handful of such arrays stays within the processor's cache

    def given(self, array: np.ndarray) -> np.ndarray:
        return array

    def taken(self, array: np.ndarray) -> np.ndarray:
        return array

    def integers(self, array: np.ndarray) -> np.ndarray:
        return array.astype(np.int64)

    def count(self, stop: int) -> np.ndarray:
        return np.arange(stop)

    def full(self, size: int, value: float, dtype: str) -> np.ndarray:
        return np.full(size, value, dtype=dtype)

    def repeat(self, array: np.ndarray, times: np.ndarray, total: int) -> np.ndarray:
        del total
        return np.repeat(array, times)

    def where_true(self, mask: np.ndarray) -> np.ndarray:
        return np.flatnonzero(mask)

    def lower(self, buffer: np.ndarray, index: np.ndarray, values: np.ndarray) -> None:
        np.minimum.at(buffer, index, values)
