"""Where the sampler evaluates the flow: times from 0 (noise) towards 1 (shape), the same as hy3dgen's schedulers give.

Flow matching's Euler steps (Lipman et al., 2022), and the fixed times of the consistency-distilled turbo models (Wang et
al., Phased Consistency Models, 2024).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Step:
    """`timestep` is the network's time in training steps; `length` is how far along the flow the step goes, in 0..1."""

    timestep: float
    length: float


@dataclass(frozen=True, kw_only=True)
class FlowSchedule:
    """Times evenly spread over 0..1, both ends included; a `shift` above 1 makes the first steps long and the last short."""

    num_train_timesteps: int = 1000
    shift: float = 1.0

    def steps(self, count: int) -> tuple[Step, ...]:
        times = np.linspace(0, 1, count)
        times = (self.shift * times / (1 + (self.shift - 1) * times)).astype(np.float32)
        return _steps(times, self.num_train_timesteps)


@dataclass(frozen=True, kw_only=True)
class ConsistencySchedule:
    """A choice of the `pcm_timesteps` times that the model was distilled for; more steps than those are not taken."""

    num_train_timesteps: int = 1000
    pcm_timesteps: int = 50

    def steps(self, count: int) -> tuple[Step, ...]:
        every = self.num_train_timesteps // self.pcm_timesteps
        known = np.maximum(np.arange(self.pcm_timesteps) * every - 1, 0)
        count = min(count, self.pcm_timesteps)
        chosen = known[np.floor(np.linspace(0, self.pcm_timesteps, count, endpoint=False)).astype(int)]
        return _steps(np.linspace(0, 1, self.num_train_timesteps)[chosen], self.num_train_timesteps)


Schedule = FlowSchedule | ConsistencySchedule


def _steps(times: np.ndarray, train_timesteps: int) -> tuple[Step, ...]:
    """A step of length 0, such as hy3dgen's last one at time 1, changes nothing and is left out."""
    lengths = np.diff(times, append=times.dtype.type(1))
    timesteps = times * times.dtype.type(train_timesteps)
    return tuple(Step(timestep=float(timestep), length=float(length)) for timestep, length in zip(timesteps, lengths, strict=True) if length > 0)
