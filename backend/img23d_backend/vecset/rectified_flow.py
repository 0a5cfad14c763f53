"""From noise to latents along a rectified flow (Liu et al., Flow Straight and Fast, 2023), as TripoSG and those after it follow theirs.

Times go from 1, noise, to 0. The flow points from the noise to the shape.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    # Told before a step how many are done, and after the last one; with what the latents would become without further steps
    OnStep = Callable[[int], None]
    OnGuess = Callable[[int, Tensor], None]

_TIME_UNITS = 1000  # the networks count time in 0..1000


@dataclass(frozen=True, kw_only=True)
class Step:
    """Evaluates the flow at `time` (0..1) and follows it for `length`."""

    time: float
    length: float


@dataclass(frozen=True, kw_only=True)
class FlowTimes:
    """A `shift` above 1 makes the first steps short and the last ones long."""

    shift: float = 1.0

    def steps(self, count: int) -> tuple[Step, ...]:
        """Evenly spread before they are shifted; in the precision of the published scheduler."""
        even = 1.0 - np.arange(count) / count
        times = (self.shift * even / (1 + (self.shift - 1) * even)).astype(np.float32)
        lengths = times - np.append(times[1:], np.float32(0))
        return tuple(Step(time=float(time), length=float(length)) for time, length in zip(times, lengths, strict=True))


class Flow(Protocol):
    """(B, L, in) latents to the flow at a time (1,) in 0..1000; with `guided` (2 B, L, in), behind it that without a picture."""

    def __call__(self, latents: Tensor, time: Tensor, *, guided: bool) -> Tensor: ...


def noise(seed: int, shape: tuple[int, ...]) -> Tensor:
    """Float32, from a generator on the processor whatever the device is, so that a seed means the same everywhere."""
    import torch

    return torch.randn(shape, generator=torch.Generator("cpu").manual_seed(seed))


def sample(flow: Flow, latents: Tensor, steps: Sequence[Step], guidance: float, on_step: OnStep, on_guess: OnGuess = lambda done, guess: None) -> Tensor:
    """Noise (B, L, in) to latents of the same shape, float32.

    Classifier-free guidance (Ho and Salimans, 2022); at 1 what is seen without a picture cancels out, and is left out.
    """
    import torch

    latents = latents.float()
    for done, step in enumerate(steps):
        on_step(done)
        time = torch.full((1,), step.time, dtype=torch.float32, device=latents.device) * _TIME_UNITS
        velocity = flow(latents, time, guided=guidance != 1).float()
        if guidance != 1:
            seen, unseen = velocity.chunk(2)
            velocity = unseen + guidance * (seen - unseen)
        on_guess(done, latents + step.time * velocity)
        latents = latents + step.length * velocity
    on_step(len(steps))
    return latents
