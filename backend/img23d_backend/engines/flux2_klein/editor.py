"""A picture to an edited one, with each network on the device while it computes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np

from img23d_protocol.messages import Settings

from ...editing.canvas import canvas_for
from ...editing.flow import follow
from ...editing.plan import SMALLER, VALUES_A_PIXEL, import_classes
from ...models.latent_preview import fit_colors, small_picture
from ...models.load_plan import attempts, progress_part
from ...models.oom_fallbacks import with_less_memory
from ...stages import Context
from ...weights.store import WeightStore
from .loading import CLASSES, KleinPlan, make_plan
from .sampling import CELL, STEPS, developed, in_line, in_place, seen_by, shift_of, velocity_of
from .text import embedded

if TYPE_CHECKING:
    from diffusers import AutoencoderKLFlux2, Flux2Transformer2DModel
    from torch import Tensor

    from ...models.store import ModelStore

_READ, _SEEN, _DRAWN = 0.1, 0.2, 0.9  # of the progress
_VALUES_A_TOKEN = 70_000  # in memory at once: the widest layer has 27,648 numbers of each, beside its inputs and outputs


class KleinEditor:
    """Its networks live in the model store."""

    def __init__(self, weights: WeightStore, models: ModelStore) -> None:
        self._weights = weights
        self._models = models

    def edit(self, rgb: np.ndarray, context: Context) -> np.ndarray:
        """See `editing.editor.Editor`."""
        plan = make_plan(context.settings, self._weights, context.settings.machine.devices.edit)
        return with_less_memory(attempts(plan, replace(plan, frugal=True), lambda one: self._edited(rgb, one, context), SMALLER), context, self._models)

    def prefetch(self, settings: Settings) -> None:
        """Begins to read the largest network."""
        import_classes(CLASSES)
        network = make_plan(settings, self._weights, settings.machine.devices.edit).transformer
        self._models.prefetch(network.key, network.read)

    def _edited(self, rgb: np.ndarray, plan: KleinPlan, context: Context) -> np.ndarray:
        import torch

        canvas = canvas_for(rgb, multiple=CELL)
        context.report(0.0, "Reading the text")
        text = embedded(context.settings.edit.told, plan, self._models)
        context.report(_READ, "Looking at the picture")
        with plan.on_device(plan.vae, self._models, canvas.pixels * VALUES_A_PIXEL * plan.dtype.itemsize) as vae, torch.inference_mode():
            picture = canvas.seen(rgb)
            seen = seen_by(cast("AutoencoderKLFlux2", vae), picture)
        latents = self._drawn(seen, text, fit_colors([seen], [picture]), plan, context)
        context.report(_DRAWN, "Developing the picture")
        with plan.on_device(plan.vae, self._models, canvas.pixels * VALUES_A_PIXEL * plan.dtype.itemsize) as vae, torch.inference_mode():
            return canvas.shown(developed(cast("AutoencoderKLFlux2", vae), latents))

    def _drawn(self, seen: Tensor, text: Tensor, colors: np.ndarray, plan: KleinPlan, context: Context) -> Tensor:
        """Latents (1, C, h, w)."""
        import torch

        height, width = seen.shape[-2:]
        noise = torch.randn(seen.shape, generator=torch.Generator("cpu").manual_seed(context.seed))
        tokens = 2 * height * width + text.shape[1]
        with plan.on_device(plan.transformer, self._models, tokens * _VALUES_A_TOKEN * plan.dtype.itemsize) as network, torch.inference_mode():
            found = velocity_of(cast("Flux2Transformer2DModel", network), seen, text)

            def velocity(latents: Tensor, time: Tensor) -> Tensor:
                direction = found(latents, time)
                expected = in_place(latents - time.view(-1, 1, 1) * direction.float().cpu(), height, width)
                context.show(small_picture(expected[0], colors))
                return direction

            part = progress_part(context.report, _SEEN, _DRAWN)
            drawn = follow(in_line(noise), velocity, plan.parts.scheduler(), steps=STEPS, shift=shift_of(height * width), report=part)
        return in_place(drawn, height, width)
