"""Boxes with labels, as models that find things give them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

SAME_THING = 0.7  # intersection over union of two boxes from which on they are one thing named twice


@dataclass(frozen=True, kw_only=True)
class Instance:
    """A thing that a model saw, in fractions 0..1 of the picture's width and height; the label is the model's.

    `note` is what the artist should know of it.
    """

    label: str
    left: float
    top: float
    right: float
    bottom: float
    note: str = ""

    def overlap(self, other: Instance) -> float:
        """Intersection over union, 0..1."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        if width <= 0 or height <= 0:
            return 0.0
        return width * height / (self.area + other.area - width * height)

    @property
    def area(self) -> float:
        return (self.right - self.left) * (self.bottom - self.top)


def folded(label: str) -> str:
    """The label as it is compared: without case, accents' forms, punctuation and repeated spaces."""
    plain = unicodedata.normalize("NFKC", label).casefold().replace("_", " ")
    return " ".join(re.findall(r"[^\W_]+", plain))
