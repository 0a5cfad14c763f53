"""From noise along the flow: RectifiedFlowScheduler's own steps, and guidance."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from img23d_backend.vecset.rectified_flow import FlowTimes, noise, sample

# Of `waves` from -1 to 1 in four places, by RectifiedFlowScheduler (VAST-AI-Research/TripoSG fc5c4099)
FOUND = {
    (5, 1.0): [-0.926715075969696, -0.5751767754554749, 1.139915943145752, 1.1648585796356201],
    (6, 3.0): [-0.9165149927139282, -0.557576060295105, 1.175532341003418, 1.1767386198043823],
}


def waves(latents: Tensor, time: Tensor, *, guided: bool) -> Tensor:
    seen = torch.sin(latents * 3) + time / 1000
    return torch.cat((seen, torch.zeros_like(seen))) if guided else seen


@pytest.mark.parametrize(("count", "shift"), FOUND)
def test_steps_are_the_published_schedulers(count: int, shift: float) -> None:
    start = torch.linspace(-1, 1, 4).view(1, 4, 1)
    told: list[int] = []
    found = sample(waves, start, FlowTimes(shift=shift).steps(count), 1.0, told.append)
    assert found.flatten().tolist() == pytest.approx(FOUND[count, shift], abs=1e-6)
    assert told == list(range(count + 1))


def test_guidance_goes_beyond_what_is_seen_and_half_of_it_half_the_way() -> None:
    start = torch.linspace(-1, 1, 4).view(1, 4, 1)
    one = FlowTimes().steps(1)
    plain, more, half = (sample(waves, start, one, guidance, lambda done: None) - start for guidance in (1.0, 7.0, 0.5))
    assert torch.allclose(more, 7 * plain) and torch.allclose(half, plain / 2)


def test_what_the_latents_would_become_is_told_before_each_step() -> None:
    """On a straight flow it is the same from the beginning: where it ends."""
    start, end = noise(3, (1, 5, 2)), noise(4, (1, 5, 2))
    guesses: list[Tensor] = []
    found = sample(
        lambda latents, time, *, guided: end - start, start, FlowTimes(shift=2.0).steps(4), 1.0, lambda done: None, lambda done, guess: guesses.append(guess)
    )
    assert torch.allclose(found, end, atol=1e-6) and len(guesses) == 4
    assert all(torch.allclose(guess, end, atol=1e-6) for guess in guesses)


def test_noise_follows_from_the_seed() -> None:
    assert torch.equal(noise(3, (2, 3)), noise(3, (2, 3))) and not torch.equal(noise(3, (2, 3)), noise(4, (2, 3)))
