"""The stochastic DPM-Solver++ of second order (Lu et al., DPM-Solver++, 2022), multistep with midpoints, for a network that predicts v.

The noise schedule is Stable Diffusion's (square roots of the betas in even steps), scaled so that nothing of the thing is left at its
beginning, and sampled from there (Lin et al., Common Diffusion Noise Schedules and Sample Steps are Flawed, 2023). The numbers are
those of diffusers' DPMSolverMultistepScheduler, bit for bit; its own is not used because it keeps a state between the steps, and because
importing it takes longer than the whole table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

_TRAINED = 1000  # times
_FIRST_BETA, _LAST_BETA = 0.00085, 0.012
_LEAST_SIGNAL = 2**-24  # in place of none at all, so that the first sigma is a number: 4096


@dataclass(frozen=True, kw_only=True)
class Step:
    """From one time to the next: `clean` = alpha * sample - sigma * v, and the next sample = kept * sample + taken * clean
    + trend * (clean - the clean one before) + noise * random numbers. All are single precision.
    """

    time: int
    alpha: float
    sigma: float
    kept: float
    taken: float
    trend: float
    slope: float  # the trend is taken of slope * (clean - the clean one before)
    noise: float


@dataclass(frozen=True, kw_only=True)
class Table:
    """`sigmas` has one more than there are steps: 0 at the end."""

    steps: tuple[Step, ...]
    sigmas: tuple[float, ...]


def table(count: int) -> Table:
    """For `count` steps, 1 to 1000."""
    import numpy as np
    import torch

    signal = _signal()
    spacing = _TRAINED / count
    times = np.arange(_TRAINED, 0, -spacing).round().astype(np.int64) - 1
    trained = (((1 - signal) / signal) ** 0.5).numpy()
    sigmas = torch.from_numpy(np.concatenate((np.interp(times, np.arange(_TRAINED), trained), [0])).astype(np.float32))
    alpha = 1 / ((sigmas**2 + 1) ** 0.5)
    sigma = sigmas * alpha
    lambdas = torch.log(alpha) - torch.log(sigma)  # the logarithm of signal over noise: infinite at the end
    return Table(steps=tuple(_step(number, int(time), alpha, sigma, lambdas) for number, time in enumerate(times)), sigmas=tuple(sigmas.tolist()))


def _signal() -> Tensor:
    """(1000,) how much of the variance is the thing's at each time."""
    import torch

    betas = torch.linspace(_FIRST_BETA**0.5, _LAST_BETA**0.5, _TRAINED, dtype=torch.float32) ** 2
    roots = torch.cumprod(1 - betas, dim=0).sqrt()
    first, last = roots[0].clone(), roots[-1].clone()
    roots = (roots - last) * (first / (first - last))
    squares = roots**2
    # By way of the betas, as the network was trained: the last digits of the cumulative product depend on it
    ratios = 1 - (1 - torch.cat((squares[:1], squares[1:] / squares[:-1])))
    signal = torch.cumprod(ratios, dim=0)
    signal[-1] = _LEAST_SIGNAL
    return signal


def _step(number: int, time: int, alpha: Tensor, sigma: Tensor, lambdas: Tensor) -> Step:
    """The first step and the last one are of first order: before the one there is nothing, and at the end the noise is gone."""
    import torch

    here, there = number, number + 1
    h = lambdas[there] - lambdas[here]
    taken = alpha[there] * (1 - torch.exp(-2.0 * h))
    is_second = 0 < number < len(alpha) - 2
    before = (lambdas[here] - lambdas[here - 1]) / h if is_second else None
    return Step(
        time=time,
        alpha=float(alpha[here]),
        sigma=float(sigma[here]),
        kept=float(sigma[there] / sigma[here] * torch.exp(-h)),
        taken=float(taken),
        trend=float(0.5 * taken) if is_second else 0.0,
        slope=float(1.0 / before) if before is not None else 0.0,
        noise=float(sigma[there] * torch.sqrt(1.0 - torch.exp(-2 * h))),
    )


class Solver:
    """One sample (1, L, in) float32 on its way. Only `clean`, what was expected at the step before, is kept."""

    def __init__(self) -> None:
        self._before: Tensor | None = None

    def advance(self, step: Step, sample: Tensor, v: Tensor, noise: Tensor) -> Tensor:
        """The next sample, all tensors single precision."""
        clean = step.alpha * sample - step.sigma * v
        moved = step.kept * sample + step.taken * clean
        if step.trend and self._before is not None:
            moved = moved + step.trend * (step.slope * (clean - self._before))
        self._before = clean
        return moved + step.noise * noise
