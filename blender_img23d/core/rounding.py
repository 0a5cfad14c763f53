"""Seconds rounded for display; a module by itself, since Blender's start loads it."""

from __future__ import annotations

import math


def rounded(seconds: float) -> int:
    """Upwards, to steps of 5 seconds, from one and a half minutes on to whole minutes."""
    step = 5 if seconds <= 90 else 60
    return max(math.ceil(seconds / step), 1) * step
