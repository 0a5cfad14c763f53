"""Connected components of a graph in NumPy alone."""

from __future__ import annotations

import numpy as np


def connected(count: int, pairs: np.ndarray) -> np.ndarray:
    """(count,) numbers 0.. of the connected components of a graph: hooking to the least label and pointer jumping."""
    label = np.arange(count)
    a, b = pairs[:, 0], pairs[:, 1]
    while len(a):
        least = np.minimum(label[a], label[b])
        np.minimum.at(label, label[a], least)
        np.minimum.at(label, label[b], least)
        while True:
            jumped = label[label]
            if np.array_equal(jumped, label):
                break
            label = jumped
        open_ = label[a] != label[b]
        a, b = a[open_], b[open_]
    return np.unique(label, return_inverse=True)[1].reshape(-1)
