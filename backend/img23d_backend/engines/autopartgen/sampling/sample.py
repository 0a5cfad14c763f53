"""From noise to latents, along what the network predicts in several ways at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from img23d_protocol import ErrorCode, Img23DError

from .solver import Solver, Table

if TYPE_CHECKING:
    from torch import Tensor

    from ..networks.dit import PartDiT, Seen

SCALE = 1.26839  # latents as the network knows them over those of the decoder
_SEEDS = 1 << 32
_NOT_A_NUMBER = "AutoPartGen's numbers ran out of range: try another seed, or let the parts be computed on the processor."


@dataclass(frozen=True, kw_only=True)
class Branch:
    """One prediction, and how much it weighs in the sum of all."""

    weight: float
    picture: Seen
    parts: Seen


def sample(dit: PartDiT, branches: Sequence[Branch], table: Table, *, latents: int, seed: int, device: str, on_step: Callable[[int], None]) -> np.ndarray:
    """(latents, channels) float32 as the decoder takes them. `on_step` is told how many steps are done, and may raise to end it.

    The noise comes from the processor whatever the device is, so that a seed means the same everywhere: what AutoPartGen's own code draws
    there. Its generator of the first noise and that of the steps' begin with the same seed.
    Raises Img23DError(NO_SURFACE) where the numbers run out of range.
    """
    import torch

    shape = (1, latents, dit.sizes.channels)
    first, generator = (torch.Generator("cpu").manual_seed(seed % _SEEDS) for _ in range(2))
    x = torch.randn(shape, generator=first).to(device)
    solver = Solver()
    for done, step in enumerate(table.steps):
        on_step(done)
        v = _predicted(dit, branches, x, step.time)
        x = solver.advance(step, x, v, torch.randn(shape, generator=generator).to(device))
        if not bool(x.isfinite().all()):
            raise Img23DError(ErrorCode.NO_SURFACE, _NOT_A_NUMBER, f"latents are not finite after step {done + 1}")
    on_step(len(table.steps))
    return (x[0] / SCALE).cpu().numpy()


def _predicted(dit: PartDiT, branches: Sequence[Branch], x: Tensor, time: int) -> Tensor:
    """One prediction after the other: what they look at is not equally long, and a card is busy with each."""
    first, *others = (one.weight * dit.at(x, time, one.picture, one.parts).float() for one in branches)
    for other in others:
        first += other
    return first
