"""From noise to latents: Euler steps along a flow, guided in a part of its time only (Kynkäänniemi et al., Applying Guidance in a
Limited Interval, 2024). Times go from 1, noise, to 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

_TIME_UNITS = 1000  # the networks count time in 0..1000


@dataclass(frozen=True, kw_only=True)
class Step:
    """Evaluates the flow at `time` and follows it for `length`, in 0..1 both. Evaluated without a picture, too, where it `is_guided`."""

    time: float
    length: float
    is_guided: bool


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """TRELLIS's own for both flows; `rescale` above 1 makes the first steps short. `guidance` 0 takes the picture's flow alone."""

    steps: int
    guidance: float
    rescale: float = 3.0
    interval: tuple[float, float] = (0.5, 1.0)

    @property
    def evaluations(self) -> int:
        """How often the network computes: twice in a guided step."""
        return sum(1 + step.is_guided for step in self.table())

    def table(self) -> tuple[Step, ...]:
        spread = np.linspace(1, 0, self.steps + 1)
        times = (self.rescale * spread / (1 + (self.rescale - 1) * spread)).tolist()
        low, high = self.interval
        return tuple(Step(time=time, length=time - after, is_guided=self.guidance != 0 and low <= time <= high) for time, after in pairwise(times))


class Flow(Protocol):
    """(B, ...) latents to the flow at a time (1,) in 0..1000; `guided` gives a second one behind it, the one without a picture."""

    def __call__(self, latents: Tensor, t: Tensor, *, guided: bool) -> Tensor: ...


def noise(seed: int, shape: tuple[int, ...]) -> Tensor:
    """Float32, from a generator on the processor whatever the device is, so that a seed means the same everywhere."""
    import torch

    return torch.randn(shape, generator=torch.Generator("cpu").manual_seed(seed))


def sample(flow: Flow, latents: Tensor, schedule: Schedule, on_step: Callable[[int], None]) -> Tensor:
    """Noise to latents of the same shape, float32. `on_step` is told before each step and at the end how many are done."""
    import torch

    table = schedule.table()
    for done, step in enumerate(table):
        on_step(done)
        time = torch.full((1,), step.time * _TIME_UNITS, dtype=torch.float32, device=latents.device)
        velocity = flow(latents, time, guided=step.is_guided)
        if step.is_guided:
            seen, unseen = velocity
            velocity = (1 + schedule.guidance) * seen - schedule.guidance * unseen
        latents = latents - step.length * velocity
    on_step(len(table))
    return latents
