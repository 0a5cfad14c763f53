"""A picture to an edited one, with each network on the device while it computes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np

from img23d_protocol.messages import Settings

from ...editing.canvas import AREA, canvas_for
from ...editing.flow import follow
from ...editing.plan import SMALLER, VALUES_A_PIXEL, import_classes
from ...models.latent_preview import fit_colors, small_picture
from ...models.load_plan import attempts, progress_part
from ...models.oom_fallbacks import with_less_memory
from ...stages import Context
from ...weights.store import WeightStore
from .loading import CLASSES, QwenPlan, make_plan
from .question import question, told
from .sampling import MULTIPLE, developed, in_line, in_place, seen_by, shift_of, velocity_of

if TYPE_CHECKING:
    from diffusers import AutoencoderKLQwenImage, QwenImageTransformer2DModel
    from torch import Tensor

    from ...models.store import ModelStore

_READ, _SEEN, _DRAWN = 0.15, 0.25, 0.9  # of the progress
_VALUES_A_TOKEN = 95_000  # in memory at once: 12,288 numbers wide, the modulations of both streams beside it


class QwenEditor:
    """Its networks live in the model store. `area` are the pixels that it draws, whatever the picture has."""

    def __init__(self, weights: WeightStore, models: ModelStore, area: int = AREA) -> None:
        self._weights = weights
        self._models = models
        self._area = area

    def edit(self, rgb: np.ndarray, context: Context) -> np.ndarray:
        """See `editing.editor.Editor`."""
        plan = make_plan(context.settings, self._weights, context.settings.machine.devices.edit)
        return with_less_memory(attempts(plan, replace(plan, frugal=True), lambda one: self._edited(rgb, one, context), SMALLER), context, self._models)

    def prefetch(self, settings: Settings) -> None:
        """Begins to read the network that computes first."""
        import_classes(CLASSES)
        network = make_plan(settings, self._weights, settings.machine.devices.edit).text_encoder
        self._models.prefetch(network.key, network.read)

    def _edited(self, rgb: np.ndarray, plan: QwenPlan, context: Context) -> np.ndarray:
        import torch

        canvas = canvas_for(rgb, multiple=MULTIPLE, area=self._area, enlarges=True)
        context.report(0.0, "Reading the text")
        asked = question(rgb, context.settings.edit.told, plan.parts.folder / "processor")
        said = told(asked, plan, self._models)
        context.report(_READ, "Looking at the picture")
        with plan.on_device(plan.vae, self._models, canvas.pixels * VALUES_A_PIXEL * plan.dtype.itemsize) as vae, torch.inference_mode():
            picture = canvas.seen(rgb)
            seen = seen_by(cast("AutoencoderKLQwenImage", vae), picture)
        latents = self._drawn(seen, said, fit_colors([seen], [picture]), plan, context)
        context.report(_DRAWN, "Developing the picture")
        with plan.on_device(plan.vae, self._models, canvas.pixels * VALUES_A_PIXEL * plan.dtype.itemsize) as vae, torch.inference_mode():
            return canvas.shown(developed(cast("AutoencoderKLQwenImage", vae), latents))

    def _drawn(self, seen: Tensor, said: Tensor, colors: np.ndarray, plan: QwenPlan, context: Context) -> Tensor:
        """Latents (1, C, h, w)."""
        import torch

        height, width = seen.shape[-2:]
        noise = torch.randn(seen.shape, generator=torch.Generator("cpu").manual_seed(context.seed))
        tokens, scheduler = height * width // 4, plan.parts.scheduler()
        working = (2 * tokens + said.shape[1]) * _VALUES_A_TOKEN * plan.dtype.itemsize
        with plan.on_device(plan.transformer, self._models, working) as network, torch.inference_mode():
            found = velocity_of(cast("QwenImageTransformer2DModel", network), seen, said)

            def velocity(latents: Tensor, time: Tensor) -> Tensor:
                direction = found(latents, time)
                expected = in_place(latents - time.view(-1, 1, 1) * direction.float().cpu(), height, width)
                context.show(small_picture(expected[0], colors))
                return direction

            part = progress_part(context.report, _SEEN, _DRAWN)
            drawn = follow(in_line(noise), velocity, scheduler, steps=plan.steps, shift=shift_of(tokens, scheduler), report=part)
        return in_place(drawn, height, width)
