"""What a thing looks like, as far as names speak of it: its colours and how light it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .colors import NAMES, NEAR, memberships

_SAMPLES = 600  # pixels a thing whose colours are looked at


@dataclass(frozen=True, kw_only=True)
class Looks:
    """The base of things that are told apart by their looks."""

    colours: np.ndarray  # (len(colors.NAMES),) share of the thing's area
    lightness: float  # mean L, 0..100

    def share(self, colour: str) -> float:
        return float(self.colours[NAMES.index(colour)])

    def share_about(self, colour: str) -> float:
        """With half of the colours that light and shadow make of it, or that another person would call so."""
        return self.share(colour) + 0.5 * sum(self.share(near) for near in NEAR[colour])


def looks_of(pixels: np.ndarray) -> Looks:
    """Of (N, 3) float32 Lab pixels, which may be none."""
    pixels = pixels[:: max(1, len(pixels) // _SAMPLES)]
    if not len(pixels):
        return Looks(colours=np.zeros(len(NAMES), np.float32), lightness=0.0)
    return Looks(colours=memberships(pixels).mean(0), lightness=float(pixels[:, 0].mean()))
