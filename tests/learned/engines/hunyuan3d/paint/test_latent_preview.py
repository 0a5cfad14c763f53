"""Latents as small pictures."""

from __future__ import annotations

import numpy as np
import torch

from img23d_backend.models.latent_preview import contact_sheet, fit_colors

SIDE = 8  # pixels that one latent stands for


def test_colours_come_back_where_latents_are_linear_in_them() -> None:
    random = np.random.default_rng(0)
    pictures = [random.integers(0, 256, (8, 8, 3), np.uint8).repeat(SIDE, 0).repeat(SIDE, 1) for _ in range(4)]
    matrix, offset = random.normal(size=(3, 4)), random.normal(size=4)
    latents = [torch.tensor(picture[::SIDE, ::SIDE] / 255 @ matrix + offset).permute(2, 0, 1)[None] for picture in pictures]
    sheet = contact_sheet(torch.cat(latents), fit_colors(latents, pictures)).astype(int)
    assert sheet.shape == (16, 24, 3)
    assert np.abs(sheet[:8, 8:16] - pictures[1][::SIDE, ::SIDE]).max() <= 1
    assert np.abs(sheet[8:, :8] - pictures[3][::SIDE, ::SIDE]).max() <= 1
    assert (sheet[8:, 8:] == 255).all()
