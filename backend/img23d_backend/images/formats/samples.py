"""Samples of any depth as bytes."""

from __future__ import annotations

import numpy as np

DIVISOR_OF_16_BITS = 257  # 65535 / 255


def unpacked(rows: np.ndarray, width: int, bits: int, channels: int = 1) -> np.ndarray:
    """(H, row bytes) uint8 to (H, width, channels) samples of 1, 2, 4 or 8 bits, the highest bits first."""
    count = width * channels
    if bits == 8:
        values = rows[:, :count]
    elif bits == 1:
        values = np.unpackbits(rows, axis=1, count=count)
    else:
        shifts = np.arange(8 - bits, -1, -bits, dtype=np.uint8)
        of_a_byte = np.arange(256, dtype=np.uint8)[:, None] >> shifts & (2**bits - 1)
        values = looked_up(of_a_byte, rows).reshape(len(rows), -1)[:, :count]
    return values.reshape(len(rows), width, channels)


def looked_up(table: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """(N, 2, 3 or 4) uint8 at (H, W) indices below N, (H, W, 2, 3 or 4). A row of the table is moved as one number."""
    channels = table.shape[1]
    if channels == 2:
        return np.take(np.ascontiguousarray(table).view(np.uint16)[:, 0], indices)[..., None].view(np.uint8)
    wide = np.zeros((len(table), 4), np.uint8)
    wide[:, :channels] = table
    return np.take(wide.view(np.uint32)[:, 0], indices)[..., None].view(np.uint8)[..., :channels]


def to_8_bits(samples: np.ndarray, bits: int, divisor: int = DIVISOR_OF_16_BITS) -> np.ndarray:
    """Unsigned samples to bytes: the largest one becomes 255; those of 16 bits are divided and rounded."""
    if bits == 8:
        return samples
    if bits < 8:
        return samples * np.uint8(255 // (2**bits - 1))
    if divisor == 1:
        return np.minimum(samples, 255).astype(np.uint8)
    # (v + 128) / 257 rounded down, exact in 32 bits
    return ((samples.astype(np.uint32) + divisor // 2) // divisor).astype(np.uint8)
