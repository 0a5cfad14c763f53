"""A piece to a whole part: what is seen of it as tokens, the sampler, the part's surface."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ...fields.latent_field import solid_of_latents
from ...models.load_plan import Report, progress_part
from ...models.store import ModelStore
from ...stages import Mesh
from ...vecset.rectified_flow import noise, sample
from .pieces import POINTS, Seen
from .plan import CompletionPlan

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from ...vecset.networks.dit import DiT
    from .networks.part_encoder import PartEncoder

_SAMPLED = 0.7  # of a part's progress
# Values per token and channel that are in memory at once: a block's hidden values and their neighbours
_ENCODER_VALUES, _SAMPLER_VALUES = 4, 20

Contexts = tuple["Tensor", "Tensor"]  # (1, L, C) of the piece by itself, and in the whole


def looked(seen: Seen, plan: CompletionPlan, models: ModelStore) -> Contexts:
    """On the processor."""
    import torch

    def rows(points: np.ndarray) -> Tensor:
        return torch.from_numpy(points)[None].to(plan.device.torch_name)

    working = POINTS * plan.encoder_config.width * _ENCODER_VALUES * plan.dtype.itemsize
    with plan.on_device(plan.encoder, models, working) as network, torch.inference_mode():
        encoder = cast("PartEncoder", network)
        by_itself = encoder.local(rows(seen.queries), rows(seen.surface))
        in_whole = encoder.context(rows(seen.queries_in_whole), rows(seen.whole))
        return by_itself.cpu(), in_whole.cpu()


def completed(contexts: Contexts, seed: int, plan: CompletionPlan, models: ModelStore, report: Report) -> Mesh:
    """The closed part in the cube of its piece. `report` is called at every step and every chunk of points. Raises Img23DError(NO_SURFACE)."""
    latents = _sampled(contexts, seed, plan, models, progress_part(report, 0.0, _SAMPLED))
    return solid_of_latents(latents, plan.decoder, plan.resolution, plan.faces, plan, models, progress_part(report, _SAMPLED, 1.0))


def _sampled(contexts: Contexts, seed: int, plan: CompletionPlan, models: ModelStore, report: Report) -> Tensor:
    """(L, in) latents."""
    import torch

    device, steps = plan.device.torch_name, len(plan.steps)
    working = 2 * plan.latents * plan.dit_config.width * _SAMPLER_VALUES * plan.dtype.itemsize
    with plan.on_device(plan.dit, models, working) as network, torch.inference_mode():
        dit = cast("DiT", network)
        memory = dit.remember(*(one.to(device, dit.dtype) for one in contexts))

        def flow(latents: Tensor, time: Tensor, *, guided: bool) -> Tensor:
            return dit(latents, time, memory, guided=guided)

        def told(done: int) -> None:
            report(done / steps, f"step {done + 1} of {steps}" if done < steps else "")

        begun = noise(seed, (1, plan.latents, plan.dit_config.channels)).to(device)
        return sample(flow, begun, plan.steps, plan.guidance, told)[0].cpu()
