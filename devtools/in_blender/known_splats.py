"""A file of splats whose scene is known, for what is measured in Blender: PLY as the trainer of 3D Gaussian Splatting (Kerbl et al., 2023) writes it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np


def write_splats(path: Path, count: int) -> Path:
    """A ball of flat splats in its surface, coloured by place."""
    number = np.arange(count) + 0.5
    height, angle = 1 - 2 * number / count, math.pi * (1 + 5**0.5) * number
    outward = np.stack((np.sqrt(1 - height**2) * np.cos(angle), height, np.sqrt(1 - height**2) * np.sin(angle)), axis=1)
    spread = 2.0 * (4 * math.pi / count) ** 0.5 / 2  # neighbours overlap
    middle = outward + (0.0, 0.0, 1.0)  # half of the turn that brings the flat axis z outward
    turn = np.column_stack((middle[:, 2], -middle[:, 1], middle[:, 0], np.zeros(count)))
    turn /= np.maximum(np.linalg.norm(turn, axis=1, keepdims=True), 1e-6)
    names = ["x", "y", "z", "f_dc_0", "f_dc_1", "f_dc_2", "opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"]
    scale = np.log(np.tile((spread, spread, 0.1 * spread), (count, 1)))
    values = np.column_stack((outward, outward / 2 / 0.28209479, np.full(count, 2.0), scale, turn))
    header = "".join(f"property float {name}\n" for name in names)
    text = f"ply\nformat binary_little_endian 1.0\nelement vertex {count}\n{header}end_header\n"
    path.write_bytes(text.encode("ascii") + values.astype("<f4").tobytes())
    return path
