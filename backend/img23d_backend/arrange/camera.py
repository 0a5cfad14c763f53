"""Cameras one unit above the ground z = 0, at (0, 0, 1), looking along +y; see img23d_protocol/arrangement.py.

Picture coordinates are in photo widths from the photo's middle, x to the right and y downwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

HEIGHT = 1.0


@dataclass(frozen=True, kw_only=True)
class Cameras:
    """`focal` in photo widths, `pitch` and `roll` in radians, each (C,)."""

    focal: np.ndarray
    pitch: np.ndarray
    roll: np.ndarray

    def __len__(self) -> int:
        return len(self.focal)

    def axes(self) -> np.ndarray:
        """(C, 3, 3): the rows are right, up and forward in the world."""
        sine, cosine, nothing = np.sin(self.pitch), np.cos(self.pitch), np.zeros_like(self.pitch)
        right = np.stack([nothing + 1, nothing, nothing], axis=-1)
        up = np.stack([nothing, sine, cosine], axis=-1)
        forward = np.stack([nothing, cosine, -sine], axis=-1)
        turn, keep = np.sin(self.roll)[:, None], np.cos(self.roll)[:, None]
        return np.stack([keep * right - turn * up, turn * right + keep * up, forward], axis=1)

    def one(self, index: int) -> Cameras:
        pick = slice(index, index + 1)
        return Cameras(focal=self.focal[pick], pitch=self.pitch[pick], roll=self.roll[pick])

    def ground_rays(self, points: np.ndarray) -> np.ndarray:
        """(C, N, 3) world directions through picture points (N, 2)."""
        axes = self.axes()
        x, y = points[None, :, 0] / self.focal[:, None], points[None, :, 1] / self.focal[:, None]
        return x[..., None] * axes[:, None, 0] - y[..., None] * axes[:, None, 1] + axes[:, None, 2]


def horizon(cameras: Cameras) -> np.ndarray:
    """(C,) photo widths by which the horizon is above the photo's middle."""
    return cameras.focal * np.tan(cameras.pitch)
