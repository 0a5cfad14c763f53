"""The solver against diffusers': its table and whole ways from noise, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from diffusers import DPMSolverMultistepScheduler

from img23d_backend.engines.autopartgen.sampling.solver import Solver, table

# autopartgen/configs/default.yaml
PUBLISHED = {
    "num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "prediction_type": "v_prediction",
    "rescale_betas_zero_snr": True, "timestep_spacing": "trailing", "algorithm_type": "sde-dpmsolver++",
}  # fmt: skip
COUNTS = [1, 2, 3, 7, 14, 15, 20, 50, 100, 200]


def scheduler(count: int) -> DPMSolverMultistepScheduler:
    made = DPMSolverMultistepScheduler(**PUBLISHED)
    made.set_timesteps(count)
    return made


@pytest.mark.parametrize("count", COUNTS)
def test_the_table_is_diffusers(count: int) -> None:
    ours, theirs = table(count), scheduler(count)
    assert [step.time for step in ours.steps] == theirs.timesteps.tolist()
    assert np.array_equal(np.float32(ours.sigmas), theirs.sigmas.numpy())


def test_the_published_steps() -> None:
    """By the numbers that were read off once: from no thing at all to no noise at all."""
    steps = table(50)
    assert [step.time for step in steps.steps[:3]] == [999, 979, 959] and steps.steps[-1].time == 19 and len(steps.steps) == 50
    assert steps.sigmas[0] == 4096 and steps.sigmas[1] == pytest.approx(107.96, abs=0.01) and steps.sigmas[-2] == pytest.approx(0.139, abs=5e-4)
    assert steps.sigmas[-1] == 0 and steps.steps[-1].noise == 0 and steps.steps[0].trend == steps.steps[-1].trend == 0


@pytest.mark.parametrize("count", COUNTS)
def test_the_way_from_noise_is_diffusers(count: int) -> None:
    ours, theirs = table(count), scheduler(count)
    x = y = torch.randn(1, 12, 8, generator=torch.Generator().manual_seed(1))
    solver, noise, same = Solver(), torch.Generator().manual_seed(2), torch.Generator().manual_seed(2)
    for step, time in zip(ours.steps, theirs.timesteps, strict=True):
        x = solver.advance(step, x, torch.sin(3 * x) * 0.7, torch.randn(x.shape, generator=noise))
        y = theirs.step(torch.sin(3 * y) * 0.7, time, y, generator=same).prev_sample
        assert torch.equal(x, y)
