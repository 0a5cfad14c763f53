"""Latents to a preview without the decoder: a linear map to colours, fitted to pictures whose latents are known.

Latents of Stable Diffusion's autoencoder are nearly linear in the colours of the pixels that they stand for, so that a
least-squares fit (here over the picture and the maps that the painter encodes anyway) gives a small, blurred picture for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

_COLUMNS = 3  # views side by side


def fit_colors(latents: Sequence[Tensor], pictures: Sequence[np.ndarray]) -> np.ndarray:
    """(C + 1, 3): the map from a latent (1, C, h, w) and a constant to sRGB 0..255 of its picture (s, s, 3) uint8."""
    import cv2

    rows, colors = [], []
    for latent, picture in zip(latents, pictures, strict=True):
        height, width = latent.shape[-2:]
        rows.append(_with_constant(latent[0].numpy()))
        colors.append(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA).reshape(-1, 3))
    return np.linalg.lstsq(np.concatenate(rows), np.concatenate(colors).astype(np.float64), rcond=None)[0]


def contact_sheet(latents: Tensor, colors: np.ndarray) -> np.ndarray:
    """(rows * h, 3 * w, 3) uint8: views (V, C, h, w), three in a row."""
    views = [small_picture(view, colors) for view in latents]
    views += [np.full_like(views[0], 255)] * (-len(views) % _COLUMNS)
    rows = [np.concatenate(views[start : start + _COLUMNS], axis=1) for start in range(0, len(views), _COLUMNS)]
    return np.concatenate(rows)


def small_picture(latent: Tensor, colors: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 of a latent (C, h, w)."""
    return (_with_constant(latent.numpy()) @ colors).reshape(*latent.shape[-2:], 3).clip(0, 255).astype(np.uint8)


def _with_constant(latent: np.ndarray) -> np.ndarray:
    """(h * w, C + 1)"""
    flat = latent.reshape(len(latent), -1).T
    return np.concatenate([flat, np.ones((len(flat), 1), flat.dtype)], axis=1)
