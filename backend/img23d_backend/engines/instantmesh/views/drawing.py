"""A cut-out to six views, with each network on the device while it computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import numpy as np

from ....cutouts.square import squared
from ....models.latent_preview import fit_colors, small_picture
from ....models.load_plan import Report, progress_part
from .sampling import VIEW_SIDE, Conditions, as_drawn, developed, embedding_of, look_at, sample_views, text_of

if TYPE_CHECKING:
    import diffusers
    from diffusers import AutoencoderKL
    from torch import Generator, Tensor
    from transformers import CLIPVisionModelWithProjection

    from ....models.store import ModelStore
    from ..loading.plan import ViewPlan

Show = Callable[[np.ndarray], None]

FILLS, _WHITE = 0.85, 1.0  # of the picture's side, as InstantMesh's run.py has it, and what is around
_LOOKED, _DRAWN = 0.05, 0.95  # of the progress
_GREY = 128
# In memory at once: of a pixel in the decoder with 256 channels and their neighbours; of a place in the widest layers of the network
_VALUES_A_PIXEL, _VALUES_A_PLACE = 1300, 30 * 320
_PIXELS, _PLACES = 6 * VIEW_SIDE**2, 6 * (VIEW_SIDE // 8) ** 2


def picture_of(rgba: np.ndarray) -> np.ndarray:
    """(h, w, 4) uint8 to (s, s, 3) uint8 on white. Raises Img23DError(EMPTY_CUTOUT)."""
    return squared(rgba, FILLS, _WHITE)


def draw_views(picture: np.ndarray, seed: int, plan: ViewPlan, models: ModelStore, report: Report, show: Show) -> np.ndarray:
    """(s, s, 3) uint8 on white to views (6, 320, 320, 3) uint8. `report` is called at every step, which is where a cancel is seen.

    Raises Img23DError(NO_SURFACE) where the numbers run out of range, and what loading and torch raise.
    """
    import torch

    generator = torch.Generator("cpu").manual_seed(seed)
    report(0.0, "Looking at the picture")
    seen, colors = _seen(picture, plan, models, generator)
    with plan.on_device(plan.vision, models, 0) as encoder, torch.inference_mode():
        embedding = embedding_of(picture, cast("CLIPVisionModelWithProjection", encoder))
    known = Conditions(picture=seen, text=text_of(embedding, plan.parts.empty_text(), plan.parts.ramp()))
    latents = _drawn(known, plan, models, generator, progress_part(report, _LOOKED, _DRAWN), lambda one: show(small_picture(one[0], colors)))
    report(_DRAWN, "Developing the views")
    with plan.on_device(plan.vae, models, _PIXELS * _VALUES_A_PIXEL * plan.dtype.itemsize) as vae, torch.inference_mode():
        return developed(latents, cast("AutoencoderKL", vae))


def _seen(picture: np.ndarray, plan: ViewPlan, models: ModelStore, generator: Generator) -> tuple[Tensor, np.ndarray]:
    """The picture's latents, and the map from views' latents to colours, see `latent_preview`."""
    import torch

    with plan.on_device(plan.vae, models, _PIXELS * _VALUES_A_PIXEL * plan.dtype.itemsize) as vae, torch.inference_mode():
        seen = look_at(picture, cast("AutoencoderKL", vae), generator)
        scaled = as_drawn(seen, cast("AutoencoderKL", vae))
    return seen, fit_colors([scaled[:1], scaled[1:]], [np.full_like(picture, _GREY), picture])


def _drawn(known: Conditions, plan: ViewPlan, models: ModelStore, generator: Generator, report: Report, show: Callable[[Tensor], None]) -> Tensor:
    import torch

    working = 2 * _PLACES * _VALUES_A_PLACE * plan.dtype.itemsize
    with plan.on_device(plan.unet, models, working) as network, torch.inference_mode():
        return sample_views(
            known,
            cast("diffusers.UNet2DConditionModel", network),
            plan.parts.scheduler(),
            steps=plan.steps,
            guidance=plan.guidance,
            generator=generator,
            report=report,
            show=show,
        )
