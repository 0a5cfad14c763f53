"""A picture to latents: the image encoder, then the flow, with a look at what the shape comes to be."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, cast

import numpy as np

from ....fields.latent_field import sample_latents_field
from ....machine.memory_errors import is_out_of_memory
from ....mesh.isosurface.marching_cubes import extract_surface
from ....mesh.raster.thumbnail import thumbnail
from ....models.load_plan import Report
from ....vecset.picture_tokens import picture_tokens
from ....vecset.rectified_flow import noise, sample
from .plan import TripoSGPlan

if TYPE_CHECKING:
    from torch import Tensor

    from ....models.store import ModelStore
    from ....vecset.networks.dit import DiT

log = logging.getLogger(__name__)

Show = Callable[[np.ndarray], None]

_FLOW_VALUES = 20  # per token and channel that are in memory at once: a block's hidden values and their neighbours
_LOOKS = (0.3, 0.5, 0.7, 0.85)  # of the steps: what the latents would become is looked at
_LOOK_CELLS, _LOOK_COARSE = 48, 24  # a side


def encode(rgba: np.ndarray, plan: TripoSGPlan, models: ModelStore, report: Report) -> Tensor:
    """A cut-out's tokens (1, n, C), on the CPU. Raises Img23DError(EMPTY_CUTOUT)."""
    report(0.0, "Looking at the picture")
    return picture_tokens(rgba, plan.parts.picture, plan.encoder, plan, models)


def sample_latents(tokens: Tensor, seed: int, show: Show, plan: TripoSGPlan, models: ModelStore, report: Report) -> Tensor:
    """(L, in) float32 on the CPU. `report` is called at every step of the sampler."""
    import torch

    config, device, count = plan.parts.dit_config, plan.device.torch_name, len(plan.steps)
    looks = {round(share * count) for share in _LOOKS}
    is_roomy = not (plan.frugal or plan.group_offload)

    def tell(done: int) -> None:
        report(done / count, f"Shaping, step {done + 1} of {count}" if done < count else "")

    def look(done: int, guess: Tensor) -> None:
        if is_roomy and done in looks:
            _show_guess(guess[0], show, plan, models, partial(report, done / count))

    with plan.on_device(plan.dit, models, _flow_bytes(tokens.shape[1], plan)) as network, torch.inference_mode():
        dit = cast("DiT", network)
        start = noise(seed, (1, plan.latents, config.channels)).to(device)
        memory = dit.remember(tokens.to(device, plan.dtype))
        flow = partial(dit, memory=memory)
        return sample(flow, start, plan.steps, plan.guidance, tell, look)[0].cpu()


def _show_guess(guess: Tensor, show: Show, plan: TripoSGPlan, models: ModelStore, report: Callable[[str], None]) -> None:
    """Small and rough. Where memory is too short for it there is none."""
    try:
        field = sample_latents_field(guess, plan.decoder, _LOOK_CELLS, plan, models, lambda _, note: report(note), coarse=_LOOK_COARSE)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        log.info("no look at the shape: %s", error)
        return
    if len(field.cells):
        picture = thumbnail(extract_surface(field)).astype(np.float32)
        alpha = picture[:, :, 3:] / 255
        show((picture[:, :, :3] * alpha + 255 * (1 - alpha)).astype(np.uint8))


def _flow_bytes(tokens: int, plan: TripoSGPlan) -> int:
    config = plan.parts.dit_config
    halves = 1 if plan.guidance == 1 else 2
    computing = halves * (plan.latents + 1) * _FLOW_VALUES
    return (computing + 2 * tokens * config.layers) * config.width * plan.dtype.itemsize
