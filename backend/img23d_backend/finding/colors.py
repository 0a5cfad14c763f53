"""How much of each basic colour's name a pixel deserves."""

from __future__ import annotations

import cv2
import numpy as np

# sRGB examples of each name, light and shaded, as photographs show them
_EXAMPLES: dict[str, tuple[tuple[int, int, int], ...]] = {
    "red": ((205, 30, 35), (150, 20, 25), (225, 75, 65), (100, 15, 20)),
    "orange": ((240, 130, 30), (225, 100, 40), (200, 95, 20)),
    "yellow": ((245, 215, 50), (250, 235, 120), (205, 165, 35), (160, 130, 20)),
    "green": ((60, 160, 60), (30, 95, 40), (125, 190, 90), (95, 120, 45), (60, 130, 95), (15, 50, 20)),
    "cyan": ((40, 180, 190), (20, 120, 130), (120, 215, 215)),
    "blue": ((45, 90, 200), (25, 45, 115), (100, 155, 225), (60, 110, 160), (15, 25, 60)),
    "purple": ((120, 60, 170), (75, 40, 105), (170, 130, 205), (110, 80, 150)),
    "pink": ((240, 150, 180), (225, 85, 150), (245, 190, 200), (200, 100, 130), (170, 50, 90)),
    "brown": ((120, 75, 45), (80, 50, 30), (150, 100, 65), (60, 38, 25), (100, 70, 50)),
    "beige": ((225, 205, 170), (205, 180, 140), (240, 228, 200), (185, 165, 130)),
    "black": ((22, 22, 22), (40, 40, 42), (10, 10, 10), (30, 28, 30)),
    "grey": ((128, 128, 128), (90, 90, 92), (165, 165, 165), (195, 195, 198), (65, 65, 68)),
    "white": ((250, 250, 250), (232, 232, 232), (240, 240, 236)),
}
NAMES = tuple(_EXAMPLES)
# What a thing of a colour may look like in another light, or to another person
NEAR: dict[str, tuple[str, ...]] = {
    "red": ("orange", "pink", "brown"),
    "orange": ("red", "yellow", "brown", "beige"),
    "yellow": ("orange", "beige", "brown"),
    "green": ("cyan",),
    "cyan": ("blue", "green"),
    "blue": ("cyan",),
    "purple": ("pink",),
    "pink": ("red", "purple", "beige"),
    "brown": ("orange", "red", "beige", "black"),
    "beige": ("yellow", "white", "brown", "grey"),
    "black": ("grey", "brown"),
    "grey": ("black", "white"),
    "white": ("grey", "beige"),
}
GREYS = ("black", "grey", "white")
_SOFTNESS = 12.0  # Lab units
_LIGHTNESS_COUNTS = 0.6  # light changes more over a thing than its hue does


def memberships(lab: np.ndarray) -> np.ndarray:
    """(N, 3) float32 Lab to (N, len(NAMES)) float32, each row adding up to 1."""
    owners = np.repeat(np.arange(len(NAMES)), [len(examples) for examples in _EXAMPLES.values()])
    rgb = np.array([example for examples in _EXAMPLES.values() for example in examples], np.float32)
    prototypes = cv2.cvtColor(rgb[None] / 255, cv2.COLOR_RGB2LAB)[0]
    scale = np.array([_LIGHTNESS_COUNTS, 1, 1], np.float32)
    difference = (lab * scale)[:, None] - (prototypes * scale)[None]
    squared = (difference**2).sum(2)
    squared -= squared.min(1, keepdims=True)
    likeness = np.exp(-squared / (2 * _SOFTNESS**2))
    shares = np.stack([likeness[:, owners == index].max(1) for index in range(len(NAMES))], axis=1)
    return shares / shares.sum(1, keepdims=True)
