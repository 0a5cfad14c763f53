"""Noise to latents: Euler steps along the flow, with the unconditional context of the guidance collapsed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from .schedule import Step

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ..networks.dit import Counted, ShapeDiT


def noise(seed: int, shape: tuple[int, int], dtype: torch.dtype) -> Tensor:
    """(1, L, in): what hy3dgen begins with when it is given `generator=torch.manual_seed(seed)`.

    That is a generator on the CPU whatever the device is, so a seed means the same everywhere.
    """
    import torch

    return torch.randn((1, *shape), generator=torch.Generator("cpu").manual_seed(seed), dtype=dtype)


def sample(
    dit: ShapeDiT,
    latents: Tensor,
    context: Tensor,
    steps: Sequence[Step],
    *,
    train_timesteps: int,
    guidance: float,
    on_step: Callable[[int], None],
) -> Tensor:
    """Noise (B, L, in) and the pictures' tokens (B, N, C) to latents (B, L, in). `on_step` is told how many steps are done.

    Classifier-free guidance (Ho and Salimans, 2022) unless the model has it built in; at 1 the second half cancels out and
    is left away.
    """
    import torch

    from ..networks.dit import Counted

    built_in = dit.guidance_embed
    strength = torch.full((1,), guidance, dtype=latents.dtype, device=latents.device) if built_in else None
    is_guided = not built_in and guidance != 1
    for done, step in enumerate(steps):
        on_step(done)
        time = torch.full((1,), step.timestep, device=latents.device).to(latents.dtype) / train_timesteps
        flow = dit(latents, time, Counted(tokens=context), strength, other=null_context(context) if is_guided else None)
        if is_guided:
            guided, unguided = flow
            flow = unguided + guidance * (guided - unguided)
        latents = (latents.float() + step.length * flow.float()).to(latents.dtype)
    on_step(len(steps))
    return latents


def null_context(context: Tensor) -> Counted:
    """The context of the unconditional half: as many zero tokens (B, N, C) as there are picture tokens, as one."""
    import torch

    from ..networks.dit import Counted

    return Counted(tokens=torch.zeros_like(context[:, :1]), count=context.shape[1])
