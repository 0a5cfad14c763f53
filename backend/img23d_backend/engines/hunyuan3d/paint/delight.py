"""Preprocessing of the painter's picture: the thing alone on white, and its light and shadow taken away.

The same as hy3dgen's `Light_Shadow_Remover` (texgen/utils/dehighlight_utils.py) for the same seed: an InstructPix2Pix model
(Brooks et al., 2023) that is never given a text, without the text encoder. hy3dgen's guidance of 1 switches diffusers'
guidance off altogether, so that its image guidance of 1.5 has no effect; neither is here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from img23d_protocol import ErrorCode, Img23DError

from ....models.load_plan import Report, progress_part
from .latent_pictures import decoded, picture_bytes, posterior_mode

if TYPE_CHECKING:
    from torch import Tensor

    from ....models.store import ModelStore
    from .plan import PaintPlan

SIDE = 512  # pixels of the picture, which the models were trained on
_STEPS, _SEED = 50, 42  # hy3dgen's
_BORDER = 0.2  # of the thing's width and height, on each side of it
_KEPT_OF_MEAN = 0.95  # how far the network's mean is taken away before the picture's own takes its place
_ONE_COLOUR = 1e-9  # a deviation that is rounding alone
_ENCODED, _SAMPLED = 0.03, 0.97  # of the progress
_BYTES_OF_A_STEP = 200 * 2**20  # of a network that computes one picture


def recentred(rgba: np.ndarray) -> np.ndarray:
    """(h, w, 4) uint8 straight alpha to (s, s, 4): the thing in the middle, transparent white around it.

    Pixel for pixel what hy3dgen makes of it before it paints. Raises Img23DError(EMPTY_CUTOUT).
    """
    rows, columns = np.flatnonzero(rgba[:, :, 3].any(axis=1)), np.flatnonzero(rgba[:, :, 3].any(axis=0))
    if not len(rows):
        raise Img23DError(ErrorCode.EMPTY_CUTOUT, "Nothing is left of it after cutting it out: draw a box around it.")
    thing = rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = thing.shape[:2]
    border_y, border_x = int(height * _BORDER), int(width * _BORDER)
    side = max(height + 2 * border_y, width + 2 * border_x)
    top, left = (side - height - 2 * border_y) // 2 + border_y, (side - width - 2 * border_x) // 2 + border_x
    square = np.full((side, side, 4), (255, 255, 255, 0), dtype=np.uint8)
    square[top : top + height, left : left + width] = thing
    return square


def without_delight(picture: np.ndarray, *, side: int = SIDE) -> np.ndarray:
    """(s, s, 4) uint8 to (side, side, 3) on white, light and shadow as they are."""
    rgb, alpha = _scaled(picture, side)
    return _over_white(rgb / 255, alpha / 255)


def remove_light(
    picture: np.ndarray,
    *,
    plan: PaintPlan,
    models: ModelStore,
    report: Report,
    seed: int = _SEED,
    steps: int = _STEPS,
    side: int = SIDE,
) -> np.ndarray:
    """(s, s, 4) uint8 to (side, side, 3) on white, without light and shadow and with the picture's own range of colours.

    `report` is called at every step, which is where a cancel is seen. Raises what loading and torch raise.
    """
    rgb, alpha = _scaled(picture, side)
    even = _sample(rgb, plan, models, seed, steps, report)
    return _over_white(_recoloured(even / 255, rgb / 255, alpha / 255), alpha / 255)


def _scaled(picture: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """The colours (side, side, 3), white where nothing is, and the alpha (side, side, 1), a pixel narrower, both uint8."""
    from PIL import Image

    scaled = np.array(Image.fromarray(picture).resize((side, side)))
    alpha = cv2.erode(scaled[:, :, 3], np.ones((3, 3), np.uint8))
    return np.where(alpha[:, :, None] == 0, np.uint8(255), scaled[:, :, :3]), alpha[:, :, None]


def _sample(rgb: np.ndarray, plan: PaintPlan, models: ModelStore, seed: int, steps: int, report: Report) -> np.ndarray:
    """(s, s, 3) uint8 to the same."""
    import torch

    report(0.0, "Looking at the light")
    with plan.on_device(plan.delight_vae, models, picture_bytes(plan.device, len(rgb))) as vae, torch.inference_mode():
        seen = posterior_mode(vae, rgb, plan.device)
    latents = _denoise(seen, plan, models, seed, steps, progress_part(report, _ENCODED, _SAMPLED))
    with plan.on_device(plan.delight_vae, models, picture_bytes(plan.device, len(rgb))) as vae, torch.inference_mode():
        return decoded(vae, latents, plan.device)


def _denoise(seen: Tensor, plan: PaintPlan, models: ModelStore, seed: int, steps: int, report: Report) -> Tensor:
    """Noise to latents (1, 4, h, w), conditioned on the picture's."""
    import torch

    device, dtype = plan.device.torch_name, plan.device.dtype
    scheduler = plan.parts.delight_scheduler()
    scheduler.set_timesteps(steps)
    generator = torch.Generator("cpu").manual_seed(seed)
    latents = torch.randn(seen.shape, generator=generator) * scheduler.init_noise_sigma
    prompt = plan.parts.empty_prompt(dtype).to(device)
    with plan.on_device(plan.delight_unet, models, _BYTES_OF_A_STEP) as network, torch.inference_mode():
        for done, time in enumerate(scheduler.timesteps):
            report(done / steps, f"Removing light and shadow, step {done + 1} of {steps}")
            sample = torch.cat((scheduler.scale_model_input(latents, time), seen), dim=1)  # (1, 8, h, w)
            noise = network(sample.to(device, dtype), time.to(device), prompt, return_dict=False)[0].float().cpu()
            latents = scheduler.step(noise, time, latents, generator=generator, return_dict=False)[0]
    return latents


def _recoloured(even: np.ndarray, original: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """The network's picture with the original's mean and deviation in each channel, (s, s, 3), 0..1.

    Only where that brings it nearer to the original. Measured where the thing is, alpha (s, s, 1) above a half.
    """
    inside = alpha[:, :, 0] > 0.5
    mine, theirs = even[inside], original[inside]  # (pixels, 3)
    if len(mine) < 2:
        return even
    deviation, wanted = mine.std(axis=0, ddof=1), theirs.std(axis=0, ddof=1)
    gain = np.divide(wanted, deviation, out=np.ones_like(wanted), where=deviation > _ONE_COLOUR)
    matched = (even - _KEPT_OF_MEAN * mine.mean(axis=0)) * gain + _KEPT_OF_MEAN * theirs.mean(axis=0)
    matched = matched.clip(0, 1)
    return even if ((even - original) ** 2).mean() < ((matched - original) ** 2).mean() else matched


def _over_white(colours: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Colours (s, s, 3) and alpha (s, s, 1), 0..1, to uint8, rounded down as hy3dgen does."""
    return ((colours * alpha + (1 - alpha)) * 255).astype(np.uint8)
