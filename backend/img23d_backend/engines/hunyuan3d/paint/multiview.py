"""Six views of a mesh from one picture: the multiview diffusion model of Hunyuan3D-Paint (Zhao et al., Hunyuan3D 2.0, 2025).

The same views as hy3dgen's `HunyuanPaintPipeline` (texgen/hunyuanpaint/pipeline.py) for the same picture, maps and seed, on
any device; `networks/multiview.py` says what is saved on the way.

V views, h x w latents a view.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ....models.latent_preview import contact_sheet, fit_colors
from ....models.load_plan import Report, progress_part
from .latent_pictures import decoded, picture_bytes, sampled
from .position_masks import position_masks

if TYPE_CHECKING:
    from diffusers import EulerAncestralDiscreteScheduler, LCMScheduler
    from torch import Tensor

    from ....models.store import ModelStore
    from ..networks.multiview import KeysValues, MultiviewUNet
    from .control_maps import ControlMaps
    from .plan import PaintPlan

Show = Callable[[np.ndarray], None]

_ENCODED, _READ, _SAMPLED = 0.08, 0.1, 0.95  # of the progress
_DISTILLED_STEPS = 30  # the turbo model knows so many times, of which a run takes some
# In memory at once in one pass: the hidden values of the widest layers beside those that wait for the way up, in units of
# one value a token, and the heads of the layers with the most tokens, each with a table of products and its shares
_VALUES_A_TOKEN, _HEADS, _TABLES = 30 * 320, 5, 2


@dataclass(frozen=True, kw_only=True)
class _Conditioning:
    """The conditioning, which no step changes. `maps` (V, 8, h, w): the latents of the normals and, below them, of the positions. `near`: who
    attends to whom among the views, see `Conditions`; empty for all to all.
    """

    picture: Tensor  # (1, 4, h, w) latents
    maps: Tensor
    cameras: Tensor  # (V,) int64
    near: dict[int, Tensor]
    colors: np.ndarray  # from latents to colours, see `latent_preview`


def paint_views(
    reference: np.ndarray,
    maps: ControlMaps,
    camera_ids: Sequence[int],
    *,
    plan: PaintPlan,
    models: ModelStore,
    seed: int,
    report: Report,
    show: Show = lambda picture: None,
) -> np.ndarray:
    """(V, s, s, 3) uint8 views with the cameras of `maps`. `reference` is the picture on white, (s, s, 3) uint8.

    `show` gets a small picture of all views after each step.

    `report` is called at every step, which is where a cancel is seen. Raises what loading and torch raise.
    """
    latents = sample_views(reference, maps, camera_ids, plan=plan, models=models, seed=seed, report=progress_part(report, 0.0, _SAMPLED), show=show)
    return _decode(latents, plan, models, progress_part(report, _SAMPLED, 1.0))


def sample_views(
    reference: np.ndarray,
    maps: ControlMaps,
    camera_ids: Sequence[int],
    *,
    plan: PaintPlan,
    models: ModelStore,
    seed: int,
    report: Report,
    show: Show = lambda picture: None,
) -> Tensor:
    """The views' latents (V, 4, s / 8, s / 8) in single precision, on the processor."""
    known = _encode(reference, maps, camera_ids, plan, models, seed, progress_part(report, 0.0, _ENCODED))
    report(_ENCODED, "Looking at the picture")
    keys = _reference_features(known, plan, models)
    return _sample(known, keys, plan, models, seed, progress_part(report, _READ, 1.0), show)


def _encode(
    reference: np.ndarray,
    maps: ControlMaps,
    camera_ids: Sequence[int],
    plan: PaintPlan,
    models: ModelStore,
    seed: int,
    report: Report,
) -> _Conditioning:
    """The noise of what the encoder leaves open comes from a generator of its own with the same seed: hy3dgen takes it from
    torch's global one, for the picture first, then the normals, then the positions.
    """
    import torch

    generator = torch.Generator("cpu").manual_seed(seed)
    pictures = [reference, *maps.normals, *maps.positions]
    latents = []
    with plan.on_device(plan.paint_vae, models, picture_bytes(plan.device, len(reference))) as vae, torch.inference_mode():
        for done, picture in enumerate(pictures):
            report(done / len(pictures), "Looking at the shape")
            latents.append(sampled(vae, picture, plan.device, generator))
    views = len(camera_ids)
    normals, positions = torch.cat(latents[1 : 1 + views]), torch.cat(latents[1 + views :])
    return _Conditioning(
        picture=latents[0],
        maps=torch.cat((normals, positions), dim=1),
        cameras=torch.tensor(camera_ids),
        near=_near(maps, latents[0].shape[-1], plan),
        colors=fit_colors(latents, pictures),
    )


def _near(maps: ControlMaps, side: int, plan: PaintPlan) -> dict[int, Tensor]:
    if not (plan.is_turbo and plan.match_positions):
        return {}
    return position_masks(maps.positions, side, plan.device.torch_name)


def _reference_features(known: _Conditioning, plan: PaintPlan, models: ModelStore) -> tuple[KeysValues, ...]:
    """What every block attends to of the picture: 46 MB in half precision at 512 pixels.

    The network that reads the picture is not needed afterwards, and makes room where memory is short.
    """
    import torch

    device, dtype = plan.device.torch_name, plan.device.dtype
    working = _bytes_of_a_pass(plan, known, rows=1)
    with plan.on_device(plan.reference, models, working) as network, torch.inference_mode():
        features = network(known.picture.to(device, dtype))
    with plan.on_device(plan.multiview, models, working) as network, torch.inference_mode():
        return network.attend_to(features)


def _sample(
    known: _Conditioning,
    keys: tuple[KeysValues, ...],
    plan: PaintPlan,
    models: ModelStore,
    seed: int,
    report: Report,
    show: Show,
) -> Tensor:
    """Noise to latents (V, 4, h, w). The sampler's sums are done on the processor, so that a step ends when it says so."""
    import torch

    scheduler = _scheduler(plan)
    generator = torch.Generator("cpu").manual_seed(seed)
    shape = (len(known.maps), *known.picture.shape[1:])
    latents = torch.randn(shape, generator=generator) * scheduler.init_noise_sigma
    halves = 1 if plan.guidance <= 1 or _in_halves(plan) else 2
    working = _bytes_of_a_pass(plan, known, halves * len(latents))
    with plan.on_device(plan.multiview, models, working) as network, torch.inference_mode():
        steps = len(scheduler.timesteps)
        for done, time in enumerate(scheduler.timesteps):
            report(done / steps, f"Painting, step {done + 1} of {steps}")
            sample = torch.cat((scheduler.scale_model_input(latents, time), known.maps), dim=1)  # (V, 12, h, w)
            noise = _predict(network, sample, time, known.cameras, plan, keys=keys, near=known.near)
            stepped = scheduler.step(noise, time, latents, generator=generator)
            latents = stepped.prev_sample
            expected = stepped.denoised if plan.is_turbo else stepped.pred_original_sample
            show(contact_sheet(expected, known.colors))
    return latents


def _predict(
    network: MultiviewUNet,
    sample: Tensor,
    time: Tensor,
    cameras: Tensor,
    plan: PaintPlan,
    *,
    keys: tuple[KeysValues, ...],
    near: dict[int, Tensor],
) -> Tensor:
    """(V, 4, h, w) float32: the network's answer, both halves of a guided step in one pass or one after the other.

    Classifier-free guidance (Ho and Salimans, 2022); at 1 and below there is none, as in diffusers.
    """
    from ..networks.multiview import Conditions

    views, device = len(sample), plan.device.torch_name

    def run(halves: int, unguided: int) -> Tensor:
        conditions = Conditions(views=views, reference=keys, unguided=unguided, query_chunk=plan.query_chunk, near=near)
        rows = sample.repeat(halves, 1, 1, 1).to(device, plan.device.dtype)
        return network(rows, time.to(device), cameras.repeat(halves).to(device), conditions).float().cpu()

    if plan.guidance <= 1:
        return run(1, 0)
    unguided, guided = (run(1, views), run(1, 0)) if _in_halves(plan) else run(2, views).chunk(2)
    return unguided + plan.guidance * (guided - unguided)


def _in_halves(plan: PaintPlan) -> bool:
    """One half after the other. Not with group offload: then there is room, and each pass copies all weights."""
    return plan.frugal and not plan.group_offload


def _scheduler(plan: PaintPlan) -> EulerAncestralDiscreteScheduler | LCMScheduler:
    """With the steps set. The turbo model's are evenly among the times that it was distilled for: every third of ten."""
    scheduler = plan.parts.paint_scheduler(plan.is_turbo)
    if plan.is_turbo:
        scheduler.set_timesteps(min(plan.steps, _DISTILLED_STEPS), original_inference_steps=_DISTILLED_STEPS)
    else:
        scheduler.set_timesteps(plan.steps)
    return scheduler


def _decode(latents: Tensor, plan: PaintPlan, models: ModelStore, report: Report) -> np.ndarray:
    """(V, 4, h, w) to (V, s, s, 3) uint8."""
    import torch

    side = 8 * latents.shape[-1]
    views = []
    with plan.on_device(plan.paint_vae, models, picture_bytes(plan.device, side)) as vae, torch.inference_mode():
        for done, one in enumerate(latents):
            report(done / len(latents), "Developing the views")
            views.append(decoded(vae, one[None], plan.device))
    return np.stack(views)


def _bytes_of_a_pass(plan: PaintPlan, known: _Conditioning, rows: int) -> int:
    tokens, itemsize = known.picture.shape[-2] * known.picture.shape[-1], plan.device.dtype.itemsize
    values = _VALUES_A_TOKEN + _TABLES * _HEADS * plan.query_chunk
    sizes = [mask.numel() for mask in known.near.values()]
    masks = sum(sizes) + max(sizes, default=0) * itemsize  # as they are, and one as an attention adds it
    return rows * tokens * values * itemsize + masks
