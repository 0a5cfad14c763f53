"""Sorting whole numbers by counting: several times as fast as NumPy's comparison sorts of 64-bit numbers."""

from __future__ import annotations

import numpy as np


def sorted_with_order(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sorted non-negative keys (N,) int64 and their order, stable: digits of 16 bits, which NumPy sorts by counting."""
    order = np.argsort((keys & 0xFFFF).astype(np.uint16), kind="stable")
    bits = int(keys.max()).bit_length() if len(keys) else 0
    for shift in range(16, bits, 16):
        digit = ((keys >> shift) & 0xFFFF).astype(np.uint16)
        order = order[np.argsort(digit[order], kind="stable")]
    return keys[order], order


def numbered(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first index of each distinct non-negative key, ascending by key, and the number (N,) 0.. of each item's key."""
    values, order = sorted_with_order(keys)
    starts = np.ones(len(keys), dtype=bool)
    starts[1:] = values[1:] != values[:-1]
    number = np.empty(len(keys), dtype=np.int64)
    number[order] = np.cumsum(starts) - 1
    return order[starts], number
