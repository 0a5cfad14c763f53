"""Fewer splats: those that are seen most stay, as large as they were.

On a finely patterned body of 320,000 splats, half of them give the same picture to 35 dB and a quarter to 28; grown to cover as much as
all did, 32 and 23, grown by the cube root of the number, 24 and 18; chosen by chance, 24 and 20.
"""

from __future__ import annotations

import numpy as np

from ....stages import Splats


def most_seen(splats: Splats, count: int) -> Splats:
    """At most `count`, in their order; 0 keeps all."""
    if count == 0 or len(splats) <= count:
        return splats
    kept = np.sort(np.argsort(-seen_area(splats), kind="stable")[:count])
    return Splats(**{name: values[kept] for name, values in vars(splats).items()})


def seen_area(splats: Splats) -> np.ndarray:
    """(K,): how much of a picture each covers, from all sides on the mean and but for a factor: opacity times the area of its shadow,
    which for an ellipsoid is about the mean of its three cross-sections.
    """
    a, b, c = splats.scales.astype(np.float64).T
    return splats.opacities * (a * b + b * c + c * a)
